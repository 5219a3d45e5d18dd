// Made by tools/api-types.mjs (npm run api): do not edit.

export type Actions = {
  action: "cancel" | "retry" | "pause" | "resume" | "clear";
  ids: (number)[];
};

export type ActionsDone = {
  done: number;
  refused: (Refused)[];
};

export type AddedLink = {
  title: string;
  url: string;
};

export type AdoptFiles = {
  after?: string;
  files?: (string)[] | null;
};

export type AdoptedFiles = {
  added: number;
  next: string | null;
  refused: number;
};

export type Answer = {
  answer: string | null;
  at: string;
  state: "delivered" | "failed";
  type: string | null;
};

export type AudioTrack = {
  channels: number | null;
  codec: string;
  language: string | null;
  title: string | null;
};

export type Backfill = {
  last: number;
};

export type BroughtBy = {
  id: number;
  title: string;
};

export type Change = {
  folder?: string | null;
  keep?: boolean | null;
  title?: string | null;
};

export type Changed = {
  count: number;
};

export type ChangedSubscription = {
  filter?: Filter | null;
  folder?: string | null;
  options?: Options | null;
  paused?: boolean | null;
  preset?: string | null;
  retention?: Retention | null;
  schedule?: Schedule | null;
  title?: string | null;
  url?: string | null;
};

export type Channel = {
  id: string;
  name: string;
  site: string | null;
  url: string | null;
};

export type Chapter = {
  start: number;
  title: string;
};

export type Copy = {
  folder: string;
  item: number;
};

export type Counts = {
  blocked: number;
  done: number;
  ignored: number;
  queued: number;
  skipped: number;
};

export type Credentials = {
  name: string;
  password: string;
};

export type DailyHours = {
  end: string;
  start: string;
  timezone?: string | null;
};

export type Damaged = {
  id: number;
  title: string;
};

export type Deletion = {
  frees: number;
  holders: number;
  items: number;
  trash: boolean;
};

export type Device = {
  address: string | null;
  created_at: string;
  id: number;
  last_seen_at: string | null;
  name: string;
};

export type Devices = {
  devices: (Device)[];
};

export type Download = {
  attempt: number;
  children: downloads_Children | null;
  converting: boolean;
  created_at: string;
  duration: number | null;
  error: Reason | null;
  eta: number | null;
  finished_at: string | null;
  folder: string;
  id: number;
  item: number | null;
  kind: "media" | "playlist";
  options: Options;
  parent: number | null;
  position: number | null;
  poster: string | null;
  priority: number;
  progress: number;
  recording: boolean;
  run_after: string | null;
  site: string;
  size: number | null;
  speed: number | null;
  stage: "extract" | "download" | "convert" | "store" | null;
  started_at: string | null;
  state: "queued" | "running" | "done" | "failed" | "cancelled" | "needs_action" | "paused" | "scheduled" | "expanded";
  title: string | null;
  url: string;
};

export type Downloads = {
  downloads: (Download)[];
  next: string | null;
};

export type DryRun = {
  bytes: number | null;
  entries: (PreviewedEntry)[];
  listed: number;
  quota_share: number | null;
  site: string;
  title: string;
  wanted: number;
};

export type Ending = {
  keep?: boolean;
};

export type Entries = {
  entries: (subscriptions_Entry)[];
  next: string | null;
};

export type Event = {
  download: Download;
  gone: Gone;
  library: Record<string, unknown>;
  notification: Unread;
  progress: (Progress)[];
  snapshot: Snapshot;
  subscription: SubscriptionEvent;
  system: System;
};

export type ExportNames = {
  folder_layouts?: Record<string, unknown>;
  layout?: "film" | "show" | "show-by-playlist" | "music";
  template?: string | null;
};

export type ExportPaths = {
  paths: (string)[];
};

