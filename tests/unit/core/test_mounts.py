"""Mount points, also those that lie on the same file system as the folder above them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.core import mounts

_TELL = """\
import pathlib, sys
from mediafetcher.core import mounts
print(mounts.is_mount_point(pathlib.Path(sys.argv[1])))
"""


def test_folder_and_absent_folder_are_no_mount_points(tmp_path):
    assert not mounts.is_mount_point(tmp_path)
    assert not mounts.is_mount_point(tmp_path / "absent")
    assert mounts.is_mount_point(Path("/proc"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
@pytest.mark.parametrize("name", ["media", "two words", "été"])
def test_bind_mount_on_same_file_system_is_mount_point(tmp_path, name):
    (tmp_path / "share").mkdir()
    (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(name)
    script = 'mount --bind share "$1" && "$2" -c "$3" "$1" && "$2" -c "$3" link && "$2" -c "$3" share'
    argv = ["unshare", "--mount", "sh", "-c", script, "-", name, sys.executable, _TELL]
    told = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "True", "False"]


def test_kind_of_a_file_system_is_that_of_the_kernel() -> None:
    assert mounts.kind(Path("/proc")) == "proc"
    with pytest.raises(OSError, match="absent"):
        mounts.kind(Path("/absent"))
