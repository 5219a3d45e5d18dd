"""Having a file's bytes in the store without copying them: a clone, or, for a move, a second name.

A *clone* (reflink: Btrfs, XFS, ZFS, ...) shares blocks until one side is written, so it is as good as a copy. A
*second name* (hard link) is the same file: it is only given to one that nobody else can write to any more, since the
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
    """Make the empty file `target` a clone of `source` (descriptors) -> whether the file system can do that.

    Raises OSError where there is no room.
    """
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
            raise
        return False  # another file system, or one that knows no clones: each says so with an error of its own
    return True


def take(source: int, path: Path, mode: int) -> bool:
    """Give the open file `source` the second name `path` and the rights `mode` -> whether that is safe and done.

    It is refused, and the file is as it was, where the file belongs to somebody else, has other names, or is open
    for writing; and where `path` is on another file system. A file of the account that our children run as becomes
    ours, so that none of them writes to it again.
    """
    before, ours = os.fstat(source), path.parent.stat()
    if before.st_nlink != 1 or not (before.st_uid == ours.st_uid or _of_children(before.st_uid, mode)):
        return False
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # By descriptor, so that it is this file whatever its name leads to by now. With `dst_dir_fd` it is
        # linkat(2), which follows the link in /proc; link(2) does not.
        os.link(f"/proc/self/fd/{source}", path.name, dst_dir_fd=folder)
    except OSError:
        return False
    finally:
        os.close(folder)
    try:
        if before.st_uid != ours.st_uid:
            os.fchown(source, ours.st_uid, ours.st_gid)
        os.fchmod(source, mode)  # from here on nobody opens it for writing
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
    """Whether it is of the account that our children run as, and they may still read it with these rights."""
    account = process.service_account()
    return account is not None and uid == account.uid and bool(mode & 0o004)


def _is_written(file: int) -> bool:
    """Whether somebody has it open for writing, or mapped: only without them a read lease is granted, fcntl(2).

    Where the file system knows no leases the answer is yes: nothing is proved.
    """
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # should the lease be broken at once: a signal that is ignored
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return True
    return False
