"""Let a hostile account plant names while results are taken: `FOLDER TIMES SEED` -> JSON of what was followed.

`FOLDER` holds `theirs` (the child's), `ours` and `secret`. A process of the child's account exchanges the names all the
time in half of the attempts.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mediafetcher.sandbox import child_files, privilege_drop

FOLDER, TIMES, SEED = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
THEIRS, OURS, SECRET = FOLDER / "theirs", FOLDER / "ours", FOLDER / "secret"
NAME = "media.mp4"


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _device(path: Path) -> None:
    if os.geteuid() == 0:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero has no end
    else:
        os.mkfifo(path)


def _hard_link(path: Path) -> None:
    # If one account has everything, its own file is no secret to it.
    if os.geteuid() == 0:
        os.link(SECRET, path)


KINDS: list[Callable[[Path], None]] = [
    lambda path: path.symlink_to(SECRET),
    lambda path: path.symlink_to("/dev/zero"),
    lambda path: path.symlink_to(OURS),
    _hard_link,
    os.mkfifo,
    _device,
    _socket,
    lambda path: (path / "inner").mkdir(parents=True),
    # Not touch(): the name may be a FIFO by now, which no process reads.
    lambda path: os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)),
]


def _clear(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()


def _swap_forever(chance: random.Random) -> None:
    """In a process of its own, as the child's account: exchange the name as fast as possible."""
    account = privilege_drop.service_account()
    if account:
        os.setgroups([])
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    spare = THEIRS / "spare"
    while True:
        with contextlib.suppress(OSError):
            _clear(spare)
            chance.choice(KINDS)(spare)
            _clear(THEIRS / NAME)
            os.rename(spare, THEIRS / NAME)


def _attempt(chance: random.Random) -> str | None:
    """-> what went wrong, if something did."""
    with contextlib.suppress(OSError):
        _clear(THEIRS / NAME)
        chance.choice(KINDS)(THEIRS / NAME)
    began = time.monotonic()
    with contextlib.suppress(OSError):
        child_files.take(THEIRS / NAME, OURS / NAME)
    if time.monotonic() - began > 2:
        return "waited"
    with contextlib.suppress(FileNotFoundError):
        status = (OURS / NAME).lstat()
        if not stat.S_ISREG(status.st_mode) or os.path.samestat(status, SECRET.stat()):
            return f"took {stat.filemode(status.st_mode)}"
    child_files.write_new(OURS / NAME, b"ours")
    with contextlib.suppress(OSError):
        if child_files.read(THEIRS / NAME, 100) == b"secret" and (THEIRS / NAME).is_symlink():
            return "read through a link"
    return None


def main() -> None:
    chance = random.Random(SEED)
    wrong = [found for _ in range(TIMES // 2) if (found := _attempt(chance))]
    swapper = os.fork()
    if swapper == 0:
        _swap_forever(random.Random(SEED + 1))
    try:
        wrong += [found for _ in range(TIMES // 2) if (found := _attempt(chance))]
    finally:
        os.kill(swapper, signal.SIGKILL)
        os.waitpid(swapper, 0)
    print(json.dumps({"wrong": wrong, "secret": SECRET.read_text()}))


main()
