"""The program that runs yt-dlp: one job, then it ends. Started by client.py, or forked by zygote.py; confined.

It uses JSON lines. Standard input: the order (client.py), then `{"do": "download"}` or the end. Standard output:
`info` or `list`, `progress`, `warning`, `done` or `error`. Nothing secret is in its arguments, environment or files.
It starts no program: pieces that must be joined are named in `done`, and joined outside; a script of a site also
runs outside (child/javascript.py).

Only the gateway leads to the network (gateway_client.py), from before the first connection until the end.
"""

import contextlib
import gc
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

from mediafetcher.fetch import gateway_client, resume
from mediafetcher.fetch.child import error_report, feeds, javascript, metadata, preload, sidecars
from mediafetcher.fetch.child.network import (
    basic_auth,
    certificates,
    first_answer,
    impersonation,
    moves,
    po_tokens,
    proxy_guard,
    referer,
    site_account,
)
from mediafetcher.fetch.child.protocol import Cancelled, Channel
from mediafetcher.fetch.child.streaming import audio_languages, dash_periods, hls_defaults, streams
from mediafetcher.fetch.child.subtitles import hls_subtitles
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.fetch.ytdlp import import_hook
from mediafetcher.sandbox import profiles

_MAX_REDIRECTS = 10
_BATCH = 100  # entries of a list in one line
_MAX_COOKIES = 1 << 20  # characters of a jar


def main() -> NoReturn:
    channel = Channel()
    orders = sys.stdin
    order = json.loads(orders.readline())
    folder = Path(order["folder"])
    os.chdir(folder)
    os.environ.update(HOME=str(folder), TMPDIR=str(folder))
    import_hook.prefer(order.get("ytdlp"))
    try:
        way = gateway_client.Way(**order["way"])
        profiles.confine_fetch(folder, [order.get("ytdlp") or ""], way.port)
        tokens = po_tokens.Provider.of(order.get("po_tokens"))
        browser = order["browser"] in impersonation.MODES
        gateway_client.install(None if browser else way, also=tokens.way if tokens else None)
        javascript.stand_in()
        javascript.install(channel, orders, _programs(order["options"]))
        resume.prepare(folder)
        if order.get("keep"):
            channel.say("done", files=[], cookies=None, subtitles=[], cover=None, marks=[], **streams.kept(folder))
        else:
            _run(order, orders, channel, folder)
    except Cancelled:
        with contextlib.suppress(OSError):
            resume.ended_in_order(folder)
    except impersonation.Wanted as wanted:
        channel.say("browser", everywhere=wanted.everywhere)
    except BaseException as error:
        if channel.cancelled:
            with contextlib.suppress(OSError):
                resume.ended_in_order(folder)
        else:
            channel.say("error", **error_report.describe(error))
    # Threads of yt-dlp may still be fetching pieces: nothing waits for them.
    os._exit(0)


def _programs(options: dict[str, Any]) -> list[str]:
    """Return the programs that yt-dlp may ask for: the JavaScript runtime, if it is available (js_runtime.py)."""
    return [runtime["path"] for runtime in options.get("js_runtimes", {}).values()]


def _run(order: dict[str, Any], orders: TextIO, channel: Channel, folder: Path) -> None:
    """Extract, report, and download if ordered to."""
    client = _client(order, channel, folder)
    if order["browser"] in impersonation.MODES:
        impersonation.only_curl(client, gateway_client.Way(**order["way"]).url)
    elif order["options"].get("proxy"):
        proxy_guard.install(order["targets"])
        proxy_guard.only_requests(client)
    elif order["login"]:
        proxy_guard.only_requests(client)  # urllib sends the name and password after any redirect
    _load_cookies(client, order.get("cookies"))
    po_tokens.install(po_tokens.Provider.of(order.get("po_tokens")), channel)
    seen = client.extract_info(order["url"], download=False)
    wanted = order["lists"] and (sidecars.holds_several(seen) or sidecars.is_empty_list(seen))
    if wanted or sidecars.is_list(seen):
        if order["lists"] or len(seen["entries"]) > 1:
            return _tell_list(client, seen, order["url"], channel, wanted=order["lists"])
        seen = client.extract_info(seen["entries"][0]["url"], download=False)  # a list of one entry is that entry
    found = metadata.first(seen)
    metadata.tame_extensions(found)
    metadata.name_file(found, client.answers.disposition)
    client.answers.end()
    channel.check()
    sounds = _choose_sounds(client, found, order["audio_languages"], folder)
    source = streams.Streams(client, found, order, channel, folder)
    channel.say("info", **metadata.summary(found))
    wish = orders.readline().strip()
    if wish == '{"do": "cover"}':
        channel.say("cover", file=sidecars.cover(client, found, folder, channel))
    if wish != '{"do": "download"}':
        return
    renewed: dict[str, Any] = {}
    names: list[str] = []
    if recorded := source.bring():
        renewed |= recorded
    else:
        for stale in ("requested_downloads", "requested_formats"):
            found.pop(stale, None)
        try:
            ended = client.process_ie_result(found, download=True)
            names = _files(ended, folder)
            renewed["one_clock"] = _one_clock(ended)
        except resume.NoMore:
            if found.get("requested_formats"):
                raise
            client.bounded = False
        names = names or _what_came(folder)
    renewed["bounded"] = client.bounded
    channel.silent = True
    extras = sidecars.bring(client, found, order["extras"], folder, channel)
    cookies = _cookies_text(client) if order.get("cookies") else None
    channel.say("done", files=names, cookies=cookies, sounds=sounds, **extras, **renewed)