export type ExportTree = {
  copied_bytes: number;
  folder_layouts: Record<string, unknown>;
  id: number;
  layout: "film" | "show" | "show-by-playlist" | "music" | "template";
  missing: boolean;
  path: string;
  tagged: boolean;
  updating: boolean;
  users: (string)[] | null;
};

export type ExportTreeChange = {
  folder_layouts?: Record<string, unknown>;
  layout?: "film" | "show" | "show-by-playlist" | "music";
  tagged?: boolean;
};

export type ExportTrees = {
  trees: (ExportTree)[];
};

export type ExportedList = {
  content: string;
};

export type ExtractorArguments = {
  soundcloud?: SoundCloud | null;
  twitter?: Twitter | null;
  vimeo?: Vimeo | null;
  youtube?: YouTube | null;
  youtubetab?: YouTubeTab | null;
};

export type FailedLink = {
  error: Reason;
  url: string;
};

export type Filter = {
  live?: "wait" | "record" | "skip";
  max_duration?: number | null;
  max_per_check?: number | null;
  min_duration?: number | null;
  shorts?: boolean;
  since?: string | null;
  title_exclude?: string | null;
  title_include?: string | null;
  until?: string | null;
};

export type FirstRun = {
  code?: string;
  name: string;
  password: string;
};

export type Folder = {
  count: number;
  id: number;
  name: string;
  parent: number | null;
  path: string;
  total: number;
};

export type FolderGone = {
  trashed: number;
};

export type FolderPath = {
  path: string;
};

export type Folders = {
  folders: (Folder)[];
  items: number;
};

export type Gone = {
  id: number;
};

export type Health = {
  status: string;
  version: string;
};

export type Home = {
  continue: (Item)[];
  followed: (Item)[];
  recent: (Item)[];
  shelves: (Shelf)[];
  unwatched: (Item)[];
};

export type ImportedList = {
  added: (AddedLink)[];
  failed: (FailedLink)[];
  known: (string)[];
};

export type Item = {
  audio_languages?: (string)[];
  audio_tracks?: (AudioTrack)[];
  categories?: (string)[];
  channel: Channel | null;
  chapters?: (Chapter)[];
  created_at: string;
  damaged: boolean;
  description?: string | null;
  duration: number | null;
  folder: string;
  id: number;
  keep: boolean;
  list: ListPlace | null;
  media: Media;
  never: boolean;
  playable: boolean;
  position: number | null;
  poster: boolean;
  published_at: string | null;
  site: string | null;
  source: number | null;
  source_url: string | null;
  subscription?: BroughtBy | null;
  subtitles: (string)[];
  tags?: (string)[];
  title: string;
  trashed_at: string | null;
  uploader: string | null;
  views?: number | null;
  watched: boolean;
  year?: number | null;
};

export type Items = {
  items: (Item)[];
  next: string | null;
};

export type Jar = {
  cookies: number;
  created_at: string;
  failed_at: string | null;
  failure: string | null;
  site: string;
  succeeded_at: string | null;
  updated_at: string;
};

export type Jars = {
  cookies: (Jar)[];
};

export type Kept = {
  kept: number;
  left_out: number;
  resumed: number;
  site: string;
};

export type LibrarySize = {
  items: number;
  size: number;
};

export type Line = {
  at: string;
  level: "info" | "warning" | "error";
  message: string;
};

export type ListEntry = {
  duration: number | null;
  index: number;
  title: string | null;
  url: string;
};

export type ListPlace = {
  id: number;
  position: number;
};

export type Log = {
  lines: (Line)[];
};

export type Machine = {
  cookies: boolean;
  encoders: (string)[];
  jobs: number;
  name: string;
  role: "server" | "worker";
  running: number;
  seen_at: string;
  started_at: string;
  state: "here" | "silent";
  trouble: string | null;
  version: string;
};

export type MadeShare = {
  expires_at: string | null;
  id: number;
  url: string;
};

export type MadeTarget = {
  id: number;
  secret: string | null;
};

export type MadeToken = {
  id: number;
  token: string;
};

