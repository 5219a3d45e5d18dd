"""A download could not be done: transient, waiting for a person, or for good."""

from mediafetcher.core.errors.problem import Problem


class FetchProblem(Problem):
    status = 422


class Transient(FetchProblem):
    retry = "later"


class Network(Transient):
    code = "network"
    words = "Could not reach the site."


class ProxyFailed(Transient):
    code = "proxy_failed"
    words = "The proxy does not connect to that site: it must allow CONNECT to ports 80 and 443."


class RateLimited(Transient):
    code = "rate_limited"
    words = "The site is limiting downloads."


class SitePaused(Transient):
    code = "site_paused"
    words = "The site is limiting downloads. Its downloads continue automatically after a pause."


class ServerError(Transient):
    code = "server_error"
    words = "The site reported an internal error."


class Stalled(Transient):
    code = "stalled"
    words = "The download received no data for too long."


class Truncated(Transient):
    code = "truncated"
    words = "The file is incomplete."


class Crashed(Transient):
    code = "crashed"
    words = "The download stopped unexpectedly."


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
    words = "The site requires you to sign in. Send its cookies, then retry."


class MembersOnly(NeedsPerson):
    code = "members_only"
    words = "The site offers this to members only. Send the cookies of an account with access, then retry."


class AgeLimit(NeedsPerson):
    code = "age_limit"
    words = "The site wants to verify your age. Send the cookies of a signed-in account, then retry."


class Forbidden403(NeedsPerson):
    code = "site_forbids"
    words = (
        "The site denied access to this link. It may require an account's cookies, or it may be "
        "blocking your IP address."
    )


class Permanent(FetchProblem):
    pass


class Gone(Permanent):
    code = "gone"
    words = "Nothing found at this link."


class GeoBlocked(Permanent):
    code = "geo_blocked"
    words = "This is not available in your country. A proxy in another country may help."


class Drm(Permanent):
    code = "drm"
    words = "This is protected by DRM and cannot be downloaded."


class Unsupported(Permanent):
    code = "unsupported"
    words = "No video or audio found at this link. Use the address of the page where it plays."


class NotMedia(Permanent):
    code = "not_media"
    words = "The file is not video or audio."


class CutAtOrigin(Permanent):
    code = "cut_at_origin"
    words = "The file ends too early at its origin, and nothing in it plays: look for another copy."


class TooLarge(Permanent):
    code = "too_large"
    words = "The file is larger than the allowed maximum. Choose a lower quality, or raise MEDIAFETCHER_MAX_FILE_SIZE."


class BlockedAddress(Permanent):
    code = "blocked_address"
    words = "This address is on a private network. To allow it, add its name to MEDIAFETCHER_ALLOW_HOSTS."


class TranscodeFailed(Permanent):
    code = "transcode_failed"
    words = "Could not convert the file. Retry, or choose another quality."


class ExtractorBroken(Permanent):
    code = "extractor_broken"
    words = "The site changed, and this yt-dlp version cannot download from it. Try a newer yt-dlp version."


class Hostile(Permanent):
    code = "hostile"
    words = "The site tried something unsafe. The download was stopped, and nothing was kept."


class LiveNotStarted(FetchProblem):
    """Waits without a slot. Facts: `begins` (Unix time) or `begins_in` (seconds), where the site says so."""

    retry = "later"
    code = "live_not_started"
    words = "This stream has not started yet. Recording starts automatically when it begins."


class LiveUnsupported(Permanent):
    code = "live_unsupported"
    words = "This type of live stream cannot be recorded. Retry when the recording is available."


class IsPlaylist(Permanent):
    code = "is_playlist"
    words = "This link is a playlist. Download it as a playlist, or use the link of a single video."


class BadClip(Permanent):
    code = "bad_clip"
    words = "The clip starts after the end of the video."
