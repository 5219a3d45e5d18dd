// Made by tools/api-types.mjs (npm run api): do not edit.
import type {
  Actions,
  ActionsDone,
  AdoptFiles,
  AdoptedFiles,
  Change,
  Changed,
  ChangedSubscription,
  Copy,
  Credentials,
  Deletion,
  Devices,
  Download,
  Downloads,
  DryRun,
  Ending,
  Entries,
  ExportNames,
  ExportPaths,
  ExportTree,
  ExportTreeChange,
  ExportTrees,
  ExportedList,
  FirstRun,
  Folder,
  FolderGone,
  FolderPath,
  Folders,
  Health,
  Home,
  ImportedList,
  Item,
  Items,
  Jars,
  Kept,
  Log,
  MadeShare,
  MadeTarget,
  MadeToken,
  Mark,
  MarkRead,
  NewCookies,
  NewDownload,
  NewShare,
  NewSubscription,
  NewTarget,
  NewToken,
  NewUser,
  Notifications,
  OpenSessions,
  OwnChannel,
  OwnChannels,
  Packages,
  Pairing,
  Position,
  Preferences,
  Preset,
  PresetOptions,
  Presets,
  Preview,
  Priority,
  Problem,
  Purge,
  Purged,
  RequestedChecks,
  RetentionPreview,
  RetentionRules,
  Sealed,
  SessionState,
  Several,
  SeveralTo,
  SeveralTrashed,
  SeveralWatched,
  Shares,
  SignedIn,
  SiteRule,
  SiteRuleChange,
  SiteRules,
  Sites,
  SomeSettings,
  SourceLists,
  Sources,
  Status,
  StoreDecision,
  StoreStatus,
  Subscription,
  SubscriptionList,
  Subscriptions,
  System,
  Target,
  TargetChange,
  Targets,
  Tested,
  TokenProvider,
  Tokens,
  Trail,
  Trash,
  Trashed,
  UnknownFiles,
  User,
  UserChange,
  Users,
  Watched,
  WholeList,
  bulk_downloads_Order,
  downloads_Link,
  sources_Link,
  subscriptions_Entry,
  ytdlp_Order,
} from "./types";

