"""Exported trees as shows and music: each rule that Jellyfin and Kodi document, and what changes keep.

https://jellyfin.org/docs/general/server/media/shows, .../music, https://kodi.wiki/view/NFO_files/TV_shows,
https://kodi.wiki/view/Naming_video_files/TV_shows, https://kodi.wiki/view/Artwork_types
"""

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import of_ytdlp
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items, metadata, trash
from mediafetcher.library.export import sync
from tests.unit.library.conftest import clean, path
from tests.unit.library.test_export import _written, counts, listing

CHANNEL = {
    "channel": "Lake: Films",
    "channel_id": "UC1",
    "channel_url": "https://tube.example/c",
    "extractor_key": "Tube",
}
EPISODE = re.compile(r"S(\d+)E(\d+)")


@pytest.fixture
def there(media_online: Path) -> Path:
    return media_online / "export"


@pytest.fixture
def said(put):
    """`await said(b"1", "Title", upload_date=...)`: an item with a poster and values of yt-dlp. Returns: its id."""

    async def do(data: bytes, title: str, **values) -> int:
        item = await put(data, title, {"poster.jpg": b"picture of " + data})
        async with engine.transaction():
            await metadata.attach(item, [], of_ytdlp({"id": data.decode(), "title": title} | values), private=True)
        return item

    return do


@pytest.fixture
async def show(said, there) -> Path:
    """A show of two seasons, and an item without a date. Returns: its folder."""
    await said(
        b"1",
        "One / first",
        timestamp=1704445200,
        description="Plot <1>",
        tags=["a", "b"],
        cast=["Ada & Co", "Bob"],
        **CHANNEL,
    )
    await said(b"2", "Two", upload_date="20240105", **CHANNEL)
    await said(b"3", "Three", upload_date="20231224", **CHANNEL)
    await said(b"4", "Four", **CHANNEL)
    await sync.export(kind="show")
    return there / "Ada" / "Lake- Films"


