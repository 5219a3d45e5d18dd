"""The error tree: every way in which this program says no.

    Problem
    |-- Refused            the request is wrong or may not be done   (4xx, never retried)
    |-- Away               something we need is away for now         (503, retried later)
    |-- FetchProblem       a download could not be done
    |   |-- Transient      the site or the network; retried later by itself
    |   |-- NeedsPerson    parked until a person gives something (cookies, ...)
    |   `-- Permanent      trying again would end the same way
    `-- Internal           our fault; the log has the details

`code` is stable and what the page translates; `detail` is one English sentence: what, why, what to do.
A problem is raised where it is known and caught only at the edges: `api/problems.py`, `downloads/work.py`
and `cli.py`.
"""

from typing import Any, ClassVar, Literal

Retry = Literal["never", "later", "now"]


class Problem(Exception):
    """One thing that went wrong, fit to be shown: a stable code, an HTTP status, a sentence."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    retry: ClassVar[Retry] = "never"
    park: ClassVar[bool] = False  # waits for something that a person must give
    words: ClassVar[str] = "Something went wrong."
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or self.words
        self.facts = facts
        super().__init__(self.detail)

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.detail}


# ---- Refused ---------------------------------------------------------------------------------------------


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


class NameTaken(Conflict):
    code = "name_taken"
    words = "That name is taken."


class LastAdmin(Conflict):
    code = "last_admin"
    words = "This is the last administrator: make another one first."


class TooLargeBody(Refused):
    status = 413
    code = "body_too_large"
    words = "The request is too large."


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


class NewerSchema(Refused):
    code = "newer_schema"
    words = "This database was made by a newer MediaFetcher: install that version or restore an older backup."


# ---- Away ------------------------------------------------------------------------------------------------


class Away(Problem):
    status = 503
    retry = "later"
    code = "away"


class DatabaseAway(Away):
    code = "database_away"
    words = "The database does not answer: it may be starting again. Try in a moment."


class MediaOffline(Away):
    code = "media_offline"
    words = "The media folder is not there: is the share mounted? Downloads wait; your files are safe."


class MediaFull(Away):
    code = "disk_full"
    words = "The media folder is full: free some room. Downloads wait until there is."


class MediaReadOnly(Away):
    code = "media_read_only"
    words = "The media folder cannot be written: check the mount and its rights. Downloads wait."


class Stopping(Away):
    code = "stopping"
    words = "MediaFetcher is stopping."


# ---- FetchProblem ----------------------------------------------------------------------------------------


class FetchProblem(Problem):
    status = 422


class Transient(FetchProblem):
    retry = "later"


class Network(Transient):
    code = "network"
    words = "The site could not be reached."


class RateLimited(Transient):
    code = "rate_limited"
    words = "The site asks to slow down."


class ServerError(Transient):
    code = "server_error"
    words = "The site answered with an error of its own."


class Stalled(Transient):
    code = "stalled"
    words = "Nothing arrived for too long."


class Truncated(Transient):
    code = "truncated"
    words = "The file is shorter than it should be."


class Crashed(Transient):
    code = "crashed"
    words = "The download program ended by surprise."


class NeedsPerson(FetchProblem):
    park = True


class LoginRequired(NeedsPerson):
    code = "login_required"
    words = "The site wants a signed-in account: send its cookies."


class MembersOnly(NeedsPerson):
    code = "members_only"
    words = "The site keeps this for its members: send the cookies of an account that may see it."


class AgeLimit(NeedsPerson):
    code = "age_limit"
    words = "The site wants to know your age: send the cookies of a signed-in account."


class Forbidden403(NeedsPerson):
    code = "site_forbids"
    words = "The site refuses this link: it may need the cookies of an account, or your address is blocked."


class Permanent(FetchProblem):
    pass


class Gone(Permanent):
    code = "gone"
    words = "There is nothing at that link any more."


class GeoBlocked(Permanent):
    code = "geo_blocked"
    words = "The site does not show this in your country."


class Drm(Permanent):
    code = "drm"
    words = "This is protected by DRM and cannot be fetched."


class Unsupported(Permanent):
    code = "unsupported"
    words = "No video or audio was found at that link."


class NotMedia(Permanent):
    code = "not_media"
    words = "What came is not video or audio."


class TooLarge(Permanent):
    code = "too_large"
    words = "The file is larger than the limit."


class BlockedAddress(Permanent):
    code = "blocked_address"
    words = "That address is private: name it in MEDIAFETCHER_ALLOW_HOSTS if it may be reached."


class TranscodeFailed(Permanent):
    code = "transcode_failed"
    words = "The file could not be converted."


class ExtractorBroken(Permanent):
    code = "extractor_broken"
    words = "The site changed and yt-dlp does not understand it: try a newer yt-dlp."


class Hostile(Permanent):
    code = "hostile"
    words = "The site tried something that is not allowed."


class LiveNotStarted(Permanent):
    code = "live_not_started"
    words = "This stream has not begun."


class LiveUnsupported(Permanent):
    code = "live_unsupported"
    words = "Live streams cannot be fetched: try again when the recording is out."


# ---- Internal --------------------------------------------------------------------------------------------


class Internal(Problem):
    code = "internal"
    words = "An error of ours: the log has the details under this id."


def _tree(top: type[Problem]) -> list[type[Problem]]:
    return [top, *(found for child in top.__subclasses__() for found in _tree(child))]


def by_code(code: str) -> type[Problem]:
    """The class of a stable code; `Internal` for one that is not known."""
    return next((kind for kind in _tree(Problem) if kind.code == code), Internal)


def all_codes() -> list[str]:
    """Every stable code, sorted: what the page has words for."""
    return sorted({kind.code for kind in _tree(Problem)})