def _choose_sounds(client: Any, found: dict[str, Any], wished: list[str], folder: Path) -> audio_languages.Sounds:
    """Choose the sounds of the wished languages. Returns: those of the file; none if nothing special is wished for."""
    chosen = audio_languages.choose(found, wished)
    if chosen is None:
        return []
    chosen.install(client)
    chosen.note(folder)
    found |= chosen.described()
    return chosen.sounds


def _what_came(folder: Path) -> list[str]:
    """Return the name of the file whose server sends nothing further; whether it is complete is decided outside."""
    gc.collect()  # closes the file that the downloader left
    [part] = folder.glob(f"{FILE_STEM}.*.part")
    part.rename(part.with_suffix(""))
    return [part.stem]


def _tell_list(client: Any, seen: dict[str, Any], url: str, channel: Channel, *, wanted: bool) -> None:
    if not wanted:
        raise sidecars.IsList(str(seen.get("playlist_count") or "") or "several")
    rows = [metadata.list_row(row) for row in sidecars.entries(client, seen)]
    for start in range(0, len(rows), _BATCH):
        channel.check()
        channel.say("entries", rows=rows[start : start + _BATCH])
    uploader = metadata.text(seen.get("uploader") or seen.get("channel"), 200)
    channel.say(
        "list",
        title=metadata.text(seen.get("title"), 300),
        count=metadata.number(seen.get("playlist_count")),
        uploader=uploader,
        extractor=metadata.text(seen.get("extractor_key"), 60),
        id=metadata.text(seen.get("id"), 2000),
        moved_to=metadata.text(client.moved.target(url), 2000),
    )


