"""Map the failure of a download to the error to show, by one table that is read from the top.

The fetch child reports the class names of its exceptions (from the outside in), an HTTP status, an errno, whether
the code of an extractor failed, and yt-dlp's message. Exact facts decide first, the message last.

An error in no table is `ExtractorBroken` if an extractor failed, because only another yt-dlp can help. Anything else
that is unforeseen says nothing about the link: it is `Unexpected`, which is transient and keeps the fetched data.
"""

import errno
import re
from dataclasses import dataclass

from mediafetcher.core import errors
from mediafetcher.core.errors import Problem

_WORDS: tuple[tuple[str, type[Problem]], ...] = (
    (r"address not allowed|socket family not allowed", errors.BlockedAddress),
    (r"program not allowed|only outgoing connections", errors.Hostile),
    (r"file:// urls are disabled|no connection adapters|unsupported url scheme", errors.Hostile),
    (r"\bdrm\b", errors.Drm),
    (
        r"premieres in|will begin in|has not (yet )?(begun|started)|live event will|not currently live",
        errors.LiveNotStarted,
    ),
    (r"ffmpeg could not be found|live stream", errors.LiveUnsupported),
    (r"confirm your age|age.restrict|inappropriate for some", errors.AgeLimit),
    (r"members.only|members on|subscribers? only|premium (members|only)|join this channel", errors.MembersOnly),
    (r"available (in|from) your (country|location|region)|geo.?restrict|blocked.*country", errors.GeoBlocked),
    (r"\breferr?er\b|hot-?link", errors.RefererRequired),
    (r"extracted extension .* is unusual", errors.UnusualExtension),
    (r"certificate verify failed", errors.UntrustedCertificate),
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
_UNTRUSTED = "The certificate of the site is not trusted"
_CERTIFICATES = (
    (re.compile("expired", re.IGNORECASE), f"{_UNTRUSTED}: it has expired. Only the site can renew it."),
    (
        re.compile("not yet valid", re.IGNORECASE),
        f"{_UNTRUSTED}: it is not valid yet. Check the clock of this machine.",
    ),
    (
        re.compile("mismatch|not valid for", re.IGNORECASE),
        f"{_UNTRUSTED}: it is for another name. Use the name that it is for.",
    ),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _WORDS)

_STATUS: dict[int, type[Problem]] = {
    401: errors.LoginRequired,
    402: errors.MembersOnly,
    403: errors.SiteForbidden,
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
# The page of a refusal often gives the reason if the status does not.
_PAGE_STATUS = (400, 401, 402, 403, 404, 425)
_PAGE_KINDS = (
    errors.Drm,
    errors.LiveNotStarted,
    errors.AgeLimit,
    errors.MembersOnly,
    errors.GeoBlocked,
    errors.RefererRequired,
)
_IN = re.compile(r"\bin (\d+) (second|minute|hour|day)s?\b", re.IGNORECASE)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_KINDS: dict[str, type[Problem]] = {
    "IsList": errors.IsPlaylist,
    "NotBegun": errors.LiveNotStarted,
    "Blocked": errors.BlockedAddress,
    "ProxyFailed": errors.ProxyFailed,
    "PasswordAsked": errors.PasswordRequired,
    "_UnsafeExtensionError": errors.UnusualExtension,
    "GeoRestrictedError": errors.GeoBlocked,
    "UnsupportedError": errors.Unsupported,
    "CertificateVerifyError": errors.UntrustedCertificate,
    "SSLCertVerificationError": errors.UntrustedCertificate,
    "ContentTooShortError": errors.Truncated,
    "NoMore": errors.Truncated,
    "MemoryError": errors.Hostile,
}
_NETWORK = {"TransportError", "IncompleteRead", "SSLError", "CertificateVerifyError", "ProxyError", "TimeoutError"}
# Errors of a connection. Every other errno is one of this machine: its disk, its memory, its limits.
_CONNECTION = {
    errno.EADDRNOTAVAIL,
    errno.ECONNABORTED,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETRESET,
    errno.ENETUNREACH,
    errno.ENOTCONN,
    errno.EPIPE,
    errno.ESHUTDOWN,
    errno.ETIMEDOUT,
}
# Exceptions of Python itself: their message is a part of the data or of the code, not a sentence about the link.
_OF_PYTHON = {
    "AssertionError",
    "AttributeError",
    "IndexError",
    "JSONDecodeError",
    "KeyError",
    "NameError",
    "NotImplementedError",
    "RecursionError",
    "StopIteration",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "ZeroDivisionError",
}
# Names of hosts and addresses in a message are no words: `accounts.example.com` asks for no sign-in.
_ADDRESS = re.compile(r"https?://\S+|host='[^']*'|\([\w.-]+:\d+\)", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """The fetch child's report of a failure."""

    kinds: tuple[str, ...] = ()
    message: str = ""
    status: int | None = None
    errno: int | None = None
    retry_after: float | None = None  # seconds, if the site named them
    redirect_loop: bool = False
    page: str = ""  # the text of the page of an HTTP error
    in_extractor: bool = False  # the code of an extractor failed, or says so itself


def problem(failure: Failure) -> Problem:
    """Return the error to raise. Its sentence is ours; yt-dlp's message is added to the facts, for the log."""
    said = _clean(failure.message)
    facts = {"said": said, "status": failure.status, "retry_after": failure.retry_after}
    facts = {name: value for name, value in facts.items() if value}
    if failure.redirect_loop:
        return errors.Unsupported("The link redirects in a loop.", **facts)
    kind = _kind(failure, said)
    if kind is errors.LiveNotStarted:
        facts["begins_in"] = _begins_in(failure.page if failure.page and _by_page(failure) else said)
    return kind(_sentence(kind, failure, said), **facts)


def _kind(failure: Failure, said: str) -> type[Problem]:
    if "Blocked" in failure.kinds:
        return errors.Hostile if "address" not in said else errors.BlockedAddress
    if failure.errno in _ERRNO:
        return _ERRNO[failure.errno]
    for name in failure.kinds:
        if name in _KINDS:
            return _KINDS[name]
    if by_page := _by_page(failure):
        return by_page
    if failure.status in _STATUS:
        return _STATUS[failure.status]
    if failure.status and failure.status >= 500:
        return errors.ServerError
    if failure.status and failure.status >= 400:
        return errors.Gone
    return _by_errno(failure) or _by_words(failure, said) or _unforeseen(failure)


def _by_errno(failure: Failure) -> type[Problem] | None:
    """Map an error of the system. The words of an extractor that met one say more."""
    if failure.errno is None or failure.in_extractor:
        return None
    connection = failure.errno in _CONNECTION or _NETWORK & set(failure.kinds)
    return errors.Network if connection else errors.Unexpected


def _by_words(failure: Failure, said: str) -> type[Problem] | None:
    if _OF_PYTHON & set(failure.kinds[:1]):
        return None
    words = _ADDRESS.sub("", said)
    return next((kind for pattern, kind in _COMPILED if pattern.search(words)), None)


def _unforeseen(failure: Failure) -> type[Problem]:
    if _NETWORK & set(failure.kinds):
        return errors.Network
    return errors.ExtractorBroken if failure.in_extractor else errors.Unexpected


def _by_page(failure: Failure) -> type[Problem] | None:
    if failure.status not in _PAGE_STATUS or not failure.page:
        return None
    found = (kind for pattern, kind in _COMPILED if kind in _PAGE_KINDS and pattern.search(failure.page))
    return next(found, None)


def _begins_in(text: str) -> float | None:
    """Return the seconds until a stream begins, if the site names them."""
    found = _IN.search(text)
    return float(found[1]) * _UNITS[found[2].lower()] if found else None


def _sentence(kind: type[Problem], failure: Failure, said: str) -> str | None:
    if kind is errors.IsPlaylist:
        count = f"a playlist of {said} items" if said.isdigit() else "a playlist"
        return f"This link is {count}. Download it as a playlist, or use the link of a single video."
    if kind is errors.RateLimited and failure.retry_after:
        return f"{kind.default_detail[:-1]} and asks to wait {failure.retry_after:.0f} seconds."
    if failure.status and issubclass(kind, errors.FetchProblem) and kind is not errors.LiveNotStarted:
        return f"{kind.default_detail[:-1]} (HTTP {failure.status})."
    if kind is errors.UntrustedCertificate:
        return next((sentence for pattern, sentence in _CERTIFICATES if pattern.search(said)), None)
    if kind is errors.MediaFull:
        return "The disk of the state folder is full. Free some space. Downloads continue when there is enough."
    return None


def _clean(message: str) -> str:
    """Return yt-dlp's message without its prefix and its request to report the error."""
    message = re.sub(r"^(ERROR: )?(\[[^\]]*\] ?)?", "", message.strip())
    message = re.split(r"; please report this issue on|\(caused by", message, maxsplit=1)[0]
    return message.strip()[:300]
