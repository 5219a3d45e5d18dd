"""A hypothesis state machine: installations that come, go, are copied, restored and share one media folder (P22).

Real functions on the real store and a real PostgreSQL. One database serves all installations: the rows of each are put
in place when it acts. The content of a database is read after each act, so an act may fail anywhere.

Three clocks can be set, and nothing above them is replaced: the time since boot, the wall clock of each machine, and
the clock of each database (`now()` and `clock_timestamp()` of a schema that comes before the system's).
"""

import asyncio
import copy
import dataclasses
import hashlib
import json
import shutil
import tempfile
import time
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from mediafetcher.core import clock, errors, settings
from mediafetcher.db import engine, lineage, liveness
from mediafetcher.library.catalog import items, trash
from mediafetcher.library.storage import (
    blob_store,
    clock_guard,
    decisions,
    mount,
    ownership,
    ownership_watch,
    running,
    sweeper,
)
from tests.unit.library.conftest import FACTS

TABLES = ("account", "installation", "store_root", "running_time", "media_file", "library_item")
FILES = [b"one", b"two"]
MOST = 3  # installations
GRACE = 1.0  # hours
HOUR = 3600.0
WHO = st.integers(0, MOST - 1)
WHICH = st.integers(0, 1)

PREPARE = """
create schema clocks;
create table clocks.ahead (seconds float8 not null);
insert into clocks.ahead values (0);
create function clocks.now() returns timestamptz language sql stable as
  $$ select pg_catalog.now() + make_interval(secs => seconds) from clocks.ahead $$;
create function clocks.clock_timestamp() returns timestamptz language sql volatile as
  $$ select pg_catalog.clock_timestamp() + make_interval(secs => seconds) from clocks.ahead $$;
set search_path = clocks, pg_catalog, public;
alter table media_file alter unreferenced_at set default now();
"""


