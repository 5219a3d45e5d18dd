"""Metadata of sources: shown with each item, sorted, filtered and searched; private sources keep theirs."""

from datetime import UTC, datetime

import pytest

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import SourceMetadata, of_ytdlp
from mediafetcher.db import engine
from mediafetcher.library.catalog import bulk, channels, items, metadata, queries, trash


def _said(day: str, channel: str = "Films", **more) -> SourceMetadata:
    return of_ytdlp({"upload_date": day, "channel": channel, "channel_id": f"id-{channel}", **more})


async def _attach(item: int, key: str, found: SourceMetadata, *, private: bool = False) -> None:
    await engine.execute(
        "insert into source (key, url, media_file) select $1, $1, media_file from library_item where id = $2"
        " on conflict (key) do nothing",
        key,
        item,
    )
    async with engine.transaction():
        await metadata.attach(item, [key], found, private=private)


async def _ids(owner: int, **asked) -> list[int]:
    found, cursor = [], None
    while True:
        page = await queries.page(owner, limit=2, cursor=cursor, **asked)
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


async def test_item_with_metadata_shows_it(owner, put):
    item = await put(b"1")
    await _attach(item, "k", _said("20240105", description="About a zeppelin", tags=["airship"]))
    one = await queries.get(item, owner)
    assert one["published_at"] == datetime(2024, 1, 5, tzinfo=UTC)
    assert one["channel"] == {"id": "id-Films", "name": "Films", "url": None, "site": None}
    assert (one["description"], one["tags"]) == ("About a zeppelin", ["airship"])
    plain = await queries.get(await put(b"2"), owner)
    assert (plain["published_at"], plain["channel"], plain["description"], plain["tags"]) == (None, None, None, [])


async def test_sort_by_published_date_unknown_dates_last(owner, put):
    made = [await put(bytes([n])) for n in range(5)]
    for n, day in ((0, "20240105"), (2, "19700101"), (3, "20250101")):
        await _attach(made[n], f"k{n}", _said(day))
    assert await _ids(owner, sort="published") == [made[2], made[0], made[3], made[1], made[4]]
    assert await _ids(owner, sort="-published") == [made[3], made[0], made[2], made[4], made[1]]


async def test_channel_filter_takes_id_and_name(owner, put):
    one, two = await put(b"1"), await put(b"2")
    await _attach(one, "k1", _said("20240105", "Films"))
    await _attach(two, "k2", _said("20240106", "Songs"))
    assert await _ids(owner, channel="id-Films") == await _ids(owner, channel="Films") == [one]
    assert await _ids(owner, channel="Nobody") == []


async def test_tag_filter_ignores_case(owner, put):
    one, two = await put(b"1"), await put(b"2")
    await _attach(one, "k1", _said("20240105", tags=["Zürich", 'say "hi"\\n']))
    await _attach(two, "k2", _said("20240106", tags=["Zürich West"]))
    assert await _ids(owner, tag="zürich") == [one]
    assert await _ids(owner, tag='Say "hi"\\N') == [one]
    assert await _ids(owner, tag="rich") == await _ids(owner, tag="\x00") == []


async def test_since_and_until_include_their_days_and_leave_out_unknown_dates(owner, put):
    made = [await put(bytes([n])) for n in range(4)]
    for n, day in enumerate(("20240104", "20240105", "20240106")):
        await _attach(made[n], f"k{n}", _said(day))
    for sort in ("published", "-published", "title", "-created"):
        assert set(await _ids(owner, since="2024-01-05", sort=sort)) == {made[1], made[2]}, sort
        assert set(await _ids(owner, until="2024-01-05", sort=sort)) == {made[0], made[1]}, sort
        assert await _ids(owner, since="2024-01-05", until="2024-01-05", sort=sort) == [made[1]], sort
    assert await _ids(owner, since="2024-01-05T00:00:01Z") == [made[2]]
    assert await _ids(owner, since="30d") == []
    for wrong in ("yesterday", "2024-13-01", "1000000d", "2024-01-05T25:00", ""):
        with pytest.raises(errors.Invalid):
            await queries.page(owner, since=wrong)


