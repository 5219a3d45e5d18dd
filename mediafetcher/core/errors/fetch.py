"""A download could not be done: transient, waiting for a person, or for good."""

from mediafetcher.core.errors.problem import Problem


class FetchProblem(Problem):
    status = 422


class Transient(FetchProblem):
    retry = "later"


class Network(Transient):
    code = "network"
    words = "The site could not be reached."


class ProxyFailed(Transient):
    code = "proxy_failed"
    words = "The proxy does not connect to that site: it must allow CONNECT to ports 80 and 443."


class RateLimited(Transient):
    code = "rate_limited"
    words = "The site asks to slow down."


class SitePaused(Transient):
    code = "site_paused"
    words = "The site asked to slow down: downloads from it wait."


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


class Unexpected(Transient):
    """An error that nobody foresaw. Says nothing about the file, so what was fetched is kept."""

    code = "unexpected_error"
    words = "An unexpected error stopped this download: it is tried again, and what was fetched is kept."
    tries = 4


class ToolKilled(Transient):
    """A signal from outside ended a program of ours. Says nothing about the file that it worked on."""

    code = "tool_killed"
    words = "The system ended FFmpeg before it was done, perhaps because memory ran out: it is tried again."


class RunsAlone(Transient):
    """The program ended twice while this was in work. It runs alone next, so that the cause becomes clear."""

    code = "runs_alone"
    words = "MediaFetcher ended by surprise while this was in work: it is tried again when nothing else runs."


class KillsServer(FetchProblem):
    code = "kills_server"
    park = True
    words = "MediaFetcher ended by surprise each time that this was in work: look at the log, then retry or cancel it."


class ParserFailed(Transient):
    """What was fetched or stored could not be parsed within the limits of time and memory."""

    code = "parser_failed"
    words = "The file could not be read within its limits: it may be broken, or the machine is too busy."


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


class LiveNotStarted(FetchProblem):
    """Waits without a slot. Facts: `begins` (Unix time) or `begins_in` (seconds), where the site says so."""

    retry = "later"
    code = "live_not_started"
    words = "This stream has not begun: it is recorded when it does."


class LiveUnsupported(Permanent):
    code = "live_unsupported"
    words = "This kind of live stream cannot be recorded: try again when the recording is out."


class IsPlaylist(Permanent):
    code = "is_playlist"
    words = "That link is a list: fetch it as a playlist, or give the link of one video."


class BadClip(Permanent):
    code = "bad_clip"
    words = "The clip begins after the end of the film."
