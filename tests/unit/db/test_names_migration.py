"""An older database comes through the renaming of tables, columns, states and settings with everything in it."""

import importlib

import pytest

from mediafetcher.db import engine, migrations
from mediafetcher.db.migrations import m0020_names as names

_OLD_STATES = """
alter table download drop constraint download_state_check;
update download set state = 'parked' where state = 'needs_action';
update download set state = 'waiting' where state in ('scheduled', 'expanded');
alter table download add constraint download_state_check check (state in
  ('queued', 'running', 'done', 'failed', 'cancelled', 'parked', 'paused', 'waiting'));
drop index download_scheduled;
drop index download_wish;
create index download_waiting on download (run_after) where state = 'waiting';
create unique index download_wish on download (owner, coalesce(folder, 0), source_key)
  where state in ('queued', 'running', 'parked', 'paused', 'waiting');
"""


async def _rename_back() -> None:
    """Give the database the names that it had before."""
    for old, new in names.TABLES.items():
        await engine.execute(f"alter table {new} rename to {old}")
    for table, columns in names.COLUMNS.items():
        for old, new in columns.items():
            await engine.execute(f"alter table {table} rename column {new} to {old}")
    for old, new in names.INDEXES.items():
        await engine.execute(f"alter index {new} rename to {old}")
    await engine.execute(_OLD_STATES)


async def _add_download(kind: str, state: str, url: str) -> None:
    holder = "'instance:1', now() + interval '1 minute'" if state == "running" else "null, null"
    await engine.execute(
        "insert into download (owner, url, source_key, kind, state, held_by, lease_until, room, task, linked)"
        f" values ((select min(id) from account), $1, $1, $2, $3, {holder}, 7, 'fetch', true)",
        url,
        kind,
        state,
    )


@pytest.mark.parametrize("times", [1, 2])
async def test_older_database_keeps_rows_under_the_new_names(database: str, times: int) -> None:
    await engine.execute("insert into account (name) values ('Ada')")
    await _rename_back()
    await _add_download("media", "parked", "http://a.test/1")
    await _add_download("media", "waiting", "http://a.test/2")
    await _add_download("playlist", "waiting", "http://a.test/3")
    await _add_download("media", "running", "http://a.test/4")
    await engine.execute("insert into setting (name, value) values ('jobs', '5'), ('transcodes', '2')")
    await engine.execute("insert into site_pause (site, until) values ('a.test', now())")
    await engine.execute("insert into audit_event (owner, act, facts) values (null, 'signed_in', '{}')")
    for _ in range(times):
        manager = await importlib.import_module(f"{migrations.__name__}.m0020_names").forwards()
        for step in manager.raw:
            await step()
    rows = await engine.fetch("select state, operation, reserved_bytes, deduplicated from download order by url")
    assert [row["state"] for row in rows] == ["needs_action", "scheduled", "expanded", "running"]
    assert all((row["operation"], row["reserved_bytes"], row["deduplicated"]) == ("fetch", 7, True) for row in rows)
    settings = await engine.fetch("select name, value::text as value from setting order by name")
    assert [(row["name"], row["value"]) for row in settings] == [("max_conversions", "2"), ("max_downloads", "5")]
    assert await engine.fetchval("select count(*) from site_backoff") == 1
    assert await engine.fetchval("select action from audit_event") == "signed_in"


async def test_no_function_of_the_database_uses_an_old_name(database: str) -> None:
    old = [*names.TABLES, *(old for columns in names.COLUMNS.values() for old in columns)]
    rows = await engine.fetch("select proname, prosrc from pg_proc where proname like 'mf!_%' escape '!'")
    assert rows
    found = [
        (row["proname"], word)
        for row in rows
        for word in old
        if word not in ("task", "room", "act") and word in row["prosrc"].replace("_", " ").split()
    ]
    assert found == []
