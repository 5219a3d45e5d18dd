"""Preview a link before a decision: one video, a live stream, or a list with its count. Nothing is stored."""

import asyncio
import base64
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.downloads import dedup, site_rules
from mediafetcher.fetch.client import PREVIEW_ENTRIES, Fetch
from mediafetcher.fetch.models import Info, Listing
from mediafetcher.fetch.options import Options
from mediafetcher.media import posters, probe
from mediafetcher.net import urls
from mediafetcher.sandbox import work_folders

PREFIX = "preview-"  # prefix of its folders, below those of the downloads
_LEFT = (f"{PREFIX}*", "smoke-*", "mediafetcher-flight-*", "tagging-*")  # tests of a yt-dlp, of an encoder; copies
_AT_ONCE = 2
_WAITING = 10
_SECONDS = 60.0

_semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_asked = 0


async def preview(owner: int, url: str) -> dict[str, Any]:
    """Extract a link.

    Returns: kind, title, duration, size, site, uploader, item, count, entries, poster, subtitles, heights.

    `item` is the entry of this user's library with this source; `poster` a small JPEG as base64. Raises:
    `InvalidUrl`, `TooManyRequests` if many already wait, and the errors of error_mapping.py.
    """
    global _asked
    url, given = urls.split_login(url)
    if _asked >= _WAITING:
        raise errors.TooManyRequests("Too many links are being checked at once. Try again in a moment.")
    gate = _semaphores.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    _asked += 1
    try:
        async with asyncio.timeout(_SECONDS), gate:
            found, poster = await _look(owner, url, given)
    except TimeoutError:
        raise errors.Stalled("The site took too long to answer.") from None
    finally:
        _asked -= 1
    if isinstance(found, Listing):
        return _list(found)
    keys = [urls.source_key(url, Options().recipe()), found.source_key, found.old_key]
    return {
        "kind": "live" if found.is_live else "media",
        "title": found.title,
        "duration": found.duration,
        "size": found.filesize,
        "site": found.site,
        "uploader": found.uploader,
        "item": await dedup.owned(owner, keys),
        "count": None,
        "entries": [],
        "poster": poster,
        "subtitles": found.subtitles,
        "heights": found.heights,
    }


def _list(found: Listing) -> dict[str, Any]:
    shown = found.entries[:PREVIEW_ENTRIES]
    return {
        "kind": "playlist",
        "title": found.title,
        "duration": None,
        "size": None,
        "site": found.site,
        "uploader": found.uploader,
        "item": None,
        "count": found.count or (len(found.entries) if len(found.entries) < PREVIEW_ENTRIES else None),
        "entries": [
            {"index": number, "title": entry.title, "url": entry.url, "duration": entry.duration}
            for number, entry in enumerate(shown, 1)
        ],
        "poster": None,
        "subtitles": [],
        "heights": [],
    }


async def _look(owner: int, url: str, given: urls.Login | None) -> tuple[Info | Listing, str | None]:
    login = given or await cookie_jars.login_for(owner, url)
    async with (
        scratch() as folder,
        cookie_jars.borrow(owner, url) as jar,
        Fetch(
            url,
            await site_rules.for_request(owner, url, Options(), signed_in=bool(jar or login)),
            folder,
            jar.text if jar else None,
            login=login,
            mode="preview",
        ) as source,
    ):
        found = await source.look()
        return found, await _poster(source, folder) if isinstance(found, Info) and found.thumbnail else None


@contextlib.asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """Make a folder for one look at a link, and remove it at the end. `tidy` removes those that a crash leaves."""
    work = settings.get().work
    work.mkdir(parents=True, exist_ok=True, mode=0o711)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=work))
    folder.chmod(0o711)  # FFmpeg's account needs search permission
    try:
        yield folder
    finally:
        await asyncio.to_thread(work_folders.remove, folder)


async def _poster(source: Fetch, folder: Path) -> str | None:
    """Return the site's picture as a small JPEG of our own, in base64; it is optional in a preview."""
    target = folder / posters.NAME
    with contextlib.suppress(errors.Problem):
        cover = await source.cover()
        if cover and await posters.draw(cover, target, probe.Facts(0, picture=0)):
            return base64.b64encode(await asyncio.to_thread(target.read_bytes)).decode()
    return None


def tidy() -> None:
    """Remove the leftovers of previews and tests of a killed process. Only before the first preview."""
    chosen = settings.get()
    for folder in [one for root in (chosen.work, chosen.fetch) for name in _LEFT for one in root.glob(name)]:
        work_folders.remove(chosen.work / folder.name)
