"""Never again: one user's mark on a source, in every quality, seen and taken away."""

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import blocklist, queries

LINK = "https://www.site.test/watch?v=1"


async def _source(key: str, url: str = LINK) -> int:
    return int(await engine.fetchval("insert into source (key, url) values ($1, $2) returning id", key, url))


@pytest.mark.parametrize(
    ("key", "bare"),
    [
        ("url default https://a/b c", "url https://a/b c"),
        ("7:url m4a-h720 https://a/", "url https://a/"),
        ("id default Youtube abc", "id Youtube abc"),
        ("file 1:2:3", "other file 1:2:3"),
    ],
)
def test_the_key_without_owner_and_recipe(key: str, bare: str) -> None:
    assert blocklist.bare(key) == bare


async def test_a_mark_holds_for_link_and_id_in_every_quality(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    one, two = await _source(f"url default {LINK}"), await _source("id default Site 1")
    await put(b"film", source_id=one)
    assert await blocklist.get(one, owner) == {"never": False, "since": None}
    await blocklist.block(one, owner)
    await blocklist.block(one, owner)
    marked = await blocklist.get(two, owner)
    assert marked["never"] and marked["since"]
    for keys in ([f"url h720 {LINK}"], ["id m4a Site 1"], [f"{owner}:id default Site 1"], ["x", f"url copy {LINK}"]):
        with pytest.raises(errors.SourceBlocked) as refused:
            await blocklist.ensure_allowed(owner, keys)
        assert refused.value.facts["source"] in (one, two)
    await blocklist.ensure_allowed(owner, [f"url default {LINK}2", "id default Other 1"])
    await blocklist.unblock(two, owner)
    await blocklist.ensure_allowed(owner, [f"url default {LINK}", "id default Site 1"])
    assert await blocklist.page(owner) == []


async def test_it_is_seen_with_its_title_and_on_the_item(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    source = await _source(f"url default {LINK}")
    await _source("id default Site 1")
    item = await put(b"film", title="A talk", source_id=source, site="site.test")
    shown = await queries.get(item, owner)
    assert (shown["source"], shown["never"]) == (source, False)
    await blocklist.block(source, owner)
    assert (await queries.get(item, owner))["never"]
    (row,) = await blocklist.page(owner)
    assert (row["id"], row["url"], row["site"], row["title"]) == (source, LINK, "site.test", "A talk")


async def test_it_is_one_persons_alone(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    source = await _source(f"url default {LINK}")
    await put(b"film", source_id=source)
    await blocklist.block(source, owner)
    await blocklist.ensure_allowed(other, [f"url default {LINK}"])
    for call in (blocklist.get(source, other), blocklist.block(source, other), blocklist.unblock(source, other)):
        with pytest.raises(errors.NotFound):
            await call
    theirs = await put(b"film", owner=other, source_id=source)
    assert not (await queries.get(theirs, other))["never"] and await blocklist.page(other) == []


async def test_source_of_other_users_cookies_is_not_told(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    mine, hidden = await _source(f"url default {LINK}"), await _source(f"{other}:id default Site secret")
    await put(b"film", source_id=mine)
    await blocklist.block(mine, owner)
    assert await engine.fetch("select source from blocked_source") == [{"source": mine}]
    with pytest.raises(errors.NotFound):
        await blocklist.get(hidden, owner)


async def test_unknown_link_can_be_blocked(owner: int, other: int) -> None:
    source = await blocklist.block_link(owner, LINK, f"url default {LINK}")
    assert source == await blocklist.block_link(owner, LINK, f"url default {LINK}")
    assert source == await blocklist.block_link(other, LINK, f"url h720 {LINK}")
    assert [row["site"] for row in await blocklist.page(owner)] == ["site.test"]
    await blocklist.unblock(source, owner)
    assert await blocklist.page(owner) == [] and len(await blocklist.page(other)) == 1
