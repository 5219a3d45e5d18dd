"""Things to have in a library, for the tests of the API."""

from pathlib import Path

from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items
from mediafetcher.library.storage import blob_store

ALL = bytes(range(256)) * 40  # 10,240 bytes of which each place can be told


async def add_item(owner: int, tmp_path: Path, data: bytes = ALL, title: str = "A film", folder: str = "") -> int:
    """Make an item of this user. Returns: its id."""
    source = tmp_path / "source.bin"
    source.write_bytes(data)
    return await add_file(owner, source, title, folder)


FILM = items.MediaFacts("video/mp4", ".mp4", 12.5, 640, 360, "h264", "aac")


async def add_file(
    owner: int, source: Path, title: str = "A film", folder: str = "", facts: items.MediaFacts = FILM
) -> int:
    staged = await blob_store.stage(source)
    place = await folders.ensure(owner, folder)
    entry = items.Entry(title, place, None, "http://site.test/film", "site.test", "Somebody")
    return await items.add_media(owner=owner, staged=staged, facts=facts, entry=entry)


async def add_download(owner: int, state: str = "needs_action", url: str = "http://site.test/film") -> int:
    """Make a download that no worker runs. Returns: its id."""
    return int(
        await engine.fetchval(
            "insert into download (owner, url, site, source_key, options, state) values ($1, $2, 'site.test', $2,"
            " '{}', $3) returning id",
            owner,
            url,
            state,
        )
    )
