"""Bytes: one pass, synced, into place; and what it does when that fails."""

import asyncio
import contextlib
import hashlib
import os
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.library.storage import blob_store, check, claims, mount, ownership, staging, sweeper
from mediafetcher.sandbox import process
from tests.unit.library.conftest import path, staged
from tests.waiting import eventually


async def _file(folder: Path, data: bytes) -> Path:
    made = folder / "source"
    made.write_bytes(data)
    return made


async def test_stage_hashes_and_copies_in_one_pass(media_online: Path, tmp_path: Path) -> None:
    data = os.urandom(3 * blob_store.BUFFER + 7)
    told: list[float] = []
    made = await blob_store.stage(await _file(tmp_path, data), told.append)
    await asyncio.sleep(0)
    assert (made.sha256, made.size) == (hashlib.sha256(data).digest(), len(data))
    assert made.path.read_bytes() == data and made.path.parent == media_online / "incoming"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o444
    assert told[-1] == 1.0 and told == sorted(told)


async def test_downloaded_file_is_not_copied(media_online: Path, tmp_path: Path, use) -> None:  # type: ignore[no-untyped-def]
    """If this process is root it belongs to the account that fetches, and to root alone from then on."""
    account = process.service_account()

    async def brought() -> tuple[Path, blob_store.Staged]:
        source = await _file(tmp_path, b"film")
        if account:
            os.chown(source, account.uid, account.gid)
        return source, await blob_store.stage(source, take=True)

    source, made = await brought()
    assert made.shared and made.path.stat().st_ino == source.stat().st_ino
    assert (made.path.stat().st_uid, stat.S_IMODE(made.path.stat().st_mode)) == (os.geteuid(), 0o444)
    source.unlink()
    with (await _file(tmp_path, b"film")).open("ab"):  # another process may still write to it
        assert not (await blob_store.stage(source, take=True)).shared
    source.unlink()
    use(media_mode=0o400)  # the account that draws the poster could no longer read it
    assert (await brought())[1].shared is (account is None)


async def test_stage_of_nothing(media_online: Path, tmp_path: Path) -> None:
    made = await blob_store.stage(await _file(tmp_path, b""))
    assert (made.size, made.sha256) == (0, hashlib.sha256(b"").digest())


async def test_place_is_safe_to_repeat_and_keeps_what_is_there(media_online: Path, tmp_path: Path) -> None:
    source = await _file(tmp_path, b"film")
    first, second = await blob_store.stage(source), await blob_store.stage(source)
    blob_store.place(first, ".mp4", {})
    blob_store.place(first, ".mp4", {})
    inode = path(b"film").stat().st_ino
    blob_store.place(second, ".mp4", {})
    assert path(b"film").stat().st_ino == inode and staged() == []


async def test_staged_file_abandoned_offline_is_removed_online(media_online: Path, tmp_path: Path) -> None:
    made = await blob_store.stage(await _file(tmp_path, b"film"))
    share = media_online.rename(media_online.with_name("unmounted"))
    media_online.mkdir()
    blob_store.discard(made)
    assert list(share.iterdir())
    media_online.rmdir()
    share.rename(media_online)
    assert staged() == [made.path.name] and blob_store.abandoned(made.path)
    blob_store.remove_staged(made.path)
    assert staged() == [] and not blob_store.abandoned(made.path)


async def test_place_replaces_a_file_of_another_size(media_online: Path, tmp_path: Path) -> None:
    made = await blob_store.stage(await _file(tmp_path, b"whole film"))
    path(b"whole film").parent.mkdir()
    path(b"whole film").write_bytes(b"half")
    blob_store.place(made, ".mp4", {})
    assert path(b"whole film").read_bytes() == b"whole film"


async def test_names_are_hashes_and_never_leave_the_store(media_online: Path) -> None:
    digest = hashlib.sha256(b"x").digest()
    assert blob_store.path_of(digest, ".mp4") == blob_store.path_of(digest, "mp4")
    assert blob_store.path_of(digest, "poster.jpg").name == f"{digest.hex()}.poster.jpg"
    assert blob_store.path_of(digest, ".mp4").parent == media_online / "store" / digest.hex()[:2]


async def test_cancelling_leaves_nothing_behind(media_online: Path, tmp_path: Path) -> None:
    source = tmp_path / "endless"
    os.mkfifo(source)
    begun = asyncio.Event()
    task = asyncio.create_task(blob_store.stage(source, lambda _: begun.set()))
    with await asyncio.to_thread(source.open, "wb", 0) as pipe:
        pipe.write(b"x" * 1000)
        await eventually(staged)
        task.cancel()
        await asyncio.sleep(0)
        with contextlib.suppress(BrokenPipeError):  # it may have stopped reading already
            pipe.write(b"y")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert staged() == []


