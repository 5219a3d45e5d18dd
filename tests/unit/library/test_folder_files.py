"""Descriptions and pictures of the folders that a layout makes."""

from mediafetcher.library.export import folder_files
from mediafetcher.library.export.rows import ItemRow


def _row(item: int, season: int, *, poster: bool = False) -> ItemRow:
    row = ItemRow(id=item, owner=1, folder=-100 - season, title=f"film {item}", sha256="00" * 32)
    row.group, row.show, row.season, row.poster = -40, "A show", season, poster
    return row


def test_files_of_a_show_are_its_description_seasons_and_pictures() -> None:
    rows = folder_files.of_group("show", [_row(3, 2, poster=True), _row(2, 1), _row(1, 0)])
    names = [row.name for row in rows]
    assert names == ["tvshow", "season", "season", "season", "poster", "fanart", "season02-poster"]
    assert [row.title for row in rows[:4]] == ["A show", "Specials", "Season 01", "Season 02"]
    assert len({row.id for row in rows}) == len(rows)


def test_files_of_a_folder_follow_its_number() -> None:
    assert folder_files.renumbered(-10, -20) == [(-11, -21), (-12, -22), (-13, -23)]
