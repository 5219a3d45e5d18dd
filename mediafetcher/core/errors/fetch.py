"""Errors of downloads: transient, waiting for a user, or permanent."""

from mediafetcher.core.errors.problem import Problem


class FetchProblem(Problem):
    status = 422


class Transient(FetchProblem):
    retry = "later"


class Network(Transient):
    code = "network"
    default_detail = "Could not reach the site."


class ProxyFailed(Transient):
    code = "proxy_failed"
    default_detail = "The proxy does not connect to that site: it must allow CONNECT to ports 80 and 443."


class RateLimited(Transient):
    code = "rate_limited"
    default_detail = "The site is limiting downloads."


class SitePaused(Transient):
    code = "site_paused"
    default_detail = "The site is limiting downloads. Its downloads continue automatically after a pause."


class ServerError(Transient):
    code = "server_error"
    default_detail = "The site reported an internal error."


class Stalled(Transient):
    code = "stalled"
    default_detail = "The download received no data for too long."


class Truncated(Transient):
    code = "truncated"
    default_detail = "The file is incomplete."


class Crashed(Transient):
    code = "crashed"
    default_detail = "The download stopped unexpectedly."


class Unexpected(Transient):
    """An unforeseen error. It says nothing about the file, so the fetched data is kept."""

    code = "unexpected_error"
    default_detail = "An unexpected error stopped this download: it is tried again, and what was fetched is kept."
    tries = 4


class ToolKilled(Transient):
    """A signal from outside ended a child program. This says nothing about its input file."""

    code = "tool_killed"
    default_detail = "The system ended FFmpeg before it was done, perhaps because memory ran out: it is tried again."


class RunsAlone(Transient):
    """The program ended twice during this download. It runs alone next, to identify the cause."""

    code = "runs_alone"
    default_detail = (
        "MediaFetcher ended unexpectedly twice while this download ran. It runs alone next, to find the cause."
    )


class KillsServer(FetchProblem):
    code = "kills_server"
    needs_user = True
    default_detail = (
        "MediaFetcher ended unexpectedly each time this download ran, even alone. It waits so that the server stays up."
        " If something else killed the server, retry: it continues from what was downloaded. Otherwise cancel it."
    )


class ParserFailed(Transient):
    """A fetched or stored file could not be parsed within the limits of time and memory."""

    code = "parser_failed"
    default_detail = "The file could not be read within its limits: it may be broken, or the machine is too busy."


class UserActionRequired(FetchProblem):
    needs_user = True


class LoginRequired(UserActionRequired):
    code = "login_required"
    default_detail = "The site requires you to sign in. Send its cookies, then retry."


class MembersOnly(UserActionRequired):
    code = "members_only"
    default_detail = "The site offers this to members only. Send the cookies of an account with access, then retry."


class AgeLimit(UserActionRequired):
    code = "age_limit"
    default_detail = "The site wants to verify your age. Send the cookies of a signed-in account, then retry."


class SiteForbidden(UserActionRequired):
    code = "site_forbids"
    default_detail = (
        "The site denied access to this link. It may require an account's cookies, or it may be "
        "blocking your IP address."
    )


class Permanent(FetchProblem):
    pass


class Gone(Permanent):
    code = "gone"
    default_detail = "Nothing found at this link."


class GeoBlocked(Permanent):
    code = "geo_blocked"
    default_detail = "This is not available in your country. A proxy in another country may help."


class UntrustedCertificate(Permanent):
    code = "untrusted_certificate"
    default_detail = (
        "The certificate of the site is not trusted. If it is of your own certificate authority, "
        "name that one's file in MEDIAFETCHER_CA_FILE."
    )


class PasswordRequired(Permanent):
    code = "password_required"
    default_detail = (
        "The server asks for a name and password (HTTP authentication), or refused those that are stored. "
        "Add the link with them: https://name:password@host/path."
    )


class RefererRequired(Permanent):
    code = "referer_required"
    default_detail = (
        "The site gives this file only to visitors of its own pages. Use the address of the page where it plays, "
        "or name that page as the referer."
    )


class UnusualExtension(Permanent):
    code = "unusual_extension"
    default_detail = (
        "The name of the file has an ending that yt-dlp refuses for safety. Save the file yourself, then import it."
    )


class Drm(Permanent):
    code = "drm"
    default_detail = "This is protected by DRM and cannot be downloaded."


class Unsupported(Permanent):
    code = "unsupported"
    default_detail = "No video or audio found at this link. Use the address of the page where it plays."


class NotMedia(Permanent):
    code = "not_media"
    default_detail = "The file is not video or audio."


class UnsupportedCodec(Permanent):
    code = "unsupported_codec"
    default_detail = (
        "FFmpeg has no decoder for the video or audio of this file. To store it unchanged, keep the original file."
    )


class CutAtOrigin(Permanent):
    code = "cut_at_origin"
    default_detail = "The file ends too early at its origin, and nothing in it plays: look for another copy."


class TooLarge(Permanent):
    code = "too_large"
    default_detail = (
        "The file is larger than the allowed maximum. Choose a lower quality, or raise MEDIAFETCHER_MAX_FILE_SIZE."
    )


class BlockedAddress(Permanent):
    code = "blocked_address"
    default_detail = "This address is on a private network. To allow it, add its name to MEDIAFETCHER_ALLOW_HOSTS."


class TranscodeFailed(Permanent):
    code = "transcode_failed"
    default_detail = "Could not convert the file. Retry, or choose another quality."


class ExtractorBroken(Permanent):
    code = "extractor_broken"
    default_detail = "The site changed, and this yt-dlp version cannot download from it. Try a newer yt-dlp version."


class Hostile(Permanent):
    code = "hostile"
    default_detail = "The site tried something unsafe. The download was stopped, and nothing was kept."


class LiveNotStarted(FetchProblem):
    """Waits without a slot. Facts: `begins` (Unix time) or `begins_in` (seconds), if the site states it."""

    retry = "later"
    code = "live_not_started"
    default_detail = "This stream has not started yet. Recording starts automatically when it begins."


class LiveNotEnded(LiveNotStarted):
    """Waits as a stream that has not begun."""

    code = "live_not_ended"
    default_detail = "This is a live stream. It is downloaded when it has ended."


class LiveUnsupported(Permanent):
    code = "live_unsupported"
    default_detail = "This type of live stream cannot be recorded. Retry when the recording is available."


class IsPlaylist(Permanent):
    code = "is_playlist"
    default_detail = "This link is a playlist. Download it as a playlist, or use the link of a single video."


class NotAList(Permanent):
    code = "not_a_list"
    default_detail = "This link is one video, not a channel or a list. Download it instead of following it."


class BadClip(Permanent):
    code = "bad_clip"
    default_detail = "The clip starts after the end of the video."