async def test_channels_are_those_of_own_items_with_name_and_counts(owner, other, put):
    one, two, three = await put(b"1"), await put(b"2"), await put(b"3", owner=other)
    link = {"channel_url": "https://www.films.example/c/1"}
    await _attach(one, "k1", _said("20240105", "Films", **link))
    await _attach(
        two, "k2", of_ytdlp({"upload_date": "20240106", "channel": "Movies", "channel_id": "id-Films"} | link)
    )
    await _attach(three, "k3", _said("20240107", "Songs"))
    page = await channels.page(owner)
    assert [(row["id"], row["name"], row["site"], row["items"], row["newest"]) for row in page["channels"]] == [
        ("id-Films", "Movies", "films.example", 2, two)
    ]
    assert (await channels.get("id-Films", owner))["items"] == 2
    assert await _ids(owner, channel="Films") == await _ids(owner, channel="Movies") == [two, one]
    for absent in ("id-Songs", "Songs", "nothing"):
        with pytest.raises(errors.NotFound):
            await channels.get(absent, owner)
    await trash.trash(two, owner)
    assert (await channels.get("id-Films", owner))["items"] == 1


async def test_channels_of_two_sites_with_one_id_are_two(owner, put):
    one, two = await put(b"1"), await put(b"2")
    for item, site in ((one, "a.example"), (two, "b.example")):
        await _attach(item, site, _said("20240105", "News", channel_url=f"https://{site}/news"))
    page = await channels.page(owner, limit=1)
    rest = await channels.page(owner, limit=1, cursor=page["next"])
    assert [row["site"] for row in page["channels"] + rest["channels"]] == ["a.example", "b.example"]
    assert rest["next"] is None
    assert await _ids(owner, channel="id-News", site="b.example") == [two]
    assert (await channels.get("id-News", owner, site="b.example"))["newest"] == two
    for wrong in ("x", "W10", "bnVsbA"):
        with pytest.raises(errors.Invalid):
            await channels.page(owner, cursor=wrong)


async def test_copies_of_the_channel_follow_the_metadata(owner, put):
    item = await put(b"1")
    await _attach(item, "k", _said("20240105", "Films"))
    await _attach(item, "k", _said("20240105", "Songs", channel_url="https://songs.example/"))
    assert [row["id"] for row in (await channels.page(owner))["channels"]] == ["id-Songs"]
    await engine.execute("delete from source_metadata")
    assert (await channels.page(owner))["channels"] == []


async def test_search_finds_description_tags_and_channel(owner, put):
    item = await put(b"1", title="Title")
    await _attach(item, "k", _said("20240105", "Montgolfier", description="Two\nzeppelins", tags=["Bodensee"]))
    for words in ("zepp", "bodensee", "montgolfier", "title two"):
        assert await _ids(owner, q=words) == [item], words
    await items.rename(item, owner, "Renamed")
    assert await _ids(owner, q="zeppelins renamed") == [item]


async def test_copies_keep_the_metadata_and_follow_its_changes(owner, put):
    item = await put(b"1")
    await _attach(item, "k", _said("20240105", description="zeppelin"))
    copies = [await items.copy(item, owner, None) for _ in range(1)]
    await bulk.copy(owner, [item], "Other")
    await _attach(item, "k", _said("20240207", description="balloon"))
    found = await _ids(owner, q="balloon")
    assert len(found) == 2 and set(copies) <= set(found) and await _ids(owner, q="zeppelin") == []
    assert {(await queries.get(one, owner))["published_at"].month for one in found} == {2}
    assert await engine.fetchval("select count(*) from source_metadata") == 1


async def test_metadata_of_a_private_source_stays_with_its_user(owner, other, put):
    shared, theirs = await put(b"1"), await put(b"1", owner=other)
    await _attach(shared, "k", _said("20240105", description="public"))
    await _attach(theirs, "k", _said("20240105", description="public"))
    await engine.execute("insert into source (key, url, metadata) select $1, 'u', metadata from source", f"{owner}:k")
    await _attach(shared, f"{owner}:k", _said("20240105", description="secret words"), private=True)
    assert (await queries.get(shared, owner))["description"] == "secret words"
    assert (await queries.get(theirs, other))["description"] == "public"
    kept = (
        "select x.facts ->> 'description' from source s join source_metadata x on x.id = s.metadata where s.key = 'k'"
    )
    assert await engine.fetchval(kept) == "public"


async def test_metadata_that_nothing_refers_to_is_removed(owner, put):
    item = await put(b"1")
    await _attach(item, "k", _said("20240105"))
    assert await metadata.remove_unused() == 0
    await engine.execute("update library_item set metadata = null")
    assert await metadata.remove_unused() == 0
    await engine.execute("delete from source")
    assert await metadata.remove_unused() == 1


async def test_item_that_loses_its_metadata_has_no_date(owner, put):
    item = await put(b"1")
    await _attach(item, "k", _said("20240105"))
    await engine.execute("delete from source_metadata")
    assert (await queries.get(item, owner))["published_at"] is None
