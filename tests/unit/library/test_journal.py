"""The journal: what committed is in it, whatever happened to the writer, the share or the database."""

import asyncio
import errno
import json
import os
import stat
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items, trash
from mediafetcher.library.recovery import journal, journal_file
from mediafetcher.library.storage import mount, ownership
from tests.unit.library.conftest import FACTS
from tests.waiting import eventually


async def _write() -> None:
    """Everything that waits."""
    while await engine.fetchval("select exists (select from journal_change) or epoch is null from journal_state"):
        await journal.flush()


def _library(media: Path) -> journal_file.Library:
    found = journal_file.load(media)
    assert found is not None
    return found


def _titles(media: Path) -> dict[int, str]:
    return {id: row["title"] for id, row in _library(media).rows["item"].items()}


def _newest(media: Path) -> Path:
    return journal_file.generations(media)[0]


async def test_changes_committed_are_in_the_journal_after_a_flush(owner, put, media_online):
    await _write()
    folder = await folders.ensure(owner, "Films/Été")
    item = await put(b"one", title="Le café", folder=folder, source_url="https://u:p@example.org/v?id=1&token=abc")
    await _write()
    library = _library(media_online)
    row = library.rows["item"][item]
    assert (row["title"], row["owner"], row["trashed_at"]) == ("Le café", owner, None)
    assert row["source_url"] == "https://example.org/v?id=1"
    assert library.rows["folder"][row["folder"]]["name"] == "Été"
    assert library.rows["account"][owner]["name"] == "Ada"
    file = library.rows["file"][row["file"]]
    assert (file["size"], file["ext"], file["duration"]) == (3, ".mp4", FACTS.duration)
    assert library.generation.sound
    (said,) = journal.titles(media_online).values()
    assert (said["title"], said["folder"], said["owner"]) == ("Le café", "Films/Été", "Ada")


async def test_trash_move_and_purge_are_journaled_by_whatever_statement(owner, put, media_online):
    kept, gone = await put(b"one", title="kept"), await put(b"two", title="gone")
    await _write()
    await trash.trash(kept, owner)
    await engine.execute("delete from library_item where id = $1", gone)
    await _write()
    library = _library(media_online)
    assert library.rows["item"][kept]["trashed_at"] is not None
    assert ("item", gone) in library.deleted
    assert _titles(media_online) == {kept: "kept"}
    assert len(journal.titles(media_online)) == 1


async def test_a_user_who_is_deleted_leaves_the_journal(owner, other, put, media_online):
    await put(b"one", owner=other)
    await _write()
    await engine.execute("delete from library_item where owner = $1", other)
    await engine.execute("delete from account where id = $1", other)
    await _write()
    library = _library(media_online)
    assert set(library.rows["account"]) == {owner}
    assert library.rows["item"] == {}


async def test_a_writer_killed_between_append_and_commit_begins_a_new_generation(owner, put, media_online):
    await _write()
    first = _newest(media_online)
    with first.open("ab") as file:
        file.write(journal_file.change("item", 77, 10**6, "2026-01-01T00:00:00+00:00", None)[:-9])
    item = await put(b"one", title="after the crash")
    await _write()
    assert _newest(media_online) != first
    assert _titles(media_online) == {item: "after the crash"}
    assert _library(media_online).damaged == 0


async def test_a_torn_last_line_loses_only_itself(owner, put, media_online):
    one = await put(b"one", title="one")
    await _write()
    await put(b"two", title="two")
    await _write()
    os.truncate(_newest(media_online), _newest(media_online).stat().st_size - 4)
    library = _library(media_online)
    assert library.generation.sound
    assert {row["title"] for row in library.rows["item"].values()} == {"one"}
    assert list(library.rows["item"]) == [one]


async def test_a_damaged_line_makes_the_generation_before_complete_it(owner, put, media_online):
    made = [await put(bytes([n]), title=f"film {n}") for n in range(5)]
    await journal.begin_generation()
    await engine.execute("delete from library_item where id = $1", made[0])
    await _write()
    await journal.begin_generation()
    newest = _newest(media_online)
    data = bytearray(newest.read_bytes())
    data[data.index(b"film 3")] ^= 1
    newest.write_bytes(data)
    library = _library(media_online)
    assert library.damaged == 1
    assert set(library.rows["item"]) == set(made[1:])
    assert ("item", made[0]) in library.deleted


