"""/media/{item}: kept bytes, by the server itself and in ranges, to whoever has the item in their library."""

import errno
import io
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote

from mediafetcher.api import auth, request_guard
from mediafetcher.api.static import ranges
from mediafetcher.core import errors, logging, settings
from mediafetcher.library.catalog import items
from mediafetcher.library.storage import blob_store, mount

_PATH = re.compile(r"^/media/(\d{1,18})(?:/(poster)|/subtitles/([A-Za-z0-9-]{1,35}))?$")
# What a browser may show by itself; anything else is handed over as a file.
_SHOWN = re.compile(r"^(video|audio)/[a-z0-9.+-]+$|^image/(jpeg|png|webp|avif)$|^text/vtt$")
_log = logging.get("api")
_KEEP = {"image/jpeg": "private, max-age=3600", "text/vtt": "private, max-age=3600"}


# Pieces up to this size are read here in the thread that looks at the file anyway: the server would go to a thread of
# its own for every 128 KiB. What is larger the server sends, which stops where the client leaves.
_PIECE = 1 << 20


class Answer(NamedTuple):
    """Bytes of a file to send; none where `start` equals `end`. `content`: these bytes, where they are read already."""

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
    """Raises `MethodNotAllowed`, `NotSignedIn`, `Forbidden`, `NotFound`, `MediaOffline`."""
    if call.method not in ("GET", "HEAD"):
        raise errors.MethodNotAllowed(allow="GET, HEAD")
    person = await auth.permit(auth.READ, call.get, call.named, call.address)
    assert person is not None
    match = _PATH.match(path)
    if match is None:
        raise errors.NotFound()
    wanted = await _find(int(match[1]), person.id, bool(match[2]), match[3])
    part, content = await _open(wanted, call)
    headers = {
        "content-type": wanted.kind if _SHOWN.match(wanted.kind) else "application/octet-stream",
        "cache-control": _KEEP.get(wanted.kind, "private, no-cache"),
        "content-disposition": _disposition(wanted, "download" in parse_qs(query, keep_blank_values=True)),
        "vary": "cookie, authorization",
    }
    start, end = (part.start, part.end) if call.method == "GET" else (0, 0)
    return Answer(
        part.status, request_guard.MEDIA_HEADERS | headers | part.headers, str(wanted.path), start, end, content
    )


async def _find(item_id: int, owner: int, poster: bool, lang: str | None) -> _Bytes:
    item = await items.kept(item_id, owner)
    sha256, title = item["sha256"], item["title"]
    if poster:
        if not item["poster"]:
            raise errors.NotFound("This item has no poster.")
        return _Bytes(blob_store.path_of(sha256, "poster.jpg"), "image/jpeg", f"{sha256.hex()}-poster", f"{title}.jpg")
    if lang is not None:
        if lang not in item["subtitles"]:
            raise errors.NotFound("This item has no subtitles in that language.")
        path = blob_store.path_of(sha256, f"{lang}.vtt")
        return _Bytes(path, "text/vtt", f"{sha256.hex()}-{lang}", f"{title}.{lang}.vtt")
    path = blob_store.path_of(sha256, item["ext"])
    return _Bytes(path, item["kind"], sha256.hex(), f"{title}{path.suffix}")


async def _open(wanted: _Bytes, call: request_guard.Call) -> tuple[ranges.Part, bytes | None]:
    """What is to be sent of the file, and its bytes where they are few; all that touches the disk in one thread."""

    def look() -> tuple[ranges.Part, bytes | None]:
        with _regular(wanted.path) as file:
            facts = os.fstat(file.fileno())
            part = ranges.plan(call.method, call.get, size=facts.st_size, modified=facts.st_mtime, tag=wanted.tag)
            length = part.end - part.start
            if call.method != "GET" or not 0 < length <= _PIECE:
                return part, None
            content = os.pread(file.fileno(), length, part.start)
            return part, content if len(content) == length else None

    try:
        return await mount.in_thread(look, patience=settings.get().hang_seconds)
    except _NotRegular as error:
        _log.warning("a link, or what is no file, lies in the store", file=wanted.path.name)
        raise errors.NotFound("The file of this item is a link or no file: `mediafetcher check` tells more.") from error
    except FileNotFoundError as error:
        if mount.state().state == "offline":
            raise errors.MediaOffline() from error
        raise errors.NotFound("The file of this item is missing: `mediafetcher check` tells more.") from error
    except OSError as error:
        raise (mount.classify(error) or error) from error


class _NotRegular(Exception):
    """What lies there is not a file of the store."""


def _regular(path: Path) -> io.FileIO:
    """The file of the store at this path, opened without following a link below the media folder.

    Whoever can write there, from any machine that has the share, could else have us send any file of this machine.
    """
    folder = os.open(blob_store.root(), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *above, name = path.relative_to(blob_store.root()).parts
        for part in above:
            inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Without O_NONBLOCK a FIFO would hold the thread.
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


def _disposition(wanted: _Bytes, download: bool) -> str:
    """RFC 6266: a plain name for old programs, the real one beside it."""
    name = "".join(letter if letter.isprintable() and letter not in '/\\:*?"<>|' else "_" for letter in wanted.name)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    how = "attachment" if download or not _SHOWN.match(wanted.kind) else "inline"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
