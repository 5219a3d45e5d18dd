"""Have a file's bytes in the store without copying them: as a clone, or, for a move, as a second name.

A *clone* (reflink: Btrfs, XFS, ZFS, ...) shares blocks until one side is written, so it is as good as a copy. A
*second name* (hard link) is the same file: it is only given to a file that no other process can still write, since
store's bytes must stay what their hash says.
"""

import contextlib
import errno
import fcntl
import os
import signal
from pathlib import Path

from mediafetcher.sandbox import process

_FICLONE = 0x40049409  # ioctl_ficlone(2)


def clone(source: int, target: int) -> bool:
    """Make the empty file `target` a clone of `source` (descriptors). Returns: whether the file system can do that.

    Raises: OSError if the space is not enough.
    """
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
            raise
        return False  # another file system, or one without clones: each has an error of its own
    return True


def take(source: int, path: Path, mode: int) -> bool:
    """Give the open file `source` the second name `path` and the permissions `mode`, if that is safe.

    It is refused, and the file is unchanged, if the file belongs to another account, has other names, or is open
    for writing; and if `path` is on another file system. A file of the account of our child processes becomes
    ours, so that none of them can write to it again. Returns: whether it was done.
    """
    before, ours = os.fstat(source), path.parent.stat()
    if before.st_nlink != 1 or not (before.st_uid == ours.st_uid or _of_children(before.st_uid, mode)):
        return False
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # By descriptor, so that it is this file even if its name now leads elsewhere. With `dst_dir_fd` it is
        # linkat(2), which follows the link in /proc; link(2) does not.
        os.link(f"/proc/self/fd/{source}", path.name, dst_dir_fd=folder)
    except OSError:
        return False
    finally:
        os.close(folder)
    try:
        if before.st_uid != ours.st_uid:
            os.fchown(source, ours.st_uid, ours.st_gid)
        os.fchmod(source, mode)  # from here on, no process can open it for writing
        if os.fstat(source).st_nlink == 2 and not _is_written(source):
            os.fsync(source)
            return True
    except OSError:
        pass
    with contextlib.suppress(OSError):
        if before.st_uid != ours.st_uid:
            os.fchown(source, before.st_uid, before.st_gid)
        os.fchmod(source, before.st_mode & 0o7777)
    path.unlink()
    return False


def _of_children(uid: int, mode: int) -> bool:
    """Tell whether it belongs to the account of our child processes, and these permissions still let them read it."""
    account = process.service_account()
    return account is not None and uid == account.uid and bool(mode & 0o004)


def _is_written(file: int) -> bool:
    """Tell whether a process has it open for writing, or mapped: only without one a read lease is granted, fcntl(2).

    On a file system without leases the answer is yes: nothing is proved.
    """
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # the signal if the lease is broken at once; it is ignored
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return True
    return False
