"""Arrangements of an exported tree: where an item goes, under which name, and what its folders have.

    film    <folder of the library>/<title>
    show    <show>/Season <year>/<show> - S<year>E<number> - <title>, with tvshow.nfo and posters
    music   <artist>/<album>/<track> - <title>, with album.nfo and a cover
    template   folders and names by template.py

A folder of the library may have a layout of its own, which then begins inside that folder: `<folder>/<artist>/<album>`.

Names depend on the item alone, so a new item renames no other one. Folders and their files have negative numbers, made
of their names, in place of the ids of library folders and items.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from mediafetcher.core import errors, text
from mediafetcher.library.catalog import folders
from mediafetcher.library.export import template

Kind = Literal["film", "show", "music", "template"]
KINDS: tuple[str, ...] = get_args(Kind)
OF_FOLDERS = ("film", "show", "music")
MAX_FOLDERS = 100
_TAG = 300  # characters
_FILES = 4  # numbers of a folder: itself, its description, its picture, its picture in the folder above
_DESCRIPTION, _PICTURE, _PICTURE_ABOVE = 1, 2, 3
_BACKGROUND = _PICTURE_ABOVE  # a show has no folder above
_MINUTES = 1440  # of a day; larger numbers are those of items whose time of the day is unknown
_OTHERS = 10_000 - _MINUTES

Row = dict[str, Any]
FolderLayouts = dict[str, str]  # layouts of folders of the library, by their paths as users write them
LayoutsByNames = dict[tuple[str, ...], str]


class Place(NamedTuple):
    """The layout that holds for an item, and the folder of the library in which it begins; None: the top."""

    kind: str
    base: int | None = None


def require_valid(layouts: FolderLayouts) -> None:
    """Raises: `Invalid`."""
    if len(layouts) > MAX_FOLDERS:
        raise errors.Invalid(f"At most {MAX_FOLDERS} folders can have layouts of their own.")
    for path, kind in layouts.items():
        if not folders.parts(path):
            raise errors.Invalid("Name the folder of a layout: Music=music.")
        if kind not in OF_FOLDERS:
            raise errors.Invalid(f"{kind[:40]!r} is not a layout of a folder. Use one of {', '.join(OF_FOLDERS)}.")


def decoded(value: Any) -> FolderLayouts:
    """Return the layouts as the database has them: a select returns text, an update an object."""
    return dict(json.loads(value) if isinstance(value, str) else value)


def by_names(layouts: FolderLayouts) -> LayoutsByNames:
    """Return the layouts by the names of their folders, as `place_of` looks for them."""
    return {tuple(name.lower() for name in folders.parts(path)): kind for path, kind in layouts.items()}


def place_of(folder: int | None, above: Mapping[int, Row], kind: str, layouts: LayoutsByNames) -> Place:
    """Return the layout that holds in a folder: of the nearest one with its own, else `kind`, that of the tree.

    `above`: the folders of the library up to the top, by id.
    """
    if not layouts or folder is None:
        return Place(kind)
    chain: list[Row] = []
    at: int | None = folder
    while at is not None and at in above:
        chain.insert(0, above[at])
        at = above[at]["parent"]
    for depth in range(len(chain), 0, -1):
        own = layouts.get(tuple(row["name"].lower() for row in chain[:depth]))
        if own is not None:
            return Place(own, chain[depth - 1]["id"])
    return Place(kind)


def arrange(row: Row, place: Place, names: str | None = None) -> list[Row]:
    """Give a row its `name`, its `root` in XML, the endings of its `pictures` and its folder.

    `names`: the template of the kind `template`. Returns: the rows of its folders, from the top.
    """
    pictures = ("-poster.jpg", "-fanart.jpg") if row["video_codec"] else ("-poster.jpg",)
    row |= {"name": row["title"], "root": "movie", "pictures": pictures}
    if place.kind == "film":
        return []
    if place.kind == "show":
        return _show(row, place.base)
    if place.kind == "music":
        return _music(row, place.base)
    assert names is not None
    *inside, row["name"] = template.names(names, row)
    return _folders(row, None, *inside)


def _show(row: Row, base: int | None) -> list[Row]:
    show = row["series"] or row["channel_name"] or row["uploader"] or row["site"] or "Unknown"
    season, episode = _numbers(row)
    row |= {"root": "episodedetails", "pictures": ("-thumb.jpg",), "show": show, "season": season, "episode": episode}
    row["name"] = f"{show} - S{season:02}E{episode:02} - {row['title']}"
    return _folders(row, base, show, f"Season {season:02}")


def _numbers(row: Row) -> tuple[int, int]:
    """Return season and episode: those of the site, else the year, and month, day and minute. Season 0: no date."""
    if row["season_number"] is not None and row["episode_number"] is not None:
        return row["season_number"], row["episode_number"]
    moment: datetime | None = row["published_at"]
    if moment is None:
        return 0, row["id"]
    moment = moment.astimezone(UTC)
    exact = row["published_precision"] == "second"
    within = moment.hour * 60 + moment.minute if exact else _MINUTES + row["id"] % _OTHERS
    return moment.year, (moment.month * 100 + moment.day) * 10_000 + within


def _music(row: Row, base: int | None) -> list[Row]:
    artist = row["artist"] or row["channel_name"] or row["uploader"] or row["site"] or "Unknown artist"
    album, track = row["album"] or "Singles", row["track"] or row["title"]
    row |= {"root": None, "pictures": (), "artist": artist, "album": album, "music": True}
    row["name"] = f"{row['track_number']:02} - {track}" if row["track_number"] is not None else track
    return _folders(row, base, artist, album)


def tags_of(row: Row) -> dict[str, str]:
    """Return the tags of a piece of music by FFmpeg's names."""
    moment: datetime | None = row["published_at"]
    found = {
        "title": row["track"] or row["title"],
        "artist": row["artist"],
        "album_artist": row["artist"],
        "album": row["album"],
        "track": row["track_number"],
        "date": moment.astimezone(UTC).year if moment else None,
        "genre": row["genre"],
    }
    return {name: text.one_line(str(value), _TAG) for name, value in found.items() if value is not None}


