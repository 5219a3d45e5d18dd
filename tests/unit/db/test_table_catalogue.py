"""Every table of the database is known to backup, move, rebuild, the deletion of a user, and the documents.

Each test begins with the database's own catalogue, so a new table fails until its row there says what becomes of it.
"""

import io
import re
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.library.recovery import journal_rows
from mediafetcher.ops import backup

_ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| (\w+) \| ([\w -]+) \|$", re.MULTILINE)
_RULES = {"c": "removed", "n": "stays", "r": "removed before"}
# Columns that name a user without a foreign key, and what takes their names away.
_LOOSE = {("export_folder", "owner"): "library/export/update.py", ("export_tree", "people"): "library/export/sync.py"}


@pytest.fixture
def documented() -> dict[str, tuple[str, str]]:
    """Return by table what a rebuild does, and what the deletion of a user does."""
    text = (Path(__file__).parents[3] / "docs/tables.md").read_text()
    return {name: (rebuild, deletion) for name, rebuild, deletion in _ROW.findall(text)}


async def _tables() -> set[str]:
    rows = await engine.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {row["tablename"] for row in rows}


async def test_documents_name_every_table(database, documented):
    assert set(documented) == await _tables()


async def test_backup_and_move_hold_every_table(database, state):
    """Both are made of the same dump and counted by it; what is left out with a secret is in a part of its own."""
    for given in ({}, {"with_key": True}):
        manifest = await backup.write(database, settings.get(), io.BytesIO(), **given)
        assert set(manifest.counts) == await _tables()


async def test_every_table_that_the_journal_holds_has_its_triggers(database, documented):
    rows = await engine.fetch(
        "select c.relname as name, bool_or(t.tgtype & 4 > 0) as inserts, bool_or(t.tgtype & 8 > 0) as deletes,"
        " bool_or(t.tgtype & 16 > 0) as updates from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " join pg_proc p on p.oid = t.tgfoid where p.proname in ('mf_journal', 'mf_journal_entries') group by 1"
    )
    assert {row["name"] for row in rows} == {name for name, (rebuild, _) in documented.items() if rebuild == "journal"}
    assert all(row["inserts"] and row["deletes"] and row["updates"] for row in rows)
    assert len(rows) == len(journal_rows.SELECT) + 1  # the entries of a list are in its line


async def test_every_column_that_names_a_user_knows_their_deletion(database, documented):
    keys = await engine.fetch(
        "select c.conrelid::regclass::text as name, a.attname as column, c.confdeltype::text as rule"
        " from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
        " where c.contype = 'f' and c.confrelid = 'account'::regclass"
    )
    said = {name: deletion for name, (_, deletion) in documented.items() if deletion != "-" and name != "account"}
    assert said == {row["name"]: _RULES[row["rule"]] for row in keys}
    named = await engine.fetch(
        "select table_name as name, column_name as column from information_schema.columns"
        " where table_schema = 'public' and column_name in ('owner', 'person', 'people', 'account', 'user_id')"
    )
    loose = {(row["name"], row["column"]) for row in named} - {(row["name"], row["column"]) for row in keys}
    assert loose == set(_LOOSE)


async def test_every_column_of_the_journal_that_is_changed_is_noted(database):
    """A column that the journal reads, and whose change no trigger notes, would be old in a rebuilt library."""
    fixed = {"id", "created_at", "sha256", "size", "kind", "width", "height", "video_codec", "audio_codec"}
    tables = {"account": "account", "folder": "folder", "file": "media_file", "item": "library_item"}
    tables |= {"watch": "watch", "preset": "preset", "subscription": "subscription", "entry": "subscription_entry"}
    for kind, table in tables.items():
        rows = await engine.fetch(
            "select a.attname as name from pg_trigger t join pg_proc p on p.oid = t.tgfoid and p.proname = 'mf_journal'"
            " join pg_attribute a on a.attrelid = t.tgrelid and a.attnum = any(t.tgattr)"
            " where t.tgrelid = $1::regclass",
            table,
        )
        text = journal_rows.SELECT[kind].partition(" from ")[0].removeprefix("select ")
        text = text.replace("first_seen_at as created_at", "created_at")
        text = text.replace("encode(sha256, 'hex') as sha256", "sha256").replace("media_file as file", "media_file")
        read = {name.strip() for name in text.split(",")}
        assert read - fixed == {row["name"] for row in rows} - {"ref_count"}  # decides if a file is in a base
