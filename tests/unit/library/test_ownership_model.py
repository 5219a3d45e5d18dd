"""P22: histories of installations that come, go, are cloned, restored to older states and share one media folder.

Real functions on the real store and a real PostgreSQL; the database of each installation is kept as its rows, which
are put in place when it is its turn. A history is a chain of random acts. After each sweep, every file that is gone is
looked at: did the database that unlinked it let it go, and does nobody else who counts hold it?

Three mutants, each without one of the checks, must be caught.
"""

import copy
import dataclasses
import hashlib
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine, lineage
from mediafetcher.library.catalog import items
from mediafetcher.library.storage import blob_store, clock_guard, decisions, mount, ownership, sweeper, unknown
from tests import deep
from tests.conftest import Server, cloned
from tests.unit.library.conftest import FACTS

pytestmark = [pytest.mark.promise(22), pytest.mark.timeout(14400)]

FILES = [b"one", b"two"]
Script = tuple[tuple[str, int], ...]  # acts, each with the number of the installation
TABLES = ("account", "installation", "store_root", "media_file", "library_item")
STEPS = 16
# How often each is done by an installation that owns the store, and by one that is frozen.
OWNED = {"put": 5, "release": 6, "sweep": 3, "back_up": 4, "restore": 4, "clone": 2, "roll_back": 2}
OWNED |= {"start": 1, "crash": 1, "arrive": 1}
FROZEN = {"take": 8, "sweep": 2, "separate": 1, "set_read_only": 1, "start": 1, "put": 1, "restore": 1, "arrive": 1}
_OF_BACKUPS = {"restore", "clone", "roll_back"}


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that a database did with a file of a store. `kind`: acquire, release, lineage, take."""

    at: int
    kind: str
    store: str = ""
    file: str = ""


@dataclasses.dataclass
class Installation:
    """One database as its rows, and what the model knows of its past, which a copy has too."""

    rows: dict[str, str] | None = None
    past: list[Event] = dataclasses.field(default_factory=list)
    store: str = ""
    acted: int = 0  # when it last did something as the owner of the store

    def holds(self, store: str, file: str) -> bool:
        last = [event for event in self.past if (event.store, event.file) == (store, file)]
        return bool(last) and last[-1].kind == "acquire"


class History:
    """One history. `act()` does the next thing and raises AssertionError if a file was unlinked that must not be."""

    def __init__(self, chance: random.Random, folder: Path, files: list[bytes]) -> None:
        self.chance, self.folder, self.files = chance, folder, files
        self.media = folder / "media"
        self.installations: list[Installation] = []
        self.backups: list[Installation] = []
        self.events: list[tuple[Event, int]] = []  # with the identity of the installation that did it
        self.now = 0
        self.alone = True  # nothing but one installation, going forward
        self.said: list[str] = []

    # ---- the database of whose turn it is ----------------------------------------------------------------

    async def turn(self, one: Installation) -> None:
        """Put the rows of this installation in place; its process starts anew."""
        async with engine.transaction():
            await engine.execute("set local session_replication_role = replica")
            await engine.execute(";".join(f"delete from {table}" for table in reversed(TABLES)))
            for table in TABLES if one.rows else ():
                columns = await _columns(table)
                await engine.execute(
                    f"insert into {table} ({columns}) select {columns}"
                    f" from json_populate_recordset(null::{table}, $1::text::json)",
                    one.rows[table],
                )
            await engine.execute(
                "select setval(pg_get_serial_sequence(name, 'id'), 1 + (select max(id) from"
                " (select id from media_file union all select id from library_item union all select 1) as known))"
                " from unnest(array['media_file', 'library_item']) as name"
            )
            if not one.rows:
                await engine.execute("insert into installation default values")
                await engine.execute("insert into account (id, name) values (1, 'Ada')")
        ownership._frozen = ownership._settled_at = None
        ownership._made.clear()
        mount._marked = None
        await mount.prepare()
        one.store = str(mount.root())
        await ownership.refresh()

    async def keep(self, one: Installation) -> None:
        one.rows = {
            table: await engine.fetchval(f"select coalesce(json_agg(t), '[]')::text from {table} t") for table in TABLES
        }
        one.store = str(mount.root())

    def note(self, one: Installation, kind: str, file: str = "") -> None:
        self.now += 1
        event = Event(self.now, kind, one.store, file)
        one.past.append(event)
        self.events.append((event, id(one)))

    async def owning(self, one: Installation, work: Callable[[], Awaitable[Any]]) -> bool:
        """Do it if this installation owns the store -> whether it did."""
        try:
            await work()
        except errors.StoreFrozen:
            return False
        self.now += 1
        one.acted = self.now
        return True

    # ---- what may happen -----------------------------------------------------------------------------------

    async def act(self) -> None:
        if not self.installations:
            self.installations.append(Installation())
        one = self.chance.choice(self.installations)
        await self.turn(one)
        weights = FROZEN if ownership.frozen() is not None else OWNED
        possible = {act: weight for act, weight in weights.items() if self.backups or act not in _OF_BACKUPS}
        if not await engine.fetchval("select exists (select from library_item)"):
            possible.pop("release", None)
        await self._do(one, self.chance.choices(list(possible), list(possible.values()))[0])

    async def _do(self, one: Installation, act: str) -> None:
        self.said.append(f"{act} {self.installations.index(one)}")
        await getattr(self, act)(one)
        await self.keep(one)

    async def follow(self, script: Script) -> None:
        """Do exactly this."""
        self.installations.append(Installation())
        for name, number in script:
            await self.turn(self.installations[number])
            await self._do(self.installations[number], name)

    async def start(self, one: Installation) -> None:
        if await ownership.start() is None:
            self.now += 1
            one.acted = self.now

    async def put(self, one: Installation, *, fails: bool = False) -> None:
        data = self.chance.choice(self.files)
        source = self.folder / "source"
        source.write_bytes(data)

        async def also(item: int) -> None:
            if fails:
                raise ZeroDivisionError

        async def work() -> None:
            staged = await blob_store.stage(source)
            try:
                await items.add_media(owner=1, staged=staged, facts=FACTS, entry=items.Entry("x"), also=also)
            except ZeroDivisionError:
                pass
            finally:
                await sweeper.take_back(staged)

        acted = one.acted
        if await self.owning(one, work):
            if one.holds(one.store, _name(data)):
                one.acted = acted
                return  # one more reference to a file it has: no claim is made for that, and none is needed
            self.note(one, "acquire", _name(data))
            if fails:
                self.note(one, "release", _name(data))

    async def crash(self, one: Installation) -> None:
        """The bytes are placed, and the transaction is rolled back."""
        await self.put(one, fails=True)

    async def release(self, one: Installation) -> None:
        rows = await engine.fetch("select i.id, sha256 from library_item i join media_file m on m.id = i.media_file")
        if not rows:
            return
        row = self.chance.choice(rows)
        with _grace(1):  # else the file goes at once, and the sweep has nothing to do
            done = await self.owning(one, lambda: items.delete_media(row["id"], 1))
        if done and sum(other["sha256"] == row["sha256"] for other in rows) == 1:
            self.note(one, "release", row["sha256"].hex())

    async def sweep(self, one: Installation) -> None:
        before = _files(self.folder)
        await ownership.start()
        await items.sweep()
        gone = before - _files(self.folder)
        for store, file in gone:
            self.judge(one, store, file)
        if gone:
            self.now += 1
            one.acted = self.now
        if self.alone:
            assert ownership.frozen() is None, "a sole installation never waits for a decision"
            held = {file for file in map(_name, self.files) if one.holds(one.store, file)}
            assert {file for _, file in _files(self.folder)} == held, "a sole installation frees what it let go"

    def judge(self, one: Installation, store: str, file: str) -> None:
        """Whether this installation may have unlinked this file."""
        words = f"{file[:6]} was unlinked after {self.said}"
        own = [event for event in one.past if (event.store, event.file) == (store, file)]
        assert own and own[-1].kind == "release", f"its database did not let go: {words}"
        let_go = own[-1].at
        began = max((event.at for event in one.past if event.kind == "lineage"), default=0)
        assert let_go > began, f"it was let go in another lineage: {words}"
        taken = max((event.at for event in one.past if event.kind == "take"), default=0)
        for event, who in self.events:
            if (event.store, event.file, event.kind) != (store, file, "acquire") or who == id(one):
                continue
            assert event.at < let_go, f"somebody got it after it was let go: {words}"
            assert event in one.past or taken > event.at, f"somebody else got it: {words}"
        for other in self.installations:
            if other is not one and other.holds(store, file):
                assert taken > other.acted or not other.acted, f"another one at work holds it: {words}"

    async def back_up(self, one: Installation) -> None:
        await self.keep(one)
        self.backups.append(copy.deepcopy(one))

    def _backup(self) -> Installation:
        """One of the backups, the last in half of the cases."""
        return self.chance.choice([*self.backups, *[self.backups[-1]] * len(self.backups)])

    async def clone(self, one: Installation) -> None:
        """A copy of a database is started elsewhere, and nobody says so."""
        if self.backups and len(self.installations) < 3:
            self.alone = False
            self.installations.append(dataclasses.replace(copy.deepcopy(self._backup()), acted=0))

    async def roll_back(self, one: Installation) -> None:
        """The machine goes back to a snapshot, and nobody says so."""
        if self.backups:
            self.alone = False
            older = copy.deepcopy(self._backup())
            one.past, one.acted = older.past, 0
            await self.turn(older)
            await ownership.start()

    async def restore(self, one: Installation) -> None:
        if self.backups:
            self.alone = False
            older = copy.deepcopy(self._backup())
            one.past, one.acted = older.past, 0
            await self.turn(older)
            async with engine.transaction(), engine.DB.connection() as connection:
                await lineage.begin_in(connection, "restored")
            one.store = older.store
            self.note(one, "lineage")
            await ownership.start()

    async def arrive(self, one: Installation) -> None:
        """A new state folder on the old media folder."""
        if len(self.installations) < 3:
            self.alone = False
            self.installations.append(Installation())

    async def take(self, one: Installation) -> None:
        if ownership.frozen() is not None:
            await decisions.decide("take")
            self.note(one, "take")
            one.acted = self.now

    async def separate(self, one: Installation) -> None:
        if ownership.frozen() is not None and one.store == str(self.media):
            await decisions.decide("separate")
            one.store = str(mount.root())
            self.note(one, "lineage")

    async def set_read_only(self, one: Installation) -> None:
        if ownership.frozen() is not None:
            await decisions.decide("read-only")


_cached: dict[str, str] = {}


async def _columns(table: str) -> str:
    if table not in _cached:
        rows = await engine.fetch(
            "select column_name from information_schema.columns where table_name = $1 and is_generated = 'NEVER'"
            " order by ordinal_position",
            table,
        )
        _cached[table] = ", ".join(row["column_name"] for row in rows)
    return _cached[table]


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _files(folder: Path) -> set[tuple[str, str]]:
    """Every stored file, with its store."""
    return {(str(file.parents[2]), file.stem) for file in folder.rglob("store/*/*.mp4")}


class _grace:
    def __init__(self, hours: float) -> None:
        self.hours = hours

    def __enter__(self) -> None:
        self.before = settings.get()
        settings.use(dataclasses.replace(self.before, grace_hours=self.hours))

    def __exit__(self, *_: object) -> None:
        settings.use(self.before)


async def _histories(server: Server, count: int, seed: str, script: Script = ()) -> None:
    """This many histories, one after the other on one database. Raises AssertionError at the first that is wrong."""
    home = Path(tempfile.mkdtemp(prefix="mf-owners-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    before = settings._current
    async with cloned(server) as dsn:
        await engine.connect(dsn, size=4)
        try:
            for number in range(count):
                try:
                    await _one(home / str(number), random.Random(f"{seed} {number}"), script)
                except AssertionError:
                    print(f"history {number} of the seed {seed!r}")
                    raise
        finally:
            await engine.close()
            settings._current = before
            shutil.rmtree(home, ignore_errors=True)


async def _one(folder: Path, chance: random.Random, script: Script) -> None:
    (folder / "state").mkdir(parents=True)
    settings.use(
        settings.Settings(state=folder / "state", media=folder / "media", grace_hours=0, trash_days=0, min_free=0)
    )
    history = History(chance, folder, FILES[: 1 if script else chance.choice((1, 2))])
    if script:
        await history.follow(script)
    else:
        for _ in range(STEPS):
            await history.act()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody objects in the minute after taking, and the clock is right."""
    monkeypatch.setattr(ownership, "SETTLE", 0.0)
    monkeypatch.setattr(ownership, "claims_here", True)
    monkeypatch.setattr(clock_guard, "now", _believed)


