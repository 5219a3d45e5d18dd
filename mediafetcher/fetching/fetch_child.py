"""The program that runs yt-dlp: one job, then it ends. Started by fetch.py, or forked by zygote.py; confined.

It speaks JSON lines. Standard input: the order (fetch.py), then `{"do": "download"}` or the end. Standard output:
`info` or `list`, `progress`, `warning`, `done` or `error`. Nothing secret is in its arguments, environment or files.
It starts no program: pieces that must be joined are named in `done`, and joined outside.

The gate (net/egress.py) is closed before the first address is touched, and cannot be opened again.
"""

import contextlib
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, TextIO

from mediafetcher.fetching import fetch_extras, fetch_live, fetch_proxy, override, resume
from mediafetcher.net import egress

_EVERY = 0.25  # seconds between two reports of progress
_MAX_REDIRECTS = 10
_MAX_CHAPTERS = 500
_MAX_WARNINGS = 20
_BATCH = 100  # entries of a list in one line
_PAGE = 1 << 20  # bytes of the page of an HTTP error


class Cancelled(Exception):
    """The parent asked us to end."""


class Channel:
    """The lines to the parent. Standard output itself goes to standard error: a stray print breaks nothing."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="ascii")
        os.dup2(2, 1)
        self.cancelled = False
        self.silent = False  # no reports of progress: what is fetched is not the media
        self._last = 0.0
        self._warnings = 0
        signal.signal(signal.SIGTERM, self._cancel)

    def _cancel(self, *_: Any) -> None:
        self.cancelled = True

    def say(self, event: str, **facts: Any) -> None:
        self._out.write(json.dumps({"event": event, **facts}, ensure_ascii=True, default=str) + "\n")
        self._out.flush()

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled

    def progress(self, status: dict[str, Any]) -> None:
        """yt-dlp's progress hook; raising here is the only way to stop it."""
        self.check()
        now = time.monotonic()
        if self.silent or (status["status"] == "downloading" and now - self._last < _EVERY):
            return
        self._last = now
        self.say(
            "progress",
            done=status.get("downloaded_bytes") or 0,
            total=status.get("total_bytes") or status.get("total_bytes_estimate"),
            speed=status.get("speed"),
            eta=status.get("eta"),
            file=os.path.basename(status.get("filename") or ""),
        )

    def warn(self, message: str) -> None:
        """A few of yt-dlp's warnings, for the log of the download."""
        self._warnings += 1
        if self._warnings <= _MAX_WARNINGS:
            self.say("warning", message=message[:300])


def main() -> NoReturn:
    channel = Channel()
    orders = sys.stdin
    order = json.loads(orders.readline())
    folder = Path(order["folder"])
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))
    override.prefer(order.get("ytdlp"))
    try:
        egress.install(order["allow_hosts"], order["own_ports"], _programs(order["options"]))
        resume.prepare(folder)
        _run(order, orders, channel, folder)
    except Cancelled:
        with contextlib.suppress(OSError):
            resume.ended_in_order(folder)
    except BaseException as error:
        if channel.cancelled:
            with contextlib.suppress(OSError):
                resume.ended_in_order(folder)
        else:
            channel.say("error", **describe(error))
    # Threads of yt-dlp may still be fetching pieces: nobody waits for them.
    os._exit(0)


def _programs(options: dict[str, Any]) -> list[str]:
    """What yt-dlp may start: the JavaScript runtime, where there is one (javascript.py)."""
    return [runtime["path"] for runtime in options.get("js_runtimes", {}).values()]


def preload() -> None:
    """What every job needs, in memory before there is one: for the program that forks."""
    _without_curl()
    import requests  # noqa: F401
    import yt_dlp

    client = yt_dlp.YoutubeDL({"quiet": True, "cachedir": False})
    for extractor in client._ies.values():
        extractor.suitable("http://127.0.0.1/film.mp4")  # compiles its pattern
    client.get_info_extractor("Generic")
    client._request_director.close()


def _without_curl() -> None:
    """curl_cffi connects outside Python, where no hook sees it."""
    sys.modules["curl_cffi"] = None  # type: ignore[assignment]


