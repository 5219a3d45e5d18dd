"""P9 and the checker: every kind of finding, planted, found alone, and mended on request."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import queries, trash
from mediafetcher.library.storage import check, mount, ownership, staging, sweeper
from tests import deep
from tests.unit.library.conftest import Put, clean, path, staged, stored

Plant = Callable[[int, Put], Awaitable[None]]


def _overwrite(file: Path, data: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(data)


async def _missing_file(owner: int, put: Put) -> None:
    path(b"film").unlink()


async def _wrong_size(owner: int, put: Put) -> None:
    _overwrite(path(b"film"), b"fil")


async def _damaged_file(owner: int, put: Put) -> None:
    _overwrite(path(b"film"), b"fiLm")


async def _unreadable_file(owner: int, put: Put) -> None:
    path(b"film").unlink()
    path(b"film").mkdir()
    await engine.execute("update media_file set size = $1 where size = 4", path(b"film").stat().st_size)


async def _missing_side_file(owner: int, put: Put) -> None:
    path(b"film", "poster.jpg").unlink()


async def _wrong_count(owner: int, put: Put) -> None:
    await engine.execute("update media_file set ref_count = 7 where size = 4")


async def _leftover(owner: int, put: Put) -> None:
    left = (
        mount.incoming() / f"{mount.installation()}.{staging.here()}.{os.getpid()}.1.{'0' * 32}.part"
    )  # that number, an earlier process
    left.write_bytes(b"half")


async def _unlisted_side_file(owner: int, put: Put) -> None:
    path(b"film", "fr.vtt").write_bytes(b"WEBVTT")


async def _unknown_file(owner: int, put: Put) -> None:
    path(b"unknown").parent.mkdir(exist_ok=True)
    path(b"unknown").write_bytes(b"unknown")


async def _store_frozen(owner: int, put: Put) -> None:
    await ownership.freeze("foreign")


async def _stuck_download(owner: int, put: Put) -> None:
    await engine.execute(
        "insert into download (owner, url, source_key, state, worker_id, lease_expires_at)"
        " values ($1, 'https://a.example/?key=1', 'k', 'running', 'gone', now() - interval '1 hour')",
        owner,
    )


async def _store_offline(owner: int, put: Put) -> None:
    (mount.root() / mount.SENTINEL).unlink()


async def _many_missing(owner: int, put: Put) -> None:
    for number in range(check._MANY + 1):
        await put(bytes([number, 200]))
        path(bytes([number, 200])).unlink()


PLANTS: dict[str, Plant] = {
    "missing_file": _missing_file,
    "wrong_size": _wrong_size,
    "damaged_file": _damaged_file,
    "unreadable_file": _unreadable_file,
    "missing_side_file": _missing_side_file,
    "wrong_count": _wrong_count,
    "leftover": _leftover,
    "unlisted_side_file": _unlisted_side_file,
    "unknown_file": _unknown_file,
    "store_frozen": _store_frozen,
    "stuck_download": _stuck_download,
    "store_offline": _store_offline,
    "many_missing": _many_missing,
}
# The user must look at these: nothing is done about them.
BY_HAND = {"unknown_file", "store_frozen", "store_offline", "many_missing"}
# The bytes are lost; what can be done is to let the link be fetched again.
LOST = {"missing_file", "wrong_size", "damaged_file", "unreadable_file"}


def test_every_kind_has_words_a_plant_and_a_way_out() -> None:
    assert set(PLANTS) == set(check.KINDS)
    assert set(check._REPAIRS) == set(check.KINDS) - BY_HAND


@pytest.fixture
async def film(owner: int, put: Put, use: Callable[..., None]) -> int:
    use(grace_hours=0)
    await put(b"other film")
    item = await put(b"film", "Titled", side={"poster.jpg": b"jpg"})
    await engine.execute(
        "insert into source (key, url, media_file) select 'k', 'u', media_file from library_item where id = $1", item
    )
    await clean()
    return item


@pytest.mark.promise(9)
@pytest.mark.parametrize("kind", list(PLANTS))
async def test_found_alone_and_mended(kind: str, owner: int, put: Put, film: int) -> None:
    await PLANTS[kind](owner, put)
    found = await check.check(read_data=True)
    assert [finding.kind for finding in found] == [kind]
    assert found[0].detail and found[0].as_dict()["kind"] == kind
    if kind in LOST:
        assert "Titled" in found[0].detail  # the entries it is about
    assert await check.check(read_data=True) == found  # looking changes nothing
    done = await check.repair(found)
    if kind in BY_HAND:
        assert done == [] and [finding.kind for finding in await check.check()] == [kind]
        return
    assert len(done) == 1
    if kind in LOST:
        assert (await queries.get(film, owner))["title"] == "Titled"  # entries stay
        assert await engine.fetchval("select media_file from source") is None
        await engine.execute("update media_file set size = 4 where sha256 = sha256('film')")  # a planted folder's
        await put(b"film", "Fetched again")
    await clean()


@pytest.mark.promise(9)
async def test_rot_is_found_and_named_without_false_alarms(owner: int, put: Put) -> None:
    chance = deep.chance("rot")
    films = [f"film {number} ".encode() * 50 for number in range(1000)]
    await asyncio.gather(*(put(data) for data in films))

    def flip(file: Path, data: bytes) -> None:
        at = chance.randrange(len(data))
        _overwrite(file, data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])

    ways = {
        "flip": (flip, "damaged_file"),
        "truncate": (lambda file, data: _overwrite(file, data[: chance.randrange(len(data))]), "wrong_size"),
        "zero": (lambda file, data: _overwrite(file, bytes(len(data))), "damaged_file"),
        "delete": (lambda file, data: file.unlink(), "missing_file"),
        "swap": (lambda file, data: _overwrite(file, data[:-1] + b"!"), "damaged_file"),
    }
    victims = chance.sample(films, 5 * deep.count(9, 5))
    expected = set()
    for number, data in enumerate(victims):
        harm, kind = list(ways.values())[number % 5]
        harm(path(data), data)
        expected.add((kind, path(data).name))
    found = {(finding.kind, Path(finding.facts["path"]).name) for finding in await check.check(read_data=True)}
    assert found == expected


async def test_side_files_unlisted_by_their_row_are_listed_by_repair(owner: int, put: Put) -> None:
    item = await put(b"film")
    path(b"film", "fr.vtt").write_bytes(b"WEBVTT")
    path(b"film", "poster.jpg").write_bytes(b"jpg")
    found = await check.check()
    assert [(finding.kind, finding.is_information) for finding in found] == [("unlisted_side_file", True)] * 2
    assert await sweeper.sweep() == 0
    assert len(await check.repair(found)) == 2 and await check.check() == []
    row = await engine.fetchrow("select poster, subtitles from media_file")
    assert row == {"poster": True, "subtitles": ["fr"]}
    assert (await queries.get(item, owner))["poster"]


async def test_side_files_unlisted_by_their_row_are_freed_with_it(owner: int, put: Put, use: Callable) -> None:  # type: ignore[type-arg]
    use(grace_hours=0)
    item = await put(b"film")
    path(b"film", "fr.vtt").write_bytes(b"WEBVTT")
    path(b"film", "notes.txt").write_bytes(b"by hand")
    await trash.delete_media(item, owner)
    await sweeper.sweep()
    assert not path(b"film").exists() and not path(b"film", "fr.vtt").exists()
    assert path(b"film", "notes.txt").exists()


async def test_file_with_foreign_name_is_information(owner: int, put: Put) -> None:
    (mount.root() / "store" / "holiday.mp4").write_bytes(b"by hand")
    assert [(finding.kind, finding.is_information) for finding in await check.check()] == [("unknown_file", True)]


@pytest.mark.promise(22)
async def test_repair_leaves_unknown_files(owner: int, put: Put) -> None:
    await _unknown_file(owner, put)
    assert await check.repair(await check.check()) == []
    assert path(b"unknown").exists()


@pytest.mark.promise(22)
async def test_repair_of_damage_on_a_frozen_store_is_refused(owner: int, put: Put, film: int) -> None:
    await _damaged_file(owner, put)
    await ownership.freeze("foreign")
    with pytest.raises(errors.StoreFrozen):
        await check.repair(await check.check(read_data=True))
    assert path(b"film").exists()


@pytest.mark.promise(22)
async def test_repair_of_very_many_damaged_files_moves_none(owner: int, put: Put) -> None:
    for number in range(check._MANY + 1):
        await put(bytes([number, 200]))
        _overwrite(path(bytes([number, 200])), b"?")
    assert await check.repair(await check.check()) == []
    assert len(stored()) == check._MANY + 1


async def test_young_garbage_is_no_finding(owner: int, put: Put) -> None:
    await _leftover(owner, put)
    assert await check.check() == []


async def test_folder_of_the_nas_is_no_finding(owner: int, put: Put) -> None:
    await put(b"film")
    for name in ("store/.DS_Store", "store/@eaDir", f"store/{path(b'film').parent.name}/Thumbs.db"):
        (mount.root() / name).write_bytes(b"")
    await clean()


async def test_checking_while_others_work_finds_nothing(owner: int, put: Put, at_once: None) -> None:
    done = asyncio.Event()

    async def work(number: int) -> None:
        for turn in range(30):
            item = await put(f"{number} {turn}".encode(), side={"poster.jpg": b"jpg"})
            await trash.trash(item, owner)

    async def watch() -> None:
        while not done.is_set():
            assert await check.check(read_data=True) == []

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(work(number) for number in range(4)))
    done.set()
    await watching
    await sweeper.sweep()  # what the checker looked at just then was left to the sweeper
    assert stored() == [] and staged() == []


async def test_side_file_that_was_listed_since_the_check_is_left_alone(owner: int, put: Put, film: int) -> None:
    await _unlisted_side_file(owner, put)
    found = await check.check()
    assert len(await check.repair(found)) == 1 and await check.repair(found) == []


async def test_leftover_whose_name_a_running_program_has_is_left_alone(owner: int, put: Put, film: int) -> None:
    running = mount.incoming() / staging.name(mount.installation())
    running.write_bytes(b"half")
    assert await check.repair([check.Finding("leftover", str(running), {"path": str(running)})]) == []
    assert staged() == [running.name]


async def test_store_that_disappears_during_the_check_is_the_finding(
    owner: int, put: Put, film: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = mount.refresh

    async def last_sight() -> mount.Mount:
        seen = await refresh()
        (mount.root() / mount.SENTINEL).unlink()
        return seen

    monkeypatch.setattr(mount, "refresh", last_sight)
    assert [finding.kind for finding in await check.check(read_data=True)] == ["store_offline"]