async def test_an_error_of_the_source_is_not_one_of_the_store(media_online: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await blob_store.stage(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        await blob_store.stage(tmp_path)
    assert staged() == [] and mount.state().state == "online"


async def test_staged_file_of_a_dead_process_is_garbage_at_once(media_online: Path, tmp_path: Path) -> None:
    made = await blob_store.stage(await _file(tmp_path, b"mine"))
    assert not blob_store.abandoned(made.path)
    script = f"from mediafetcher.library.storage import staging; print(staging.name({mount.installation()!r}))"
    root = Path(__file__).parents[3]
    dead = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    left = made.path.with_name(dead.stdout.strip())
    left.write_bytes(b"")
    assert blob_store.abandoned(left)
    foreign = made.path.with_name(f"{mount.installation()}.{'a' * 12}.1.1.{'0' * 32}.part")
    foreign.write_bytes(b"")
    assert not blob_store.abandoned(foreign)  # another machine may be writing it


async def test_staged_file_of_another_machine_stays_where_the_clock_of_the_share_is_behind(media_online: Path) -> None:
    name = f"{mount.installation()}.{'a' * 12}.1.1.{'0' * 32}.part"  # a worker of this installation
    (media_online / "incoming" / name).write_bytes(b"written now")
    assert not blob_store.abandoned(media_online / "incoming" / name, time.time() + 3 * 86_400)
    assert staged() == [name]


@pytest.mark.promise(22)
async def test_staged_file_of_another_installation_is_never_abandoned(media_online: Path, tmp_path: Path) -> None:
    made = await blob_store.stage(await _file(tmp_path, b"mine"))
    dead = made.path.name.split(".")
    other = made.path.with_name(".".join(["b" * 12, dead[1], "1", "0", *dead[4:]]))
    other.write_bytes(b"")
    os.utime(other, (0, 0))
    assert not blob_store.abandoned(other)


async def _of_older_programs(media: Path) -> dict[str, Path]:
    """Staged files as programs without claims named them, by whose they are."""
    mine = staging.name(mount.installation()).split(".")
    names = {
        "dead": [mine[1], mine[2], "1", mine[4], "part"],
        "alive": mine[1:],
        "elsewhere": ["a" * 12, "1", "1", "0" * 32, "part"],
    }
    paths = {who: media / "incoming" / ".".join(parts) for who, parts in names.items()}
    for each in paths.values():
        each.write_bytes(b"half")
    return paths


@pytest.mark.promise(22)
async def test_staged_files_of_older_programs_are_removed_when_a_day_old(
    media_online: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ownership.start()
    paths = await _of_older_programs(media_online)
    assert await sweeper.sweep() == 0
    monkeypatch.setattr(blob_store, "_FOREIGN", -1.0)  # a day is over
    assert await sweeper.sweep() == 2
    assert staged() == [paths["alive"].name]


@pytest.mark.promise(22)
async def test_staged_files_of_older_programs_stay_if_the_store_is_not_ours(
    media_online: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_store, "_FOREIGN", -1.0)
    await ownership.start()
    paths = await _of_older_programs(media_online)
    number = (await mount.run_io(claims.read)).number
    await mount.run_io(claims.make, number + 1, uuid.uuid4(), uuid.uuid4())  # another installation's
    assert await sweeper.sweep() == 0
    assert ownership.frozen() is not None
    assert [finding.kind for finding in await check.check()] == ["store_frozen"]
    assert set(staged()) == {each.name for each in paths.values()}


# ---- P8: a full disk -----------------------------------------------------------------------------------


@pytest.fixture
def no_room(use, state: Path):  # type: ignore[no-untyped-def]
    """A media folder of 3 MB: a small tmpfs where we may mount one."""
    if os.geteuid() != 0:
        yield None
        return
    folder = state / "media"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.promise(8)
async def test_full_before_it_begins(no_room, media_online: Path, tmp_path: Path, use) -> None:  # type: ignore[no-untyped-def]
    if no_room is None:
        use(min_free=1 << 62)
    with pytest.raises(errors.MediaFull) as refused:
        await blob_store.stage(await _file(tmp_path, b"x" * (4 << 20)))
    assert refused.value.facts["needs_media_bytes"] == 4 << 20
    assert staged() == [] and mount.state().state == "full"
    use(min_free=0)
    if no_room is not None:
        assert (await mount.refresh()).state == "online"  # not for that file, but smaller ones fit
        subprocess.run(["mount", "-o", "remount,size=20m", str(no_room)], check=True)
    assert (await mount.refresh()).state == "online"
    await blob_store.stage(tmp_path / "source")


_FULL = """
import asyncio, errno, resource, signal, sys
from pathlib import Path
from mediafetcher.sandbox import process
from mediafetcher.core import errors
from mediafetcher.library.storage import mount, blob_store
import uuid
from mediafetcher.core import settings
settings.use(settings.Settings(state=Path(sys.argv[1]), min_free=0))
mount._root, mount._id = Path(sys.argv[1]), mount.create(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    asyncio.run(blob_store.stage(Path(sys.argv[2])))
except errors.MediaFull:
    print("full", len(list((mount.root() / "incoming").iterdir())))
"""


@pytest.mark.promise(8)
@pytest.mark.parametrize("room", [1, 1 << 20, (2 << 20) + 5])
def test_full_in_the_middle(tmp_path: Path, room: int) -> None:
    """The write itself fails at different places, as on a disk that another program fills."""
    source = tmp_path / "source"
    source.write_bytes(b"x" * (3 << 20))
    run = [sys.executable, "-c", _FULL, str(tmp_path / "media"), str(source), str(room)]
    done = subprocess.run(run, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.stdout == "full 0\n", done.stderr


@pytest.mark.promise(8)
async def test_disk_filled_by_others_while_copying_fails_cleanly(no_room, media_online: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    if no_room is None:
        return  # needs a mount; the same by a limit on the file is above
    source = tmp_path / "slow"
    os.mkfifo(source)
    task = asyncio.create_task(blob_store.stage(source))
    some = b"x" * (128 << 10)  # more than a pipe holds; it is read byte by byte, because a pipe has no size
    with await asyncio.to_thread(source.open, "wb", 0) as pipe:
        await asyncio.to_thread(pipe.write, some)
        with pytest.raises(OSError), (no_room / "filler").open("wb", 0) as filler:  # noqa: PT012
            while filler.write(b"y" * 4096):
                pass
        with pytest.raises(OSError):  # noqa: PT012
            for _ in range(3):
                await asyncio.to_thread(pipe.write, some)
    with pytest.raises(errors.MediaFull):
        await task
    assert staged() == []
    (no_room / "filler").unlink()
    assert (await mount.refresh()).state == "online"
