"""Errors of requests that are wrong or not allowed: 4xx, never retried."""

from mediafetcher.core.errors.problem import Problem


class ClientError(Problem):
    status = 400
    code = "refused"


class UsageError(ClientError):
    code = "usage"
    exit_code = 2


class Invalid(ClientError):
    code = "invalid"
    default_detail = "The request is not valid."


class InvalidUrl(ClientError):
    code = "invalid_url"
    default_detail = "This is not a valid link. Enter a full http:// or https:// address."


class ExportFolder(Invalid):
    code = "export_folder"
    default_detail = "That folder holds other files: export to a folder that is empty or new."


class TaggedNeedsMusic(Invalid):
    code = "tagged_needs_music"
    default_detail = "Only music is copied with tags: use the layout music, for the tree or for a folder of it."


class InvalidPattern(Invalid):
    code = "invalid_pattern"
    default_detail = "The pattern is not a regular expression. Correct it and try again."


class UnsupportedScheme(InvalidUrl):
    code = "unsupported_scheme"
    default_detail = "Only http:// and https:// links are supported."


class BadCookies(ClientError):
    code = "bad_cookies"
    default_detail = "These are not cookies of this site."


class DecryptionFailed(ClientError):
    code = "sealed_box"
    default_detail = (
        "The encrypted message cannot be read. It was made for another server, or changed in transit. "
        "Pair the device again."
    )


class WeakPassword(ClientError):
    code = "weak_password"
    default_detail = "This password is too easy to guess. Use 8 to 128 characters, and not a common password."


class NotSignedIn(ClientError):
    status = 401
    code = "not_signed_in"
    default_detail = "Sign in first."


class WrongCredentials(ClientError):
    status = 401
    code = "wrong_credentials"
    default_detail = "Incorrect name or password."


class NotPaired(ClientError):
    status = 401
    code = "not_paired"
    default_detail = "This device is not paired or was removed. Pair it again."


class Forbidden(ClientError):
    status = 403
    code = "forbidden"
    default_detail = "You do not have permission to do this."


class CrossSite(Forbidden):
    code = "cross_site"
    default_detail = "The request came from another site and was blocked."


class WrongHost(ClientError):
    status = 421
    code = "wrong_host"
    default_detail = "The server does not recognize this address. To allow it, add it to MEDIAFETCHER_HOST_NAMES."


class InvalidSetupCode(Forbidden):
    code = "setup_code"
    default_detail = "Incorrect one-time code. Run `mediafetcher setup` on the server to get the current one."


class InvalidOneTimeLink(Forbidden):
    code = "one_time_link"
    default_detail = "This link was already used, has expired, or is not for this browser. Type `mediafetcher` again."


class PairingCode(Forbidden):
    code = "pairing_code"
    default_detail = "The pairing code is incorrect, already used or older than five minutes. Create a new one."


class PlainHttp(Forbidden):
    code = "plain_http"
    default_detail = (
        "Cookies cannot be sent over plain HTTP from another machine. Use the extension or HTTPS, or "
        "do it on the server itself."
    )


class NotFound(ClientError):
    status = 404
    code = "not_found"
    default_detail = "This does not exist."


class MethodNotAllowed(ClientError):
    status = 405
    code = "method_not_allowed"
    default_detail = "This address does not support this type of request."


class Conflict(ClientError):
    status = 409
    code = "conflict"


class Replayed(Conflict):
    code = "replayed"
    default_detail = "This message was already received. Send it again as a new message."


class WrongClock(Conflict):
    code = "clock"
    default_detail = (
        "The clocks of the device and the server differ by more than five minutes. Correct them and try again."
    )


class SetupClosed(Conflict):
    code = "setup_closed"
    default_detail = "This server is already set up. Sign in with the existing account."


class InvalidState(Conflict):
    code = "wrong_state"
    default_detail = "This is not possible in its current state."


class ConversionLoses(Conflict):
    """A conversion of a stored file would drop something that only the original contains."""

    code = "conversion_loses"
    default_detail = "A conversion cannot keep everything that this file holds: confirm it, or leave the file as it is."


class NameTaken(Conflict):
    code = "name_taken"
    default_detail = "This name is already taken. Choose another name."


class PinnedSetting(Conflict):
    code = "pinned_setting"
    default_detail = "This setting is fixed by an environment variable or a flag. Change it there."


class LastAdmin(Conflict):
    code = "last_admin"
    default_detail = "This is the last administrator. Make another user an administrator first."


class SourceBlocked(Conflict):
    code = "never_again"
    default_detail = (
        "You blocked this link from being downloaded. Run `mediafetcher never --undo` with the link to allow it again."
    )


