"""Our own models of what the fetch child tells. Its events are typed; their contents are untrusted."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from msgspec import structs

from mediafetcher.core import errors, source_metadata
from mediafetcher.fetch import child_events
from mediafetcher.fetch.models import Completed, Entry, Info, Listing
from mediafetcher.fetch.options import FEED, MAX_AUDIO_LANGUAGES, Options
from mediafetcher.media.join import Sound
from mediafetcher.net import urls

_MOST_TEXTS = 100
_MOST_FILES = 20000  # files that a child may name


def info(url: str, recipe: str, event: child_events.Found) -> Info:
    """Return what the child found behind the link `url`, as one video. `recipe`: of the options."""
    page = event.webpage_url or url
    return Info(
        title=event.title or _name(url),
        id=event.id or "",
        extractor=event.extractor or "Generic",
        webpage_url=page,
        site=urls.site(page),
        source_key=_key(url, recipe, event, page),
        old_key=f"id {recipe} {event.extractor} {event.id or ''}",
        duration=event.duration,
        uploader=event.uploader,
        thumbnail=event.thumbnail,
        filesize=event.filesize,
        is_live=event.live,
        chapters=tuple(event.chapters),
        subtitles=tuple(event.subtitles),
        heights=tuple(event.heights),
        file_named=event.file_named,
        metadata=source_metadata.again(event.metadata) if event.metadata else None,
    )


def _key(url: str, recipe: str, event: child_events.Found, page: str) -> str:
    """Return the key of the link: host and id; a page without an id has its address as the key.

    Software on many sites (Mediasite, PeerTube) lets each site choose its ids: therefore the host is included.
    """
    if event.extractor not in (None, "Generic", "HTML5MediaEmbed") and event.id:
        return f"id {recipe} {event.extractor} {urlsplit(page).netloc} {event.id}"
    try:
        return urls.source_key(urls.parse(page), recipe)
    except errors.InvalidUrl:
        return urls.source_key(urls.parse(url), recipe)


async def listing(url: str, event: child_events.Listed, rows: list[child_events.Row], *, empty: bool) -> Listing:
    """Return what the child found behind the link `url`, as a list.

    Raises: `Unsupported` for one without entries, if not `empty`.
    """
    found = []
    for number, row in enumerate(_without_repeated_ids(rows)):
        if number % 100 == 0:
            await asyncio.sleep(0)  # thousands of entries take a tenth of a second
        with contextlib.suppress(errors.InvalidUrl):
            found.append(_entry(row, urls.parse(row.url)))
    if not found and not empty:
        raise errors.Unsupported("The playlist is empty.")
    count = int(event.count) if event.count is not None and event.count >= len(found) else None
    title, site = event.title or _name(url), urls.site(url)
    moved_to = urls.moved(url, event.moved_to) if event.moved_to else None
    return Listing(title, site, tuple(found), count, event.uploader, moved_to)


def completed(event: child_events.Done, *, live: bool) -> Completed:
    """Return what a child that is done has left, within our bounds."""
    return Completed(
        files=tuple(event.files[:_MOST_FILES]),
        parts=tuple(tuple(part) for part in event.parts[:_MOST_FILES]),
        timed=tuple((language, tuple(parts[:_MOST_FILES])) for language, parts in event.timed[:_MOST_TEXTS]),
        limit=event.limit,
        sounds=tuple(Sound(*sound) for sound in event.sounds[: MAX_AUDIO_LANGUAGES + 1] if sound[0] >= 0),
        subtitles=tuple(event.subtitles[:_MOST_FILES]),
        cover=event.cover,
        marks=tuple(event.marks),
        duration=event.duration,
        one_clock=live or event.one_clock,
        bounded=event.bounded,
        cookies=event.cookies,
    )


def _site_key(row: child_events.Row, url: str) -> str | None:
    """The key of an entry by the id that its site gives it; None if there is none."""
    if not row.id or row.extractor in (None, "Generic"):
        return None
    if row.extractor == FEED:  # which keeps its ids when its files move to another host
        return f"id {FEED} {row.id}"
    return f"id {row.extractor} {urlsplit(url).netloc} {row.id}"


def _without_repeated_ids(rows: list[child_events.Row]) -> list[child_events.Row]:
    """Return the rows; those of a feed that gives one id to several links have none."""
    links: dict[str, set[str]] = {}
    for row in rows:
        if row.id and row.extractor == FEED:
            links.setdefault(row.id, set()).add(row.url)
    repeated = {id for id, several in links.items() if len(several) > 1}
    return [structs.replace(row, id=None) if row.id in repeated else row for row in rows]


def _entry(row: child_events.Row, url: str) -> Entry:
    return Entry(
        title=row.title,
        url=url,
        duration=row.duration,
        site_key=_site_key(row, url),
        published=row.published,
        referer=_page_of(row),
        live_status=row.live,
        metadata=source_metadata.again(row.metadata) if row.metadata else None,
    )


def _page_of(row: child_events.Row) -> str | None:
    """Return the page that an entry was found on, as the next request names it; None if it is not valid."""
    with contextlib.suppress(ValueError):
        return Options(referer=row.referer).referer
    return None


def _name(url: str) -> str:
    """Return a fallback title: the last part of the address."""
    parts = urlsplit(url)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.hostname or url
