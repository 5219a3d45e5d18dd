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
    for writing; and where `path` is on another file system.
    """
    before = os.fstat(source)
    if before.st_nlink != 1 or before.st_uid != path.parent.stat().st_uid:
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
        os.fchmod(source, mode)  # from here on nobody opens it for writing
        if os.fstat(source).st_nlink == 2 and not _is_written(source):
            os.fsync(source)
            return True
    except OSError:
        pass
    with contextlib.suppress(OSError):
        os.fchmod(source, before.st_mode & 0o7777)
    path.unlink()
    return False


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
