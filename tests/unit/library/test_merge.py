"""A journal whose lines are damaged or of another history, merged into a library that has other rows by their names."""

import dataclasses
from pathlib import Path

import pytest

from mediafetcher.db import engine
from mediafetcher.library.catalog import folders
from mediafetcher.library.recovery import journal, journal_file
from tests.factories import add_user
from tests.unit.library.conftest import Put, merged, written

pytestmark = pytest.mark.promise(23)


async def _column(query: str) -> list[object]:
    return [next(iter(row.values())) for row in await engine.fetch(query)]


async def _age(table: str) -> None:
    """Make the rows of this table those of another history: their ids are the same, their times are not."""
    await engine.execute(f"update {table} set created_at = created_at - interval '1 hour'")


async def test_owner_whose_line_is_damaged_gets_a_name_of_recovery(owner: int, put: Put, media_online: Path) -> None:
    await put(b"film")
    library = await written(media_online)
    library.rows["account"].clear()
    for _ in range(2):  # the second finds the account that the first made
        await engine.execute("delete from library_item")
        await engine.execute("delete from account")
        assert await merged(library) == 0
        assert await _column("select name from account") == [f"recovered-{owner}"]
    assert await _column("select title from library_item") == ["A film"]


async def test_owner_whose_line_is_damaged_is_still_known_by_the_backup(
    owner: int, put: Put, media_online: Path
) -> None:
    await put(b"film")
    library = await written(media_online)
    library.rows["account"].clear()
    assert await merged(library, cut=True) == 0
    assert await _column("select name from account") == ["Ada"]


async def test_item_without_the_line_of_its_file_is_lost_unless_the_backup_has_it(
    owner: int, put: Put, media_online: Path
) -> None:
    await put(b"film")
    library = await written(media_online)
    library.rows["file"].clear()
    assert await merged(library) == 0
    assert await _column("select title from library_item") == ["A film"]
    await engine.execute("delete from library_item")
    assert await merged(library) == 1


async def test_rows_of_another_history_are_replaced_by_those_of_the_journal_under_new_ids(
    owner: int, put: Put, media_online: Path
) -> None:
    folder = await folders.ensure(owner, "Films")
    await put(b"film", folder=folder)
    library = await written(media_online)
    for table in ("account", "folder", "library_item"):
        await _age(table)
    await engine.execute("update account set name = 'Somebody else'")
    assert await merged(library, cut=True) == 0
    accounts = await engine.fetch("select id, name from account")
    assert [row["name"] for row in accounts] == ["Ada"] and accounts[0]["id"] != owner
    ids = await _column("select id from folder")
    assert len(ids) == 1 and ids != [folder]
    assert await _column("select folder from library_item where title = 'A film'") == ids


async def test_folder_of_the_journal_gets_a_number_beside_one_of_the_same_name(
    owner: int, put: Put, media_online: Path
) -> None:
    await folders.ensure(owner, "Films")
    library = await written(media_online)
    await engine.execute("delete from folder")
    await folders.ensure(owner, "films")
    assert await merged(library, cut=True) == 0
    assert await _column("select name from folder order by id") == ["Films (2)", "films"]


async def test_change_that_the_journal_has_already_is_not_preferred(owner: int, put: Put, media_online: Path) -> None:
    item = await put(b"film", "old")
    await journal.begin_generation()
    await engine.execute("update library_item set title = 'new' where id = $1", item)
    notes = await engine.fetch("select seq, kind, row_id from journal_change where kind = 'item'")
    assert len(notes) == 1
    while await journal.flush():
        pass
    library = journal_file.load(media_online)
    assert library is not None
    # As in a backup that was made between the append and the removal of the change.
    await engine.execute("update library_item set title = 'old' where id = $1", item)
    await engine.execute("delete from journal_change")
    await engine.execute(
        "insert into journal_change (seq, kind, row_id) overriding system value values ($1, $2, $3)",
        *notes[0].values(),
    )
    assert await merged(library, waiting=True) == 0
    assert await _column("select title from library_item") == ["new"]


async def test_account_that_only_the_backup_has_is_deleted_if_it_is_older_than_the_journal(
    owner: int, other: int, media_online: Path
) -> None:
    await engine.execute("delete from account where id = $1", other)
    library = await written(media_online)
    await add_user("Grace")
    complete = library.complete_kinds
    library = dataclasses.replace(library, complete_kinds=frozenset())
    await _age("account")
    assert await merged(library) == 0
    assert "Grace" in await _column("select name from account")  # the journal says nothing about accounts
    assert await merged(dataclasses.replace(library, complete_kinds=complete)) == 0
    assert await _column("select name from account") == ["Ada"]