def _run(order: dict[str, Any], orders: TextIO, channel: Channel, folder: Path) -> None:
    """Look, tell, and download if told to."""
    client = _client(order["options"], channel, folder)
    if proxy := order["options"].get("proxy"):
        fetch_proxy.install(proxy, order["targets"])
        fetch_proxy.only_requests(client)
    _load_cookies(client, order.get("cookies"))
    seen = client.extract_info(order["url"], download=False)
    if fetch_extras.is_list(seen):
        if order["lists"] or len(seen["entries"]) > 1:
            return _tell_list(client, seen, channel, wanted=order["lists"])
        seen = client.extract_info(seen["entries"][0]["url"], download=False)  # a list of one is that one
    found = first(seen)
    channel.check()
    channel.say("info", **summary(found))
    wish = orders.readline().strip()
    if wish == '{"do": "cover"}':
        channel.say("cover", file=fetch_extras.cover(client, found, folder, channel))
    if wish != '{"do": "download"}':
        return
    renewed: dict[str, Any] = {}
    if found.get("is_live"):
        names, renewed["duration"] = _record(client, found, order, channel, folder)
    else:
        for stale in ("requested_downloads", "requested_formats"):
            found.pop(stale, None)
        ended = client.process_ie_result(found, download=True)
        names = _files(ended, folder)
    channel.silent = True
    extras = fetch_extras.bring(client, found, order["extras"], folder, channel)
    cookies = _cookies_text(client) if order.get("cookies") else None
    channel.say("done", files=names, cookies=cookies, **extras, **renewed)


def _tell_list(client: Any, seen: dict[str, Any], channel: Channel, *, wanted: bool) -> None:
    if not wanted:
        raise fetch_extras.IsList(str(seen.get("playlist_count") or "") or "several")
    rows = fetch_extras.entries(client, seen)
    for row in rows:
        row["title"], row["duration"] = _text(row["title"], 300), _number(row["duration"])
    for start in range(0, len(rows), _BATCH):
        channel.check()
        channel.say("entries", rows=rows[start : start + _BATCH])
    uploader = _text(seen.get("uploader") or seen.get("channel"), 200)
    channel.say(
        "list",
        title=_text(seen.get("title"), 300),
        count=seen.get("playlist_count"),
        uploader=uploader,
        extractor=_text(seen.get("extractor_key"), 60),
        id=_text(seen.get("id"), 2000),
    )


def _record(
    client: Any, found: dict[str, Any], order: dict[str, Any], channel: Channel, folder: Path
) -> tuple[list[str], float]:
    chosen = fetch_live.choose(found, order["live"]["height"])
    recorder = fetch_live.Recorder(client, chosen, folder, channel, order["live"]["seconds"])
    return [recorder.record()], recorder.seconds


def _client(options: dict[str, Any], channel: Channel, folder: Path) -> Any:
    """yt-dlp with our options, our logger and the careful resume."""
    _without_curl()
    import requests.sessions
    import yt_dlp
    from yt_dlp.globals import plugin_dirs
    from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor

    from mediafetcher.fetching.options import ALLOWED

    unknown = options.keys() - ALLOWED
    if unknown:
        raise ValueError(f"options that are not allowed: {sorted(unknown)}")
    plugin_dirs.value = []
    requests.sessions.DEFAULT_REDIRECT_LIMIT = _MAX_REDIRECTS
    # No FFmpeg here: it would open addresses and files on its own. In library mode only this setting counts.
    FFmpegPostProcessor._ffmpeg_location.set("/nonexistent")
    _leave_pieces(sys.modules["yt_dlp.YoutubeDL"])
    versions = resume.Versions(folder)

    class Client(yt_dlp.YoutubeDL):
        def urlopen(self, req: Any) -> Any:
            channel.check()
            if not hasattr(req, "headers"):
                req = yt_dlp.networking.Request(req)
            try:
                return versions.open(req, super().urlopen)
            except yt_dlp.networking.exceptions.HTTPError as error:
                raise with_page(error) from error.__cause__

    return Client(options | {"logger": _Logger(channel), "progress_hooks": [channel.progress]})


