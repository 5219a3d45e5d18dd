"""The request is wrong or may not be done: 4xx, never tried again."""

from mediafetcher.core.errors.problem import Problem


class Refused(Problem):
    status = 400
    code = "refused"


class Usage(Refused):
    code = "usage"
    exit_code = 2


class Invalid(Refused):
    code = "invalid"
    words = "The request is not valid."


class InvalidUrl(Refused):
    code = "invalid_url"
    words = "This is not a valid link. Enter a full http:// or https:// address."


class ExportFolder(Invalid):
    code = "export_folder"
    words = "That folder holds other files: export to a folder that is empty or new."


class UnsupportedScheme(InvalidUrl):
    code = "unsupported_scheme"
    words = "Only http:// and https:// links are supported."


class BadCookies(Refused):
    code = "bad_cookies"
    words = "These are not cookies of this site."


class SealedBox(Refused):
    code = "sealed_box"
    words = (
        "The encrypted message cannot be read. It was made for another server, or changed in transit. "
        "Pair the device again."
    )


class WeakPassword(Refused):
    code = "weak_password"
    words = "This password is too easy to guess. Use 8 to 128 characters, and not a common password."


class NotSignedIn(Refused):
    status = 401
    code = "not_signed_in"
    words = "Sign in first."


class WrongCredentials(Refused):
    status = 401
    code = "wrong_credentials"
    words = "Incorrect name or password."


class NotPaired(Refused):
    status = 401
    code = "not_paired"
    words = "This device is not paired or was removed. Pair it again."


class Forbidden(Refused):
    status = 403
    code = "forbidden"
    words = "You do not have permission to do this."


class CrossSite(Forbidden):
    code = "cross_site"
    words = "The request came from another site and was blocked."


class WrongHost(Refused):
    status = 421
    code = "wrong_host"
    words = "The server does not recognize this address. To allow it, set MEDIAFETCHER_PUBLIC_URL to it."


class SetupCode(Forbidden):
    code = "setup_code"
    words = "Incorrect one-time code. Run `mediafetcher setup` on the server to get the current one."


class PairingCode(Forbidden):
    code = "pairing_code"
    words = "The pairing code is incorrect, already used or older than five minutes. Create a new one."


class PlainHttp(Forbidden):
    code = "plain_http"
    words = (
        "Cookies cannot be sent over plain HTTP from another machine. Use the extension or HTTPS, or "
        "do it on the server itself."
    )


class NotFound(Refused):
    status = 404
    code = "not_found"
    words = "This does not exist."


class MethodNotAllowed(Refused):
    status = 405
    code = "method_not_allowed"
    words = "This address does not support this type of request."


class Conflict(Refused):
    status = 409
    code = "conflict"


class Replayed(Conflict):
    code = "replayed"
    words = "This message was already received. Send it again as a new message."


class WrongClock(Conflict):
    code = "clock"
    words = "The clocks of the device and the server differ by more than five minutes. Correct them and try again."


class SetupClosed(Conflict):
    code = "setup_closed"
    words = "This server is already set up. Sign in with the existing account."


class WrongState(Conflict):
    code = "wrong_state"
    words = "This is not possible in its current state."


class ConversionLoses(Conflict):
    """A conversion of a stored file would drop something that only the original holds."""

    code = "conversion_loses"
    words = "A conversion cannot keep everything that this file holds: confirm it, or leave the file as it is."


class NameTaken(Conflict):
    code = "name_taken"
    words = "This name is already taken. Choose another name."


class PinnedSetting(Conflict):
    code = "pinned_setting"
    words = "This setting is fixed by an environment variable or a flag. Change it there."


class LastAdmin(Conflict):
    code = "last_admin"
    words = "This is the last administrator. Make another user an administrator first."


class NeverAgain(Conflict):
    code = "never_again"
    words = (
        "You blocked this link from being downloaded. Run `mediafetcher never --undo` with the link to allow it again."
    )


class QuotaExceeded(Conflict):
    code = "quota_exceeded"
    words = (
        "You have reached your storage quota. Delete items and empty the trash, or ask an "
        "administrator for a larger quota."
    )


class TooLargeBody(Refused):
    status = 413
    code = "body_too_large"
    words = "The request is too large. Send less at a time."


class TooSlow(Refused):
    status = 408
    code = "too_slow"
    words = "The request took too long. Check your connection and try again."


class NotJson(Refused):
    status = 415
    code = "not_json"
    words = "Send JSON (Content-Type: application/json)."


class TooManyRequests(Refused):
    status = 429
    code = "too_many_requests"
    words = "Too many attempts. Wait a minute and try again."


class AlreadyRunning(Conflict):
    code = "already_running"
    words = "MediaFetcher is already running on this state folder."
    exit_code = 75


class PortInUse(Conflict):
    code = "port_in_use"


class BadSetting(Usage):
    code = "bad_setting"


class StateFolder(Usage):
    code = "state_folder"


class DatabaseMoved(Refused):
    code = "database_moved"
    words = "The database was moved to another server. Set MEDIAFETCHER_DATABASE_URL to its address."


class TargetNotEmpty(Conflict):
    code = "target_not_empty"
    words = "The target database is not empty. Choose an empty one. Nothing was changed."


class OlderSchema(Refused):
    code = "older_schema"
    words = (
        "The database is older than this version of MediaFetcher, or empty. Start the server with this version first."
    )


class NewerSchema(Refused):
    code = "newer_schema"
    words = "The database was created by a newer MediaFetcher. Install that version, or restore an older backup."


class BackupFailed(Refused):
    code = "backup_failed"
    words = "Could not create the backup."


class RestoreFailed(Refused):
    code = "restore_failed"
    words = "Could not restore the backup. The database is unchanged."


class BackupDamaged(Refused):
    code = "backup_damaged"
    words = "This is not a MediaFetcher backup, or it is damaged. Use another file."


class NothingToRebuild(Refused):
    code = "nothing_to_rebuild"
    words = "There is no backup and no journal to rebuild a library from."


class LibraryNotEmpty(Conflict):
    code = "library_not_empty"
    words = "There is a library in this state folder already: name an empty one. Nothing was changed."


class RebuildUnfinished(Conflict):
    code = "rebuild_unfinished"
    words = "A rebuild of this library was interrupted: type `mediafetcher rebuild` again."


class NoServiceManager(Refused):
    code = "no_service_manager"
    words = "This machine has neither OpenRC nor systemd. Start `mediafetcher serve` with the service manager it has."


class ServiceFailed(Refused):
    code = "service_failed"
    words = "Could not create the service."


class UpdateRefused(Refused):
    status = 502
    code = "update_refused"
    words = "The new yt-dlp version failed its checks. The current version stays in use."


class NothingBefore(Conflict):
    code = "nothing_before"
    words = "There is no previous yt-dlp version to roll back to."


class NothingOffered(Conflict):
    code = "nothing_offered"
    words = "No newer yt-dlp version is available. It is already in use, or it did not help."


class UnsupportedTarget(Refused):
    code = "unsupported_target"
    words = "That address cannot be notified. docs/notifications.md lists the kinds and how they are written."


class TargetNotAllowed(Refused):
    status = 403
    code = "target_not_allowed"
    words = "This address is private. An administrator must add its name to MEDIAFETCHER_ALLOW_HOSTS first."


class TooManyTargets(Refused):
    status = 409
    code = "too_many_targets"
    words = "There are too many of these already. Remove one first."


class SharePassword(Refused):
    status = 401
    code = "share_password"
    words = "This link needs its password. Give it with any user name."
