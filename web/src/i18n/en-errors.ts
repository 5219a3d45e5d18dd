import type { ErrorCode } from "@/api/client";

/** What happened, and what to do ("" where there is nothing to do). `{site}` is the site of the link. */
export type ProblemWords = Record<ErrorCode, readonly [what: string, fix: string]>;

export const enErrors: ProblemWords = {
  unreachable: ["The server does not answer", "Is MediaFetcher running? Your files are safe."],

  age_limit: ["The site asks for your age", "Send the cookies of a signed-in account of {site}, then retry."],
  login_required: ["This site wants you to be signed in", "Send the cookies of {site}, then retry."],
  members_only: [
    "The site keeps this for its members",
    "Send the cookies of an account of {site} that may see it, then retry.",
  ],
  site_forbids: ["{site} refuses this link", "It may need the cookies of an account, or your address is blocked."],

  network: ["{site} could not be reached", "It is tried again by itself; check the connection if this stays."],
  rate_limited: ["{site} asks to slow down", "It is tried again by itself, later."],
  server_error: ["{site} answered with an error of its own", "Usually this passes: retry a little later."],
  stalled: ["Nothing arrived for too long", "Retry goes on where it stopped."],
  truncated: ["The file is shorter than it should be", "Retry to fetch it again."],
  crashed: ["The download program ended by surprise", "Retry; if it stays so, the server's log says why."],

  gone: ["There is nothing at that link any more", "Check the link in a browser."],
  geo_blocked: ["The site does not show this in your country", ""],
  drm: ["This is protected by DRM", "It cannot be fetched."],
  unsupported: ["No video or audio was found at that link", "Give the address of the page where it plays."],
  not_media: ["What came is not video or audio", "Check the link in a browser."],
  too_large: [
    "The file is larger than the limit",
    "Choose a lower quality, or raise the limit in the settings of the server.",
  ],
  blocked_address: [
    "That address is private",
    "Name it in MEDIAFETCHER_ALLOW_HOSTS on the server if it may be reached.",
  ],
  transcode_failed: ["The file could not be converted", "Retry, or choose another quality."],
  extractor_broken: ["{site} changed, and yt-dlp does not understand it yet", "A newer yt-dlp usually helps."],
  hostile: ["The site tried something that is not allowed", "The download was stopped; nothing was kept."],
  live_not_started: ["This stream has not begun", "Retry when it is over."],
  live_unsupported: ["Live streams cannot be fetched", "Retry when the recording is out."],

  media_offline: ["The media folder is not there", "Is the share mounted? Downloads wait; your files are safe."],
  disk_full: ["The media folder is full", "Free some room. Downloads wait until there is."],
  media_read_only: ["The media folder cannot be written", "Check the mount and its rights. Downloads wait."],
  database_away: ["The database does not answer", "It may be starting again. Your files are safe."],
  away: ["Something the server needs is away", "Try again in a moment."],
  stopping: ["MediaFetcher is stopping", "Try again when it runs."],

  invalid_url: ["That is not a link", "Give a full http:// or https:// address."],
  unsupported_scheme: ["Only http:// and https:// links can be fetched", ""],
  weak_password: ["That password is too easy to guess", "Use 8 to 128 characters that are not a common password."],
  wrong_credentials: ["Name or password is wrong", ""],
  not_signed_in: ["You are signed out", "Sign in again."],
  setup_code: ["The one-time code is wrong", "`mediafetcher setup` on the server prints it."],
  setup_closed: ["The first account exists already", "Sign in with it."],
  too_many_requests: ["Too many attempts", "Wait a minute and try again."],
  name_taken: ["That name is taken", "Choose another one."],
  last_admin: ["This is the last administrator", "Make another one first."],
  wrong_state: ["That is not possible any more", "It has gone on meanwhile."],
  not_found: ["That is not there any more", ""],
  forbidden: ["You may not do that", ""],
  conflict: ["That contradicts what is there", ""],
  invalid: ["The server did not understand that", "Check what you typed."],
  refused: ["The server refused that", ""],
  cross_site: ["The request came from another site", "Reload this page."],
  wrong_host: ["This address is not one of the server's", "Set MEDIAFETCHER_PUBLIC_URL to it on the server."],
  body_too_large: ["That is too much at once", ""],
  method_not_allowed: ["This page and the server do not fit together", "Reload this page."],
  not_json: ["This page and the server do not fit together", "Reload this page."],
  already_running: ["MediaFetcher already runs on this state folder", ""],
  port_in_use: ["The port is in use", ""],
  bad_setting: ["A setting of the server is wrong", ""],
  state_folder: ["The state folder cannot be used", ""],
  newer_schema: ["The database is from a newer MediaFetcher", "Install that version, or restore an older backup."],
  usage: ["That command is not right", ""],
  problem: ["Something went wrong", "The server's log has the details."],
  internal: ["Something went wrong", "The server's log has the details."],
};