async def test_an_older_state_of_the_database_never_mixes_with_the_newer_file(owner, put, media_online):
    item = await put(b"one", title="one")
    await _write()
    before = await engine.fetchrow("select * from journal_state")
    await items.rename(item, owner, "newer")
    await _write()
    newer = _newest(media_online)
    # As after a snapshot of the machine was put back: the database is older, the file is not.
    await engine.execute("update library_item set title = 'one'")
    await engine.execute("delete from journal_change")
    await engine.execute(
        "update journal_state set generation = $1, epoch = $2, size = $3",
        before["generation"],
        before["epoch"],
        before["size"],
    )
    await put(b"two", title="two")
    await _write()
    assert _newest(media_online) != newer
    assert sorted(_titles(media_online).values()) == ["one", "two"]


async def test_a_generation_whose_commit_was_lost_is_not_hidden_behind(owner, put, media_online):
    await _write()
    before = await engine.fetchrow("select * from journal_state")
    await journal.begin_generation()
    # The process died after the rename and before the commit.
    await engine.execute(
        "update journal_state set generation = $1, epoch = $2, size = $3",
        before["generation"],
        before["epoch"],
        before["size"],
    )
    item = await put(b"one", title="later")
    await _write()
    assert _titles(media_online) == {item: "later"}


async def test_changes_wait_in_the_table_while_the_share_is_offline(owner, put, media_online, monkeypatch):
    await _write()
    item = await put(b"one", title="one")
    sentinel = media_online / mount.SENTINEL
    sentinel.rename(media_online / "away")
    with pytest.raises(errors.MediaOffline):
        await journal.flush()  # it went just now
    await mount.refresh()
    assert await journal.flush() == 0
    assert await engine.fetchval("select count(*) from journal_change") > 0
    monkeypatch.setattr(journal, "_MOST", 1)
    await journal.flush()
    assert await engine.fetchval("select count(*) from journal_change") == 0
    (media_online / "away").rename(sentinel)
    await mount.refresh()
    await _write()
    assert _titles(media_online) == {item: "one"}


async def test_changes_that_commit_while_a_generation_is_begun_are_kept(owner, put, media_online):
    for n in range(30):
        await put(bytes([n]), title=f"{n}")
    stop = asyncio.Event()

    async def change() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            await engine.execute("update library_item set title = $1 where id % 3 = $2", f"t{n}", n % 3)
            if n % 5 == 0:
                await engine.execute("delete from library_item where id = (select min(id) from library_item)")

    changing = asyncio.create_task(change())
    for _ in range(8):
        await journal.begin_generation()
        await journal.flush()
    stop.set()
    await changing
    await _write()
    rows = await engine.fetch("select id, title from library_item")
    assert _titles(media_online) == {row["id"]: row["title"] for row in rows}
    assert len(journal_file.generations(media_online)) == 2


async def test_the_setting_off_writes_nothing_and_on_again_everything(owner, put, media_online, use):
    use(recovery="off")
    await journal.configure()
    item = await put(b"one", title="one")
    assert await engine.fetchval("select count(*) from journal_change") == 0
    assert await journal.flush() == 0
    assert journal_file.generations(media_online) == []
    use(recovery="on")
    await journal.configure()
    await _write()
    assert _titles(media_online) == {item: "one"}


async def test_two_writers_at_once_write_each_change_once(owner, put, media_online):
    await _write()
    for n in range(20):
        await put(bytes([n]), title=f"{n}")
    await asyncio.gather(*(journal.flush() for _ in range(4)))
    await _write()
    lines = _newest(media_online).read_bytes().splitlines(keepends=True)
    changes = [journal_file.parse(line) for line in lines]
    seqs = [line["seq"] for line in changes if line and "seq" in line]
    assert len(seqs) == len(set(seqs))
    assert sorted(_titles(media_online).values(), key=int) == [str(n) for n in range(20)]


# A writer holds the rows that it removes for as long as a long list of them takes.
_SLOW_REMOVAL = """
create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(1.5); return null; end $$;
create trigger slowly after delete on journal_change for each statement execute function slowly();
"""


async def test_changes_are_forgotten_while_a_writer_removes_them(owner, put, media_online):
    await _write()
    for number in range(3):
        await put(b"%d" % number, title=f"film {number}")
    await engine.execute(_SLOW_REMOVAL)
    writing = asyncio.create_task(journal.flush())
    removing = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    await eventually(lambda: engine.fetchval(removing))
    await journal.forget()
    assert await writing > 0
    assert await engine.fetchval("select count(*) from journal_change") == 0


async def test_folder_and_files_are_for_their_owner_alone(owner, media_online):
    await _write()
    path = _newest(media_online)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    head = journal_file.parse(path.read_bytes().splitlines(keepends=True)[0])
    assert head["installation"] and head["lineage"] is not None