export type Mark = {
  never: boolean;
  since: string | null;
};

export type MarkRead = {
  ids?: (number)[] | null;
  until?: number | null;
};

export type Me = {
  admin: boolean;
  id: number;
  name: string;
};

export type Media = {
  audio_codec: string | null;
  cut_at_origin: boolean;
  height: number | null;
  kind: string;
  ref_count: number;
  sha256: string;
  size: number;
  video_codec: string | null;
  width: number | null;
};

export type MountState = {
  free: number | null;
  path: string;
  reason: string | null;
  state: "online" | "offline" | "full" | "read_only";
  total: number | null;
};

export type NewCookies = {
  text: string;
};

export type NewDownload = {
  folder?: string | null;
  options?: Options | null;
  preset?: string | null;
  url: string;
};

export type NewShare = {
  channel?: string | null;
  days?: number | null;
  folder?: number | string | null;
  item?: number | null;
  password?: string | null;
  q?: string | null;
  site?: string | null;
};

export type NewSubscription = {
  backfill?: "new" | "all" | Backfill;
  filter?: Filter | null;
  folder?: string | null;
  options?: Options | null;
  preset?: string | null;
  retention?: Retention | null;
  schedule?: Schedule | null;
  title?: string | null;
  url: string;
};

export type NewTarget = {
  events?: (string)[];
  language?: "en" | "fr" | "de";
  name?: string;
  quiet?: QuietHours | null;
  url: string;
};

export type NewToken = {
  days?: number | null;
  name: string;
  scopes: ("read" | "download" | "library" | "metrics" | "admin")[];
};

export type NewUser = {
  admin?: boolean;
  name: string;
  password: string;
};

export type Notification = {
  at: string;
  data: Record<string, unknown>;
  id: number;
  read: boolean;
  type: string;
};

export type Notifications = {
  next: number | null;
  notifications: (Notification)[];
  unread: number;
};

export type OpenSession = {
  address: string | null;
  agent: string | null;
  created_at: string;
  current: boolean;
  id: number;
  last_seen_at: string | null;
};

export type OpenSessions = {
  sessions: (OpenSession)[];
};

export type Options = {
  audio?: "m4a" | "mp3" | null;
  audio_languages?: (string)[];
  auto_subtitles?: boolean;
  end?: number | null;
  extractor_args?: ExtractorArguments | null;
  impersonate?: boolean;
  keep_original?: boolean;
  live_from_start?: boolean;
  live_max?: number | null;
  live_wait?: boolean;
  max_height?: number | null;
  never_transcode?: boolean;
  playlist?: Playlist | null;
  proxy?: string | null;
  rate_limit?: number | null;
  referer?: string | null;
  sponsorblock?: boolean;
  start?: number | null;
  subtitles?: (string)[];
};

export type OtherInstallation = {
  claim: number;
  host: string;
  program: string;
};

export type OwnChannel = {
  id: string;
  items: number;
  name: string;
  newest: number;
  published_at: string | null;
  site: string | null;
  url: string | null;
};

export type OwnChannels = {
  channels: (OwnChannel)[];
  next: string | null;
};

export type Package = {
  name: string;
  sha256: string;
  size: number;
};

export type Packages = {
  chromium: Package;
  firefox: Package;
};

export type Pairing = {
  code: string;
  expires_at: string;
  fingerprint: string;
};

export type PersonUsage = {
  bytes: number;
  charged: number;
  items: number;
};

export type Playlist = {
  folder?: boolean;
  items?: (number)[] | null;
  limit?: number | null;
};

export type Position = {
  position: number;
};

export type Preferences = {
  audio_languages?: (string)[] | null;
  captions?: string | null;
  download_folder?: string | null;
  download_preset?: string | null;
  download_quality?: string | null;
  language?: string | null;
  muted?: boolean | null;
  rate?: number | null;
  sort?: "-created" | "created" | "-published" | "published" | "title" | "-title" | "-duration" | "duration" | "-size" | "size" | null;
  theme?: "system" | "light" | "dark" | null;
  volume?: number | null;
};

