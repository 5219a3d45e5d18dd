"""P7: the share may go away. Nothing is written in its place, nothing is forgotten, and it is online again later."""

import asyncio
import contextlib
import dataclasses
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediafetcher.core import errors, mounts, settings
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, queries, trash
from mediafetcher.library.storage import blob_store, mount, sweeper
from tests.unit.library.conftest import clean, path, staged, stored
from tests.waiting import eventually

pytestmark = pytest.mark.promise(7)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


@contextlib.contextmanager
def _mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A file system of its own at this folder: without options, the folder itself."""
    subprocess.run(["mount", *(options or ("--bind", str(folder))), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_first_start_makes_and_records(media_online: Path, state: Path) -> None:
    assert media_online == state / "media"
    row = await engine.fetchrow("select path, sentinel::text from store_root")
    assert row is not None and row["path"] == str(media_online)
    assert (media_online / mount.SENTINEL).read_text().startswith(f"{mount.FORMAT} {row['sentinel']}\n")
    now = mount.state()
    assert now.state == "online" and now.total >= now.free > 0


async def test_the_default_is_in_the_state_folder(database: str, state: Path, use: Callable[..., None]) -> None:
    use(media=None)
    await mount.prepare()
    assert mount.root() == (mount.DEFAULT if mounts.is_mount_point(mount.DEFAULT) else state / "media")


async def test_later_starts_remember_the_folder(media_online: Path, use: Callable[..., None]) -> None:
    use(media=None)
    await mount.prepare()
    assert mount.root() == media_online


async def test_a_moved_store_is_followed(media_online: Path, tmp_path: Path, use: Callable[..., None]) -> None:
    media_online.rename(tmp_path / "elsewhere")
    use(media=tmp_path / "elsewhere")
    assert (await mount.prepare()).state == "online"
    assert await engine.fetchval("select path from store_root") == str(tmp_path / "elsewhere")


async def test_another_folder_is_never_a_second_store(
    media_online: Path, tmp_path: Path, use: Callable[..., None]
) -> None:
    (tmp_path / "empty").mkdir()
    use(media=tmp_path / "empty")
    assert (await mount.prepare()).state == "offline"
    assert list((tmp_path / "empty").iterdir()) == []
    assert await engine.fetchval("select path from store_root") == str(media_online)


async def test_the_sentinel_of_another_library_is_offline(media_online: Path) -> None:
    (media_online / mount.SENTINEL).write_text("00000000-0000-4000-8000-000000000000\n")
    now = await mount.refresh()
    assert now.state == "offline" and "another library" in now.reason


async def test_a_first_start_where_nothing_can_be_made_says_why(
    database: str, state: Path, use: Callable[..., None]
) -> None:
    (state / "file").write_text("")
    use(media=state / "file" / "media")
    with pytest.raises(errors.MediaOffline, match="Cannot create or write"):
        await mount.prepare()
    assert await engine.fetchval("select count(*) from store_root") == 0


async def test_nothing_happens_while_it_is_away(owner: int, put, at_once: None, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """As an unmount leaves it: an empty folder in its place."""
    item = await put(b"kept")
    dying = await put(b"dying")
    root, away = mount.root(), tmp_path / "away"
    ready = await blob_store.stage(await _source(tmp_path))
    root.rename(away)
    root.mkdir()

    with pytest.raises(errors.MediaOffline):
        await blob_store.stage(await _source(tmp_path))
    with pytest.raises(errors.MediaOffline):
        await items.add_media(
            owner=owner, staged=ready, facts=items.MediaFacts("video/mp4", ".mp4"), entry=items.Entry("x")
        )
    gone = await trash.trash(dying, owner)  # users may still tidy up; the file follows later
    assert gone["frees"] == len(b"dying")
    assert await sweeper.sweep() == 0
    assert (await mount.refresh()).state == "offline"
    assert await sweeper.sweep() == 0
    assert list(root.iterdir()) == []
    assert await engine.fetchval("select count(*) from media_file") == 2

    root.rmdir()
    away.rename(root)
    assert (await mount.refresh()).state == "online"
    assert await sweeper.sweep() == 1
    assert (await queries.get(item, owner))["title"] == "A film"
    assert stored() == [path(b"kept").name]
    blob_store.discard(ready)
    await clean()


async def _source(folder: Path) -> Path:
    made = folder / "new"
    made.write_bytes(b"new")
    return made


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ESTALE, errors.MediaOffline),
        (errno.EIO, errors.MediaOffline),
        (errno.ENOTCONN, errors.MediaOffline),
        (errno.ENOSPC, errors.MediaFull),
        (errno.EDQUOT, errors.MediaFull),
        (errno.EROFS, errors.MediaReadOnly),
        (errno.EACCES, errors.MediaReadOnly),
    ],
)
async def test_errors_of_the_share_pause_at_once(
    media_online: Path, number: int, kind: type[errors.Unavailable]
) -> None:
    with pytest.raises(kind), mount.writing():
        raise OSError(number, os.strerror(number))
    assert mount.state().state != "online"
    assert (await mount.refresh()).state == "online"  # it resumes by itself


async def test_a_missing_file_is_not_a_missing_share(media_online: Path) -> None:
    with pytest.raises(FileNotFoundError), mount.writing():
        (media_online / "store" / "none").stat()
    assert mount.state().state == "online"
    (media_online / mount.SENTINEL).unlink()
    with pytest.raises(errors.MediaOffline), mount.writing():
        (media_online / "store" / "none").stat()
    assert mount.state().state == "offline"


async def test_a_change_is_told_to_the_pages(media_online: Path) -> None:
    from mediafetcher.core import events

    with events.subscribe() as heard:
        (media_online / mount.SENTINEL).rename(media_online / "moved")
        await mount.refresh()
        assert (await heard.get()).kind == "system"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root; errors of a read-only share are injected above")
async def test_read_only_and_back(state: Path, media_online: Path, tmp_path: Path) -> None:
    subprocess.run(["mount", "--bind", str(media_online), str(media_online)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(media_online)], check=True)
        with pytest.raises(errors.MediaReadOnly):
            await blob_store.stage(await _source(tmp_path))
        assert mount.state().state == "read_only" == (await mount.refresh()).state
        subprocess.run(["mount", "-o", "remount,rw,bind", str(media_online)], check=True)
        assert (await mount.refresh()).state == "online"
        blob_store.discard(await blob_store.stage(await _source(tmp_path)))
    finally:
        subprocess.run(["umount", "-l", str(media_online)], check=True)
    assert staged() == []


async def test_too_little_space_means_full(media_online: Path) -> None:
    settings.use(dataclasses.replace(settings.get(), min_free=1 << 62))
    assert (await mount.refresh()).state == "full"


async def test_many_missing_at_once_are_an_outage_and_nothing_is_removed(
    owner: int, put, use: Callable[..., None], run_for
) -> None:  # type: ignore[no-untyped-def]
    use(trash_days=0, grace_hours=1)
    for number in range(40):
        await trash.trash(await put(b"film %d" % number), owner)
    await engine.execute("update media_file set unreferenced_at = now() - interval '2 hours'")
    await run_for(7200)
    away = list((mount.root() / "store").rglob("*.mp4"))[:30]
    kept = {file: file.read_bytes() for file in away}
    for file in away:
        file.unlink()
    assert await sweeper.sweep() == 0
    assert await engine.fetchval("select count(*) from media_file") == 40 and len(stored()) == 10
    for file, data in kept.items():
        file.write_bytes(data)
    assert await sweeper.sweep() == 40
    assert stored() == [] and await engine.fetchval("select count(*) from media_file") == 0


async def test_a_store_without_its_folder_is_away(media_online: Path) -> None:
    (media_online / "store").rename(media_online / "elsewhere")
    now = await mount.refresh()
    assert now.state == "offline" and "store is missing" in now.reason
    (media_online / "elsewhere").rename(media_online / "store")
    assert (await mount.refresh()).state == "online"


async def test_a_share_that_hangs_holds_up_its_own_threads_only(
    media_online: Path, tmp_path: Path, use: Callable[..., None]
) -> None:
    """A pipe in the sentinel's place: reading it hangs, as a dead NFS server does."""
    use(mount_timeout_seconds=0.2)
    sentinel = media_online / mount.SENTINEL
    sentinel.rename(tmp_path / "sentinel")
    os.mkfifo(sentinel)
    now = await mount.refresh()
    assert now.state == "offline" and "does not respond" in now.reason and mount.has_hung_threads()
    with pytest.raises(errors.MediaOffline):  # at once: no further thread is sent to wait
        await mount.run_io(os.stat, media_online)
    with pytest.raises(errors.MediaOffline):
        await blob_store.stage(await _source(tmp_path))
    (tmp_path / "sentinel").rename(media_online / "again")
    waiting = os.open(sentinel, os.O_RDWR)
    (media_online / "again").rename(sentinel)
    os.close(waiting)
    await mount.refresh()  # the calls that hung return, with nothing
    assert (await mount.refresh()).state == "online"
    assert await mount.run_io(os.path.isdir, media_online)


