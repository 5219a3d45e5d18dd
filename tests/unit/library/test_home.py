"""Rows and shelves of the start page, by what a user has and by how it was watched."""

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.library.catalog import home, lists, metadata, trash, watching
from tests.unit.library.conftest import Put


async def _of_channel(item: int, channel: str, name: str | None = None) -> None:
    async with engine.transaction():
        found = SourceMetadata(channel_id=channel, channel_name=name, extractor="site")
        await metadata.attach(item, [], found, private=True)


async def test_item_is_in_the_row_that_its_watching_says(owner: int, other: int, put: Put) -> None:
    films = [await put(bytes([number]), f"film {number}") for number in range(home.ROW + 3)]
    await put(b"theirs", owner=other)
    await watching.report(films[0], owner, 5.0)
    await watching.report(films[-1], owner, 6.0)
    rows = await home.rows(owner, followed=[films[3], 10**9, films[1]])
    ids = {name: [item["id"] for item in row] for name, row in rows.items()}
    assert ids["recent"] == films[: -home.ROW - 1 : -1]
    assert ids["continue"] == [films[-1], films[0]]  # the last watched first
    assert ids["followed"] == [films[3], films[1]]  # in their order, without the unknown
    assert ids["unwatched"] == films[1:3]  # not begun, and not in another row


async def test_shelf_needs_two_items_of_its_channel(owner: int, put: Put) -> None:
    films = [await put(bytes([number])) for number in range(5)]
    for number in (0, 1):
        await _of_channel(films[number], "a", "Channel A")
    for number in (2, 3):
        await _of_channel(films[number], "b")
    await _of_channel(films[4], "c", "Alone")
    shelves = await home.shelves(owner)
    assert [(shelf["title"], len(shelf["items"])) for shelf in shelves] == [("b", 2), ("Channel A", 2)]
    await trash.trash(films[0], owner)
    assert [shelf["channel"] for shelf in await home.shelves(owner)] == ["b"]


async def test_shelf_of_a_playlist_has_its_items_in_the_order_of_the_site(owner: int, put: Put) -> None:
    links = [f"https://example.org/{number}" for number in range(3)]
    films = [await put(bytes([number]), source_url=link) for number, link in enumerate(links)]
    entries = [lists.Entry(link, None, None) for link in (links[2], "https://example.org/9", links[0])]
    await lists.save(owner, "https://example.org/list", "A list", "example.org", entries)
    (shelf,) = await home.shelves(owner)
    assert (shelf["title"], shelf["channel"]) == ("A list", None)
    assert [item["id"] for item in shelf["items"]] == [films[2], films[0]]


async def test_start_page_of_an_empty_library_is_empty(owner: int) -> None:
    assert await home.shelves(owner) == []
    assert set(map(len, (await home.rows(owner)).values())) == {0}