def _leave_pieces(module: Any) -> None:
    """Let yt-dlp believe that picture and sound were joined; `done` names the pieces."""
    from yt_dlp.postprocessor.common import PostProcessor

    class Pieces(PostProcessor):
        available = True

        def run(self, information: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
            return [], information

    module.FFmpegMergerPP = Pieces


class _Logger:
    """yt-dlp's words go nowhere, but each is a moment to stop."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def debug(self, message: str) -> None:
        self._channel.check()

    def warning(self, message: str) -> None:
        self._channel.check()
        self._channel.warn(message)

    info = error = debug


def _load_cookies(client: Any, cookies: str | None) -> None:
    """Cookies in Netscape form, straight into the jar: never a file, never a header of our own."""
    if not cookies:
        return
    import io

    from yt_dlp.cookies import YoutubeDLCookieJar

    jar = YoutubeDLCookieJar(io.StringIO(cookies))
    jar.load()
    for cookie in jar:
        # Python's jars know a plain name such as `nas` as `nas.local`.
        cookie.domain += "" if "." in cookie.domain or ":" in cookie.domain else ".local"
        client.cookiejar.set_cookie(cookie)


def _cookies_text(client: Any) -> str:
    """The jar as the site left it, in Netscape form."""
    import io

    text = io.StringIO()
    client.cookiejar.save(text, ignore_discard=True, ignore_expires=True)
    return re.sub(r"^(#HttpOnly_)?([^.\s]+)\.local\t", r"\1\2\t", text.getvalue(), flags=re.MULTILINE)


def first(found: dict[str, Any] | None) -> dict[str, Any]:
    """The one video of a result; of a playlist its first."""
    while found and found.get("_type") in ("playlist", "multi_video"):
        found = next((entry for entry in found.get("entries") or () if entry), None)
    if found and found.get("extractor_key") == "HTML5MediaEmbed" and found.get("title"):
        found["title"] = found["title"].removesuffix(" (1)")  # it counts the films of a page, even of one
    if not found:
        raise LookupError("no video was found")
    return found


def _files(ended: dict[str, Any], folder: Path) -> list[str]:
    """The names of what was written: one file, or picture and sound that must be joined."""
    names = []
    for download in ended.get("requested_downloads") or ():
        pieces = download.get("requested_formats") or ()
        paths = [piece["filepath"] for piece in pieces if piece.get("filepath")] or [download.get("filepath")]
        names += [os.path.basename(path) for path in paths if path]
    kept = [name for name in names if (folder / name).is_file() and (folder / name).stat().st_size]
    if not kept or len(kept) != len(names):
        raise FileNotFoundError("no media was written")
    return kept


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """What the parent may know of a source: plain, bounded values."""
    formats = found.get("requested_formats") or [found]
    sizes = [entry.get("filesize") or entry.get("filesize_approx") for entry in formats]
    return {
        "title": _text(found.get("title"), 300),
        "id": _text(found.get("id"), 200),
        "extractor": _text(found.get("extractor_key"), 60),
        "duration": _number(found.get("duration")),
        "uploader": _text(found.get("uploader") or found.get("channel") or found.get("creator"), 200),
        "webpage_url": _text(found.get("webpage_url"), 4096),
        "media_url": _text(formats[0].get("url"), 4096),
        "thumbnail": _text(found.get("thumbnail"), 4096),
        "filesize": int(sum(sizes)) if all(sizes) else None,
        "live": bool(found.get("is_live")),
        "upcoming": found.get("live_status") == "is_upcoming",
        "begins": _number(found.get("release_timestamp")) if found.get("live_status") == "is_upcoming" else None,
        "chapters": [
            [_number(chapter.get("start_time")) or 0.0, _text(chapter.get("title"), 200) or ""]
            for chapter in (found.get("chapters") or ())[:_MAX_CHAPTERS]
        ],
        "subtitles": fetch_extras.languages(found),
        "heights": fetch_extras.heights(found),
    }


def _text(value: Any, limit: int) -> str | None:
    """Text as shown: no control characters, none that turn the direction of writing."""
    if value is None:
        return None
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(text.split())[:limit].strip() or None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e11 else None


def describe(error: BaseException) -> dict[str, Any]:
    """An exception and its causes as `classify.Failure` wants them."""
    facts: dict[str, Any] = {"kinds": [], "message": str(error)[:1000], "status": None, "errno": None}
    facts |= {"retry_after": None, "redirect_loop": False, "page": ""}
    for link in _chain(error):
        facts["kinds"].append(type(link).__name__)
        response = getattr(link, "response", None)
        if facts["status"] is None and isinstance(getattr(link, "status", None), int):
            facts["status"] = link.status  # type: ignore[attr-defined]
            facts["redirect_loop"] = bool(getattr(link, "redirect_loop", False))
            facts["retry_after"] = _seconds(response.headers.get("Retry-After")) if response is not None else None
            facts["page"] = getattr(link, "page", "")
        if facts["errno"] is None and isinstance(getattr(link, "errno", None), int):
            facts["errno"] = link.errno  # type: ignore[attr-defined]
        if isinstance(link, egress.Blocked):
            facts["message"] = str(link)
    return facts


def with_page(error: Any) -> Any:
    """An HTTP error that remembers what its page says: by the time it is looked at, the page is closed."""
    if not str(error.response.headers.get("Content-Type") or "").startswith("text/"):
        return error
    import io

    from yt_dlp.networking import Response
    from yt_dlp.networking.exceptions import HTTPError

    given = error.response
    data = b""
    with contextlib.suppress(Exception):
        data = given.read(_PAGE)
    copied = Response(io.BytesIO(data), given.url, given.headers, given.status, given.reason)
    again = HTTPError(copied, redirect_loop=error.redirect_loop)
    words = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", data.decode("utf-8", "replace"), flags=re.DOTALL)
    again.page = _text(words, 2000) or ""
    return again


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 20:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or link in found:
            continue
        found.append(link)
        carried = getattr(link, "exc_info", None)
        waiting += [getattr(link, "cause", None), carried[1] if isinstance(carried, tuple) else None]
        waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found


def _seconds(value: str | None) -> float | None:
    """`Retry-After` in seconds; its other form is a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return min(float(value), 86400.0)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, min(parsedate_to_datetime(value).timestamp() - time.time(), 86400.0))
    except (ValueError, TypeError):
        return None


if __name__ == "__main__":
    main()
