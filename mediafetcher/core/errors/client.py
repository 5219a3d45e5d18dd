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
    words = "The request is not well formed."


class InvalidUrl(Refused):
    code = "invalid_url"
    words = "That is not a link: give a full http:// or https:// address."


class ExportFolder(Invalid):
    code = "export_folder"
    words = "That folder holds other files: export to a folder that is empty or new."


class UnsupportedScheme(InvalidUrl):
    code = "unsupported_scheme"
    words = "Only http:// and https:// links can be fetched."


class BadCookies(Refused):
    code = "bad_cookies"
    words = "These are not cookies of that site."


class SealedBox(Refused):
    code = "sealed_box"
    words = "The sealed message cannot be opened: it was made for another server, or changed on its way."


class WeakPassword(Refused):
    code = "weak_password"
    words = "That password is too easy to guess: use 8 to 128 characters that are not a common password."


class NotSignedIn(Refused):
    status = 401
    code = "not_signed_in"
    words = "Sign in first."


class WrongCredentials(Refused):
    status = 401
    code = "wrong_credentials"
    words = "Name or password is wrong."


class NotPaired(Refused):
    status = 401
    code = "not_paired"
    words = "This device is not paired, or was removed: pair it again."


class Forbidden(Refused):
    status = 403
    code = "forbidden"
    words = "You may not do that."


class CrossSite(Forbidden):
    code = "cross_site"
    words = "The request came from another site and was refused."


class WrongHost(Refused):
    status = 421
    code = "wrong_host"
    words = "This address is not one of ours: add it as MEDIAFETCHER_PUBLIC_URL if it should be."


class SetupCode(Forbidden):
    code = "setup_code"
    words = "The one-time code is wrong: `mediafetcher setup` on the server prints it."


class PairingCode(Forbidden):
    code = "pairing_code"
    words = "The pairing code is wrong, was used, or is older than five minutes: make a new one."


class PlainHttp(Forbidden):
    code = "plain_http"
    words = "Cookies are not taken over plain http from another machine: use the extension, https, or this machine."


class NotFound(Refused):
    status = 404
    code = "not_found"
    words = "There is no such thing here."


class MethodNotAllowed(Refused):
    status = 405
    code = "method_not_allowed"
    words = "That address does not answer this kind of request."


class Conflict(Refused):
    status = 409
    code = "conflict"


class Replayed(Conflict):
    code = "replayed"
    words = "This message came before: every message counts once."


class WrongClock(Conflict):
    code = "clock"
    words = "The clocks of the device and the server differ by more than five minutes."


class SetupClosed(Conflict):
    code = "setup_closed"
    words = "The first account exists already: sign in."


class WrongState(Conflict):
    code = "wrong_state"
    words = "That cannot be done in its present state."


class ConversionLoses(Conflict):
    """A conversion of a stored file would drop something that only the original holds."""

    code = "conversion_loses"
    words = "A conversion cannot keep everything that this file holds: confirm it, or leave the file as it is."


class NameTaken(Conflict):
    code = "name_taken"
    words = "That name is taken."


class PinnedSetting(Conflict):
    code = "pinned_setting"
    words = "The environment or a flag decides this setting: change it there."


class LastAdmin(Conflict):
    code = "last_admin"
    words = "This is the last administrator: make another one first."


class NeverAgain(Conflict):
    code = "never_again"
    words = "You marked this link as never to be fetched again: take the mark away first."


class QuotaExceeded(Conflict):
    code = "quota_exceeded"
    words = "Your share of the storage is used up: delete something and empty the trash, or ask for more."


class TooLargeBody(Refused):
    status = 413
    code = "body_too_large"
    words = "The request is too large."


class TooSlow(Refused):
    status = 408
    code = "too_slow"
    words = "The request took too long to arrive."


class NotJson(Refused):
    status = 415
    code = "not_json"
    words = "Send JSON (Content-Type: application/json)."


class TooManyRequests(Refused):
    status = 429
    code = "too_many_requests"
    words = "Too many attempts: wait a minute and try again."


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
    words = "The database was moved to another server: give its address with MEDIAFETCHER_DATABASE_URL."


class TargetNotEmpty(Conflict):
    code = "target_not_empty"
    words = "There is something in that database already: name an empty one. Nothing was changed."


class OlderSchema(Refused):
    code = "older_schema"
    words = "This database is older than this program, or empty: start the server of the same version first."


class NewerSchema(Refused):
    code = "newer_schema"
    words = "This database was made by a newer MediaFetcher: install that version or restore an older backup."


class BackupFailed(Refused):
    code = "backup_failed"
    words = "The backup could not be made."


class RestoreFailed(Refused):
    code = "restore_failed"
    words = "The backup could not be restored: the database is as it was."


class BackupDamaged(Refused):
    code = "backup_damaged"
    words = "This is no backup of MediaFetcher, or it is damaged: take another one."


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
    words = "This machine has neither OpenRC nor systemd: start `mediafetcher serve` by what it has."


class ServiceFailed(Refused):
    code = "service_failed"
    words = "The service could not be made."


class UpdateRefused(Refused):
    status = 502
    code = "update_refused"
    words = "The new yt-dlp was refused."


class NothingBefore(Conflict):
    code = "nothing_before"
    words = "There is no other yt-dlp to go back to."


class NothingOffered(Conflict):
    code = "nothing_offered"
    words = "No newer yt-dlp is offered: it is used already, or did not help."