async def _believed() -> Any:
    theirs = float(await engine.fetchval("select extract(epoch from clock_timestamp())"))
    return clock_guard.Reading(0.0, theirs, theirs, 0.0)


async def test_random_histories_lose_no_file(server: Server) -> None:
    deep.chance("owners")  # prints the seed
    await _histories(server, deep.count(22, 200), f"{deep.SEED} owners")


# ---- the mutants -------------------------------------------------------------------------------------------


def _without_claims(patch: pytest.MonkeyPatch) -> None:
    async def no_conflict(*_: object) -> None:
        return None

    patch.setattr(ownership, "_conflict", no_conflict)


def _without_lineage(patch: pytest.MonkeyPatch) -> None:
    async def freeze_only(connection: Any, reason: str) -> None:
        await connection.execute(
            "update installation set number = null, nonce = null, pending_nonce = null, frozen_reason = $1", reason
        )

    patch.setattr(lineage, "begin_in", freeze_only)


def _without_evidence(patch: pytest.MonkeyPatch) -> None:
    sweep = sweeper.sweep

    async def also_unknown() -> int:
        removed = await sweep()
        if ownership.frozen() is None:
            for file in [file async for file in unknown.files()]:
                file.path.unlink()
        return removed

    patch.setattr(items, "sweep", also_unknown)


