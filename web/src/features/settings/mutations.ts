/** Every change that the settings request of the server. */
import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type {
  ExportTreeChange,
  NewTarget,
  NewToken,
  NewUser,
  Preferences,
  SiteRuleChange,
  SomeSettings,
  TargetChange,
  ytdlp_Order as YtDlpOrder,
} from "@/api/types";
import { listedQuery, type Server, serverQuery, treesQuery } from "./queries";

const rules = { invalidates: [listedQuery("/api/site-rules").queryKey] };
const users = { invalidates: [listedQuery("/api/users").queryKey, keys.system] }; // the system has one's own quota
const tokens = { invalidates: [listedQuery("/api/tokens").queryKey] };
const devices = { invalidates: [listedQuery("/api/devices").queryKey] };
const sessions = { invalidates: [listedQuery("/api/sessions").queryKey] };
const cookies = { invalidates: [listedQuery("/api/cookies").queryKey] };
const targets = { invalidates: [listedQuery("/api/notifications/targets").queryKey] };

export const changeSiteRule = mutationOptions({
  mutationFn: ({ site, ...body }: SiteRuleChange & { site: string }) =>
    call("PATCH", "/api/sites/{site}", { path: { site }, body }),
  meta: rules,
});
export const removeSiteRule = mutationOptions({
  mutationFn: (site: string) => call("DELETE", "/api/sites/{site}", { path: { site } }),
  meta: rules,
});

export const addUser = mutationOptions({
  mutationFn: (body: NewUser) => call("POST", "/api/users", { body }),
  meta: users,
});
export const changeUser = mutationOptions({
  mutationFn: ({ id, ...body }: { id: number; quota?: number | null; admin?: boolean }) =>
    call("PATCH", "/api/users/{id}", { path: { id }, body }),
  meta: users,
});
export const removeUser = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/users/{id}", { path: { id } }),
  meta: users,
});

export const addToken = mutationOptions({
  mutationFn: (body: NewToken) => call("POST", "/api/tokens", { body }),
  meta: tokens,
});
export const removeToken = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/tokens/{id}", { path: { id } }),
  meta: tokens,
});

export const pairDevice = mutationOptions({ mutationFn: () => call("POST", "/api/devices"), meta: devices });
export const removeDevice = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/devices/{id}", { path: { id } }),
  meta: devices,
});

export const endSession = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/sessions/{id}", { path: { id } }),
  meta: sessions,
});
export const signOut = mutationOptions({ mutationFn: () => call("DELETE", "/api/session") });
export const changePassword = mutationOptions({
  mutationFn: ({ id, ...body }: { id: number; password: string; old_password: string; end_tokens: boolean }) =>
    call("PATCH", "/api/users/{id}", { path: { id }, body }),
  meta: sessions,
});

export const saveCookies = mutationOptions({
  mutationFn: ({ site, text }: { site: string; text: string }) =>
    call("PUT", "/api/cookies/{site}", { path: { site }, body: { text } }),
  meta: cookies,
});
export const removeCookies = mutationOptions({
  mutationFn: (site: string) => call("DELETE", "/api/cookies/{site}", { path: { site } }),
  meta: cookies,
});

export const addTarget = mutationOptions({
  mutationFn: (body: NewTarget) => call("POST", "/api/notifications/targets", { body }),
  meta: targets,
});
export const changeTarget = mutationOptions({
  mutationFn: ({ id, ...body }: TargetChange & { id: number }) =>
    call("PATCH", "/api/notifications/targets/{id}", { path: { id }, body }),
  meta: targets,
  scope: { id: "targets" }, // one after the other
});
export const testTarget = mutationOptions({
  mutationFn: (id: number) => call("POST", "/api/notifications/targets/{id}/test", { path: { id } }),
  meta: targets,
});
export const removeTarget = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/notifications/targets/{id}", { path: { id } }),
  meta: targets,
});

export const changePreferences = mutationOptions({
  mutationFn: (body: Preferences) => call("PATCH", "/api/preferences", { body }),
  meta: { awaits: [listedQuery("/api/preferences").queryKey] }, // until then what was sent is shown
  scope: { id: "preferences" }, // one after the other
});

/** A change of an exported tree is shown at once, so that the next one begins with it. */
export const changeTree = mutationOptions({
  mutationFn: ({ id, ...body }: ExportTreeChange & { id: number }) =>
    call("PATCH", "/api/export/trees/{id}", { path: { id }, body }),
  onMutate: async ({ id, ...body }, { client }) => {
    await client.cancelQueries({ queryKey: treesQuery.queryKey });
    client.setQueryData(
      treesQuery.queryKey,
      (before) => before && { trees: before.trees.map((tree) => (tree.id === id ? { ...tree, ...body } : tree)) },
    );
  },
  meta: { invalidates: [treesQuery.queryKey] },
  scope: { id: "export trees" }, // one after the other
});

export const orderYtDlp = mutationOptions({
  mutationFn: (body: YtDlpOrder) => call("POST", "/api/ytdlp", { body }),
  meta: { invalidates: [listedQuery("/api/ytdlp").queryKey] },
});

export const changeServer = mutationOptions({
  mutationFn: async (body: SomeSettings) => (await call("PATCH", "/api/settings", { body })) as Server,
  onSuccess: (server, _body, _result, { client }) => client.setQueryData(serverQuery.queryKey, server),
  onError: (_error, _body, _result, { client }) => client.invalidateQueries({ queryKey: serverQuery.queryKey }),
});