export type Preset = {
  name: string;
  options: Options;
};

export type PresetOptions = {
  options: Options;
};

export type Presets = {
  presets: (Preset)[];
};

export type Preview = {
  count: number | null;
  duration: number | null;
  entries: (ListEntry)[];
  heights: (number)[];
  item: number | null;
  kind: "media" | "playlist" | "live";
  poster: string | null;
  site: string;
  size: number | null;
  subtitles: (string)[];
  title: string;
  uploader: string | null;
};

export type PreviewedEntry = {
  decision: "queued" | "done" | "skipped" | "blocked" | "ignored";
  duration: number | null;
  item: number | null;
  published_at: string | null;
  reason: string;
  source_url: string;
  title: string | null;
};

export type Priority = {
  priority: number;
};

export type Problem = {
  code: string;
  detail: string;
  request_id: string;
  source?: number;
  status: number;
  title: string;
  type: string;
};

export type Progress = {
  eta: number | null;
  id: number;
  progress: number;
  speed: number | null;
  stage: "extract" | "download" | "convert" | "store" | null;
};

export type Purge = {
  items?: (number)[] | null;
};

export type Purged = {
  purged: number;
};

export type QueueState = {
  needs_action: number;
  paused: string | null;
  queued: number;
  running: number;
};

export type QuietHours = {
  end: string;
  start: string;
  timezone?: string | null;
};

export type Reason = {
  code: string;
  message: string;
};

export type Recorded = {
  act: "setup_completed" | "setup_failed" | "signed_in" | "link_made" | "link_refused" | "sign_in_failed" | "password_refused" | "signed_out" | "token_made" | "token_removed" | "user_added" | "user_removed" | "password_set" | "admin_set" | "quota_set" | "cookies_kept" | "cookies_removed" | "password_kept" | "password_forgotten" | "key_rotated" | "pairing_offered" | "pairing_failed" | "device_paired" | "device_refused" | "settings_changed" | "store_decided" | "ytdlp_changed" | "share_made" | "share_revoked" | "share_opened" | "share_password_refused" | "target_added" | "target_changed" | "target_removed" | "device_removed";
  address: string | null;
  at: string;
  facts: Record<string, unknown>;
  id: number;
  person: string | null;
};

export type Refused = {
  id: number;
  reason: Reason;
};

export type Removal = {
  created_at: string;
  id: number;
  published_at: string;
  rule: "keep_last" | "keep_days" | "watched_days";
  size: number;
  title: string;
};

export type RequestedChecks = {
  count: number;
};

export type Retention = {
  keep_days?: number | null;
  keep_last?: number | null;
  watched_days?: number | null;
};

export type RetentionPreview = {
  bytes: number;
  count: number;
  frees: number;
  items: (Removal)[];
};

export type RetentionRules = {
  retention?: Retention | null;
};

export type Saved = {
  bytes: number;
  downloads: number;
};

export type Schedule = {
  daily_bytes?: number | null;
  daily_downloads?: number | null;
  hours?: DailyHours | null;
  pause_seconds?: number | null;
};

export type Scrub = {
  checked: number;
  damaged: number;
  finished_at: string | null;
  items: (Damaged)[];
  total: number;
};

export type Sealed = {
  box: string;
};

export type SessionState = {
  proxy?: boolean;
  setup: boolean;
  user: Me | null;
  version: string;
};

export type Several = {
  items: (number)[];
};

export type SeveralTo = {
  folder: string;
  items: (number)[];
};

export type SeveralTrashed = {
  count: number;
  frees: number;
  holders: number;
  items: number;
  trash: boolean;
};

export type SeveralWatched = {
  items: (number)[];
  watched: boolean;
};