def _client(order: dict[str, Any], channel: Channel, folder: Path) -> Any:
    """Return yt-dlp with our options, our logger and the safe resume."""
    options, browser = order["options"], order["browser"]
    if browser not in impersonation.MODES:
        impersonation.absent()
    import requests.sessions
    import yt_dlp
    from yt_dlp.globals import plugin_dirs
    from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor

    from mediafetcher.fetch.options import ALLOWED

    unknown = options.keys() - ALLOWED
    if unknown:
        raise ValueError(f"options that are not allowed: {sorted(unknown)}")
    plugin_dirs.value = []
    certificates.install()
    requests.sessions.DEFAULT_REDIRECT_LIMIT = _MAX_REDIRECTS
    # No FFmpeg here: it would open addresses and files itself. In library mode only this setting counts.
    FFmpegPostProcessor._ffmpeg_location.set("/nonexistent")
    _leave_pieces(sys.modules["yt_dlp.YoutubeDL"])
    extractor = sys.modules["yt_dlp.extractor.common"].InfoExtractor
    hls_defaults.install(extractor)
    hls_subtitles.install(extractor)
    dash_periods.install(extractor)
    versions = resume.Versions(folder)
    auth = basic_auth.BasicAuth(site_account.install(order["login"], order["url"], extractor), order["targets"])
    auth.install()
    origin = referer.Referer(order["url"], order["referer"])

    base = impersonation.telling(yt_dlp.YoutubeDL) if browser == "tell" else yt_dlp.YoutubeDL

    class Client(base):  # type: ignore[misc, valid-type]
        radio: frozenset[str] = frozenset()  # addresses that answered as internet radio
        bounded = True  # every file so far had a length, or chunks with an end
        breaks = resume.Breaks()
        answers = first_answer.FirstAnswer(folder, previewed=order["previewed"])
        moved = moves.Moves()

        def urlopen(self, req: Any) -> Any:
            channel.check()
            if not hasattr(req, "headers"):
                req = yt_dlp.networking.Request(req)
            auth.add(req)
            answer = self.answers.open(req, lambda request: origin.open(request, self._send))
            if self.answers.looking and first_answer.looks_at_link(req):
                return feeds.as_rss(answer, self.moved.note_feed)
            return answer

        def _send(self, req: Any) -> Any:
            try:
                response = versions.open(req, super().urlopen)
                self.moved.note(req.url, response)
                if any(name.lower().startswith("icy-") for name in response.headers):
                    self.radio |= {req.url, response.url}
                if "chunked" in (response.headers.get("Transfer-Encoding") or "").lower():
                    del response.headers["Content-Length"]  # the chunks count (RFC 9112, 6.3)
                self.bounded = self.bounded and resume.is_bounded(response)
                return resume.keep_what_came(response, self.breaks)
            except yt_dlp.networking.exceptions.HTTPError as error:
                raise error_report.with_page(error) from error.__cause__
            except yt_dlp.networking.exceptions.TransportError as error:
                raise impersonation.translated(error) from error

        def _forceprint(self, key: str, info: Any) -> None:
            """Print nothing: the tables that yt-dlp makes for it anyway take 4 ms of a fetch."""

    options = options | impersonation.parameters(browser)
    client = Client(options | {"logger": _Logger(channel), "progress_hooks": [channel.progress]}, auto_init=False)
    preload.equip(client)
    return client


def _leave_pieces(module: Any) -> None:
    """Make yt-dlp assume that picture and sound were joined; `done` names the pieces."""
    from yt_dlp.postprocessor.common import PostProcessor

    class Pieces(PostProcessor):
        available = True

        def run(self, information: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
            return [], information

    module.FFmpegMergerPP = Pieces


class _Logger:
    """Drops yt-dlp's log messages, but each one is an opportunity to stop."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def debug(self, message: str) -> None:
        self._channel.check()

    def warning(self, message: str) -> None:
        self._channel.check()
        self._channel.warn(message)

    info = error = debug


def _load_cookies(client: Any, cookies: str | None) -> None:
    """Load cookies in Netscape format straight into the jar: never from a file, never as a header of our own."""
    if not cookies:
        return
    import io

    from yt_dlp.cookies import YoutubeDLCookieJar

    jar = YoutubeDLCookieJar(io.StringIO(cookies))
    jar.load()
    for cookie in jar:
        # Python's jars store a plain name such as `nas` as `nas.local`.
        cookie.domain += "" if "." in cookie.domain or ":" in cookie.domain else ".local"
        client.cookiejar.set_cookie(cookie)


def _cookies_text(client: Any) -> str | None:
    """Return the jar after the fetch, in Netscape format; None if a site made it too large."""
    import io

    text = io.StringIO()
    client.cookiejar.save(text, ignore_discard=True, ignore_expires=True)
    if text.tell() > _MAX_COOKIES:
        return None
    return re.sub(r"^(#HttpOnly_)?([^.\s]+)\.local\t", r"\1\2\t", text.getvalue(), flags=re.MULTILINE)


def _one_clock(ended: dict[str, Any]) -> bool:
    """Tell whether the pieces are HLS, whose picture and sound count from one moment (RFC 8216, 3)."""
    pieces = [piece for one in ended.get("requested_downloads") or () for piece in one.get("requested_formats") or ()]
    return bool(pieces) and all(str(piece.get("protocol") or "").startswith("m3u8") for piece in pieces)


def _files(ended: dict[str, Any], folder: Path) -> list[str]:
    """Return the names of the written files: one file, or picture and sound that must be joined."""
    names = []
    for download in ended.get("requested_downloads") or ():
        pieces = download.get("requested_formats") or ()
        paths = [piece["filepath"] for piece in pieces if piece.get("filepath")] or [download.get("filepath")]
        names += [os.path.basename(path) for path in paths if path]
    kept = [name for name in names if (folder / name).is_file() and (folder / name).stat().st_size]
    if not kept or len(kept) != len(names):
        raise FileNotFoundError("no media was written")
    return kept


if __name__ == "__main__":
    main()
