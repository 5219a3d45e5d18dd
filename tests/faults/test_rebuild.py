"""The state folder is lost, the media folder is not: `rebuild` brings the library back from it alone (P23)."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Set
from pathlib import Path

import pytest

from mediafetcher.library.recovery import journal_file
from tests import deep
from tests.faults.films import Films
from tests.faults.program import PASSWORD, REPOSITORY, Program, until

ROUNDS = deep.count(23, 1)
MARGIN = 10.0  # seconds: changes that were committed longer ago are restored

Shown = dict[int, tuple[str, str]]  # title and folder


def _items(server: Program) -> Shown:
    return {row["id"]: (row["title"], row["folder"] or "") for row in server.items()}


def _trash(server: Program) -> set[int]:
    return {row["id"] for row in server.ask("GET", "/trash?limit=200").json()["items"]}


def _ok(answer) -> None:  # type: ignore[no-untyped-def]
    assert answer.status_code < 300, answer.text


class _Person:
    """A user who works with their library. Only the program remembers the changes."""

    def __init__(self, server: Program, chance: random.Random, films: Films | None = None) -> None:
        self.server, self.chance = server, chance
        self.films, self.fetched = films, 0
        self.purged: set[int] = set()

    def fetch(self, urls: list[str]) -> None:
        for url in urls:
            self.server.submit(url, self.chance.choice((None, "Films", "Films/Été", "C/D")))
        rows = self.server.all_ended(180)
        assert {row["state"] for row in rows} == {"done"}, rows

    def tidy(self, among: list[int]) -> None:
        """Rename, move, trash, purge, each of some of these."""
        self.chance.shuffle(among)
        for id in among[:3]:
            _ok(self.server.ask("PATCH", f"/items/{id}", {"title": f"Titre {self.chance.randrange(1000)}"}))
        for id in among[2:5]:
            _ok(self.server.ask("PATCH", f"/items/{id}", {"folder": f"Moved/{self.chance.randrange(3)}"}))
        for id in among[5:8]:
            _ok(self.server.ask("DELETE", f"/items/{id}"))
        _ok(self.server.ask("DELETE", "/trash", {"items": among[5:7]}))
        self.purged |= set(among[5:7])

    def live(self, acts: int) -> None:
        """Do so many acts, each by chance and to an item by chance."""
        for _ in range(acts):
            there, trashed = sorted(_items(self.server)), sorted(_trash(self.server))
            act = self.chance.choice(("rename", "move", "trash", "restore", "purge", "fetch"))
            if act in ("restore", "purge"):
                if trashed:
                    id = self.chance.choice(trashed)
                    if act == "purge":
                        self.purged.add(id)
                        _ok(self.server.ask("DELETE", "/trash", {"items": [id]}))
                    else:
                        _ok(self.server.ask("POST", f"/items/{id}/restore"))
            elif act == "fetch" or not there:
                self.fetched += 1
                assert self.films
                self.fetch(self.films(1, first=1000 + self.fetched))
            else:
                id = self.chance.choice(there)
                change = {"title": f"T {self.chance.random()}"} if act == "rename" else {"folder": self._folder()}
                method, given = ("DELETE", None) if act == "trash" else ("PATCH", change)
                _ok(self.server.ask(method, f"/items/{id}", given))

    def _folder(self) -> str:
        return "/".join(self.chance.choices(("A", "B", "Été"), k=self.chance.randrange(3)))


def _program(program, folder: Path, **given) -> Program:  # type: ignore[no-untyped-def]
    media = folder / "media"
    media.mkdir(mode=0o711, exist_ok=True)
    return program(media=media, trash_days=30, grace_hours=24, **given)


def _lose(server: Program) -> None:
    server.kill()
    shutil.rmtree(server.state)


def _rebuild(server: Program) -> dict:
    done = server.command("rebuild", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _backups(folder: Path) -> list[Path]:
    """Return the complete backups in the media folder; a draft begins with a point."""
    return sorted((folder / "media/.mediafetcher/backups").glob("[!.]*.mfbackup"))


def _next_backup(folder: Path) -> None:
    """Wait until one is there that was begun after this call."""
    had = {path.name for path in (folder / "media/.mediafetcher/backups").glob("*")}
    until(lambda: len({path.name for path in _backups(folder)} - had) > 1, 120, "a backup in the media folder")


def _journals(folder: Path) -> list[Path]:
    return sorted((folder / "media/.mediafetcher/journal").glob("*.jsonl"))


def _give_passwords(server: Program, names: list[str]) -> None:
    for name in names:
        subprocess.run(
            [sys.executable, "-m", "mediafetcher", "user", "password", name],
            cwd=REPOSITORY,
            env=server.environment,
            input=f"{PASSWORD}\n",
            text=True,
            check=True,
            timeout=120,
        )


@pytest.mark.promise(23)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("round", range(ROUNDS))
def test_library_is_back_after_the_state_folder_is_lost(program, films_site, folder, round):
    chance = deep.chance(f"rebuild {round}")
    server = _program(program, folder, backup_hours=0.0015).start()
    person = _Person(server, chance, films_site)
    person.fetch(films_site(9))
    _next_backup(folder)
    person.fetch(films_site(4, first=9))
    person.tidy(sorted(_items(server)))
    person.live(chance.randrange(40) if deep.deep(23) else 5)
    expected, trash = _items(server), _trash(server)
    until_lost = time.monotonic() + MARGIN
    more = films_site(40, first=100)
    while time.monotonic() < until_lost:  # the loss comes in the middle of work
        server.submit(more.pop())
        person.server.downloads()
        time.sleep(0.3)
    _lose(server)

    said = _rebuild(server)
    assert said["backup"] and said["journal"], said
    assert (said["missing_files"], said["lost"], said["without_password"]) == (0, 0, [])
    server.start()  # the token of the lost library is known
    found = _items(server)
    assert {id: found.get(id) for id in expected} == expected
    assert _trash(server) == trash
    assert not person.purged & {*found, *_trash(server)}
    done = server.command("check", "--read-data")
    assert "missing" not in done.stdout, done.stdout
    again = server.command("rebuild")
    assert again.returncode == 75, again.stderr  # it runs
    server.stop()
    refused = server.command("rebuild")
    assert "library_not_empty" in refused.stderr


@pytest.mark.promise(23)
@pytest.mark.timeout(600)
def test_library_is_back_from_a_damaged_backup_a_torn_journal_and_the_journal_alone(program, films_site, folder):
    chance = deep.chance("rebuild damaged")
    server = _program(program, folder, backup_hours=0.0015).start()
    person = _Person(server, chance)
    person.fetch(films_site(9))
    _next_backup(folder)
    person.tidy(sorted(_items(server)))
    expected, trash = _items(server), _trash(server)
    until(lambda: _journaled(folder / "media", expected, trash), MARGIN, "the journal has it")
    _lose(server)

    newest = _backups(folder)[-1]
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 1
    newest.write_bytes(data)
    with _journals(folder)[-1].open("ab") as file:
        file.write(b'0badc0de {"k":"item","id":1,"se')
    said = _rebuild(server)
    assert said["damaged_backups"] == [newest.name]
    assert said["backup"] == _backups(folder)[-2].name
    server.start()
    assert (_items(server), _trash(server)) == (expected, trash)
    _lose(server)

    for path in _backups(folder):
        path.unlink()
    said = _rebuild(server)
    assert (said["backup"], said["without_password"]) == (None, ["owner"])
    server.start()
    _give_passwords(server, said["without_password"])
    made = server.command("token", "create", "--user", "owner", "--scope", "read")
    server._token = made.stdout.strip()
    assert (_items(server), _trash(server)) == (expected, trash)


def _journaled(media: Path, expected: Shown, trash: Set[int] = frozenset()) -> bool:
    library = journal_file.load(media)
    if library is None:
        return False
    rows = {id: row["title"] for id, row in library.rows["item"].items() if row["trashed_at"] is None}
    trashed = library.rows["item"].keys() - rows.keys()
    return rows == {id: title for id, (title, _) in expected.items()} and trashed == trash


@pytest.mark.promise(23)
@pytest.mark.timeout(300)
def test_rebuild_killed_in_the_middle_is_done_again(program, films_site, folder):
    server = _program(program, folder, backup_hours=0.0015).start()
    _Person(server, deep.chance("rebuild killed")).fetch(films_site(4))
    _next_backup(folder)
    expected = _items(server)
    until(lambda: _journaled(folder / "media", expected), MARGIN, "the journal has it")
    _lose(server)
    (server.state).mkdir(mode=0o711)
    (server.state / "rebuild-unfinished").touch()  # as a kill after the backup was restored leaves it
    refused = server.command("list")
    assert "rebuild_unfinished" in refused.stderr, refused.stderr
    _rebuild(server)
    server.start()
    assert _items(server) == expected


@pytest.mark.promise(23)
@pytest.mark.timeout(300)
def test_separated_store_is_rebuilt_with_its_own_library(program, films_site, folder):
    first = _program(program, folder).start()
    _Person(first, deep.chance("separate")).fetch(films_site(2))
    second = _program(program, folder)
    (folder / "other").mkdir(mode=0o711)
    second.state, second.log = folder / "other" / "state", folder / "other" / "log"
    second.environment["MEDIAFETCHER_STATE"] = str(second.state)
    second.start()
    assert second.command("store", "separate").returncode == 0
    _Person(second, deep.chance("separated")).fetch(films_site(3, first=10))
    expected = {one: _items(one) for one in (first, second)}
    (own,) = (folder / "media").glob("mediafetcher-*")
    until(lambda: _journaled(own, expected[second]), MARGIN, "the journal of the separated store has it")
    until(lambda: _journaled(folder / "media", expected[first]), MARGIN, "the journal of the other one has it")
    first_id = json.loads(first.command("store", "status", "--json").stdout)["installation"]
    _lose(first)
    second.submit(films_site(1, first=20)[0])  # it writes last
    second.all_ended(60)
    expected[second] = _items(second)
    until(lambda: _journaled(own, expected[second]), MARGIN, "the journal has the last one")
    _lose(second)

    said = _rebuild(second)
    assert (said["folder"], said["missing_files"]) == (own.name, 0), said
    _takes_up(second, expected[second], said)
    second.stop()
    done = first.command("rebuild", "--json", "--from", first_id[:8])
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["folder"], said["missing_files"]) == ("", 0), said
    _takes_up(first, expected[first], said)


def _takes_up(server: Program, expected: Shown, said: dict) -> None:
    """The rebuilt library is whole, and its store can be taken."""
    server.start()
    _give_passwords(server, said["without_password"])
    if said["without_password"]:
        made = server.command("token", "create", "--user", "owner", "--scope", "read")
        server._token = made.stdout.strip()
    assert _items(server) == expected
    status = json.loads(server.command("store", "status", "--json").stdout)
    assert (status["reason"], status["unknown"]) == ("rebuilt", 0), status
    assert server.command("store", "take").returncode == 0
    assert "missing" not in server.command("check").stdout


def test_rebuild_without_anything_to_rebuild_from_says_so(program, folder):
    server = _program(program, folder)
    assert "nothing_to_rebuild" in server.command("rebuild").stderr
    server.start()
    server.stop()
    shutil.rmtree(server.state)
    shutil.rmtree(folder / "media/.mediafetcher")
    assert "nothing_to_rebuild" in server.command("rebuild").stderr
    server.start()  # and nothing is left of the attempt
    server.stop()
