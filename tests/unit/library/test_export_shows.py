"""Shows of exported trees: what makes a show, a season and a number, and what a tree of an earlier version keeps."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import of_ytdlp
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, lists, metadata, trash
from mediafetcher.library.export import arrangement, episodes, folder_files, sync, trees
from mediafetcher.library.export.rows import ItemRow
from tests.unit.library.conftest import Put, clean
from tests.unit.library.test_export import _written, listing

Said = Callable[..., Awaitable[int]]
LAKE = {"channel": "Lake", "channel_id": "UC1", "channel_url": "https://tube.example/c/UC1", "extractor_key": "Tube"}
MORNING = 1704445200  # January 5, 2024, 9:00


@pytest.fixture
def there(media_online: Path) -> Path:
    return media_online / "export"


@pytest.fixture
def said(put: Put) -> Said:
    """`await said("one", timestamp=...)`: an item of this title with the values of yt-dlp. Returns: its id."""

    async def do(title: str, **values: Any) -> int:
        item = await put(title.encode(), title, {"poster.jpg": b"p"}, source_url=f"https://tube.example/{title}")
        async with engine.transaction():
            await metadata.attach(item, [], of_ytdlp({"id": title, "title": title} | values), private=True)
        return item

    return do


def films(there: Path) -> list[str]:
    return [name for name in listing(there) if name.endswith(".mp4")]


def number(there: Path, title: str) -> int:
    [name] = [name for name in films(there) if name.endswith(f" - {title}.mp4")]
    found = re.search(r"S\d+E(\d+)", name)
    assert found is not None
    return int(found[1])


async def test_two_channels_of_one_name_are_two_shows(said: Said, there: Path) -> None:
    await said("one", timestamp=MORNING, **LAKE)
    await said("two", timestamp=MORNING, **LAKE | {"channel_id": "UC2"})
    await said("three", timestamp=MORNING, **LAKE | {"channel_url": "https://other.example/c/UC1"})
    await sync.export(kind="show")
    assert sorted(path.name for path in (there / "Ada").iterdir()) == ["Lake", "Lake (2)", "Lake (3)"]
    ids = {ET.parse(path).getroot().findtext("uniqueid") for path in there.rglob("tvshow.nfo")}
    assert ids == {"UC1", "UC2"}
    _, report = await sync.export()
    assert report.made == report.removed == 0
    await clean()


async def test_renamed_channel_stays_one_show_under_its_new_name(said: Said, there: Path, owner: int) -> None:
    await said("one", timestamp=MORNING, **LAKE)
    await said("two", timestamp=MORNING + 86_400, **LAKE)
    await sync.export(kind="show")
    newest = await said("three", timestamp=MORNING + 2 * 86_400, **LAKE | {"channel": "Sea"})
    await sync.refresh()
    assert [path.name for path in (there / "Ada").iterdir()] == ["Sea"]
    assert len(films(there)) == 3 and all("/Sea - S2024E" in name for name in films(there))
    before = _written(there)
    _, report = await sync.export()
    assert report.made == report.removed == 0 and _written(there) == before
    await trash.trash(newest, owner)
    await sync.refresh()
    assert [path.name for path in (there / "Ada").iterdir()] == ["Lake"] and len(films(there)) == 2
    await clean()


async def test_episodes_of_one_minute_have_numbers_of_their_own(said: Said, there: Path, owner: int) -> None:
    first = await said("one", timestamp=MORNING, **LAKE)
    await said("two", timestamp=MORNING + 10, **LAKE)
    await sync.export(kind="show")
    had = {title: number(there, title) for title in ("one", "two")}
    assert had["one"] == 1_050_540 and 1_051_440 <= had["two"] < 1_060_000
    await said("three", timestamp=MORNING + 20, **LAKE)  # added later
    await said("day", upload_date="20240105", **LAKE)
    await sync.refresh()
    assert {title: number(there, title) for title in had} == had
    assert len({number(there, title) for title in ("one", "two", "three", "day")}) == 4
    await trash.trash(first, owner)
    await sync.export()
    assert number(there, "two") == had["two"]


async def test_day_of_items_with_equal_last_digits_has_distinct_numbers(said: Said, there: Path) -> None:
    one = await said("one", upload_date="20240105", **LAKE)
    two = await said("two", upload_date="20240105", **LAKE)
    await engine.execute("update library_item set id = $1 where id = $2", one + 8560, two)
    await sync.export(kind="show")
    assert number(there, "one") != number(there, "two")


async def _list(owner: int, title: str, *names: str, url: str = "https://tube.example/list") -> None:
    entries = [lists.Entry(f"https://tube.example/{name}", None, None) for name in names]
    await lists.save(owner, url, title, "tube.example", entries)


async def test_seasons_of_playlists_follow_their_lists(said: Said, there: Path, owner: int) -> None:
    for title in ("one", "two", "three"):
        await said(title, timestamp=MORNING, **LAKE)
    await _list(owner, "Lake - Videos", "three", "two", "one", url="https://tube.example/c/UC1/videos")
    await _list(owner, "Best", "two", "one")
    all_of_channel, best = (row["id"] for row in await engine.fetch("select id from source_list order by id"))
    await sync.export(kind="show-by-playlist")
    names = [name.removeprefix("Ada/Lake/") for name in films(there)]
    assert names == sorted(
        [
            f"Season {best:02}/Lake - S{best:02}E01 - two.mp4",
            f"Season {best:02}/Lake - S{best:02}E02 - one.mp4",
            f"Season {all_of_channel:02}/Lake - S{all_of_channel:02}E01 - three.mp4",
        ]
    )
    assert await sync.preview(owner, "show-by-playlist") == [
        name.removeprefix("Ada/") for title in ("three", "two", "one") for name in films(there) if title in name
    ]
    await _list(owner, "Better", "one")
    await sync.refresh()
    assert f"Ada/Lake/Season {best:02}/Lake - S{best:02}E01 - one.mp4" in films(there)
    assert ET.parse(there / f"Ada/Lake/Season {best:02}/season.nfo").getroot().findtext("title") == "Better"
    await engine.execute("delete from source_list")
    await sync.refresh()
    assert all("/Season 00/" in name for name in films(there))
    await clean()


async def test_folder_may_have_seasons_of_playlists(said: Said, there: Path, owner: int) -> None:
    await said("one", timestamp=MORNING, **LAKE)
    await items.move((await engine.fetch("select id from library_item"))[0]["id"], owner, None)
    await sync.export(layouts={"Shows": "show-by-playlist"})
    assert films(there) == ["Ada/one (2024).mp4"]
    [tree] = await trees.page()
    assert tree["folder_layouts"] == {"Shows": "show-by-playlist"}


async def test_tree_of_an_earlier_version_keeps_its_files_and_edits(said: Said, there: Path) -> None:
    await said("one", timestamp=MORNING, **LAKE)
    await said("two", timestamp=MORNING, **LAKE)
    await sync.export(kind="show")
    (there / "Ada/Lake/tvshow.nfo").write_text("<tvshow>edited</tvshow>")
    await _make_former(there)
    before, names = _written(there), listing(there)
    await engine.execute("update export_tree set behind = true")
    assert await sync.refresh() == 0
    assert listing(there) == names and _written(there) == before
    assert (there / "Ada/Lake/tvshow.nfo").read_text() == "<tvshow>edited</tvshow>"
    _, report = await sync.export()
    assert report.made == report.removed == 0
    await clean()


async def _make_former(there: Path) -> None:
    """Give folders and files the numbers that an earlier version made of the names of the channels."""
    owner = await engine.fetchval("select id from account where name = 'Ada'")
    for keys, names in (
        ([["tube.example", "UC1"]], ["Lake"]),
        ([["tube.example", "UC1"], "Season 2024"], ["Lake", "Season 2024"]),
    ):
        now, former = arrangement._number(owner, None, keys), arrangement._number(owner, None, names)
        assert await engine.fetchval("select count(*) from export_folder where folder = $1", now) == 1
        await engine.execute("update export_folder set folder = $2 where folder = $1", now, former)
        for before, after in folder_files.renumbered(now, former):
            await engine.execute("update export_file set item = $2 where item = $1", before, after)


async def test_film_of_an_earlier_version_moves_and_its_edited_description_stays(said: Said, there: Path) -> None:
    item = await said("one", **LAKE)
    await sync.export()
    assert films(there) == ["Ada/one.mp4"]
    (there / "Ada/one.nfo").write_text("mine")
    await engine.execute("update library_item set published_at = '2024-01-05' where id = $1", item)
    await engine.execute("update export_tree set behind = true")
    await sync.refresh()
    assert listing(there) == [
        "Ada/one (2024)-fanart.jpg",
        "Ada/one (2024)-poster.jpg",
        "Ada/one (2024).mp4",
        "Ada/one (2024).nfo",
        "Ada/one.nfo",
    ]
    assert (there / "Ada/one.nfo").read_text() == "mine"
    await clean()


@pytest.mark.parametrize("kind", ["film", "show", "show-by-playlist", None])
async def test_tagged_tree_without_music_is_refused_and_makes_nothing(
    owner: int, there: Path, kind: arrangement.Kind | None
) -> None:
    with pytest.raises(errors.TaggedNeedsMusic):
        await sync.export(kind=kind, tagged=True)
    assert not there.exists()


async def test_tagged_tree_needs_music_somewhere(owner: int, there: Path) -> None:
    await sync.export(kind="film", layouts={"Music": "music"}, tagged=True)
    [tree] = await trees.page()
    with pytest.raises(errors.TaggedNeedsMusic):
        await trees.change(tree["id"], owner, layouts={}, tagged=True)
    await trees.change(tree["id"], owner, kind="music", layouts={}, tagged=True)
    await trees.change(tree["id"], owner, kind="film")  # copies are kept as a wish for later


async def test_imported_item_names_the_page_of_its_source(put: Put, there: Path) -> None:
    item = await put(b"one", "one")
    async with engine.transaction():
        said = of_ytdlp({"id": "1", "title": "one", "webpage_url": "https://tube.example/one"})
        await metadata.attach(item, [], said, private=True)
    await sync.export()
    assert ET.parse(there / "Ada/one.nfo").getroot().findtext("website") == "https://tube.example/one"


def test_season_full_of_one_minute_gives_each_item_a_number_of_its_day() -> None:
    season = episodes.Season([(1, "Lake - S2024E1050540 - one"), (2, "notes")])
    numbers = set()
    for item in range(1, 50):
        row = ItemRow(
            id=item, owner=1, folder=-8, title=f"{item}", sha256=b"", show="Lake", season=2024, episode=1050540
        )
        season.settle(row)
        assert row.episode is not None and row.episode // 10_000 == 105
        numbers.add(row.episode)
    assert len(numbers) == 49 and 1050540 in numbers