# What each check prevents, as short as it can be. Without the mutant the same histories are right.
_A_CLONE = (("put", 0), ("release", 0), ("back_up", 0), ("put", 0), ("clone", 0), ("sweep", 1))
_AN_OLDER_BACKUP = (
    *(("put", 0), ("release", 0), ("back_up", 0), ("put", 0)),
    *(("restore", 0), ("take", 0), ("sweep", 0)),
)
_A_NEW_DATABASE = (("put", 0), ("arrive", 0), ("start", 1), ("take", 1), ("sweep", 1))
_MUTANTS = [(_without_claims, _A_CLONE), (_without_lineage, _AN_OLDER_BACKUP), (_without_evidence, _A_NEW_DATABASE)]


@pytest.mark.parametrize(("mutant", "script"), _MUTANTS)
async def test_mutant_without_a_check_is_caught(
    mutant: Callable[[pytest.MonkeyPatch], None], script: Script, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _histories(server, 1, "", script)
    mutant(monkeypatch)
    with pytest.raises(AssertionError, match="unlinked"):
        await _histories(server, 1, "", script)


@pytest.mark.parametrize("mutant", [mutant for mutant, _ in _MUTANTS])
async def test_mutant_without_a_check_is_caught_by_random_histories(
    mutant: Callable[[pytest.MonkeyPatch], None], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    with pytest.raises(AssertionError, match="unlinked"):
        await _histories(server, 200, f"{deep.SEED} mutants")