def _films(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.mp4"))


async def test_show_has_a_folder_with_seasons_of_years_and_specials(show):
    assert sorted(one.name for one in show.iterdir() if one.is_dir()) == ["Season 00", "Season 2023", "Season 2024"]


async def test_name_of_an_episode_has_show_season_and_episode(show):
    for film in _films(show):
        found = EPISODE.search(film.stem)
        assert found and film.stem.startswith("Lake- Films - S")
        assert film.parent.name == f"Season {int(found[1]):02}"


async def test_episodes_are_in_the_order_of_their_dates_and_distinct(show):
    numbers = [int(EPISODE.search(film.stem)[2]) for film in _films(show / "Season 2024")]
    assert len(set(numbers)) == 2 and all(1_050_000 <= number < 1_060_000 for number in numbers)


async def test_each_episode_has_its_description_and_picture_beside_it(show):
    for film in _films(show):
        assert film.with_suffix(".nfo").is_file() and film.with_name(f"{film.stem}-thumb.jpg").is_file()


async def test_description_of_an_episode_has_the_fields_of_kodi(show):
    [film] = [film for film in _films(show) if "One" in film.name]
    root = ET.parse(film.with_suffix(".nfo")).getroot()
    text = {element.tag: element.text for element in root}
    season, episode = EPISODE.search(film.stem).groups()
    assert root.tag == "episodedetails"
    assert (text["title"], text["showtitle"], text["plot"]) == ("One / first", "Lake: Films", "Plot <1>")
    assert (text["season"], text["episode"], text["aired"]) == (season, episode, "2024-01-05")
    assert [tag.text for tag in root.findall("tag")] == ["a", "b"]
    actors = [(actor.findtext("name"), actor.findtext("order")) for actor in root.findall("actor")]
    assert actors == [("Ada & Co", "0"), ("Bob", "1")]
    unique = root.find("uniqueid")
    assert (unique.get("type"), unique.get("default"), unique.text) == ("tube", "true", "1")
    assert root.findtext("fileinfo/streamdetails/video/codec") == "h264"
    assert root.findtext("fileinfo/streamdetails/video/width") == "640"


async def test_show_has_a_description_with_title_and_id(show):
    root = ET.parse(show / "tvshow.nfo").getroot()
    assert (root.tag, root.findtext("title"), root.findtext("uniqueid")) == ("tvshow", "Lake: Films", "UC1")
    assert root.findtext("premiered") == "2023-12-24"


async def test_show_and_seasons_have_pictures(show):
    assert (show / "poster.jpg").read_bytes() == b"picture of 1"
    assert (show / "fanart.jpg").samefile(show / "poster.jpg")
    names = ("season2023-poster.jpg", "season2024-poster.jpg", "season-specials-poster.jpg")
    assert all((show / name).is_file() for name in names)
    assert (show / "season2023-poster.jpg").samefile(path(b"3", "poster.jpg"))


async def test_series_keeps_its_own_numbers(said, there):
    values = {"series": "Talks", "season_number": 2, "episode_number": 3, "upload_date": "20240105"}
    await said(b"1", "Third", **values, **CHANNEL)
    await sync.export(kind="show")
    assert "Ada/Talks/Season 02/Talks - S02E03 - Third.mp4" in listing(there)


async def test_second_run_changes_nothing_and_refresh_has_nothing_to_do(show, there):
    before = _written(there)
    _, report = await sync.export()
    assert report.made == report.removed == 0 and _written(there) == before
    assert await sync.refresh() == 0
    await clean()


async def test_new_item_renames_no_other(show, there, said):
    before = listing(there)
    await said(b"5", "Five", upload_date="20240105", **CHANNEL)
    await sync.refresh()
    assert set(before) < set(listing(there)) and len(listing(there)) == len(before) + 3


async def test_pictures_and_folders_follow_deletions(show, there, owner):
    rows = {row["title"]: row["id"] for row in await engine.fetch("select id, title from library_item")}
    await trash.trash(rows["One / first"], owner)
    await sync.refresh()
    assert (show / "poster.jpg").read_bytes() == b"picture of 2"
    await trash.trash(rows["Three"], owner)
    await sync.refresh()
    assert not (show / "Season 2023").exists() and not (show / "season2023-poster.jpg").exists()
    assert ET.parse(show / "tvshow.nfo").getroot().findtext("premiered") == "2024-01-05"
    for title in ("Two", "Four"):
        await trash.trash(rows[title], owner)
    await sync.refresh()
    assert listing(there) == [] and not show.exists()
    await clean()


async def test_edited_and_foreign_files_of_a_show_stay(show, there, owner):
    (show / "tvshow.nfo").write_text("<tvshow>edited</tvshow>")
    (show / "banner.jpg").write_bytes(b"mine")
    await sync.export()
    for row in await engine.fetch("select id from library_item"):
        await trash.trash(row["id"], owner)
    await sync.refresh()
    assert listing(there) == ["Ada/Lake- Films/banner.jpg", "Ada/Lake- Films/tvshow.nfo"]


async def test_deleted_tree_harms_nothing(show, there):
    shutil.rmtree(there)
    assert await sync.refresh() == 0
    await clean()
    _, report = await sync.export()
    assert report.made == 4 * 3 + 6 + 3 and (show / "tvshow.nfo").is_file()


async def test_other_layout_replaces_the_files_of_the_former(show, there):
    await sync.export(kind="film")
    assert [name for name in listing(there) if name.endswith(".mp4")] == [
        f"Ada/{title}.mp4" for title in ("Four", "One - first (2024)", "Three (2023)", "Two (2024)")
    ]
    assert not show.exists()
    _, report = await sync.export()
    assert counts(report)[::2] == (0, 0), "the layout of a tree stays"


async def test_two_users_have_shows_of_their_own(said, put, owner, other, there):
    await said(b"1", "One", upload_date="20240105", **CHANNEL)
    theirs = await put(b"1", "Theirs", owner=other)
    await engine.execute(
        "update library_item set metadata = (select min(id) from source_metadata) where id = $1", theirs
    )
    await sync.export(kind="show")
    assert (there / "Ada/Lake- Films/tvshow.nfo").is_file() and (there / "Grace/Lake- Films/tvshow.nfo").is_file()


async def test_music_is_in_folders_of_artist_and_album_with_cover(said, there, owner):
    song = {"artist": "The Airships", "album": "Up?", "track": "Rise", "track_number": 4, "upload_date": "20240105"}
    item = await said(b"1", "Rise (official)", **song)
    await said(b"2", "Alone", artist="The Airships")
    await sync.export(kind="music")
    assert listing(there) == [
        "Ada/The Airships/Singles/Alone.mp4",
        "Ada/The Airships/Singles/album.nfo",
        "Ada/The Airships/Singles/folder.jpg",
        "Ada/The Airships/Up/04 - Rise.mp4",
        "Ada/The Airships/Up/album.nfo",
        "Ada/The Airships/Up/folder.jpg",
        "Ada/The Airships/artist.nfo",
    ]
    root = ET.parse(there / "Ada/The Airships/Up/album.nfo").getroot()
    assert (root.tag, root.findtext("title"), root.findtext("artist")) == ("album", "Up?", "The Airships")
    await items.rename(item, owner, "Other")
    await sync.refresh()
    assert "Ada/The Airships/Up/04 - Rise.mp4" in listing(there)
    _, report = await sync.export()
    assert report.made == report.removed == 0
    await clean()


# ---- folders with a layout of their own ------------------------------------------------------------------


async def _in_folder(item: int, owner: int, name: str) -> None:
    await items.move(item, owner, await folders.ensure(owner, name))


async def test_folder_with_a_layout_begins_it_inside(said, there, owner):
    song = {"artist": "The Airships", "album": "Up", "track": "Rise", "track_number": 4, "upload_date": "20240105"}
    await _in_folder(await said(b"1", "Rise (official)", **song), owner, "Music/Live")
    await _in_folder(await said(b"2", "Two", upload_date="20240105", **CHANNEL), owner, "Shows")
    film = await said(b"3", "Three", **CHANNEL)
    await _in_folder(film, owner, "Films")
    layouts = {"music": "music", "Shows": "show", "music/Karaoke": "film"}
    names = [
        "Films/Three.mp4",
        "Shows/Lake- Films/Season 2024/Lake- Films - S2024E01051442 - Two.mp4",
        "Music/The Airships/Up/04 - Rise.mp4",
    ]
    found = await sync.preview(owner, layouts=layouts)
    assert [EPISODE.sub("S2024E01051442", name) for name in found] == names
    await sync.export(layouts=layouts)
    assert [name for name in listing(there) if name.endswith(".mp4")] == sorted(f"Ada/{name}" for name in found)
    assert {"Ada/Music/The Airships/Up/album.nfo", "Ada/Shows/Lake- Films/tvshow.nfo"} < set(listing(there))
    before = _written(there)
    _, report = await sync.export()  # the tree keeps them
    assert report.made == report.removed == 0 and _written(there) == before
    await _in_folder(film, owner, "Shows")
    await sync.refresh()
    assert "Ada/Shows/Lake- Films/Season 00" in {str(one.parent.relative_to(there)) for one in _films(there)}
    await sync.export(layouts={})
    assert [name for name in listing(there) if name.endswith(".mp4")] == [
        "Ada/Music/Live/Rise (official) (2024).mp4",
        "Ada/Shows/Three.mp4",
        "Ada/Shows/Two (2024).mp4",
    ]
    await clean()


@pytest.mark.parametrize("wrong", [{"Music": "records"}, {"": "music"}, {"Music": "template"}, {"..": "music"}])
async def test_wrong_layout_of_a_folder_is_refused_and_makes_nothing(owner, there, wrong):
    with pytest.raises(errors.Invalid):
        await sync.export(layouts=wrong)
    with pytest.raises(errors.Invalid):
        await sync.preview(owner, layouts=wrong)
    assert not there.exists()


async def test_film_has_a_background_and_a_sound_has_none(said, there, owner):
    film = await said(b"1", "One")
    sound = await said(b"2", "Two")
    await engine.execute(
        "update media_file set video_codec = null where id = (select media_file from library_item where id = $1)", sound
    )
    await sync.export()
    assert (there / "Ada/One-fanart.jpg").samefile(path(b"1", "poster.jpg"))
    assert [name for name in listing(there) if "fanart" in name] == ["Ada/One-fanart.jpg"]
    await trash.trash(film, owner)
    await sync.refresh()
    assert not (there / "Ada/One-fanart.jpg").exists()
    await clean()


# ---- templates -------------------------------------------------------------------------------------------


async def test_names_by_a_template_follow_changes_and_are_previewed(said, there, owner):
    item = await said(b"1", "One / first", upload_date="20240105", **CHANNEL)
    await said(b"2", "Two")
    names = "{channel}/{year}/{date} {title}"
    films = ["Ada/Lake- Films/2024/2024-01-05 One - first.mp4", "Ada/Unknown/Unknown/Unknown Two.mp4"]
    assert await sync.preview(owner, names=names) == [films[1][4:], films[0][4:]]
    assert not there.exists()
    await sync.export(names=names)
    assert [name for name in listing(there) if name.endswith(".mp4")] == films
    before = _written(there)
    _, report = await sync.export()  # the tree keeps its template
    assert report.made == report.removed == 0 and _written(there) == before
    await items.rename(item, owner, "New")
    await sync.refresh()
    assert "Ada/Lake- Films/2024/2024-01-05 New.nfo" in listing(there)
    await sync.export(kind="film")
    assert "Ada/New (2024).mp4" in listing(there) and not (there / "Ada/Lake- Films").exists()
    await sync.export(names="{id}")
    assert [name for name in listing(there) if name.endswith(".mp4")] == [f"Ada/{item}.mp4", f"Ada/{item + 1}.mp4"]
    await clean()


@pytest.mark.parametrize(
    "wrong",
    ["", "{titel}", "{title", "a//{title}", "{channel}", "{title}/{channel}", "{0}", "{title.__class__}", "x" * 501],
)
async def test_wrong_template_is_refused_and_makes_nothing(owner, there, wrong):
    with pytest.raises(errors.Invalid):
        await sync.export(names=wrong)
    with pytest.raises(errors.Invalid):
        await sync.preview(owner, names=wrong)
    assert not there.exists()