class QuotaExceeded(Conflict):
    code = "quota_exceeded"
    default_detail = (
        "You have reached your storage quota. Delete items and empty the trash, or ask an "
        "administrator for a larger quota."
    )


class AlreadyFollowed(Conflict):
    code = "already_followed"
    default_detail = "You already follow this link. Change that subscription instead."


class UnknownList(ClientError):
    code = "unknown_list"
    default_detail = (
        "This is no list of subscriptions that can be read. Send OPML, subscriptions.csv of YouTube Takeout, "
        "or an export of NewPipe or FreeTube."
    )


class TooManySubscriptions(ClientError):
    code = "too_many_subscriptions"
    default_detail = "You follow too many links. Unfollow one first."


class TooLargeBody(ClientError):
    status = 413
    code = "body_too_large"
    default_detail = "The request is too large. Send less at a time."


class TooSlow(ClientError):
    status = 408
    code = "too_slow"
    default_detail = "The request took too long. Check your connection and try again."


class NotJson(ClientError):
    status = 415
    code = "not_json"
    default_detail = "Send JSON (Content-Type: application/json)."


class TooManyRequests(ClientError):
    status = 429
    code = "too_many_requests"
    default_detail = "Too many attempts. Wait a minute and try again."


class AlreadyRunning(Conflict):
    code = "already_running"
    default_detail = "MediaFetcher is already running on this state folder."
    exit_code = 75


class NotRunning(Conflict):
    code = "not_running"
    default_detail = "MediaFetcher does not run on this state folder."
    exit_code = 1


class NoBrowser(ClientError):
    code = "no_browser"
    default_detail = "No browser could be started here. Open the address of the server in a browser."


class PortInUse(Conflict):
    code = "port_in_use"


class BadSetting(UsageError):
    code = "bad_setting"


class InvalidStateDir(UsageError):
    code = "state_folder"


class DatabaseMoved(ClientError):
    code = "database_moved"
    default_detail = "The database was moved to another server. Set MEDIAFETCHER_DATABASE_URL to its address."


class TargetNotEmpty(Conflict):
    code = "target_not_empty"
    default_detail = "The target database is not empty. Choose an empty one. Nothing was changed."


class OlderSchema(ClientError):
    code = "older_schema"
    default_detail = (
        "The database is older than this version of MediaFetcher, or empty. Start the server with this version first."
    )


class NewerSchema(ClientError):
    code = "newer_schema"
    default_detail = (
        "The database was created by a newer MediaFetcher. Install that version, or restore an older backup."
    )


class BackupFailed(ClientError):
    code = "backup_failed"
    default_detail = "Could not create the backup."


class RestoreFailed(ClientError):
    code = "restore_failed"
    default_detail = "Could not restore the backup. The database is unchanged."


class BackupDamaged(ClientError):
    code = "backup_damaged"
    default_detail = "This is not a MediaFetcher backup, or it is damaged. Use another file."


class NothingToRebuild(ClientError):
    code = "nothing_to_rebuild"
    default_detail = "There is no backup and no journal to rebuild a library from."


class LibraryNotEmpty(Conflict):
    code = "library_not_empty"
    default_detail = "There is a library in this state folder already: name an empty one. Nothing was changed."


class RebuildUnfinished(Conflict):
    code = "rebuild_unfinished"
    default_detail = "A rebuild of this library was interrupted: type `mediafetcher rebuild` again."


class NoServiceManager(ClientError):
    code = "no_service_manager"
    default_detail = (
        "This machine has neither OpenRC nor systemd. Start `mediafetcher serve` with the service manager it has."
    )


class ServiceFailed(ClientError):
    code = "service_failed"
    default_detail = "Could not create the service."


class NoPreviousVersion(Conflict):
    code = "nothing_before"
    default_detail = "There is no previous yt-dlp version to roll back to."


class NothingOffered(Conflict):
    code = "nothing_offered"
    default_detail = "No newer yt-dlp version is available. It is already in use, or it did not help."


class UnsupportedTarget(ClientError):
    code = "unsupported_target"
    default_detail = "That address cannot be notified. docs/notifications.md lists the kinds and how they are written."


class TargetNotAllowed(ClientError):
    status = 403
    code = "target_not_allowed"
    default_detail = "This address is private. An administrator must add its name to MEDIAFETCHER_ALLOW_HOSTS first."


class TooManyTargets(ClientError):
    status = 409
    code = "too_many_targets"
    default_detail = "There are too many of these already. Remove one first."


class SharePassword(ClientError):
    status = 401
    code = "share_password"
    default_detail = "This link needs its password. Give it with any user name."
