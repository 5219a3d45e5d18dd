"""/media/{item}: stored files in byte ranges, for users who have the item in their library."""

import asyncio
import errno
import io
import os
import re
import stat
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote

from mediafetcher.api import auth, request_guard
from mediafetcher.api.static import open_files, ranges
from mediafetcher.core import errors, logging, settings, text
from mediafetcher.library.catalog import queries
from mediafetcher.library.storage import blob_store, mount
from mediafetcher.media import posters

_PATH = re.compile(r"^/media/(\d{1,18})(?:/(poster)|/subtitles/([A-Za-z0-9-]{1,35}))?$")
# Types that a browser may display. All others are sent as an attachment.
_SHOWN = re.compile(r"^(video|audio)/[a-z0-9.+-]+$|^image/(jpeg|png|webp|avif)$|^text/vtt$")
_log = logging.get("api")
_KEEP = {"image/jpeg": "private, max-age=3600", "text/vtt": "private, max-age=3600"}


# Pieces up to this size are read in the thread that opens the file, because Granian would use a thread for every 128
# KiB. Granian sends larger ones, and stops when the client leaves.
_PIECE = 1 << 20
_RELEASE_SECONDS = 65.0


class Answer(NamedTuple):
    """Bytes of a file to send; none if `start` equals `end`. `content`: these bytes, if they were read already."""

    status: int
    headers: dict[str, str]
    path: str
    start: int
    end: int
    content: bytes | None = None


class _Bytes(NamedTuple):
    path: Path
    kind: str
    tag: str
    name: str


async def answer(call: request_guard.Call, path: str, query: str) -> Answer:
    """Answer a request. Raises: `MethodNotAllowed`, `NotSignedIn`, `Forbidden`, `NotFound`, `MediaOffline`."""
    if call.method not in ("GET", "HEAD"):
        raise errors.MethodNotAllowed(allow="GET, HEAD")
    person = await auth.permit(auth.READ, call.get, call.named, call.address)
    assert person is not None
    match = _PATH.match(path)
    if match is None:
        raise errors.NotFound()
    item = await queries.kept(int(match[1]), person.id)
    return await send(call, item, query, poster=bool(match[2]), lang=match[3])


async def send(
    call: request_guard.Call, item: dict[str, Any], query: str, *, poster: bool = False, lang: str | None = None
) -> Answer:
    """Answer with the bytes, poster or subtitles of an authorised item. Raises: `NotFound`, `MediaOffline`."""
    wanted = _find(item, lang, poster=poster)
    part, content, path = await _open(wanted, call)
    headers = {
        "content-type": wanted.kind if _SHOWN.match(wanted.kind) else "application/octet-stream",
        "cache-control": _KEEP.get(wanted.kind, "private, no-cache"),
        "content-disposition": _disposition(wanted, download="download" in parse_qs(query, keep_blank_values=True)),
        "vary": "cookie, authorization",
    }
    start, end = (part.start, part.end) if call.method == "GET" else (0, 0)
    return Answer(part.status, request_guard.MEDIA_HEADERS | headers | part.headers, path, start, end, content)


def _find(item: dict[str, Any], lang: str | None, *, poster: bool) -> _Bytes:
    sha256, title = item["sha256"], item["title"]
    if poster:
        if not item["poster"]:
            raise errors.NotFound("This item has no poster.")
        return _Bytes(blob_store.path_of(sha256, posters.NAME), "image/jpeg", f"{sha256.hex()}-poster", f"{title}.jpg")
    if lang is not None:
        if lang not in item["subtitles"]:
            raise errors.NotFound("This item has no subtitles in that language.")
        path = blob_store.path_of(sha256, f"{lang}.vtt")
        return _Bytes(path, "text/vtt", f"{sha256.hex()}-{lang}", f"{title}.{lang}.vtt")
    path = blob_store.path_of(sha256, item["ext"])
    return _Bytes(path, item["kind"], sha256.hex(), f"{title}{path.suffix}")


async def _open(wanted: _Bytes, call: request_guard.Call) -> tuple[ranges.Part, bytes | None, str]:
    """Plan the part to send, and read its bytes if it is small. All disk access happens in one thread."""

    def look() -> tuple[ranges.Part, bytes | None, str]:
        with _regular(wanted.path) as file:
            facts = os.fstat(file.fileno())
            part = ranges.plan(call.method, call.get, size=facts.st_size, modified=facts.st_mtime, tag=wanted.tag)
            length = part.end - part.start
            if call.method != "GET" or length <= 0:
                return part, None, ""
            content = os.pread(file.fileno(), length, part.start) if length <= _PIECE else b""
            if len(content) == length:
                return part, content, ""
            return part, None, open_files.keep(file.fileno())

    try:
        found = await mount.run_io(look, patience=settings.get().mount_timeout_seconds)
        if found[2]:
            _release_later()
        return found
    except _NotRegular as error:
        _log.warning("a link, or what is no file, lies in the store", file=wanted.path.name)
        raise errors.NotFound("The file of this item is a link or no file: `mediafetcher check` tells more.") from error
    except FileNotFoundError as error:
        if mount.state().state == "offline":
            raise errors.MediaOffline() from error
        raise errors.NotFound(
            "The file of this item is missing. Run `mediafetcher check` on the server for details."
        ) from error
    except OSError as error:
        raise (mount.classify(error) or error) from error


_releasing: asyncio.TimerHandle | None = None


def _release_later() -> None:
    """Release open files that have not been requested for some time."""
    global _releasing
    loop = asyncio.get_running_loop()
    if _releasing is None or _releasing.cancelled() or _releasing.when() < loop.time():
        _releasing = loop.call_later(_RELEASE_SECONDS, _release)


def _release() -> None:
    global _releasing
    _releasing = None
    if open_files.release():
        _release_later()


class _NotRegular(Exception):
    """The path is not a regular file."""


def _regular(path: Path) -> io.FileIO:
    """Open a file of the store without following a link below the media folder.

    Otherwise every machine that can write to the share could make us send any file of this machine.
    """
    folder = os.open(mount.root(), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *above, name = path.relative_to(mount.root()).parts
        for part in above:
            inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Without O_NONBLOCK a FIFO would block the thread.
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise _NotRegular from error
        raise
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise _NotRegular
    return io.FileIO(opened)


def _disposition(wanted: _Bytes, *, download: bool) -> str:
    """Build the header (RFC 6266): an ASCII name for old programs, and the full name."""
    name = "".join("_" if letter in '/\\:*?"<>|' else letter for letter in text.printable(wanted.name))
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    how = "attachment" if download or not _SHOWN.match(wanted.kind) else "inline"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
