"""What a person may wish for a download, and what becomes of it for yt-dlp: the allow-list.

Nothing else reaches yt-dlp: no programs, netrc, plugins, configuration, file addresses, templates or arguments of
anybody. The order of formats is chosen so that mostly nothing has to be transcoded.
"""

from typing import Any, Literal

import msgspec

from mediafetcher.base.settings import Settings

FILE_STEM = "media"  # every fetched file is called so; titles never become names


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person's wishes. All of them have a default, and only what differs is kept."""

    max_height: int | None = None  # lines; None: the setting
    audio: Literal["m4a", "mp3"] | None = None  # only the sound
    never_transcode: bool = False
    keep_original: bool = False
    rate_limit: int | None = None  # bytes per second

    def __post_init__(self) -> None:
        if self.max_height is not None and not 144 <= self.max_height <= 4320:
            raise ValueError("max_height is from 144 to 4320")
        if self.rate_limit is not None and self.rate_limit < 1024:
            raise ValueError("rate_limit is at least 1024 bytes per second")

    def recipe(self) -> str:
        """What the resulting bytes depend on, beside the source: a part of the key a source is known by."""
        height = f"h{self.max_height}" if self.max_height and not self.audio else ""
        flags = ("copy" if self.never_transcode else "") + ("raw" if self.keep_original else "")
        return "-".join(part for part in (self.audio or "", height, flags) if part) or "default"


# Every yt-dlp option that is ever set, and nothing else (a test compares).
ALLOWED = frozenset(
    """
    quiet noprogress no_warnings color cachedir fixup format format_sort outtmpl paths noplaylist playlist_items
    lazy_playlist retries fragment_retries extractor_retries file_access_retries socket_timeout continuedl overwrites
    updatetime nopart skip_unavailable_fragments concurrent_fragment_downloads enable_file_urls allowed_extractors
    default_search ignoreerrors external_downloader hls_prefer_native ratelimit buffersize noresizebuffer
    windowsfilenames writesubtitles writethumbnail js_runtimes remote_components usenetrc
    """.split()  # noqa: SIM905
)


def ydl_options(options: Options, settings: Settings) -> dict[str, Any]:
    """The options for yt-dlp, all of them of plain JSON types."""
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
        "noplaylist": True,
        "playlist_items": "1",
        "lazy_playlist": True,
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
        # What is being read when a connection breaks is lost: so small, and never growing.
        "buffersize": 32 << 10,
        "noresizebuffer": True,
        "enable_file_urls": False,
        "allowed_extractors": ["default"],
        "default_search": "error",
        "ignoreerrors": False,
        "external_downloader": {"default": "native"},
        "hls_prefer_native": True,
        "writesubtitles": False,
        "writethumbnail": False,
        "js_runtimes": {},
        "remote_components": [],
    }
    if options.rate_limit:
        chosen["ratelimit"] = options.rate_limit
    return chosen
