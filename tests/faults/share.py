"""A share as a NAS gives one, that goes away in every way: `with share.mounted(folder) as nas: nas.hang()`."""

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafetcher.library.storage import mount
from tests.faults.program import REPOSITORY

FAULTS = ("unmounted", "read-only", "ESTALE", "EIO", "sentinel gone", "hangs")


class Share:
    """`point` is where it is mounted, `kept` the folder behind it, which no fault reaches."""

    def __init__(self, folder: Path) -> None:
        self.point, self.kept = folder / "share", folder / "kept"
        for path in (self.point, self.kept):
            path.mkdir(mode=0o755)
        self._process: subprocess.Popen[str] | None = None

    def up(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("share_program.py")), str(self.kept), str(self.point)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "mounted\n":
            with self._process:
                self._process.kill()
            self._process = None
            pytest.skip("FUSE cannot be mounted here")

    def down(self) -> None:
        """Unmounted; what was open stays open until the program behind it ends, which is now."""
        if self._process is not None:
            self._tell("end")
            with self._process:  # closes its pipes
                self._process.kill()
            self._process = None

    def _tell(self, words: str) -> None:
        assert self._process is not None and self._process.stdin and self._process.stdout
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ok\n"

    def quota(self, size: int) -> None:
        """So many bytes more may be written; `end("quota")` lifts it."""
        self._tell(f"quota {size}")

    def begin(self, fault: str) -> None:
        match fault:
            case "unmounted":
                self.down()
            case "read-only":
                self._remount("ro")
            case "sentinel gone":
                (self.kept / mount.SENTINEL).rename(self.kept / "moved away")
            case "hangs":
                self._tell("hang")
            case _:
                self._tell(f"fail {getattr(errno, fault)}")

    def end(self, fault: str) -> None:
        match fault:
            case "unmounted":
                self.up()
            case "read-only":
                self._remount("rw")
            case "sentinel gone":
                (self.kept / "moved away").rename(self.kept / mount.SENTINEL)
            case _:
                self._tell("well")

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-i", "-o", f"remount,{how}", str(self.point)], check=True)

    def bare(self) -> list[str]:
        """List the folder under the mount point; call it while nothing is mounted."""
        assert not self.point.is_mount()
        return os.listdir(self.point)


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Share]:
    share = Share(folder)
    share.up()
    try:
        yield share
    finally:
        if share._process is not None:
            share._tell("well")
        share.down()