export type Share = {
  channel: string | null;
  created_at: string;
  expired: boolean;
  expires_at: string | null;
  folder: number | null;
  id: number;
  item: number | null;
  last_used_at: string | null;
  password: boolean;
  q: string | null;
  site: string | null;
  title: string;
  uses: number;
};

export type Shares = {
  shares: (Share)[];
};

export type Shelf = {
  channel: string | null;
  items: (Item)[];
  playlist: number | null;
  site: string | null;
  title: string;
};

export type SignedIn = {
  user: Me;
};

export type Site = {
  items: number;
  site: string;
};

export type SiteAccount = {
  password: string;
  user: string;
};

export type SiteRule = {
  cookies_required: boolean;
  hours: DailyHours | null;
  password: boolean;
  pause_seconds: number | null;
  preset: string | null;
  proxy: string | null;
  site: string;
};

export type SiteRuleChange = {
  account?: SiteAccount | null;
  cookies_required?: boolean;
  hours?: DailyHours | null;
  pause_seconds?: number | null;
  preset?: string | null;
  proxy?: string | null;
};

export type SiteRules = {
  rules: (SiteRule)[];
};

export type Sites = {
  sites: (Site)[];
};

export type Snapshot = {
  downloads: (Download)[];
  more: boolean;
  system: System;
};

export type SomeSettings = {
  ffmpeg_threads?: number | null;
  grace_hours?: number | null;
  host_names?: (string)[] | null;
  max_conversions?: number | null;
  max_downloads?: number | null;
  max_downloads_per_site?: number | null;
  max_height?: number | null;
  proxy?: string | null;
  rate_limit?: number | null;
  trash_days?: number | null;
};

export type SoundCloud = {
  formats?: (string)[];
};

export type Source = {
  id: number;
  since: string;
  site: string;
  title: string | null;
  url: string;
};

export type SourceList = {
  entries: number;
  id: number;
  items: number;
  site: string;
  title: string;
  updated_at: string;
  url: string;
};

export type SourceLists = {
  lists: (SourceList)[];
};

export type Sources = {
  sources: (Source)[];
};

export type Space = {
  free: number;
  reserved: number;
};

export type Status = {
  automatic: string;
  channel: "stable" | "nightly";
  error: string | null;
  failure: string | null;
  latest: string | null;
  managed: boolean;
  offered: string | null;
  offered_site: string | null;
  previous: string | null;
  trying: string | null;
  updating: boolean;
  version: string;
};

export type StoreDecision = {
  decision: "take" | "separate" | "read-only";
};

export type StoreState = {
  detail?: string | null;
  reason?: string | null;
  state: "owned" | "frozen" | "read_only";
};

export type StoreStatus = {
  claim: number | null;
  detail: string | null;
  folder: string;
  installation: string;
  other: OtherInstallation | null;
  reason: string | null;
  settling: boolean;
  since: string | null;
  state: "owned" | "frozen" | "read_only";
  unknown: number | null;
  unknown_more: boolean;
};

export type Subscription = {
  action: "send_cookies" | "change_link" | "wait" | null;
  backfill: "new" | "all" | Backfill;
  checked_at: string | null;
  checking: boolean;
  counts: Counts;
  created_at: string;
  error: Reason | null;
  failing_since: string | null;
  failures: number;
  filter: Filter;
  folder: string;
  id: number;
  interval_seconds: number;
  last_new: number;
  moved_to: string | null;
  next_check_at: string;
  options: Record<string, unknown>;
  preset: string | null;
  retention: Retention;
  schedule: Schedule;
  site: string;
  state: "active" | "paused" | "needs_action";
  succeeded_at: string | null;
  title: string;
  url: string;
};

export type SubscriptionEvent = {
  id: number;
};

export type SubscriptionList = {
  backfill?: "new" | "all" | Backfill;
  content: string;
  dry_run?: boolean;
  filter?: Filter | null;
  folder?: string;
  options?: Options | null;
  preset?: string | null;
  retention?: Retention | null;
  schedule?: Schedule | null;
};

