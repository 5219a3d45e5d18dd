// Made by tools/words.mjs (npm run api) from errors.toml: do not edit.
import type { ErrorCode } from "@/api/client";

/** What happened, and what to do ("" if there is nothing to do). `{site}` is the site of the link. */
export type ProblemWords = Record<ErrorCode, readonly [what: string, fix: string]>;

export const enErrors: ProblemWords = {
  "unreachable": [
    "Can’t reach the server",
    "Check that MediaFetcher is running. Your files are safe."
  ],
  "age_limit": [
    "{site} wants to verify your age",
    "Send the cookies of an account signed in to {site}, then retry."
  ],
  "untrusted_certificate": [
    "The certificate of {site} is not trusted",
    "If it is of your own certificate authority, name its file in MEDIAFETCHER_CA_FILE."
  ],
  "password_required": [
    "{site} asks for a name and password",
    "Add the link with them: https://name:password@host/path. They are kept encrypted and are not shown."
  ],
  "unusual_extension": [
    "This kind of file is refused for safety",
    "The name of the file has an unusual ending. Save the file yourself, then import it."
  ],
  "unsupported_codec": [
    "FFmpeg cannot decode this file",
    "It has no decoder for its video or audio. To store the file unchanged, keep the original file."
  ],
  "referer_required": [
    "{site} gives this file only to visitors of its own pages",
    "Add the address of the page where it plays instead."
  ],
  "login_required": [
    "{site} requires you to sign in",
    "Send the cookies of {site}, then retry."
  ],
  "members_only": [
    "This is for members only",
    "Send the cookies of an account on {site} that has access, then retry."
  ],
  "site_forbids": [
    "{site} denied access to this link",
    "It may require an account’s cookies, or {site} may be blocking your IP address."
  ],
  "network": [
    "Could not reach {site}",
    "Check the connection, then retry."
  ],
  "proxy_failed": [
    "The proxy does not connect to {site}",
    "It must allow CONNECT to ports 80 and 443; it is tried again by itself."
  ],
  "rate_limited": [
    "{site} is limiting downloads",
    "Wait a while, then retry."
  ],
  "server_error": [
    "{site} reported an internal error",
    "This usually passes. Retry a little later."
  ],
  "stalled": [
    "The download received no data for too long",
    "Retry to continue where it stopped."
  ],
  "truncated": [
    "The file is incomplete",
    "It is fetched once more by itself, then kept if it plays."
  ],
  "cut_at_origin": [
    "The file ends too early at its origin",
    "Nothing in it plays: look for another copy."
  ],
  "conversion_loses": [
    "A conversion cannot keep everything",
    "Confirm it, or leave the file as it is."
  ],
  "parser_failed": [
    "The file could not be read within its limits",
    "It may be broken, or the machine is too busy. Retry later."
  ],
  "crashed": [
    "The download stopped unexpectedly",
    "Retry. If it happens again, see the download log."
  ],
  "unexpected_error": [
    "An unexpected error stopped this download",
    "What was fetched is kept. Retry; if it stays so, the server's log says why."
  ],
  "tool_killed": [
    "The system ended FFmpeg before it was done",
    "Memory may have run out. What was fetched is kept: retry."
  ],
  "runs_alone": [
    "MediaFetcher ended unexpectedly twice while this ran",
    "It runs alone next, to find the cause."
  ],
  "kills_server": [
    "MediaFetcher ended unexpectedly each time this ran, even alone",
    "If the server was killed for another reason, retry: it continues from what was downloaded. Otherwise cancel it."
  ],
  "unsupported_target": [
    "This address cannot be notified",
    "Write it as the documentation shows: ntfy://…, webhook+https://…, jellyfin+http://…"
  ],
  "target_not_allowed": [
    "This address is on a private network",
    "To allow it, an administrator adds its name to MEDIAFETCHER_ALLOW_HOSTS on the server."
  ],
  "share_password": [
    "This link needs its password",
    "Give it with any user name."
  ],
  "too_many_targets": [
    "There are too many of these already",
    "Remove one first."
  ],
  "gone": [
    "Nothing found at this link",
    "Open the link in a browser to check it."
  ],
  "geo_blocked": [
    "This is not available in your country",
    "A proxy in another country may help. Set one under More options."
  ],
  "drm": [
    "This is protected by DRM",
    "MediaFetcher cannot download it."
  ],
  "unsupported": [
    "No video or audio found at this link",
    "Use the address of the page where it plays."
  ],
  "not_media": [
    "The file is not video or audio",
    "Open the link in a browser to check it."
  ],
  "too_large": [
    "The file is larger than the allowed maximum",
    "Choose a lower quality, or raise MEDIAFETCHER_MAX_FILE_SIZE on the server."
  ],
  "blocked_address": [
    "This address is on a private network",
    "To allow it, add its name to MEDIAFETCHER_ALLOW_HOSTS on the server."
  ],
  "transcode_failed": [
    "Could not convert the file",
    "Retry, or choose another quality."
  ],
  "extractor_broken": [
    "{site} changed, and this yt-dlp version cannot download from it",
    "A newer yt-dlp version usually helps."
  ],
  "hostile": [
    "The site tried something unsafe",
    "The download was stopped, and nothing was kept."
  ],
  "live_not_started": [
    "This stream has not started yet",
    "Recording starts automatically when it begins."
  ],
  "live_not_ended": [
    "This is a live stream",
    "It is downloaded when it has ended."
  ],
  "live_unsupported": [
    "This type of live stream cannot be recorded",
    "Retry when the recording is available."
  ],
  "not_a_list": [
    "This link is one video",
    "Download it instead of following it."
  ],
  "invalid_pattern": [
    "The pattern is not a regular expression",
    "Correct the pattern and try again."
  ],
  "already_followed": [
    "You already follow this link",
    "Change that subscription instead."
  ],
  "unknown_list": [
    "This is no list of subscriptions",
    "Send OPML, subscriptions.csv of YouTube Takeout, or an export of NewPipe or FreeTube."
  ],
  "too_many_subscriptions": [
    "You follow too many links",
    "Unfollow one first."
  ],
  "is_playlist": [
    "This link is a playlist",
    "Download it as a playlist, or use the link of a single video."
  ],
  "bad_clip": [
    "The clip starts after the end of the video",
    "Choose an earlier start time."
  ],
  "media_offline": [
    "The media folder is unavailable",
    "Check that the share is mounted. Downloads wait, and your files are safe."
  ],
  "disk_full": [
    "The media folder is full",
    "Free some space. Downloads continue when there is enough."
  ],
  "quota_reserved": [
    "Your running downloads may use up your share",
    "This one waits until they have ended."
  ],
  "outside_hours": [
    "Your rule for {site} allows downloads only in some hours",
    "This one begins when they do."
  ],
  "site_pace": [
    "Your rule for {site} asks for a pause between downloads",
    "This one begins after it."
  ],
  "same_source": [
    "The same link is being fetched already",
    "This waits for it."
  ],
  "site_busy": [
    "As many downloads of {site} run as may run at once",
    "This one waits its turn."
  ],
  "other_runs_alone": [
    "Another download runs alone, because MediaFetcher ended twice while it ran",
    "This one starts when it ends."
  ],
  "slow_slots_busy": [
    "As many downloads with a speed limit run as may run at once",
    "This one starts when one of them ends."
  ],
  "conversion_busy": [
    "Waits for another conversion to end",
    "The file is downloaded and is converted next."
  ],
  "no_cookies_here": [
    "No machine that works now can open the cookies of {site}",
    "It waits for the server's own queue."
  ],
  "media_read_only": [
    "The media folder is not writable",
    "Check the mount and its permissions. Downloads wait."
  ],
  "store_frozen": [
    "Who owns the media folder is undecided",
    "An administrator decides it. Downloads wait; your files are safe."
  ],
  "server_away": [
    "The server does not answer this worker",
    "Check that it runs and reaches the media folder. The download waits."
  ],
  "database_away": [
    "The database is not responding",
    "It may be restarting. Your files are safe."
  ],
  "away": [
    "A part of the server is unavailable",
    "Try again in a moment."
  ],
  "export_folder": [
    "That folder holds other files",
    "Export to a folder that is empty or new."
  ],
  "export_busy": [
    "Another server is at work on this export",
    "Try again in a minute."
  ],
  "stopping": [
    "MediaFetcher is shutting down",
    "Try again once it is running."
  ],
  "invalid_url": [
    "This is not a valid link",
    "Enter a full http:// or https:// address."
  ],
  "unsupported_scheme": [
    "Only http:// and https:// links are supported",
    ""
  ],
  "weak_password": [
    "This password is too easy to guess",
    "Use 8 to 128 characters, and not a common password."
  ],
  "wrong_credentials": [
    "Incorrect name or password",
    "Check both and try again."
  ],
  "not_signed_in": [
    "You are signed out",
    "Sign in again."
  ],
  "setup_code": [
    "Incorrect one-time code",
    "Run “mediafetcher setup” on the server to get the current one."
  ],
  "no_browser": [
    "No browser could be started",
    "Open the address of the server in a browser."
  ],
  "not_running": [
    "MediaFetcher does not run on this state folder",
    ""
  ],
  "one_time_link": [
    "This link can no longer be used",
    "Type “mediafetcher” again."
  ],
  "setup_closed": [
    "This server is already set up",
    "Sign in with the existing account."
  ],
  "too_slow": [
    "The request took too long",
    "Check your connection and try again."
  ],
  "too_many_requests": [
    "Too many attempts",
    "Wait a minute and try again."
  ],
  "name_taken": [
    "This name is already taken",
    "Choose another name."
  ],
  "last_admin": [
    "This is the last administrator",
    "Make another user an administrator first."
  ],
  "wrong_state": [
    "This is no longer possible",
    "Its state has changed in the meantime."
  ],
  "not_found": [
    "This no longer exists",
    ""
  ],
  "forbidden": [
    "You do not have permission to do this",
    ""
  ],
  "conflict": [
    "This conflicts with existing data",
    "Reload the page and try again."
  ],
  "invalid": [
    "The server could not read the request",
    "Check your input."
  ],
  "refused": [
    "The server rejected the request",
    ""
  ],
  "cross_site": [
    "The request came from another site and was blocked",
    "Reload this page."
  ],
  "wrong_host": [
    "The server does not recognize this address",
    "To allow it, add its name to MEDIAFETCHER_HOST_NAMES on the server, or under Settings → Limits."
  ],
  "body_too_large": [
    "The request is too large",
    "Send less at a time."
  ],
  "method_not_allowed": [
    "This page is out of date",
    "Reload this page."
  ],
  "not_json": [
    "This page is out of date",
    "Reload this page."
  ],
  "bad_cookies": [
    "These are not cookies of this site",
    "Export them as cookies.txt, or use the extension."
  ],
  "plain_http": [
    "Cookies cannot be sent over plain HTTP",
    "Use the extension, open this page over HTTPS, or paste them on the server itself."
  ],
  "not_paired": [
    "This device is not paired",
    "Pair it again under Settings → Devices."
  ],
  "pairing_code": [
    "The pairing code is incorrect, already used or expired",
    "Create a new one under Settings → Devices."
  ],
  "replayed": [
    "This message was already received",
    "Send it again from the extension."
  ],
  "sealed_box": [
    "The encrypted message cannot be read",
    "Pair the device again."
  ],
  "clock": [
    "The device’s clock is wrong",
    "Set the clocks of the device and the server, then try again."
  ],
  "never_again": [
    "You blocked this link from being downloaded",
    "To download it, choose “Allow downloading again” on its item, or run “mediafetcher never --undo” with the link."
  ],
  "quota_exceeded": [
    "You have reached your storage quota",
    "Delete items and empty the trash, or ask an administrator for a larger quota."
  ],
  "no_room": [
    "Not enough free space for this download",
    "It waits until other downloads finish or you free some space."
  ],
  "already_running": [
    "MediaFetcher is already running",
    "Stop the other one, or use another state folder."
  ],
  "port_in_use": [
    "The port is already in use",
    "Choose another port with --port."
  ],
  "bad_setting": [
    "A server setting is invalid",
    "Check the configuration of the server."
  ],
  "state_folder": [
    "The state folder is unusable",
    "Check its permissions, or choose another with --state."
  ],
  "database_moved": [
    "The database was moved to another server",
    "Set MEDIAFETCHER_DATABASE_URL to the new address."
  ],
  "target_not_empty": [
    "The target database is not empty",
    "Choose an empty one. Nothing was changed."
  ],
  "no_postgres": [
    "PostgreSQL is not installed",
    "Install it, or use your own server with --database-url."
  ],
  "older_schema": [
    "The database is older than this version of MediaFetcher",
    "Start the server with this version first. It updates the database."
  ],
  "newer_schema": [
    "The database was created by a newer MediaFetcher",
    "Install that version, or restore an older backup."
  ],
  "backup_failed": [
    "Could not create the backup",
    "See the server’s log for the reason."
  ],
  "restore_failed": [
    "Could not restore the backup",
    "The database is unchanged."
  ],
  "backup_damaged": [
    "This is not a backup, or it is damaged",
    "Use another file."
  ],
  "nothing_to_rebuild": [
    "There is no backup and no journal to rebuild from",
    "Name the media folder of the library."
  ],
  "library_not_empty": [
    "There is a library in this state folder already",
    "Name an empty one. Nothing was changed."
  ],
  "rebuild_unfinished": [
    "A rebuild of this library was interrupted",
    "Type `mediafetcher rebuild` again."
  ],
  "no_service_manager": [
    "This machine has neither OpenRC nor systemd",
    "Start “mediafetcher serve” with the service manager it has."
  ],
  "service_failed": [
    "Could not create the service",
    "See the server’s log for the reason."
  ],
  "index_away": [
    "Can’t reach the package index",
    "Try again later."
  ],
  "update_refused": [
    "The new yt-dlp version failed its checks",
    "The current version stays in use."
  ],
  "nothing_offered": [
    "No newer yt-dlp version is available",
    "It is already in use, or it did not help."
  ],
  "nothing_before": [
    "There is no previous yt-dlp version to roll back to",
    ""
  ],
  "pinned_setting": [
    "This setting was fixed when the server started",
    "Change it in the environment or the flags of the server."
  ],
  "site_paused": [
    "{site} is limiting downloads",
    "Its downloads continue automatically after a pause."
  ],
  "usage": [
    "This command is not valid",
    "Run it with --help to see its options."
  ],
  "problem": [
    "Something went wrong",
    "See the server’s log for details."
  ],
  "internal": [
    "Something went wrong",
    "See the server’s log for details."
  ]
};
