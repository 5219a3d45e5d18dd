"""Atomic writes of small files."""

import os
from pathlib import Path

import pytest

from mediafetcher.core import files


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("durable", [True, False])
def test_replaced_file_has_exactly_the_mode_and_leaves_no_draft(tmp_path: Path, durable: bool) -> None:
    path, before = tmp_path / "key", os.umask(0o077)
    try:
        files.replace(path, b"one")
        assert (path.read_bytes(), _mode(path)) == (b"one", 0o600)
        files.replace(path, b"two", mode=0o644, durable=durable)
    finally:
        os.umask(before)
    assert (path.read_bytes(), _mode(path)) == (b"two", 0o644)
    assert os.listdir(tmp_path) == ["key"]


def test_mode_none_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.replace(tmp_path / "sentinel", b"", mode=None)
        files.create(tmp_path / "other", b"", mode=None)
    finally:
        os.umask(before)
    assert {_mode(path) for path in tmp_path.iterdir()} == {0o640}


def test_failed_replacement_keeps_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    files.replace(path, b"old")

    def fails(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="No space left"):
            files.replace(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["key"]


def test_replacement_does_not_write_through_a_link(tmp_path: Path) -> None:
    elsewhere, path = tmp_path / "elsewhere", tmp_path / "config"
    elsewhere.write_bytes(b"of another")
    path.symlink_to(elsewhere)
    files.replace(path, b"ours")
    assert elsewhere.read_bytes() == b"of another" and not path.is_symlink() and path.read_bytes() == b"ours"


def test_draft_has_a_name_of_its_pattern_and_the_same_folder(tmp_path: Path) -> None:
    path = tmp_path / ".hidden"
    draft = files.draft(path, b"x")
    assert list(tmp_path.glob(files.draft_pattern(path))) == [draft] and draft.parent == tmp_path


def test_created_file_belongs_to_the_first_writer(tmp_path: Path) -> None:
    path = tmp_path / "1"
    files.create(path, b"first", mode=0o644)
    with pytest.raises(FileExistsError):
        files.create(path, b"second")
    assert path.read_bytes() == b"first"