export type Subscriptions = {
  subscriptions: (Subscription)[];
};

export type System = {
  children: system_Children;
  library: LibrarySize;
  max_height: number;
  mount: MountState;
  queue: QueueState;
  saved: Saved;
  scrub: Scrub;
  space: Space;
  store: StoreState;
  transcode: Transcode;
  usage: Usage;
  version: string;
  versions: Versions;
  workers: (Machine)[];
};

export type Target = {
  answers: (Answer)[];
  created_at: string;
  enabled: boolean;
  events: (string)[];
  failures: number;
  id: number;
  kind: "apprise" | "webhook" | "jellyfin" | "plex" | "kodi";
  label: string;
  language: "en" | "fr" | "de";
  last_answer: string | null;
  last_at: string | null;
  name: string;
  quiet: QuietHours | null;
  waiting: number;
};

export type TargetChange = {
  enabled?: boolean;
  events?: (string)[];
  language?: "en" | "fr" | "de";
  name?: string;
  quiet?: QuietHours | null;
};

export type Targets = {
  targets: (Target)[];
};

export type Tested = {
  answer: string;
  ok: boolean;
};

export type Token = {
  created_at: string;
  expires_at: string | null;
  id: number;
  last_used_at: string | null;
  name: string;
  scopes: ("read" | "download" | "library" | "metrics" | "admin")[];
};

export type TokenProvider = {
  reason?: string | null;
  state: "off" | "available" | "unavailable";
  url?: string | null;
  version?: string | null;
};

export type Tokens = {
  tokens: (Token)[];
};

export type Trail = {
  events: (Recorded)[];
  next: string | null;
};

export type Transcode = {
  cpu: number;
  encoder: string;
  memory: number;
  running: number;
};

export type Trash = {
  frees: number;
  items: (Item)[];
  next: string | null;
};

export type Trashed = {
  frees: number;
  holders: number;
  trashed: boolean;
};

export type Twitter = {
  api?: "graphql" | "legacy" | "syndication" | null;
};

export type UnknownFile = {
  folder: string | null;
  name: string;
  sha256: string;
  size: number;
  title: string | null;
};

export type UnknownFiles = {
  files: (UnknownFile)[];
  next: string | null;
};

export type Unread = {
  unread: number;
};

export type Usage = {
  bytes: number;
  charged: number;
  items: number;
  quota: number | null;
};

export type Use = {
  cpu: number;
  memory: number;
  running: number;
};

export type User = {
  admin: boolean;
  created_at: string;
  id: number;
  name: string;
  quota: number | null;
};

export type UserChange = {
  admin?: boolean | null;
  end_tokens?: boolean;
  old_password?: string | null;
  password?: string | null;
  quota?: number | null;
};

export type UserRow = {
  admin: boolean;
  created_at: string;
  id: number;
  name: string;
  quota: number | null;
  usage: PersonUsage;
};

export type Users = {
  users: (UserRow)[];
};

export type Versions = {
  ffmpeg: string;
  postgresql: string;
  python: string;
  "yt-dlp": string;
};

export type Vimeo = {
  client?: "android" | "web" | null;
  original_format_policy?: "auto" | "always" | "never" | null;
};

export type Watched = {
  watched: boolean;
};

export type WholeList = {
  content: (lists_Entry)[];
  entries: number;
  id: number;
  items: number;
  site: string;
  title: string;
  updated_at: string;
  url: string;
};

export type YouTube = {
  fetch_pot?: "auto" | "always" | "never" | null;
  formats?: ("incomplete" | "missing_pot")[];
  lang?: string | null;
  player_client?: (string)[];
  skip?: ("hls" | "dash" | "translated_subs")[];
};

export type YouTubeTab = {
  approximate_date?: boolean;
  skip?: ("webpage" | "authcheck")[];
};

export type bulk_downloads_Order = {
  ids: (number)[];
};

