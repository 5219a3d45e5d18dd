"""m0028 on rows as earlier versions wrote them: sources that others could have chosen are no longer shared."""

import json
from typing import Any

import pytest

from mediafetcher.db import engine
from mediafetcher.db.migrations import m0028_private_sources
from mediafetcher.downloads import dedup
from tests.factories import add_user

_FILE = (
    "insert into media_file (sha256, size, ext, kind) values (sha256($1::text::bytea), 1, '.mp4', 'video/mp4')"
    " returning id"
)


async def _user(name: str) -> int:
    return await add_user(name)


async def _fetched(owner: int, url: str, **options: Any) -> tuple[int, str]:
    """A link that `owner` has fetched, under a key that all users share. Returns: its item, its key."""
    file = await engine.fetchval(_FILE, f"{owner} {url}")
    key = f"link {url}"
    source = await engine.fetchval(
        "insert into source (key, url, media_file) values ($1, $2, $3) returning id", key, url, file
    )
    await engine.execute(
        "insert into source (key, url, media_file) values ($1, $2, $3)", f"id {url}", url, file
    )  # the site's id
    item = await engine.fetchval(
        "insert into library_item (owner, media_file, source, source_url, title) values ($1, $2, $3, $4, 'x')"
        " returning id",
        *(owner, file, source, url),
    )
    await engine.execute(
        "insert into download (owner, url, site, source_key, options, state, item)"
        " values ($1, $2, split_part($2, '/', 3), $3, $4::text::jsonb, 'done', $5)",
        *(owner, url, key, json.dumps(options), item),
    )
    return int(item), key


async def _migrate() -> None:
    async with engine.transaction():
        manager = await m0028_private_sources.forwards()
        for raw in manager.raw:
            await raw()


@pytest.mark.parametrize(
    ("url", "options", "jar"),
    [
        ("http://films.example/1", {}, False),
        ("https://films.example/1", {"proxy": "http://proxy.example:3128"}, False),
        ("https://films.example/1", {}, True),
    ],
    ids=["http", "proxy", "cookies"],
)
async def test_shared_source_that_others_could_choose_becomes_private(database, url, options, jar):
    ada, bob = await _user("ada"), await _user("bob")
    if jar:
        jar = "insert into cookie_jar (owner, site, ciphertext, cookies) values ($1, 'films.example', '\\x00', 1)"
        await engine.execute(jar, ada)
    item, key = await _fetched(ada, url, **options)
    assert await dedup.known(bob, None, [key], url, "films.example") is not None  # as it was
    await engine.execute("delete from library_item where owner = $1", bob)
    await _migrate()
    for each in (key, f"id {url}"):
        assert await dedup.known(bob, None, [each], url, "films.example") is None
        assert await dedup.known(ada, None, [each], url, "films.example") == item
    await _migrate()
    assert await engine.fetchval("select count(*) from library_item where owner = $1", ada) == 1
    assert await engine.fetchval("select min(ref_count) from media_file") == 1
    source = await engine.fetchval(
        "select s.key from library_item i join source s on s.id = i.source where i.id = $1", item
    )
    assert source == f"{ada}:{key}"


async def test_source_over_https_without_cookies_stays_shared(database):
    ada, bob = await _user("ada"), await _user("bob")
    _, key = await _fetched(ada, "https://films.example/1")
    await _migrate()
    assert await dedup.known(bob, None, [key], "https://films.example/1", "films.example") is not None


async def test_every_user_of_a_shared_source_keeps_it(database):
    ada, bob = await _user("ada"), await _user("bob")
    url = "http://films.example/1"
    mine, key = await _fetched(ada, url)
    theirs = await dedup.known(bob, None, [key], url, "films.example")
    await _migrate()
    assert await dedup.known(ada, None, [key], url, "films.example") == mine
    assert await dedup.known(bob, None, [key], url, "films.example") == theirs
    assert await engine.fetchval("select ref_count from media_file") == 2