/** The requests that the server knows. */
export interface paths {
  "/api/audit": {
    get: {
      parameters: { query?: { act?: "setup_completed" | "setup_failed" | "signed_in" | "link_made" | "link_refused" | "sign_in_failed" | "password_refused" | "signed_out" | "token_made" | "token_removed" | "user_added" | "user_removed" | "password_set" | "admin_set" | "quota_set" | "cookies_kept" | "cookies_removed" | "password_kept" | "password_forgotten" | "key_rotated" | "pairing_offered" | "pairing_failed" | "device_paired" | "device_refused" | "settings_changed" | "store_decided" | "ytdlp_changed" | "share_made" | "share_revoked" | "share_opened" | "share_password_refused" | "target_added" | "target_changed" | "target_removed" | "device_removed" | null; cursor?: string | null; limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Trail } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/channels": {
    get: {
      parameters: { query?: { site?: string | null; cursor?: string | null; limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": OwnChannels } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/channels/{id}": {
    get: {
      parameters: { query?: { site?: string | null }; path: { id: string } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": OwnChannel } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/cookies": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Jars } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/cookies/{site}": {
    put: {
      parameters: { query?: never; path: { site: string } };
      requestBody: { content: { "application/json": NewCookies } };
      responses: { 200: { content: { "application/json": Kept } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { site: string } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/devices": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Devices } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 201: { content: { "application/json": Pairing } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/devices/{id}": {
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads": {
    get: {
      parameters: { query?: { state?: string | null; cursor?: string | null; limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Downloads } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewDownload } };
      responses: { 201: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/actions": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Actions } };
      responses: { 200: { content: { "application/json": ActionsDone } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/order": {
    put: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": bulk_downloads_Order } };
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/{id}": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": Priority } };
      responses: { 200: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/{id}/cancel": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": Ending | null } };
      responses: { 200: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/{id}/log": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Log } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/{id}/pause": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/{id}/resume": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/downloads/{id}/retry": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/events": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/export/preview": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": ExportNames } };
      responses: { 200: { content: { "application/json": ExportPaths } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/export/trees": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": ExportTrees } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/export/trees/{id}": {
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": ExportTreeChange } };
      responses: { 200: { content: { "application/json": ExportTree } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/ext/send": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Sealed } };
      responses: { 200: { content: { "application/json": Sealed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/extension": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Packages } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/extension/{browser}": {
    get: {
      parameters: { query?: never; path: { browser: "chromium" | "firefox" } };
      requestBody?: never;
      responses: { 200: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/folders": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Folders } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": FolderPath } };
      responses: { 201: { content: { "application/json": Folder } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/folders/{id}": {
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": FolderPath } };
      responses: { 200: { content: { "application/json": Folder } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": FolderGone } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/folders/{id}/copy": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": FolderPath } };
      responses: { 201: { content: { "application/json": Folder } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/health": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Health } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/history": {
    get: {
      parameters: { query?: { limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Items } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/home": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Home } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items": {
    get: {
      parameters: { query?: { folder?: string | null; q?: string | null; sort?: "-created" | "created" | "-published" | "published" | "title" | "-title" | "-duration" | "duration" | "-size" | "size"; deep?: boolean; kind?: "video" | "audio" | null; site?: string | null; channel?: string | null; tag?: string | null; since?: string | null; until?: string | null; unwatched?: boolean; cursor?: string | null; limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Items } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Copy } };
      responses: { 201: { content: { "application/json": Item } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/copy": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": SeveralTo } };
      responses: { 200: { content: { "application/json": Changed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/move": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": SeveralTo } };
      responses: { 200: { content: { "application/json": Changed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/restore": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Several } };
      responses: { 200: { content: { "application/json": Changed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/trash": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Several } };
      responses: { 200: { content: { "application/json": SeveralTrashed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/watched": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": SeveralWatched } };
      responses: { 200: { content: { "application/json": Changed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Item } }; default: { content: { "application/json": Problem } } };
    };
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": Change } };
      responses: { 200: { content: { "application/json": Item } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Trashed } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/convert": {
    post: {
      parameters: { query?: { accept_loss?: boolean }; path: { id: number } };
      requestBody?: never;
      responses: { 201: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/deletion": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Deletion } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/position": {
    put: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": Position } };
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/refetch": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 201: { content: { "application/json": Download } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/refresh-metadata": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Item } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/restore": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Item } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/items/{id}/watched": {
    put: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": Watched } };
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/lists": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": SourceLists } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/lists/{id}": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": WholeList } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/metrics": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/notifications": {
    get: {
      parameters: { query?: { before?: number | null; limit?: number; unread?: boolean }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Notifications } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/notifications/read": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": MarkRead } };
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/notifications/targets": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Targets } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewTarget } };
      responses: { 201: { content: { "application/json": MadeTarget } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/notifications/targets/{id}": {
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": TargetChange } };
      responses: { 200: { content: { "application/json": Target } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/notifications/targets/{id}/test": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Tested } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/preferences": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Preferences } }; default: { content: { "application/json": Problem } } };
    };
    patch: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Preferences } };
      responses: { 200: { content: { "application/json": Preferences } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/presets": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Presets } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/presets/{name}": {
    get: {
      parameters: { query?: never; path: { name: string } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Preset } }; default: { content: { "application/json": Problem } } };
    };
    put: {
      parameters: { query?: never; path: { name: string } };
      requestBody: { content: { "application/json": PresetOptions } };
      responses: { 200: { content: { "application/json": Preset } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { name: string } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/preview": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": downloads_Link } };
      responses: { 200: { content: { "application/json": Preview } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/session": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": SessionState } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Credentials } };
      responses: { 201: { content: { "application/json": SignedIn } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sessions": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": OpenSessions } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sessions/{id}": {
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/settings": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Record<string, unknown> } }; default: { content: { "application/json": Problem } } };
    };
    patch: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": SomeSettings } };
      responses: { 200: { content: { "application/json": Record<string, unknown> } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/setup": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": FirstRun } };
      responses: { 201: { content: { "application/json": SignedIn } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/shares": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Shares } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewShare } };
      responses: { 201: { content: { "application/json": MadeShare } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/shares/{id}": {
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/site-rules": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": SiteRules } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sites": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Sites } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sites/{site}": {
    get: {
      parameters: { query?: never; path: { site: string } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": SiteRule } }; default: { content: { "application/json": Problem } } };
    };
    patch: {
      parameters: { query?: never; path: { site: string } };
      requestBody: { content: { "application/json": SiteRuleChange } };
      responses: { 200: { content: { "application/json": SiteRule } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { site: string } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sources": {
    get: {
      parameters: { query?: { never?: string }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Sources } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sources/never": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": sources_Link } };
      responses: { 200: { content: { "application/json": Mark } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/sources/{id}/never": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Mark } }; default: { content: { "application/json": Problem } } };
    };
    put: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/store": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": StoreStatus } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": StoreDecision } };
      responses: { 200: { content: { "application/json": StoreStatus } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/store/adopt": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": AdoptFiles } };
      responses: { 200: { content: { "application/json": AdoptedFiles } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/store/files": {
    get: {
      parameters: { query?: { after?: string; limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": UnknownFiles } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Subscriptions } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewSubscription } };
      responses: { 201: { content: { "application/json": Subscription } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/check": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 202: { content: { "application/json": RequestedChecks } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/export": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": ExportedList } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/import": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": SubscriptionList } };
      responses: { 200: { content: { "application/json": ImportedList } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/preview": {
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewSubscription } };
      responses: { 200: { content: { "application/json": DryRun } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/{id}": {
    get: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Subscription } }; default: { content: { "application/json": Problem } } };
    };
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": ChangedSubscription } };
      responses: { 200: { content: { "application/json": Subscription } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/{id}/check": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 202: { content: { "application/json": Subscription } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/{id}/entries": {
    get: {
      parameters: { query?: { decision?: string | null; q?: string | null; cursor?: string | null; limit?: number }; path: { id: number } };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Entries } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/{id}/entries/{entry}/download": {
    post: {
      parameters: { query?: never; path: { id: number; entry: number } };
      requestBody?: never;
      responses: { 202: { content: { "application/json": subscriptions_Entry } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/subscriptions/{id}/retention": {
    post: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": RetentionRules | null } };
      responses: { 200: { content: { "application/json": RetentionPreview } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/system": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": System } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/tokens": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Tokens } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewToken } };
      responses: { 201: { content: { "application/json": MadeToken } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/tokens/{id}": {
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/trash": {
    get: {
      parameters: { query?: { cursor?: string | null; limit?: number }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Trash } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": Purge | null } };
      responses: { 200: { content: { "application/json": Purged } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/trash/deletion": {
    get: {
      parameters: { query?: { items?: string | null }; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Deletion } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/users": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Users } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": NewUser } };
      responses: { 201: { content: { "application/json": User } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/users/{id}": {
    patch: {
      parameters: { query?: never; path: { id: number } };
      requestBody: { content: { "application/json": UserChange } };
      responses: { 200: { content: { "application/json": User } }; default: { content: { "application/json": Problem } } };
    };
    delete: {
      parameters: { query?: never; path: { id: number } };
      requestBody?: never;
      responses: { 204: { content?: never }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/ytdlp": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": Status } }; default: { content: { "application/json": Problem } } };
    };
    post: {
      parameters: { query?: never; path?: never };
      requestBody: { content: { "application/json": ytdlp_Order } };
      responses: { 200: { content: { "application/json": Status } }; default: { content: { "application/json": Problem } } };
    };
  };
  "/api/ytdlp/token-provider": {
    get: {
      parameters: { query?: never; path?: never };
      requestBody?: never;
      responses: { 200: { content: { "application/json": TokenProvider } }; default: { content: { "application/json": Problem } } };
    };
  };
}
