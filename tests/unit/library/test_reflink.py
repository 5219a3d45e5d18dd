"""Files that the store takes without a copy, by a second name: only if nothing can change them any more."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafetcher.library.storage import reflink
from mediafetcher.sandbox import process


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.write_bytes(b"film")
    return made


@pytest.fixture
def opened(source: Path) -> Iterator[int]:
    descriptor = os.open(source, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_file_is_taken_by_a_second_name_without_a_copy(source: Path, opened: int, tmp_path: Path) -> None:
    assert reflink.take(opened, tmp_path / "taken", 0o444)
    assert (tmp_path / "taken").stat().st_ino == source.stat().st_ino
    assert source.stat().st_mode & 0o777 == 0o444


def test_file_that_is_open_for_writing_is_left_as_it_is(source: Path, opened: int, tmp_path: Path) -> None:
    before = source.stat()
    with source.open("ab"):
        assert not reflink.take(opened, tmp_path / "taken", 0o444)
    after = source.stat()
    assert (after.st_mode, after.st_uid, after.st_nlink) == (before.st_mode, before.st_uid, 1)
    assert not (tmp_path / "taken").exists()


@pytest.mark.skipif(process.service_account() is None, reason="child processes have no account of their own")
def test_file_of_the_children_becomes_ours_unless_one_still_writes(source: Path, opened: int, tmp_path: Path) -> None:
    account = process.service_account()
    assert account is not None
    os.chown(source, account.uid, account.gid)
    with source.open("ab"):
        assert not reflink.take(opened, tmp_path / "taken", 0o444)
    assert source.stat().st_uid == account.uid
    assert reflink.take(opened, tmp_path / "taken", 0o444)
    assert source.stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_file_of_another_account_or_with_other_names_is_refused(source: Path, opened: int, tmp_path: Path) -> None:
    os.chown(source, 54321, 54321)
    assert not reflink.take(opened, tmp_path / "taken", 0o444)
    os.chown(source, os.geteuid(), os.getegid())
    os.link(source, tmp_path / "second")
    assert not reflink.take(opened, tmp_path / "taken", 0o444)
    assert not (tmp_path / "taken").exists()


def test_name_that_exists_already_is_refused(source: Path, opened: int, tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"theirs")
    assert not reflink.take(opened, tmp_path / "taken", 0o444)
    assert (tmp_path / "taken").read_bytes() == b"theirs" and source.stat().st_nlink == 1


def test_clone_on_a_disk_without_clones_is_not_made(opened: int, tmp_path: Path) -> None:
    with (tmp_path / "copy").open("wb") as target:
        cloned = reflink.clone(opened, target.fileno())
    assert (tmp_path / "copy").read_bytes() == (b"film" if cloned else b"")
