"""The built-in test site from which a new yt-dlp must fetch a film before it is used.

One page with one film, on loopback, for the length of one fetch; the fetch is a real one, in its confined child.
"""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path

from mediafetcher.core import errors, settings
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.options import Options
from mediafetcher.sandbox import work_folders

_SECONDS = 120.0
_SIZE = 96 << 10
_PAGE = b'<!doctype html><title>A film</title><video src="/film.mp4"></video>'


async def fetch(folder: Path) -> None:
    """Fetch with the yt-dlp of `folder`. Raises: `UpdateRefused` if the film differs from the one that was sent."""
    film = os.urandom(_SIZE)
    async with await asyncio.start_server(_site(film), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        place = Path(tempfile.mkdtemp(prefix="smoke-", dir=settings.get().work))
        place.chmod(0o711)
        try:
            async with asyncio.timeout(_SECONDS):
                got = await _fetch(f"http://127.0.0.1:{port}/", place, folder, f"127.0.0.1:{port}")
        except (errors.Problem, TimeoutError) as error:
            reason = error.detail if isinstance(error, errors.Problem) else "it takes too long"
            raise errors.UpdateRefused(
                f"The new yt-dlp version was not installed: its test download failed ({reason})."
            ) from error
        finally:
            await asyncio.to_thread(work_folders.remove, place)
    if got != film:
        raise errors.UpdateRefused("The new yt-dlp version was not installed: its test download was damaged.")


async def _fetch(url: str, place: Path, folder: Path, allowed: str) -> bytes:
    async with Fetch(url, Options(), place, trial=Trial(folder, (allowed,))) as source:
        await source.info()
        result = await source.download()
        return await asyncio.to_thread(result.file.read_bytes)


def _site(film: bytes):  # type: ignore[no-untyped-def]
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError, IndexError):
            asked = (await reader.readuntil(b"\r\n\r\n")).split()
            body, kind = (film, b"video/mp4") if asked[1] == b"/film.mp4" else (_PAGE, b"text/html")
            head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            writer.write(head % (kind, len(body)) + (body if asked[0] != b"HEAD" else b""))
            await writer.drain()
        writer.close()

    return answer
