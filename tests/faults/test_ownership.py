"""P22: another installation, or another state of one, on a media folder unlinks nothing there. The whole program."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.faults.films import Films
from tests.faults.program import Program, until

pytestmark = [pytest.mark.promise(22), pytest.mark.timeout(400)]
_QUICK = {"housekeeping_seconds": 0.2, "log_level": "debug"}


def _files(media: Path) -> set[str]:
    return {path.name for path in (media / "store").rglob("*.mp4")}


def _fill(one: Program, films_site: Films, count: int, first: int = 0) -> Path:
    """Fetch films. Returns: the media folder, with files as old as those of last year."""
    for url in films_site(count, first=first):
        one.submit(url)
    assert {row["state"] for row in one.all_ended(120)} == {"done"}
    media = one.state / "media"
    for path in (media / "store").rglob("*.mp4"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return media


def _other(program: Callable[..., Program], folder: Path, media: Path) -> Program:
    """An installation with another state folder on this media folder."""
    other = program(media=media, **_QUICK)
    (folder / "other").mkdir(mode=0o711, exist_ok=True)
    other.state = folder / "other" / "state"
    other.environment["MEDIAFETCHER_STATE"] = str(other.state)
    other.log = folder / "other" / "log"
    return other


def _status(one: Program) -> dict:
    said = one.command("store", "status", "--json")
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def _reason(one: Program) -> str | None:
    return one.ask("GET", "/system").json()["store"]["reason"]


def _swept(one: Program) -> None:
    """Wait until two more rounds of housekeeping are over: one may have begun before."""

    def rounds() -> int:
        words = one.log.read_text()
        return words.count("housekeeping done") + words.count("housekeeping waits")

    before = rounds()
    until(lambda: rounds() >= before + 2, 60, "two rounds of housekeeping")


def test_new_state_folder_on_old_media_folder_unlinks_nothing(
    program: Callable[..., Program], films_site: Films, folder: Path
) -> None:
    first = program(**_QUICK).start()
    media = _fill(first, films_site, 3)
    first.stop()
    before = _files(media)
    second = _other(program, folder, media).start()
    _swept(second)
    assert _files(media) == before and len(before) == 3
    status = _status(second)
    assert (status["state"], status["reason"], status["unknown"]) == ("frozen", "foreign", 3)
    assert httpx.get(f"{second.url}/api/health").status_code == 200
    system = second.ask("GET", "/system").json()
    assert (system["store"]["state"], system["queue"]["paused"]) == ("frozen", "store_frozen")
    (url,) = films_site(1, first=10)
    id = second.submit(url)
    assert second.download(id)["error"]["code"] == "store_frozen"  # it waits, and says why
    checked = second.command("check", "--repair")
    assert checked.returncode == 0 and _files(media) == before, checked.stdout
    assert checked.stdout.count("unknown_file") >= 3

    assert second.command("store", "take").returncode == 0
    assert second.all_ended(60)[0]["state"] == "done"
    assert _files(media) > before
    second.stop()
    first.start()  # it reads a claim that it did not make
    assert _status(first)["reason"] == "foreign"
    assert len(first.items()) == 3 and _files(media) > before
    first.stop()


def test_older_backup_restored_unlinks_nothing(
    program: Callable[..., Program], films_site: Films, folder: Path
) -> None:
    server = program(**_QUICK).start()
    media = _fill(server, films_site, 2)
    backup = folder / "older.mfbackup"
    assert server.command("backup", str(backup)).returncode == 0
    _fill(server, films_site, 2, first=2)
    server.stop()
    before = _files(media)
    restored = server.command("restore-backup", str(backup), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["unknown"] == 2
    server.start()
    _swept(server)
    assert _files(media) == before and len(before) == 4
    assert _status(server)["reason"] == "restored"
    assert server.command("store", "take").returncode == 0
    _swept(server)
    assert _files(media) == before
    assert len(server.items()) == 2
    server.stop()


def test_backup_restored_beside_the_running_first_freezes_both_and_loses_nothing(
    program: Callable[..., Program], films_site: Films, folder: Path
) -> None:
    first = program(**_QUICK).start()
    media = _fill(first, films_site, 2)
    backup = folder / "copy.mfbackup"
    assert first.command("backup", str(backup)).returncode == 0
    _fill(first, films_site, 1, first=2)
    before = _files(media)
    second = _other(program, folder, media)
    second._token = first._token
    assert second.command("restore-backup", str(backup)).returncode == 0
    second.start()
    _swept(second)
    assert _files(media) == before and _status(second)["reason"] == "restored"
    assert second.command("store", "take").returncode == 0
    (url,) = films_site(1, first=20)
    first.submit(url)  # at its first reference the first one reads the other's claim
    until(lambda: _reason(first) == "foreign", 30, "the first is frozen")
    second.submit(films_site(1, first=30)[0])
    until(lambda: _reason(second) == "contested", 30, "the second is frozen")
    assert before <= _files(media)
    for one in (first, second):
        one.stop()


def test_separate_store_shares_no_file_name(program: Callable[..., Program], films_site: Films, folder: Path) -> None:
    first = program(**_QUICK).start()
    media = _fill(first, films_site, 1)
    second = _other(program, folder, media).start()
    assert _status(second)["reason"] == "foreign"
    assert second.command("store", "separate").returncode == 0
    assert _status(second)["state"] == "owned"
    second.submit(films_site(1, first=5)[0])
    assert second.all_ended(60)[0]["state"] == "done"
    (own,) = media.glob("mediafetcher-*")
    assert len(_files(own)) == 1 and len(_files(media)) == 1
    second.stop()
    second.start()  # its place is recorded
    item = second.items()[0]["id"]
    assert second.ask("DELETE", f"/items/{item}").status_code == 200
    until(lambda: _files(own) == set(), 30, "what it let go is freed")
    assert len(_files(media)) == 1
    # It may have read meanwhile that the other one found it here; then it waits for a decision.
    assert _status(first)["state"] == "owned" or _reason(first) == "contested"
    for one in (first, second):
        one.stop()
