"""Each rule of docs/export.md, looked at in trees that were really exported."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core.source_metadata import of_ytdlp
from mediafetcher.db import engine
from mediafetcher.library.catalog import lists, metadata
from mediafetcher.library.export import sync
from tests.unit.library.conftest import Put

DOCUMENT = Path(__file__).parents[3] / "docs" / "export.md"
LINK = "https://tube.example/c"
CHANNEL = {"channel": "Lake: Films", "channel_id": "UC1", "channel_url": LINK, "extractor_key": "Tube"}
AIRSHIPS = {"artist": "The Airships, Guest", "album_artist": "The Airships"}
SONG = AIRSHIPS | {"album": "Up", "track": "Rise", "track_number": 4}
SUBTITLES = ("en", "en-forced", "en-sdh", "pt-BR", "en-2", "hi")
EPISODE = "Lake- Films/Season 2024/Lake- Films - S2024E1050540 - One - first"
PLACED = "Lake- Films/Season 01/Lake- Films - S01E02 - One - first"
Trees = dict[str, Path]


@pytest.fixture
async def trees(put: Put, owner: int, media_online: Path) -> Trees:
    """The folders of the user in a tree of each layout."""

    async def add(data: bytes, title: str, **values: Any) -> None:
        side = {"poster.jpg": b"picture of " + data} | {f"{name}.vtt": b"WEBVTT" for name in SUBTITLES}
        item = await put(data, title, side, source_url=f"https://tube.example/{data.decode()}")
        async with engine.transaction():
            await metadata.attach(item, [], of_ytdlp({"id": data.decode(), "title": title} | values), private=True)

    described = {"description": "Plot <1>", "tags": ["a", "b"], "categories": ["Lakes"]}
    named = {"genre": "Film", "cast": ["Ada"]}
    await add(b"one", "One / first", timestamp=1704445200, **described, **named, **CHANNEL)
    await add(b"two", "Two", upload_date="20231224", **CHANNEL)
    await add(b"three", "Three", **CHANNEL)
    await add(b"song", "Rise (official)", release_year=1999, upload_date="20240105", **SONG)
    entries = [lists.Entry(f"https://tube.example/{name}", None, None) for name in ("two", "one")]
    await lists.save(owner, "https://tube.example/list", "Best of: lakes", "tube.example", entries)
    await engine.execute("update source_list set id = 1")
    found: Trees = {}
    for kind in ("film", "show", "show-by-playlist", "music"):
        place, _ = await sync.export(media_online / kind, kind=kind)  # type: ignore[arg-type]
        found[kind] = place / "Ada"
    return found


def _nfo(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def _texts(root: ET.Element, name: str) -> list[str | None]:
    return [element.text for element in root.findall(name)]


def _film(trees: Trees, ending: str) -> Path:
    return trees["film"] / f"One - first (2024){ending}"


def _episode(trees: Trees, ending: str) -> Path:
    return trees["show"] / f"{EPISODE}{ending}"


def film_has_its_year(trees: Trees) -> bool:
    return _film(trees, ".mp4").is_file() and (trees["film"] / "Rise (official) (1999).mp4").is_file()


def film_has_its_description(trees: Trees) -> bool:
    return _nfo(_film(trees, ".nfo")).tag == "movie"


def film_has_pictures(trees: Trees) -> bool:
    return _film(trees, "-poster.jpg").is_file() and _film(trees, "-fanart.jpg").is_file()


def subtitles_name_their_language(trees: Trees) -> bool:
    return all(_film(trees, f".{name}.srt").is_file() for name in ("en", "pt-BR"))


def subtitles_are_forced(trees: Trees) -> bool:
    return _film(trees, ".en.forced.srt").is_file() and not _film(trees, ".en-forced.srt").exists()


def subtitles_are_for_the_impaired(trees: Trees) -> bool:
    return _film(trees, ".en.sdh.srt").is_file()


def subtitles_of_hindi_are_not_flagged(trees: Trees) -> bool:
    return _film(trees, ".hi.srt").is_file() and not list(trees["film"].glob("*.en.hi.*"))


def second_subtitles_keep_the_language_last(trees: Trees) -> bool:
    return _film(trees, ".2.en.srt").is_file()


def names_have_no_reserved_characters(trees: Trees) -> bool:
    names = [path.name for tree in trees.values() for path in tree.rglob("*")]
    return not any(re.search(r'[<>:"/\\|?*]', name) for name in names)


def show_has_a_folder_of_its_own(trees: Trees) -> bool:
    beside = [path for path in trees["show"].iterdir() if path.is_file()]
    return (trees["show"] / "Lake- Films").is_dir() and not beside


def seasons_are_folders_of_numbers(trees: Trees) -> bool:
    names = {path.name for path in (trees["show"] / "Lake- Films").iterdir() if path.is_dir()}
    return names == {"Season 00", "Season 2023", "Season 2024"}


def no_episode_lies_beside_seasons(trees: Trees) -> bool:
    return not list((trees["show"] / "Lake- Films").glob("*.mp4"))


def items_without_a_date_are_specials(trees: Trees) -> bool:
    [special] = (trees["show"] / "Lake- Films" / "Season 00").glob("*.mp4")
    return special.name.startswith("Lake- Films - S00E")


def episode_has_season_and_number(trees: Trees) -> bool:
    return _episode(trees, ".mp4").is_file()


def season_is_a_playlist(trees: Trees) -> bool:
    return (trees["show-by-playlist"] / f"{PLACED}.mp4").is_file()


def season_has_the_name_of_the_playlist(trees: Trees) -> bool:
    show = trees["show-by-playlist"] / "Lake- Films"
    named = _nfo(show / "tvshow.nfo").find("namedseason")
    assert named is not None
    season = _nfo(show / "Season 01" / "season.nfo").findtext("title")
    return (named.get("number"), named.text, season) == ("1", "Best of: lakes", "Best of: lakes")


def show_has_its_description(trees: Trees) -> bool:
    root = _nfo(trees["show"] / "Lake- Films" / "tvshow.nfo")
    return (root.tag, root.findtext("title"), root.findtext("uniqueid")) == ("tvshow", "Lake: Films", "UC1")


def season_has_its_description(trees: Trees) -> bool:
    root = _nfo(trees["show"] / "Lake- Films" / "Season 2024" / "season.nfo")
    return (root.tag, root.findtext("seasonnumber"), root.findtext("title")) == ("season", "2024", "Season 2024")


def episode_has_its_description(trees: Trees) -> bool:
    root = _nfo(_episode(trees, ".nfo"))
    found = [root.findtext(name) for name in ("showtitle", "season", "episode", "aired")]
    return root.tag == "episodedetails" and found == ["Lake: Films", "2024", "1050540", "2024-01-05"]


def episode_has_a_picture(trees: Trees) -> bool:
    return _episode(trees, "-thumb.jpg").is_file()


def show_has_pictures(trees: Trees) -> bool:
    return all((trees["show"] / "Lake- Films" / name).is_file() for name in ("poster.jpg", "fanart.jpg"))


def seasons_have_posters(trees: Trees) -> bool:
    names = ("season2024-poster.jpg", "season-specials-poster.jpg")
    return all((trees["show"] / "Lake- Films" / name).is_file() for name in names)


def description_has_plot_date_and_year(trees: Trees) -> bool:
    root = _nfo(_film(trees, ".nfo"))
    return [root.findtext(name) for name in ("plot", "premiered", "year")] == ["Plot <1>", "2024-01-05", "2024"]


def description_has_each_genre_and_category(trees: Trees) -> bool:
    return _texts(_nfo(_film(trees, ".nfo")), "genre") == ["Film", "Lakes"]


def description_has_tags(trees: Trees) -> bool:
    return _texts(_nfo(_film(trees, ".nfo")), "tag") == ["a", "b"]


def description_has_actors(trees: Trees) -> bool:
    return _texts(_nfo(_film(trees, ".nfo")), "actor/name") == ["Ada"]


def description_has_a_unique_id(trees: Trees) -> bool:
    unique = _nfo(_film(trees, ".nfo")).find("uniqueid")
    assert unique is not None
    return (unique.get("type"), unique.get("default"), unique.text) == ("tube", "true", "one")


def description_has_streams(trees: Trees) -> bool:
    return _nfo(_film(trees, ".nfo")).findtext("fileinfo/streamdetails/video/codec") == "h264"


def album_is_a_folder_of_its_artist(trees: Trees) -> bool:
    return (trees["music"] / "The Airships" / "Up" / "04 - Rise.mp4").is_file()


def album_has_description_and_cover(trees: Trees) -> bool:
    album = trees["music"] / "The Airships" / "Up"
    root = _nfo(album / "album.nfo")
    found = [root.findtext(name) for name in ("title", "artist", "year")]
    return root.tag == "album" and found == ["Up", "The Airships", "1999"] and (album / "folder.jpg").is_file()


def artist_has_a_description(trees: Trees) -> bool:
    root = _nfo(trees["music"] / "The Airships" / "artist.nfo")
    return (root.tag, root.findtext("name")) == ("artist", "The Airships")


RULES: dict[str, Callable[[Trees], bool]] = {
    rule.__name__: rule
    for rule in (
        film_has_its_year,
        film_has_its_description,
        film_has_pictures,
        subtitles_name_their_language,
        subtitles_are_forced,
        subtitles_are_for_the_impaired,
        subtitles_of_hindi_are_not_flagged,
        second_subtitles_keep_the_language_last,
        names_have_no_reserved_characters,
        show_has_a_folder_of_its_own,
        seasons_are_folders_of_numbers,
        no_episode_lies_beside_seasons,
        items_without_a_date_are_specials,
        episode_has_season_and_number,
        season_is_a_playlist,
        season_has_the_name_of_the_playlist,
        show_has_its_description,
        season_has_its_description,
        episode_has_its_description,
        episode_has_a_picture,
        show_has_pictures,
        seasons_have_posters,
        description_has_plot_date_and_year,
        description_has_each_genre_and_category,
        description_has_tags,
        description_has_actors,
        description_has_a_unique_id,
        description_has_streams,
        album_is_a_folder_of_its_artist,
        album_has_description_and_cover,
        artist_has_a_description,
    )
}


async def test_exported_trees_follow_each_documented_rule(trees: Trees) -> None:
    assert [name for name, holds in RULES.items() if not holds(trees)] == []


async def test_second_export_writes_nothing_in_any_layout(trees: Trees) -> None:
    before = {path: path.lstat() for tree in trees.values() for path in [tree, *tree.rglob("*")]}
    for kind, tree in trees.items():
        _, report = await sync.export(tree.parent, kind=kind)  # type: ignore[arg-type]
        assert report.made == report.removed == 0
    after = {path: path.lstat() for tree in trees.values() for path in [tree, *tree.rglob("*")]}
    assert {path: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in after.items()} == {
        path: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in before.items()
    }


def test_document_lists_exactly_the_rules_that_are_tested() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert rows == list(RULES)