def _folders(row: Row, base: int | None, *names: str) -> list[Row]:
    made: list[Row] = []
    for depth, name in enumerate(names, 1):
        given = json.dumps([row["owner"], *([] if base is None else [base]), *names[:depth]]).encode()
        number = -_FILES * (1 + (int.from_bytes(hashlib.sha256(given).digest()[:7]) >> 1))
        made.append({"id": number, "parent": made[-1]["id"] if made else base, "name": name})
    row["folder"] = made[-1]["id"] if made else None
    return made


def files_of_show(show: int, members: Iterable[Row]) -> list[Row]:
    """Return the rows of the files of a show. `members`: its arranged items, the newest first."""
    members = list(members)
    newest = members[0]
    dates = [row["published_at"] for row in members if row["published_at"]]
    description = {"root": "tvshow", "title": newest["show"], "published_at": min(dates, default=None)}
    description |= {"uploader": newest["channel_name"] or newest["uploader"], "source_url": newest["channel_url"]}
    if newest["series"] is None and newest["channel"]:
        description |= {"extractor": newest["extractor"], "extractor_id": newest["channel"]}
    rows = [_file(show, show, _DESCRIPTION, "tvshow", newest) | description]
    pictured = [row for row in members if row["poster"]]
    if pictured:
        rows.append(_file(show, show, _PICTURE, "poster", pictured[0], picture=True))
        rows.append(_file(show, show, _BACKGROUND, "fanart", pictured[0], picture=True))
    for season in dict.fromkeys(row["season"] for row in pictured):
        row = next(row for row in pictured if row["season"] == season)
        name = "season-specials-poster" if season == 0 else f"season{season:02}-poster"
        rows.append(_file(show, row["folder"], _PICTURE_ABOVE, name, row, picture=True))
    return rows


def files_of_album(album: int, members: Iterable[Row]) -> list[Row]:
    """Return the rows of the files of an album. `members`: its arranged items, the newest first."""
    members = list(members)
    newest = members[0]
    description = {"root": "album", "title": newest["album"], "artist": newest["artist"], "published_at": None}
    rows = [_file(album, album, _DESCRIPTION, "album", newest) | description]
    if pictured := [row for row in members if row["poster"]]:
        rows.append(_file(album, album, _PICTURE, "folder", pictured[0], picture=True))
    return rows


def _file(folder: int, of: int, kind: int, name: str, row: Row, *, picture: bool = False) -> Row:
    """Return a row like that of an item: a file of a folder. `of`: the folder whose number it has."""
    empty = dict.fromkeys(("duration", "source_url", "created_at", "uploader"))
    links = {".jpg": "poster.jpg"} if picture else {}
    return (
        {"id": of - kind, "owner": row["owner"], "folder": folder, "name": name, "title": name}
        | empty
        | {
            "root": None,
            "sha256": row["sha256"],
            "links": links,
        }
    )