async def test_file_that_only_grows_is_rewritten(owner, put, media_online, monkeypatch):
    item = await put(b"one")
    await _write()
    monkeypatch.setattr(journal, "_SMALL", 1000)
    first = _newest(media_online)
    for n in range(60):
        await items.rename(item, owner, f"title {n}")
        await journal.flush()
    assert _newest(media_online) != first
    await _write()
    assert _newest(media_online).stat().st_size < 20_000
    assert _titles(media_online) == {item: "title 59"}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (None, None),
        ("https://a.org/x", "https://a.org/x"),
        ("https://me:secret@a.org/x", "https://a.org/x"),
        ("https://a.org/w?v=abc&list=2", "https://a.org/w?v=abc&list=2"),
        ("https://a.org/w?v=abc&access_token=s&X-Amz-Signature=t&sig=u&key=v", "https://a.org/w?v=abc"),
        ("file:///mnt/films/a%20b.mp4", "file:///mnt/films/a%20b.mp4"),
    ],
)
def test_links_lose_their_credentials(url, kept):
    assert journal_file.without_credentials(url) == kept


def test_a_line_of_a_newer_version_is_no_damage(tmp_path):
    path = tmp_path / journal_file.name(1, "cd" * 16, "ab" * 16)
    path.write_bytes(
        journal_file.head(installation="i", lineage="l", epoch="ab" * 16, number=1, at="2026")
        + journal_file.whole(0)
        + journal_file.line({"k": "playlist", "id": 3, "row": {}})
    )
    assert journal_file.read(path).sound
    assert json.loads(path.read_bytes().splitlines()[0][9:])["number"] == 1


def test_base_line_of_a_newer_kind_counts_as_a_base_line(tmp_path):
    path = tmp_path / journal_file.name(1, "cd" * 16, "ab" * 16)
    path.write_bytes(
        journal_file.head(installation="i", lineage="l", epoch="ab" * 16, number=1, at="2026")
        + journal_file.line({"k": "playlist", "id": 3, "row": {}})
        + journal_file.whole(1)
    )
    assert journal_file.read(path).sound


async def test_backup_is_noted_by_one_process_at_a_time(owner):
    noted, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with engine.transaction():
            await journal.note_backup()
            noted.set()
            await go_on.wait()

    one = asyncio.create_task(first())
    await noted.wait()
    two = asyncio.create_task(journal.note_backup())
    waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    await eventually(lambda: engine.fetchval(waits))
    go_on.set()
    await one
    with pytest.raises(journal.BackupTaken):
        await two


async def test_changes_of_many_batches_are_all_written_at_the_end(owner, put, media_online, monkeypatch):
    await _write()
    made = [await put(bytes([n]), title=f"{n}") for n in range(5)]
    monkeypatch.setattr(journal, "_BATCH", 2)
    await journal.close()
    assert await engine.fetchval("select count(*) from journal_change") == 0
    assert list(_titles(media_online)) == made


@pytest.mark.parametrize("trouble", ["no share", "no table"])
async def test_journal_that_cannot_be_written_is_reported_once(owner, put, media_online, caplog, monkeypatch, trouble):
    monkeypatch.setattr(journal, "_failing", False)
    await _write()
    await put(b"one", title="one")
    sentinel = media_online / mount.SENTINEL
    if trouble == "no share":
        sentinel.rename(media_online / "away")
    else:
        await engine.execute("alter table journal_change rename to elsewhere")
    for _ in range(3):
        await journal.close()
    assert caplog.text.count("the journal cannot be written") + caplog.text.count("writing the journal failed") == 1
    if trouble == "no share":
        (media_online / "away").rename(sentinel)
        await mount.refresh()
    else:
        await engine.execute("alter table elsewhere rename to journal_change")
    await journal.close()
    assert list(_titles(media_online).values()) == ["one"]
    assert journal._failing is False


async def test_generation_is_not_begun_while_it_may_not_be_written(owner, media_online, use):
    use(recovery="off")
    await journal.begin_generation()
    use(recovery="on")
    await ownership.freeze("foreign")
    await journal.begin_generation()
    assert journal_file.generations(media_online) == []


async def test_generation_that_fails_leaves_no_draft_and_the_old_one_stays(owner, put, media_online, monkeypatch):
    await put(b"one", title="one")
    await _write()
    before = _newest(media_online)

    def no_space(_draft: object, _path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(journal, "_finish_draft", no_space)
        with pytest.raises(OSError, match="No space"):
            await journal.begin_generation()
    assert list(before.parent.iterdir()) == [before]
    assert list(_titles(media_online).values()) == ["one"]


async def test_file_that_changed_after_the_look_is_not_appended_to(owner, put, media_online):
    await put(b"one", title="one")
    await _write()
    path = _newest(media_online)
    size = path.stat().st_size
    with pytest.raises(OSError, match="another program"):
        journal._append_to(path, size - 1, b"more")
    assert path.stat().st_size == size
