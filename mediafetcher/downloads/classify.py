"""How a download failed -> the problem to show: one table, read from the top.

The fetch child reports the exceptions it met (their class names, from the outside in), an HTTP status, an errno
and yt-dlp's words. What is known exactly decides first, words last.
"""

import errno
import re
from dataclasses import dataclass

from mediafetcher.base import errors
from mediafetcher.base.errors import Problem

_WORDS: tuple[tuple[str, type[Problem]], ...] = (
    (r"address not allowed|socket family not allowed", errors.BlockedAddress),
    (r"program not allowed|only outgoing connections", errors.Hostile),
    (r"file:// urls are disabled|no connection adapters|unsupported url scheme", errors.Hostile),
    (r"\bdrm\b", errors.Drm),
    (r"premieres in|will begin in|not (yet )?(begun|started)|live event will", errors.LiveNotStarted),
    (r"ffmpeg could not be found|live stream", errors.LiveUnsupported),
    (r"confirm your age|age.restrict|inappropriate for some", errors.AgeLimit),
    (r"members.only|members on|subscribers? only|premium (members|only)|join this channel", errors.MembersOnly),
    (r"available (in|from) your (country|location|region)|geo.?restrict|blocked.*country", errors.GeoBlocked),
    (r"sign in|log ?in|logged.in|cookies|account|authenticat|password|private video", errors.LoginRequired),
    (r"rate.?limit|too many requests|try again later", errors.RateLimited),
    (r"removed|deleted|no longer available|does not exist|not found|unavailable|terminated", errors.Gone),
    (
        r"unsupported url|no video|no media|no formats|requested format|is not a valid url|no suitable",
        errors.Unsupported,
    ),
    (r"name or service not known|temporary failure in name|failed to resolve|getaddrinfo", errors.Network),
    (r"timed out|timeout|connection|reset by peer|bytes read|incomplete|eof occurred|ssl|certificate", errors.Network),
    (r"file too large|larger than", errors.TooLarge),
    (r"no space left|quota exceeded", errors.MediaFull),
    (r"unable to extract|failed to parse|keyerror|typeerror|extractor", errors.ExtractorBroken),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _WORDS)

_STATUS: dict[int, type[Problem]] = {
    401: errors.LoginRequired,
    402: errors.MembersOnly,
    403: errors.Forbidden403,
    404: errors.Gone,
    410: errors.Gone,
    408: errors.Network,
    425: errors.Network,
    429: errors.RateLimited,
    451: errors.GeoBlocked,
}
_ERRNO: dict[int, type[Problem]] = {
    errno.EFBIG: errors.TooLarge,
    errno.ENOSPC: errors.MediaFull,
    errno.EDQUOT: errors.MediaFull,
}
_KINDS: dict[str, type[Problem]] = {
    "Blocked": errors.BlockedAddress,
    "GeoRestrictedError": errors.GeoBlocked,
    "UnsupportedError": errors.Unsupported,
    "ContentTooShortError": errors.Truncated,
    "MemoryError": errors.Hostile,
}
_NETWORK = {"TransportError", "IncompleteRead", "SSLError", "CertificateVerifyError", "ProxyError", "TimeoutError"}


@dataclass(frozen=True)
class Failure:
    """What the fetch child says of a failure."""

    kinds: tuple[str, ...] = ()
    message: str = ""
    status: int | None = None
    errno: int | None = None
    retry_after: float | None = None  # seconds, where the site said so
    redirect_loop: bool = False


def problem(failure: Failure) -> Problem:
    """The problem to raise. Its sentence is ours; what yt-dlp said goes to the facts, for the log."""
    said = _clean(failure.message)
    facts = {"said": said, "status": failure.status, "retry_after": failure.retry_after}
    facts = {name: value for name, value in facts.items() if value}
    if failure.redirect_loop:
        return errors.Unsupported("The link leads round in circles.", **facts)
    kind = _kind(failure, said)
    return kind(_sentence(kind, failure, said), **facts)


def _kind(failure: Failure, said: str) -> type[Problem]:
    if "Blocked" in failure.kinds:
        return errors.Hostile if "address" not in said else errors.BlockedAddress
    if failure.errno in _ERRNO:
        return _ERRNO[failure.errno]
    for name in failure.kinds:
        if name in _KINDS:
            return _KINDS[name]
    if failure.status in _STATUS:
        return _STATUS[failure.status]
    if failure.status and failure.status >= 500:
        return errors.ServerError
    if failure.status and failure.status >= 400:
        return errors.Gone
    for pattern, kind in _COMPILED:
        if pattern.search(said):
            return kind
    return errors.Network if _NETWORK & set(failure.kinds) else errors.ExtractorBroken


def _sentence(kind: type[Problem], failure: Failure, said: str) -> str | None:
    if failure.status and issubclass(kind, errors.FetchProblem):
        return f"{kind.words[:-1]} (HTTP {failure.status})."
    if kind is errors.MediaFull:
        return "There is no room for the download on the disk of the state folder: free some. Downloads wait."
    return None


def _clean(message: str) -> str:
    """yt-dlp's words without its prefix and its request to report."""
    message = re.sub(r"^(ERROR: )?(\[[^\]]*\] ?)?", "", message.strip())
    message = re.split(r"; please report this issue on|\(caused by", message, maxsplit=1)[0]
    return message.strip()[:300]
