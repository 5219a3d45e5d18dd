"""Arrangements of an exported tree: where an item goes, and under which name.

    film               <folder of the library>/<title> (<year>)
    show               <channel>/Season <year>/<channel> - S<year>E<number> - <title>
    show-by-playlist   <channel>/Season <number of the playlist>/<channel> - S<that>E<position> - <title>
    music              <artist>/<album>/<track> - <title>
    template           folders and names by template.py

A folder of the library may have a layout of its own, which then begins inside that folder: `<folder>/<artist>/<album>`.

Names depend on the item alone, so a new item renames no other one (see also episodes.py). Folders have negative
numbers, made of what they show, in place of the ids of library folders: a channel is its id, whatever its name is.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from mediafetcher.core import errors, text
from mediafetcher.library.catalog import folders
from mediafetcher.library.export import episodes, template
from mediafetcher.library.export.rows import FolderRow, ItemRow

FolderKind = Literal["film", "show", "show-by-playlist", "music"]
Kind = Literal["film", "show", "show-by-playlist", "music", "template"]
KINDS: tuple[str, ...] = get_args(Kind)
OF_FOLDERS: tuple[str, ...] = get_args(FolderKind)
SHOWS = ("show", "show-by-playlist")
MAX_FOLDERS = 100
NUMBERS = 4  # of a folder: itself, its description, its picture, its picture in the folder above
_TAG = 300  # characters

FolderLayouts = dict[str, str]  # layouts of folders of the library, by their paths as users write them
LayoutsByNames = dict[tuple[str, ...], str]


class Place(NamedTuple):
    """The layout that holds for an item, and the folder of the library in which it begins; None: the top."""

    kind: str
    base: int | None = None


class _Level(NamedTuple):
    """A folder of an arrangement. `key`: what it shows, by which it is the same folder under another name."""

    name: str
    key: Any


def require_valid(layouts: FolderLayouts) -> None:
    """Raises: `Invalid`."""
    if len(layouts) > MAX_FOLDERS:
        raise errors.Invalid(f"At most {MAX_FOLDERS} folders can have layouts of their own.")
    for path, kind in layouts.items():
        if not folders.parts(path):
            raise errors.Invalid("Name the folder of a layout: Music=music.")
        if kind not in OF_FOLDERS:
            raise errors.Invalid(f"{kind[:40]!r} is not a layout of a folder. Use one of {', '.join(OF_FOLDERS)}.")


def require_music(kind: str, layouts: FolderLayouts) -> None:
    """Raises: `TaggedNeedsMusic`, if a tree of these layouts has no music, so no file that could be a tagged copy."""
    if kind != "music" and "music" not in layouts.values():
        raise errors.TaggedNeedsMusic()


def decoded(value: Any) -> FolderLayouts:
    """Return the layouts as the database has them: a select returns text, an update an object."""
    return dict(json.loads(value) if isinstance(value, str) else value)


def by_names(layouts: FolderLayouts) -> LayoutsByNames:
    """Return the layouts by the names of their folders, as `place_of` looks for them."""
    return {tuple(name.lower() for name in folders.parts(path)): kind for path, kind in layouts.items()}


def place_of(folder: int | None, above: Mapping[int, FolderRow], kind: str, layouts: LayoutsByNames) -> Place:
    """Return the layout that holds in a folder: of the nearest one with its own, else `kind`, that of the tree.

    `above`: the folders of the library up to the top, by id.
    """
    if not layouts or folder is None:
        return Place(kind)
    chain: list[FolderRow] = []
    at: int | None = folder
    while at is not None and at in above:
        chain.insert(0, above[at])
        at = above[at].parent
    for depth in range(len(chain), 0, -1):
        own = layouts.get(tuple(row.name.lower() for row in chain[:depth]))
        if own is not None:
            return Place(own, chain[depth - 1].id)
    return Place(kind)


def arrange(row: ItemRow, place: Place, names: str | None = None) -> list[FolderRow]:
    """Give a row its `name`, the `root` of its description, the endings of its `pictures` and its folder.

    `names`: the template of the kind `template`. Returns: the rows of its folders, from the top.
    """
    row.pictures = ("-poster.jpg", "-fanart.jpg") if row.video_codec else ("-poster.jpg",)
    if place.kind == "film":
        row.name = _film(row)
        return []
    if place.kind in SHOWS:
        return _show(row, place)
    if place.kind == "music":
        return _music(row, place.base)
    assert names is not None
    row.name = row.title
    *inside, row.name = template.names(names, row)
    return _folders(row, None, *(_Level(name, name) for name in inside))


def _film(row: ItemRow) -> str:
    """Return the title with the year, by which players tell films of one title apart."""
    year = row.released
    if year is None or row.title.rstrip().endswith(f"({year})"):
        return row.title
    return f"{row.title} ({year})"


def _show(row: ItemRow, place: Place) -> list[FolderRow]:
    show, key = _show_of(row)
    if place.kind == "show":
        row.season, row.episode = _numbers(row)
    else:
        row.season, row.episode = row.playlist or 0, row.playlist_position or row.id
        row.season_title = row.playlist_title
    row.show, row.root, row.pictures = show, "episodedetails", ("-thumb.jpg",)
    episodes.name(row, row.episode)
    season = f"Season {row.season:02}"
    return _folders(row, place.base, _Level(show, key), _Level(season, season))


def _show_of(row: ItemRow) -> tuple[str, Any]:
    """Return the name of a show, and what makes it one show: a series its name, a channel its site and id."""
    if row.series:
        return row.series, row.series
    if row.channel:
        return row.channel_name or row.uploader or row.channel, [row.channel_site, row.channel]
    name = row.channel_name or row.uploader or row.site or "Unknown"
    return name, name


def _numbers(row: ItemRow) -> tuple[int, int]:
    """Return season and episode: those of the site, else the year, and month, day and minute. Season 0: no date."""
    if row.season_number is not None and row.episode_number is not None:
        return row.season_number, row.episode_number
    moment: datetime | None = row.published_at
    if moment is None:
        return 0, row.id
    moment = moment.astimezone(UTC)
    row.is_dated = True
    return moment.year, episodes.of_moment(moment, row.id, exact=row.published_precision == "second")


def _music(row: ItemRow, base: int | None) -> list[FolderRow]:
    artist, album, track = artist_of(row), album_of(row), row.track or row.title
    row.root, row.pictures, row.is_music = None, (), True
    row.name = f"{row.track_number:02} - {track}" if row.track_number is not None else track
    return _folders(row, base, _Level(artist, artist), _Level(album, album))


def album_of(row: ItemRow) -> str:
    """Return the name of the album of an arranged piece of music."""
    return row.album or "Singles"


def artist_of(row: ItemRow) -> str:
    """Return the artist of the album of an arranged piece of music."""
    return row.album_artist or row.artist or row.channel_name or row.uploader or row.site or "Unknown artist"


def tags_of(row: ItemRow) -> dict[str, str]:
    """Return the tags of a piece of music by FFmpeg's names."""
    found = {
        "title": row.track or row.title,
        "artist": row.artist,
        "album_artist": row.album_artist or row.artist,
        "album": row.album,
        "track": row.track_number,
        "date": row.released,
        "genre": row.genre,
    }
    return {name: text.one_line(str(value), _TAG) for name, value in found.items() if value is not None}


def _folders(row: ItemRow, base: int | None, *levels: _Level) -> list[FolderRow]:
    made: list[FolderRow] = []
    for depth, level in enumerate(levels, 1):
        keys, names = [one.key for one in levels[:depth]], [one.name for one in levels[:depth]]
        former = None if keys == names else _number(row.owner, base, names)
        parent = made[-1].id if made else base
        made.append(FolderRow(_number(row.owner, base, keys), parent, level.name, former))
    row.folder = made[-1].id if made else None
    return made


def _number(owner: int, base: int | None, keys: list[Any]) -> int:
    given = json.dumps([owner, *([] if base is None else [base]), *keys]).encode()
    return -NUMBERS * (1 + (int.from_bytes(hashlib.sha256(given).digest()[:7]) >> 1))