export type downloads_Children = {
  done: number;
  failed: number;
  total: number;
};

export type downloads_Link = {
  url: string;
};

export type lists_Entry = {
  duration: number | null;
  item: Item | null;
  position: number;
  title: string | null;
  url: string;
};

export type sources_Link = {
  url: string;
};

export type subscriptions_Entry = {
  decided_at: string;
  decision: "queued" | "done" | "skipped" | "blocked" | "ignored";
  download: number | null;
  duration: number | null;
  first_seen_at: string;
  id: number;
  item: number | null;
  poster: boolean;
  published_at: string | null;
  reason: string;
  removed_at: string | null;
  source_url: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled" | "needs_action" | "paused" | "scheduled" | "expanded" | null;
  title: string | null;
  trashed: boolean;
};

export type system_Children = {
  cpu: number;
  groups: Record<string, unknown>;
  memory: number;
};

export type ytdlp_Order = {
  action: "update" | "rollback" | "look" | "accept";
  channel?: "stable" | "nightly" | null;
};

/** Every code that an error of the server may have. */
export const CODES = [
  "age_limit",
  "already_followed",
  "already_running",
  "away",
  "backup_damaged",
  "backup_failed",
  "bad_clip",
  "bad_cookies",
  "bad_setting",
  "blocked_address",
  "body_too_large",
  "clock",
  "conflict",
  "conversion_busy",
  "conversion_loses",
  "crashed",
  "cross_site",
  "cut_at_origin",
  "database_away",
  "database_moved",
  "disk_full",
  "drm",
  "export_busy",
  "export_folder",
  "extractor_broken",
  "forbidden",
  "geo_blocked",
  "gone",
  "hostile",
  "index_away",
  "internal",
  "invalid",
  "invalid_pattern",
  "invalid_url",
  "is_playlist",
  "kills_server",
  "last_admin",
  "library_not_empty",
  "live_not_ended",
  "live_not_started",
  "live_unsupported",
  "login_required",
  "media_offline",
  "media_read_only",
  "members_only",
  "method_not_allowed",
  "name_taken",
  "network",
  "never_again",
  "newer_schema",
  "no_browser",
  "no_cookies_here",
  "no_postgres",
  "no_room",
  "no_service_manager",
  "not_a_list",
  "not_found",
  "not_json",
  "not_media",
  "not_paired",
  "not_running",
  "not_signed_in",
  "nothing_before",
  "nothing_offered",
  "nothing_to_rebuild",
  "older_schema",
  "one_time_link",
  "other_runs_alone",
  "outside_hours",
  "pairing_code",
  "parser_failed",
  "password_required",
  "pinned_setting",
  "plain_http",
  "port_in_use",
  "problem",
  "proxy_failed",
  "quota_exceeded",
  "quota_reserved",
  "rate_limited",
  "rebuild_unfinished",
  "referer_required",
  "refused",
  "replayed",
  "restore_failed",
  "runs_alone",
  "same_source",
  "sealed_box",
  "server_away",
  "server_error",
  "service_failed",
  "setup_closed",
  "setup_code",
  "share_password",
  "site_busy",
  "site_forbids",
  "site_pace",
  "site_paused",
  "slow_slots_busy",
  "stalled",
  "state_folder",
  "stopping",
  "store_frozen",
  "tagged_needs_music",
  "target_not_allowed",
  "target_not_empty",
  "too_large",
  "too_many_requests",
  "too_many_subscriptions",
  "too_many_targets",
  "too_slow",
  "tool_killed",
  "transcode_failed",
  "truncated",
  "unexpected_error",
  "unknown_list",
  "unsupported",
  "unsupported_codec",
  "unsupported_scheme",
  "unsupported_target",
  "untrusted_certificate",
  "unusual_extension",
  "update_refused",
  "usage",
  "weak_password",
  "wrong_credentials",
  "wrong_host",
  "wrong_state"
] as const;

export type Code = (typeof CODES)[number];
