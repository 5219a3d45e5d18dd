"""P27: weeks of running change nothing: tables, descriptors, threads and memory stay as they were.

The whole program runs, with its own database. Time passes in the database alone: every stored time is moved back and
running time is added, which to the program is the same as if it had waited.
"""

import itertools
import statistics
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from mediafetcher.db import embedded
from tests import deep
from tests.faults.program import NAME, PASSWORD, Program, until

DAYS = 56
STEPS = deep.count(27, 6)
DAY = 86_400
# They grow to a bound beyond this test: a year of audit events, 90 days of notifications, 2,000 rows of statistics.
RECORDS = {"audit_event", "notification", "download_statistic"}
WAITING = {"journal_change": 15}  # rows that may wait for the next writing: what a day changes
MORE_MEMORY = 32 << 20  # bytes that it may need more than at the beginning

pytestmark = [pytest.mark.promise(27), pytest.mark.timeout(7200)]


@dataclass(frozen=True)
class Size:
    """Sizes that must not grow."""

    descriptors: int
    threads: int
    memory: int  # bytes
    tables: dict[str, int]  # rows

    @classmethod
    def of(cls, server: Program, database: psycopg.Connection) -> "Size":
        pid = server.process.pid
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        tables = {
            name: database.execute(f'select count(*) from "{name}"').fetchone()[0]  # type: ignore[index]
            for (name,) in database.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        }
        memory = int(status["VmRSS"].split()[0]) << 10
        return cls(len(list(Path(f"/proc/{pid}/fd").iterdir())), int(status["Threads"]), memory, tables)


def _let_time_pass(database: psycopg.Connection, seconds: float) -> None:
    """Move every stored time back, and add as much running time. No download may be at work."""
    columns = database.execute(
        "select c.table_name, c.column_name from information_schema.columns c join pg_tables t"
        " on t.tablename = c.table_name and t.schemaname = 'public' where c.table_schema = 'public'"
        " and c.data_type = 'timestamp with time zone' order by 1, 2"
    ).fetchall()
    with database.transaction():
        for table, group in itertools.groupby(columns, lambda row: row[0]):
            sets = ", ".join(f'"{name}" = "{name}" - make_interval(secs => {seconds})' for _, name in group)
            database.execute(f'alter table "{table}" disable trigger user')
            database.execute(f'update "{table}" set {sets}')
            database.execute(f'alter table "{table}" enable trigger user')
        database.execute("update running_time set seconds = seconds + %s", [seconds])


def _live_a_day(server: Program, links: list[str]) -> None:
    """Act as users do: fetch, look, rename, throw away, sign in and out, guess wrongly."""
    for link in links:
        server.submit(link)
    server.all_ended(120)
    assert [row["state"] for row in server.downloads()].count("done") >= len(links) - 1
    for item in server.items():
        assert server.ask("PATCH", f"/items/{item['id']}", {"title": "Renamed"}).status_code == 200
        assert server.ask("DELETE", f"/items/{item['id']}").status_code == 200
    for row in server.downloads():
        assert server.ask("DELETE", f"/downloads/{row['id']}").status_code in (200, 204)
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}) as browser:
        wrong = browser.post("/api/session", json={"name": NAME, "password": "a wrong password"})
        assert wrong.status_code == 401
        right = browser.post("/api/session", json={"name": NAME, "password": PASSWORD})
        assert right.status_code in (200, 201), right.text
        with browser.stream("GET", "/api/events") as stream:
            next(stream.iter_raw())
        assert browser.delete("/api/session").status_code in (200, 204)


def _wait_for_housekeeping(server: Program) -> None:
    before = server.log.read_text().count("housekeeping done")
    until(lambda: server.log.read_text().count("housekeeping done") >= before + 3, 60, "housekeeping is done")


def test_weeks_of_running_change_nothing(program, films_site) -> None:
    server = program(trash_days=2, grace_hours=24, housekeeping_seconds=0.3, log_level="debug").start()
    exported = server.command("export")
    assert exported.returncode == 0, exported.stderr
    links = [*films_site(3), films_site.site.url("/status/404/gone")]
    sizes = []
    with psycopg.connect(embedded.Cluster(server.state).dsn, autocommit=True) as database:
        for _ in range(STEPS):
            _live_a_day(server, links)
            _let_time_pass(database, DAYS * DAY / STEPS)
            _wait_for_housekeeping(server)
            sizes.append(Size.of(server, database))
        # All that was thrown away in the last days is there still; after more days nothing is.
        for _ in range(3):
            _let_time_pass(database, 40 * DAY)
            _wait_for_housekeeping(server)
        left = Size.of(server, database).tables
    assert {name: left[name] for name in ("library_item", "media_file", "download", "export_file", "notification")} == {
        "library_item": 0,
        "media_file": 0,
        "download": 0,
        "export_file": 0,
        "notification": 0,
    }
    assert [path for path in (server.state / "media/store").rglob("*") if path.is_file()] == []
    assert list((server.state / "media/incoming").iterdir()) == []
    assert "Traceback" not in server.log.read_text()
    _hold_still(sizes)
    server.stop()


def _hold_still(sizes: list[Size]) -> None:
    some = max(1, len(sizes) // 6)
    first, last = sizes[len(sizes) // 2 :][:some], sizes[-some:]  # by the middle, the first month is over
    shown = "\n".join(map(str, sizes))
    for name in sizes[0].tables.keys() - RECORDS:
        before, after = (max(size.tables[name] for size in part) for part in (first, last))
        assert after <= before + WAITING.get(name, 2), f"{name} grows from {before} to {after} rows\n{shown}"
    for what in ("descriptors", "threads"):
        before, after = (max(getattr(size, what) for size in part) for part in (first, last))
        assert after <= before + 8, f"{what} grow from {before} to {after}\n{shown}"
    before, after = (statistics.median(size.memory for size in part) for part in (first, last))
    assert after <= before + MORE_MEMORY, f"memory grows from {before} to {after} bytes\n{shown}"
    print(f"descriptors, threads, MB at the end: {last[-1].descriptors}, {last[-1].threads}, {last[-1].memory >> 20}")