async def prepare(dsn: str) -> None:
    """Make the database of all installations ready: its clock can be set, and commits need not reach the disk."""
    connection = await asyncpg.connect(dsn)
    try:
        name = await connection.fetchval("select current_database()")
        await connection.execute(f"alter database {name} set synchronous_commit = off")
        await connection.execute(PREPARE)
        await connection.execute(f"alter database {name} set search_path = clocks, pg_catalog, public")
        into = [f"delete from {table};" for table in (*reversed(TABLES), "journal_change")]
        for table in TABLES:
            rows = await connection.fetch(
                "select column_name from information_schema.columns where table_schema = 'public' and table_name = $1"
                " and is_generated = 'NEVER' order by ordinal_position",
                table,
            )
            columns = ", ".join(row["column_name"] for row in rows)
            into.append(
                f"insert into {table} ({columns}) select {columns}"
                f" from json_populate_recordset(null::{table}, given->'{table}');"
            )
        await connection.execute(
            "create function clocks.put(given json, seconds_ahead float8) returns void language plpgsql as $$ begin"
            " set local session_replication_role = replica;"
            + "".join(into)
            + "update clocks.ahead set seconds = seconds_ahead;"
            " perform setval(pg_get_serial_sequence(name, 'id'), 1 + (select max(id) from (select id from media_file"
            "  union all select id from library_item union all select 1) as known))"
            "  from unnest(array['media_file', 'library_item']) as name;"
            " set local session_replication_role = origin; end $$"
        )
        parts = ", ".join(f"'{table}', (select coalesce(json_agg(t), '[]') from {table} t)" for table in TABLES)
        await connection.execute(
            f"create function clocks.get() returns text language sql as $$ select json_build_object({parts})::text $$"
        )
    finally:
        await connection.close()


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that a database did. `kind`: claim, acquire, release, lineage, take. `hours`: when, in true time."""

    at: int
    kind: str
    hours: float
    store: str = ""
    file: str = ""


@dataclasses.dataclass
class Installation:
    """One database as its rows, and what the machine knows of its past, which a copy has too."""

    state: Path
    name: str = ""  # of the state folder's instance; a copy of the machine has it too
    rows: str = ""
    past: list[Event] = dataclasses.field(default_factory=list)
    store: str = ""
    claim: int | None = None
    frozen: bool = False
    held: dict[str, bool] = dataclasses.field(default_factory=dict)  # files that it has a row for: referenced?
    alive: bool = False  # its program runs
    watch: Any = None  # of its program's clocks
    ours: float = 0.0  # seconds that the machine's clock is off, and the database's
    theirs: float = 0.0

    def last(self, kind: str) -> int:
        return max((event.at for event in self.past if event.kind == kind), default=0)


class Fault:
    """One call into PostgreSQL or the media folder fails: before it does anything, or after. Then the program dies."""

    def __init__(self, where: str, number: int, late: bool) -> None:
        self.where, self.left, self.late = where, number, late

    async def around(self, where: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if where == self.where:
            self.left -= 1
            if self.left == 0:
                if self.late:
                    await work()
                if where == "database":
                    raise asyncpg.ConnectionDoesNotExistError("injected")
                raise errors.MediaOffline("injected")
        return await work()


FAULTS = st.builds(Fault, st.sampled_from(["database", "media"]), st.integers(1, 16), st.booleans())


class Installations(RuleBasedStateMachine):
    """Each rule is one act of one installation. A file that is unlinked against the rules is an AssertionError."""

    dsn: str
    patch: pytest.MonkeyPatch

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="mf-owners-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.media = self.folder / "media"
        self.installations: list[Installation] = []
        self.backups: list[Installation] = []
        self.events: list[Event] = []
        self.number, self.passed = 0, 0.0  # of events; seconds
        self.alone = True  # nothing but one installation, going forward
        self.jumped = False
        self.said: list[str] = []
        self.active: Installation | None = None  # whose rows are in the database
        self.fault: Fault | None = None
        self.before = settings._current
        self.runner = asyncio.Runner()
        self._set_clocks()
        self.runner.run(engine.connect(self.dsn, size=4))
        self._let_calls_fail()
        self._new()

    def _set_clocks(self) -> None:
        boot, wall = clock.since_boot, time.time
        self.patch.setattr(clock, "since_boot", lambda: boot() + self.passed)
        off = lambda: wall() + self.passed + (self.active.ours if self.active else 0)  # noqa: E731
        self.patch.setattr(clock_guard, "time", types.SimpleNamespace(time=off))
        self.patch.setattr(ownership, "SETTLE", 0.0)  # `take` looks at who would object in that minute
        self.patch.setattr(ownership, "_claims_here", True)
        # The table of an older version's database would be made in the schema of the clocks, beside the real one.
        self.patch.setattr(lineage, "INSTALLATION", "select 1")

    def _let_calls_fail(self) -> None:
        run_io, one, many = mount.run_io, liveness.Connection._execute, liveness.Connection.execute

        async def media(function: Any, *args: Any, **given: Any) -> Any:
            return await self._may_fail("media", lambda: run_io(function, *args, **given))

        async def execute(connection: Any, *args: Any, **given: Any) -> Any:
            return await self._may_fail("database", lambda: many(connection, *args, **given))

        async def _execute(connection: Any, *args: Any, **given: Any) -> Any:
            return await self._may_fail("database", lambda: one(connection, *args, **given))

        self.patch.setattr(mount, "run_io", media)
        self.patch.setattr(liveness.Connection, "execute", execute)
        self.patch.setattr(liveness.Connection, "_execute", _execute)

    async def _may_fail(self, where: str, work: Callable[[], Awaitable[Any]]) -> Any:
        return await (self.fault.around(where, work) if self.fault else work())

    def teardown(self) -> None:
        try:
            if self.alone:
                self._frees_in_the_end()
        finally:
            self.runner.run(engine.close())
            self.runner.close()
            self.patch.undo()
            settings._current = self.before
            shutil.rmtree(self.folder)

    # ---- whose turn it is ----------------------------------------------------------------------------------

    def _new(self, like: Installation | None = None) -> Installation:
        made = copy.deepcopy(like) if like else Installation(Path())
        made.state = self.folder / f"state{len(self.installations)}"
        made.state.mkdir()
        made.name = made.name or made.state.name
        (made.state / "instance").write_text(made.name)
        made.alive, made.watch = False, None
        self.installations.append(made)
        return made

    async def _turn(self, one: Installation) -> None:
        """Put the rows of this installation in place. If its program does not run, it starts."""
        if self.active is not one:
            await self._leave()
            rows = json.loads(one.rows) if one.rows else {table: [] for table in TABLES}
            await engine.fetchval("select clocks.put($1::json, $2)", json.dumps(rows), self.passed + one.theirs)
            if not one.rows:
                await engine.execute(
                    "insert into installation default values; insert into account (id, name) values (1, 'Ada');"
                    "insert into running_time (id) values (1)"
                )
            self.active = one
            self._forget_process(one)
            await mount.prepare()
            await ownership.refresh()
        if not one.alive:
            await self._start(one)

    def _forget_process(self, one: Installation) -> None:
        settings.use(settings.Settings(state=one.state, media=self.media, grace_hours=GRACE, trash_days=0, min_free=0))
        ownership._frozen = ownership._settled_at = None
        ownership._made.clear()
        mount._marked = None
        clock_guard._watch, running._seen = one.watch, None

    async def _start(self, one: Installation) -> None:
        one.watch = None
        self._forget_process(one)
        one.alive = True
        await ownership.start()
        await clock_guard.now()
        one.watch = clock_guard._watch
        await self._observe(one)

    async def _leave(self) -> None:
        if self.active is not None:
            self.active.rows = await engine.fetchval("select clocks.get()")
            self.active = None

    async def _observe(self, one: Installation) -> None:
        """Read what the database knows now, and note what has changed."""
        row = await engine.fetchrow(
            "select number, frozen_reason, (select coalesce(json_object_agg(encode(sha256, 'hex'), ref_count > 0),"
            " '{}') from media_file) as held from installation"
        )
        assert row is not None
        one.store, one.frozen = str(mount.root()), row["frozen_reason"] is not None
        if row["number"] is not None and row["number"] != one.claim:
            self._note(one, "claim")
        held = row["held"] if isinstance(row["held"], dict) else json.loads(row["held"])
        for file, referenced in held.items():
            if one.held.get(file) is not referenced:
                self._note(one, "acquire" if referenced else "release", file)
        one.claim, one.held = row["number"], held

    def _note(self, one: Installation, kind: str, file: str = "") -> None:
        self.number += 1
        event = Event(self.number, kind, self.passed / HOUR, one.store, file)
        one.past.append(event)
        self.events.append(event)

    def _act(
        self, who: int, name: str, work: Callable[[Installation], Awaitable[Any]], fault: Fault | None = None
    ) -> None:
        one = self.installations[who % len(self.installations)]
        self.said.append(f"{name} {self.installations.index(one)}{' and dies' if fault else ''}")

        async def do() -> None:
            await self._turn(one)
            if fault is None:
                with _suppress_frozen():
                    await work(one)
            else:
                await self._act_and_die(one, work, fault)
            await self._observe(one)

        self.runner.run(do())

    async def _act_and_die(
        self, one: Installation, work: Callable[[Installation], Awaitable[Any]], fault: Fault
    ) -> None:
        before, self.fault = _files(self.folder), fault
        try:
            await work(one)
        except (errors.Unavailable, errors.StoreFrozen, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pass
        finally:
            self.fault = None
        one.alive = False
        self._judge(one, before - _files(self.folder))
        await engine.close()  # the server rolls back what was open
        await engine.connect(self.dsn, size=4)
        self._forget_process(one)
        await mount.prepare()
        await ownership.refresh()

    # ---- acts ------------------------------------------------------------------------------------------------

    @rule(who=WHO, which=WHICH)
    def put(self, who: int, which: int, fault: Fault | None = None) -> None:
        self._act(who, f"put {which}", lambda one: self._put(which), fault)

    async def _put(self, which: int, *, fails: bool = False) -> None:
        source = self.folder / "source"
        source.write_bytes(FILES[which])

        async def in_transaction(item: int) -> None:
            if fails:
                raise ZeroDivisionError

        staged = await blob_store.stage(source)
        try:
            await items.add_media(
                owner=1, staged=staged, facts=FACTS, entry=items.Entry("x"), in_transaction=in_transaction
            )
        except ZeroDivisionError:
            pass
        finally:
            await sweeper.rollback(staged)

    @rule(who=WHO, which=WHICH)
    def roll_back_after_placing(self, who: int, which: int) -> None:
        """The bytes are placed, and the transaction is rolled back."""
        self._act(who, f"put and roll back {which}", lambda one: self._put(which, fails=True))

    @rule(who=WHO, which=WHICH)
    def release(self, who: int, which: int, fault: Fault | None = None) -> None:
        """Every entry of one file goes."""

        async def work(one: Installation) -> None:
            for row in await engine.fetch(
                "select i.id from library_item i join media_file m on m.id = i.media_file where sha256 = $1",
                hashlib.sha256(FILES[which]).digest(),
            ):
                await trash.delete_media(row["id"], 1)

        self._act(who, f"release {which}", work, fault)

    @rule(who=WHO, late=st.booleans())
    def sweep(self, who: int, late: bool, fault: Fault | None = None) -> None:
        if late:  # the grace period is over, if it runs since
            self._act(who, "run", self._nothing)
            self.let_time_pass(2.0)

        async def work(one: Installation) -> None:
            before = _files(self.folder)
            await sweeper.sweep()
            self._judge(one, before - _files(self.folder))
            if self.alone:
                assert ownership.frozen() is None, f"a sole installation is frozen: {self.said}"

        self._act(who, "sweep late" if late else "sweep", work, fault)

    async def _nothing(self, one: Installation) -> None:
        """Its program runs."""

    @rule(hours=st.sampled_from([0.5, 3.0, 25.0]))
    def let_time_pass(self, hours: float) -> None:
        """Every program that runs looks at its clocks and for foreign claims meanwhile."""
        self.said.append(f"{hours} hours")

        async def do() -> None:
            self.passed += hours * HOUR
            if self.active is not None:
                await engine.execute("update clocks.ahead set seconds = $1", self.passed + self.active.theirs)
            for one in [one for one in self.installations if one.alive]:
                await self._turn(one)
                await clock_guard.now()
                await ownership_watch.look()
                await self._observe(one)

        self.runner.run(do())

    @rule(who=WHO, hours=st.sampled_from([-400 * 24.0, -2.0, 2.0, 30.0, 400 * 24.0]), database=st.booleans())
    def let_clock_jump(self, who: int, hours: float, database: bool) -> None:
        self.jumped = True

        async def work(one: Installation) -> None:
            if database:
                one.theirs += hours * HOUR
                await engine.execute("update clocks.ahead set seconds = $1", self.passed + one.theirs)
            else:
                one.ours += hours * HOUR

        self._act(who, f"{hours} hours jump of {'database' if database else 'machine'}", work)

    @rule(who=WHO)
    def stop(self, who: int) -> None:
        one = self.installations[who % len(self.installations)]
        self.said.append(f"stop {self.installations.index(one)}")
        one.alive = False

    @rule(who=WHO)
    def back_up(self, who: int) -> None:
        async def work(one: Installation) -> None:
            self.backups.append(dataclasses.replace(one, rows=await engine.fetchval("select clocks.get()")))
            self.backups[-1].past = list(one.past)
            self.backups[-1].held = dict(one.held)

        self._act(who, "back up", work)

    def _backup(self, which: int) -> Installation:
        """The newest ones are the likeliest."""
        return self.backups[-1 - which % len(self.backups)]

    @precondition(lambda self: self.backups and len(self.installations) < MOST)
    @rule(which=WHICH)
    def clone(self, which: int) -> None:
        """A copy of a database is started elsewhere, without notice."""
        self.said.append(f"clone {which}")
        self.alone = False
        self._new(self._backup(which))

    @precondition(lambda self: self.backups)
    @rule(who=WHO, which=WHICH)
    def roll_back(self, who: int, which: int) -> None:
        """The machine goes back to a snapshot, without notice."""
        self.said.append(f"roll back {who} to {which}")
        self._become(who, which)

    @precondition(lambda self: self.backups)
    @rule(who=WHO, which=WHICH)
    def restore(self, who: int, which: int) -> None:
        one = self._become(who, which)

        async def work() -> None:
            one.alive = True  # not yet: the lineage begins before the start
            await self._turn(one)
            async with engine.transaction(), engine.DB.connection() as connection:
                await lineage.begin_in(connection, "restored")
            self._note(one, "lineage")
            await self._start(one)

        self.said.append(f"restore {who} to {which}")
        self.runner.run(work())

    @rule(who=WHO, which=WHICH)
    def restore_before_reference(self, who: int, which: int) -> None:
        """Restore a backup in which nothing refers to a file that the library has again."""
        self.put(who=who, which=which)
        self.release(who=who, which=which)
        self.back_up(who=who)
        self.put(who=who, which=which)
        self.restore(who=who, which=0)

    def _become(self, who: int, which: int) -> Installation:
        self.alone = False
        one, older = self.installations[who % len(self.installations)], self._backup(which)
        self.runner.run(self._leave())
        one.rows, one.past, one.store = older.rows, list(older.past), older.store
        (one.state / "instance").write_text(older.name)
        one.claim, one.held, one.frozen, one.alive = older.claim, dict(older.held), older.frozen, False
        return one

    @precondition(lambda self: len(self.installations) < MOST)
    @rule()
    def arrive(self) -> None:
        """A new state folder on the old media folder."""
        self.said.append("arrive")
        self.alone = False
        self._new()

    @precondition(lambda self: any(one.frozen for one in self.installations))
    @rule(who=WHO, decision=st.sampled_from(["take", "take", "take", "separate", "read-only"]))
    def decide(self, who: int, decision: decisions.Decision) -> None:
        who = self._frozen(who)

        async def work(one: Installation) -> None:
            # Another process of the installation may have decided meanwhile.
            if await ownership.refresh() is None or (decision == "separate" and one.store != str(self.media)):
                return
            await decisions.decide(decision)
            one.store = str(mount.root())
            self._note(one, {"take": "take", "separate": "lineage", "read-only": "claim"}[decision])

        self._act(who, decision, work)
        if decision == "take":
            self.let_time_pass(0.05)  # the minute in which others may object

    def _frozen(self, who: int) -> int:
        found = [number for number, one in enumerate(self.installations) if one.frozen]
        return found[who % len(found)]

    @rule(who=WHO, which=WHICH, act=st.sampled_from(["put", "release", "sweep"]), fault=FAULTS)
    def die(self, who: int, which: int, act: str, fault: Fault) -> None:
        """One of its calls fails, and the program dies."""
        if act == "sweep":
            self.sweep(who=who, late=True, fault=fault)
        else:
            getattr(self, act)(who=who, which=which, fault=fault)

    # ---- what must hold ------------------------------------------------------------------------------------

    def _judge(self, one: Installation, gone: set[tuple[str, str]]) -> None:
        """Whether this installation may have unlinked these files."""
        for store, file in gone:
            words = f"{file[:6]} was unlinked after {self.said}"
            own = [event for event in one.past if (event.store, event.file) == (store, file)]
            assert own and own[-1].kind == "release", f"its database did not let go: {words}"
            assert own[-1].at > one.last("lineage"), f"it was let go in another lineage: {words}"
            assert self.passed / HOUR - own[-1].hours >= GRACE, f"its grace period was not over: {words}"
            taken = one.last("take")
            for event in self.events:
                if (event.store, event.file, event.kind) == (store, file, "acquire"):
                    assert event in one.past or taken > event.at, f"another one got it: {words}"
            for other in self.installations:
                if other is not one and other.store == store and other.held.get(file):
                    self._judge_other(one, other, taken, words)

    def _judge_other(self, one: Installation, other: Installation, taken: int, words: str) -> None:
        """Whether the file may go though this other installation has it."""
        assert other.frozen or not other.alive, f"one at work has it: {words}"
        since = [event for event in other.past if event.kind == "claim" and event not in one.past]
        assert all(taken > event.at for event in since), f"another one claimed the folder and has it: {words}"

    def _frees_in_the_end(self) -> None:
        """A sole installation frees what it let go, also after its clocks went wrong."""
        for _ in range(3 if self.jumped else 1):
            self.let_time_pass(25.0)
            self.sweep(who=0, late=True)
        (one,) = self.installations
        held = {file for file, referenced in one.held.items() if referenced}
        assert {file for _, file in _files(self.folder)} == held, f"a sole installation frees: {self.said}"


class _suppress_frozen:
    """An act that a frozen installation refuses is not done."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> bool:
        return isinstance(error, errors.StoreFrozen)


def _files(folder: Path) -> set[tuple[str, str]]:
    """Every stored file, with its store."""
    return {(str(file.parents[2]), file.stem) for file in folder.rglob("store/*/*.mp4")}