async def test_timeout_of_the_work_itself_is_not_taken_for_a_hang(media_online: Path) -> None:
    def give_up() -> None:
        raise TimeoutError("of the work")

    with pytest.raises(TimeoutError, match="of the work"):
        await mount.run_io(give_up, patience=60)


@as_root
async def test_mounted_default_folder_is_preferred_to_the_state_folder(
    database: str, state: Path, tmp_path: Path, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "default").mkdir()
    monkeypatch.setattr(mount, "DEFAULT", tmp_path / "default")
    use(media=None)
    with _mounted(tmp_path / "default") as folder:
        assert (await mount.prepare()).state == "online"
        assert mount.root() == folder


async def test_sentinel_of_the_first_format_is_converted_by_its_owner(
    media_online: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mount, "_marked", None)
    sentinel = media_online / mount.SENTINEL
    text = sentinel.read_text()
    sentinel.write_text(text.split("\n", 1)[0].removeprefix(mount.FORMAT).strip() + "\n")
    assert (await mount.refresh()).state == "online"
    for _ in range(3):  # converts, observes, and knows
        mount.mark()
        assert sentinel.read_text() == text


@as_root
async def test_folder_that_is_full_after_an_outage_is_full(media_online: Path) -> None:
    (media_online / mount.SENTINEL).rename(media_online / "away")
    assert (await mount.refresh()).state == "offline"
    with _mounted(media_online / "incoming", "-t", "tmpfs", "-o", "size=4k", "tmpfs") as incoming:
        with contextlib.suppress(OSError):
            (incoming / "filling").write_bytes(bytes(8192))
        (media_online / "away").rename(media_online / mount.SENTINEL)
        assert (await mount.refresh()).state == "full"
        assert os.listdir(incoming) == ["filling"]
    assert (await mount.refresh()).state == "online"


@as_root
async def test_store_with_a_read_only_part_is_read_only(media_online: Path, tmp_path: Path) -> None:
    with _mounted(media_online / "incoming") as incoming:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(incoming)], check=True)
        assert (await mount.refresh()).state == "read_only"  # by its permissions
        with pytest.raises(errors.MediaReadOnly):
            await blob_store.stage(await _source(tmp_path))
        assert (await mount.refresh()).state == "read_only"  # by a write that was tried
    assert (await mount.refresh()).state == "online"


async def test_watch_survives_an_error_and_sees_the_next_change(
    media_online: Path, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(mount_check_seconds=0.01)
    watching = asyncio.create_task(mount.watch())
    with monkeypatch.context() as patched:
        patched.setattr(mount, "_root", None)  # as before the first start ended
        await eventually(lambda: "looking at the media folder failed" in caplog.text)
    (media_online / mount.SENTINEL).rename(media_online / "away")
    await eventually(lambda: mount.state().state == "offline")
    watching.cancel()
    await asyncio.wait([watching])
