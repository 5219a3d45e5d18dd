"""The options that a user may set for a download, and their translation for yt-dlp: the allow-list.

`Options` is the one table of them: the API, the command line and the database use it as it is. Nothing else reaches
yt-dlp: no programs, netrc, plugins, configuration, file addresses, templates or arguments of users. The order of
formats is chosen so that usually nothing has to be transcoded.
"""

import re
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from mediafetcher.core.settings import Settings
from mediafetcher.fetch import extractor_arguments, js_runtime, resume
from mediafetcher.fetch.extractor_arguments import ExtractorArguments

FILE_STEM = "media"  # the name of every fetched file; titles never become names
FEED = "feed"  # as the extractor of entries that a feed lists
MAX_ENTRIES = 5000  # of one playlist
MAX_LANGUAGES = 20
MAX_AUDIO_LANGUAGES = 8
ALL = "all"  # every available language, instead of a list of them
_DAY = 86_400.0
_LANGUAGE = re.compile(r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}$")
_REFERER = re.compile(r"https?://[^\s/?#@]{1,255}([/?][!-~]{0,2000})?")
_PROXY_SCHEMES = ("http", "https", "socks5")


class Playlist(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The link is a list, and its entries are requested: one download each."""

    limit: int | None = None  # only the first entries; None: all, up to MAX_ENTRIES
    items: tuple[int, ...] | None = None  # only these, counted from 1
    folder: bool = False  # into a folder with the name of the list

    def __post_init__(self) -> None:
        if self.limit is not None and not 1 <= self.limit <= MAX_ENTRIES:
            raise ValueError(f"playlist.limit must be from 1 to {MAX_ENTRIES}")
        if self.items is not None and not (
            0 < len(self.items) <= MAX_ENTRIES and all(1 <= number <= MAX_ENTRIES for number in self.items)
        ):
            raise ValueError(f"playlist.items must be numbers from 1 to {MAX_ENTRIES}")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The options of a user. All of them have a default, and only differences from it are stored."""

    max_height: int | None = None  # lines; None: the setting
    audio: Literal["m4a", "mp3"] | None = None  # only the sound
    never_transcode: bool = False
    keep_original: bool = False  # the file as fetched, whether browsers play it or not
    subtitles: tuple[str, ...] = ()  # languages such as `en` or `pt-BR`, or `all`
    audio_languages: tuple[str, ...] = ()  # further sounds to keep; `original` is the main one, else the first
    auto_subtitles: bool = False  # also machine-made ones, if no others exist
    start: float | None = None  # seconds; a clip begins here
    end: float | None = None  # seconds; a clip ends here
    sponsorblock: bool = False  # parts that viewers marked, as chapters
    rate_limit: int | None = None  # bytes per second
    proxy: str | None = None  # http://, https:// or socks5://host:port
    live_max: int | None = None  # seconds of a live stream; None: the setting
    live_from_start: bool = False  # a live stream from the oldest piece of its list
    live_wait: bool = False  # a live stream is not recorded, but downloaded after its end
    referer: str | None = None  # the page that the link was found on, sent to the site of the link
    impersonate: bool = False  # imitate a browser in every request
    extractor_args: ExtractorArguments | None = None  # of the allow-list in extractor_arguments.py
    playlist: Playlist | None = None

    def __post_init__(self) -> None:
        if self.max_height is not None and not 144 <= self.max_height <= 4320:
            raise ValueError("max_height must be from 144 to 4320")
        if self.rate_limit is not None and self.rate_limit < 1024:
            raise ValueError("rate_limit must be at least 1024 bytes per second")
        if len(self.subtitles) > MAX_LANGUAGES or not all(_LANGUAGE.match(name) for name in self.subtitles):
            raise ValueError(f"subtitles must be up to {MAX_LANGUAGES} languages such as en or pt-BR, or all")
        if len(self.audio_languages) > MAX_AUDIO_LANGUAGES or not all(map(_LANGUAGE.match, self.audio_languages)):
            raise ValueError(f"audio_languages must be up to {MAX_AUDIO_LANGUAGES} languages such as en or original")
        if self.live_max is not None and not 1 <= self.live_max <= _DAY:
            raise ValueError("live_max must be from 1 to 86400 seconds")
        if self.referer is not None and not _REFERER.fullmatch(self.referer):
            raise ValueError("referer must be the http:// or https:// address of a page, without a name and password")
        if self.proxy is not None and self.impersonate:
            raise ValueError("impersonate and proxy cannot be combined")
        if self.proxy is not None:
            _check_proxy(self.proxy)
        self._check_clip()

    def _check_clip(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and not 0 <= value <= 30 * _DAY:
                raise ValueError(f"{name} must be a time in seconds from the start")
        if self.end is not None and self.end - (self.start or 0.0) < 0.1:
            raise ValueError("end must be after start")
        if self.clip and self.keep_original:
            raise ValueError("a clip cannot keep the original file; leave out start and end, or keep_original")

    @property
    def clip(self) -> bool:
        """Tell whether only a part is requested."""
        return bool(self.start) or self.end is not None

    def recipe(self) -> str:
        """Return what is kept of a source, a part of its key. It excludes how it is fetched (proxy, rate)."""
        height = f"h{self.max_height}" if self.max_height and not self.audio else ""
        flags = ("copy" if self.never_transcode else "") + ("raw" if self.keep_original else "")
        clip = f"c{self.start or 0:g}..{'' if self.end is None else f'{self.end:g}'}" if self.clip else ""
        spoken = ("auto." if self.auto_subtitles else "s.") + ".".join(sorted(self.subtitles)) if self.subtitles else ""
        sounds = f"a.{'.'.join(self.audio_languages)}" if self.audio_languages else ""
        marks = "marks" if self.sponsorblock else ""
        parts = (self.audio or "", height, flags, clip, spoken, sounds, marks, _list_recipe(self.playlist))
        return "-".join(part for part in parts if part) or "default"


def _list_recipe(playlist: Playlist | None) -> str:
    if playlist is None:
        return ""
    numbers = ".".join(str(number) for number in playlist.items or ())
    return f"list{playlist.limit or ''}{f':{numbers}' if numbers else ''}{'/' if playlist.folder else ''}"


def _check_proxy(text: str) -> None:
    """Reject a name and password: these options are stored and shown; the setting PROXY may contain them."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port is not None
    except ValueError:
        fine = False
    if not fine or len(text) > 300 or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("proxy must be http://host:port, https://host:port or socks5://host:port")
    if "@" in parts.netloc:
        raise ValueError("proxy must not contain a name and password; only the setting MEDIAFETCHER_PROXY may")


# Every yt-dlp option that is ever set, and nothing else (a test compares).
ALLOWED = frozenset(
    """
    quiet noprogress no_warnings color cachedir fixup format format_sort outtmpl paths noplaylist playlist_items
    lazy_playlist extract_flat retries fragment_retries extractor_retries file_access_retries socket_timeout continuedl
    overwrites updatetime nopart skip_unavailable_fragments concurrent_fragment_downloads enable_file_urls
    default_search ignoreerrors external_downloader hls_prefer_native ratelimit proxy buffersize
    noresizebuffer windowsfilenames writesubtitles writethumbnail js_runtimes remote_components usenetrc extractor_args
    """.split()  # noqa: SIM905
)


def ydl_options(options: Options, settings: Settings) -> dict[str, Any]:
    """Return the options for yt-dlp, all of them of plain JSON types."""
    height = options.max_height or settings.max_height
    order = ["hdr:SDR", f"res:{height}", "vcodec:h264", "fps:60", "acodec:m4a"]
    if options.never_transcode:
        order = ["vcodec:h264", "hdr:SDR", f"res:{height}", "fps:60", "acodec:m4a"]
    if options.audio:
        order = ["acodec:m4a" if options.audio == "m4a" else "acodec:mp3", "abr"]
    chosen: dict[str, Any] = {
        "quiet": True,
        "noprogress": True,
        "color": "never",
        "cachedir": False,
        "usenetrc": False,
        "fixup": "never",
        "format": "ba/b" if options.audio else "bv*+ba/b",
        "format_sort": order,
        "outtmpl": {"default": f"{FILE_STEM}.%(ext)s"},
        # A link to one video of a list means the video, unless the list is requested.
        "noplaylist": options.playlist is None,
        "playlist_items": _items(options.playlist),
        "lazy_playlist": options.playlist is None,
        "extract_flat": "in_playlist",
        "retries": 10,
        "fragment_retries": 5,
        "extractor_retries": 2,
        "file_access_retries": 2,
        "socket_timeout": 20,
        "continuedl": True,
        "overwrites": True,
        "updatetime": False,
        "skip_unavailable_fragments": False,
        "concurrent_fragment_downloads": 2,
        "buffersize": resume.BLOCK,
        "noresizebuffer": True,
        "enable_file_urls": False,
        "default_search": "error",
        "ignoreerrors": False,
        "external_downloader": {"default": "native"},
        "hls_prefer_native": True,
        "writesubtitles": False,
        "writethumbnail": False,
        "js_runtimes": js_runtime.runtimes(),
        "remote_components": [],
        "extractor_args": extractor_arguments.for_ytdlp(options.extractor_args),
    }
    rate = rate_limit(options, settings)
    if rate:
        # Each of several connections would use the whole rate. With small pieces it is kept evenly.
        chosen |= {"ratelimit": rate, "concurrent_fragment_downloads": 1, "buffersize": 32 << 10}
    if proxy := options.proxy or settings.proxy:
        chosen["proxy"] = proxy
    return chosen


def rate_limit(options: Options, settings: Settings) -> int | None:
    """Return the bytes per second of this download: its own limit, and its share of the limit for all."""
    share = max(1024, settings.rate_limit // settings.max_downloads) if settings.rate_limit else None
    return min((limit for limit in (options.rate_limit, share) if limit), default=None)


def _items(playlist: Playlist | None) -> str:
    """Request two entries if one is wanted: this shows whether the link is a list."""
    if playlist is None:
        return "1:2"
    if playlist.items:
        return ",".join(str(number) for number in sorted(set(playlist.items))[: playlist.limit])
    return f"1:{playlist.limit or MAX_ENTRIES}"
