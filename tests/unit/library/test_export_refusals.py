"""Folders that an exported tree may not have, links on its way, and its lock."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.export import link_tree, place, tree_lock, trees
from mediafetcher.library.storage import mount


async def test_tree_in_place_of_a_file_is_refused(media_online: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(errors.Invalid, match="not a folder"):
        place.prepare(tmp_path / "file", known=False)
    assert (tmp_path / "file").read_bytes() == b"mine"


@pytest.mark.parametrize("inner", ["store", "incoming", "store/ab"])
async def test_tree_among_the_files_of_the_store_is_refused(media_online: Path, inner: str) -> None:
    with pytest.raises(errors.Invalid, match="own files"):
        place.prepare(mount.root() / inner, known=False)


async def test_tree_around_the_state_folder_is_refused(
    database: str, state: Path, tmp_path: Path, use: Callable[..., None]
) -> None:
    use(media=tmp_path / "elsewhere")
    await mount.prepare()
    (tmp_path / "own").mkdir()
    state.rename(tmp_path / "own" / "state")
    use(state=tmp_path / "own" / "state")
    with pytest.raises(errors.Invalid, match="state folder"):
        place.prepare(tmp_path / "own", known=True)


async def test_error_of_a_disk_is_told_by_where_the_tree_is(media_online: Path, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(errors.MediaFull), place.words(mount.root() / "tree"):
        raise full
    with pytest.raises(errors.Invalid, match=r"stopped: No space"), place.words(tmp_path / "tree"):
        raise full
    with pytest.raises(errors.Invalid, match="Nothing was exported"), place.words(tmp_path / "tree"):
        raise link_tree.NoLinks


def test_path_behind_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "tree"
    outside.mkdir()
    root.mkdir()
    (outside / "film.mp4").write_bytes(b"theirs")
    (root / "Films").symlink_to(outside)
    disk = link_tree.Disk(root)
    assert disk.state("Films/film.mp4") == "other"
    with pytest.raises(OSError) as caught:
        disk.write("Films/new.nfo", b"ours")
    assert caught.value.errno == errno.EEXIST
    disk.remove_folder("Films")
    assert os.listdir(outside) == ["film.mp4"] and (root / "Films").is_symlink()


@pytest.mark.parametrize("path", ["absent", "file/below", "n" * 300])
def test_path_that_cannot_exist_is_nothing(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert link_tree.Disk(tmp_path).state(path) is None


def test_error_of_the_disk_is_not_taken_for_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError) as caught:
        link_tree.Disk(tmp_path / "loop").state("film.mp4")
    assert caught.value.errno == errno.ELOOP


def test_full_disk_is_not_taken_for_one_without_links(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        link_tree._try_links(tmp_path / "absent", tmp_path / "no folder" / "probe")


async def test_unknown_tree_is_refused(database: str) -> None:
    with pytest.raises(errors.NotFound):
        await trees.get(4711)


async def test_tree_is_locked_for_one_update(database: str) -> None:
    async with tree_lock.locked("/tree") as first, tree_lock.locked("/tree") as second:
        assert (first, second) == (True, False)
    async with tree_lock.locked("/tree") as again:
        assert again


async def test_error_of_the_lock_reaches_the_one_who_waits(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise errors.DatabaseUnavailable()

    monkeypatch.setattr(engine, "function", away)
    with pytest.raises(errors.DatabaseUnavailable):
        async with tree_lock.locked("/tree"):
            pytest.fail("no lock was taken")
