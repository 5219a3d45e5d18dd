"""Results of a child are taken by descriptor: no name that it plants is followed, and nothing waits."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.sandbox import child_files, process

_DRIVER = Path(__file__).with_name("plant_driver.py")
_ROOT = Path(__file__).parents[3]
ORDINARY = 60_901  # the number of no account


def open_to_all(path: Path) -> None:
    for folder in [path, *path.parents][:-2]:
        folder.chmod(folder.stat().st_mode | 0o711)


@pytest.mark.parametrize("as_root", [True, False])
def test_planted_names_a_thousand_random_attempts_none_followed(tmp_path, as_root):
    if as_root and os.geteuid() != 0:
        pytest.skip("not root")
    theirs, ours, secret = tmp_path / "theirs", tmp_path / "ours", tmp_path / "secret"
    for folder in (theirs, ours):
        folder.mkdir()
    secret.write_text("secret")
    process.give(theirs)
    user = ORDINARY if os.geteuid() == 0 and not as_root else os.geteuid()
    if user != os.geteuid():
        open_to_all(tmp_path)
        for path in (tmp_path, theirs, ours, secret):
            os.chown(path, user, user)
    seed = random.randrange(1 << 30)
    done = subprocess.run(
        [sys.executable, "-P", "-s", str(_DRIVER), str(tmp_path), "1000", str(seed)],
        env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        user=user,
        group=user,
        extra_groups=[],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)
    assert said == {"wrong": [], "secret": "secret"}, f"seed {seed}"


def test_take_plain_file_moves_it(tmp_path):
    theirs, ours = process.give(tmp_path / "theirs"), tmp_path / "ours"
    ours.mkdir()
    (theirs / "media.mp4").write_bytes(b"film")
    (ours / "media.mp4").symlink_to("/etc/passwd")
    child_files.take(theirs / "media.mp4", ours / "media.mp4")
    assert child_files.read(ours / "media.mp4") == b"film"
    assert not (theirs / "media.mp4").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have files of others")
def test_take_file_of_another_account_refused(tmp_path):
    theirs, ours = process.give(tmp_path / "theirs"), tmp_path / "ours"
    ours.mkdir()
    (theirs / "media.mp4").touch()
    os.chown(theirs / "media.mp4", ORDINARY, ORDINARY)
    with pytest.raises(child_files.Untrusted):
        child_files.take(theirs / "media.mp4", ours / "media.mp4")
    assert not (ours / "media.mp4").exists()


def test_write_new_planted_link_replaced_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "en.vtt").symlink_to(victim)
    child_files.write_new(tmp_path / "en.vtt", b"WEBVTT")
    assert victim.read_bytes() == b"mine"
    assert (tmp_path / "en.vtt").read_bytes() == b"WEBVTT"


def test_read_pipe_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(child_files.Untrusted):
        child_files.read(tmp_path / "pipe")


def test_remove_tree_deeper_than_paths_and_closed_removed(tmp_path):
    """3,000 folders inside each other have a path longer than the kernel takes, and no recursion survives them."""
    top = tmp_path / "deep"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.mkdir("closed", 0, dir_fd=here)
    os.symlink("/etc", "link", dir_fd=here)
    os.close(here)
    child_files.remove_tree(top)
    assert not top.exists()
