"""Files of the folders that a layout makes: descriptions and pictures of shows, seasons, artists and albums.

They are rows like those of items, so the same steps record, make, compare and remove them.
"""

from collections.abc import Iterable

import msgspec

from mediafetcher.library.export import arrangement
from mediafetcher.library.export.rows import ItemRow

_DESCRIPTION, _PICTURE, _PICTURE_ABOVE = 1, 2, 3  # numbers of a file after that of its folder
_BACKGROUND = _PICTURE_ABOVE  # a show has no folder above
_FILES = (_DESCRIPTION, _PICTURE, _PICTURE_ABOVE)


def renumbered(former: int, number: int) -> list[tuple[int, int]]:
    """Return the numbers of the files of a folder whose number changes: before and after."""
    return [(former - file, number - file) for file in _FILES]


def of_group(kind: str, members: Iterable[ItemRow]) -> list[ItemRow]:
    """Return the files of a show, or of an artist and the albums. `members`: its arranged items, the newest first."""
    members = list(members)
    return _show(members) if kind in arrangement.SHOWS else _artist(members)


def _show(members: list[ItemRow]) -> list[ItemRow]:
    newest = members[0]
    show = newest.group
    assert show is not None
    seasons = {row.season: row for row in reversed(members) if row.season is not None}
    rows = [_description_of_show(show, members)]
    rows += [_description_of_season(season, row) for season, row in sorted(seasons.items())]
    pictured = [row for row in members if row.poster]
    if pictured:
        rows.append(_picture(show, show, _PICTURE, "poster", pictured[0]))
        rows.append(_picture(show, show, _BACKGROUND, "fanart", pictured[0]))
    for season in dict.fromkeys(row.season for row in pictured):
        row = next(row for row in pictured if row.season == season)
        name = "season-specials-poster" if season == 0 else f"season{season:02}-poster"
        assert row.folder is not None
        rows.append(_picture(show, row.folder, _PICTURE_ABOVE, name, row))
    return rows


def _description_of_show(show: int, members: list[ItemRow]) -> ItemRow:
    newest = members[0]
    row = _file(show, show, _DESCRIPTION, "tvshow", newest)
    row.root, row.title = "tvshow", newest.show or ""
    row.published_at = min((one.published_at for one in members if one.published_at), default=None)
    row.uploader, row.source_url = newest.channel_name or newest.uploader, newest.channel_url
    row.season_titles = {one.season: one.season_title for one in members if one.season and one.season_title}
    if newest.series is None and newest.channel:
        row.extractor, row.extractor_id = newest.extractor, newest.channel
    return row


def _description_of_season(season: int, newest: ItemRow) -> ItemRow:
    assert newest.folder is not None
    row = _file(newest.folder, newest.folder, _DESCRIPTION, "season", newest)
    row.root, row.season = "season", season
    row.title = newest.season_title or ("Specials" if season == 0 else f"Season {season:02}")
    return row


def _artist(members: list[ItemRow]) -> list[ItemRow]:
    newest = members[0]
    assert newest.group is not None
    artist = _file(newest.group, newest.group, _DESCRIPTION, "artist", newest)
    artist.root, artist.title = "artist", arrangement.artist_of(newest)
    rows = [artist]
    for folder in dict.fromkeys(row.folder for row in members):
        assert folder is not None
        rows += _album(folder, [row for row in members if row.folder == folder])
    return rows


def _album(album: int, members: list[ItemRow]) -> list[ItemRow]:
    newest = members[0]
    row = _file(album, album, _DESCRIPTION, "album", newest)
    row.root, row.title, row.artist = "album", arrangement.album_of(newest), arrangement.artist_of(newest)
    row.year = next((one.year for one in members if one.year), None)
    pictured = [one for one in members if one.poster]
    return [row, *([_picture(album, album, _PICTURE, "folder", pictured[0])] if pictured else [])]


def _picture(folder: int, of: int, kind: int, name: str, row: ItemRow) -> ItemRow:
    return msgspec.structs.replace(_file(folder, of, kind, name, row), links={".jpg": "poster.jpg"})


def _file(folder: int, of: int, kind: int, name: str, row: ItemRow) -> ItemRow:
    """Return the row of a file of a folder. `of`: the folder whose number it has."""
    made = ItemRow(id=of - kind, owner=row.owner, folder=folder, title=name, sha256=row.sha256)
    made.name, made.root, made.links = name, None, {}
    return made
