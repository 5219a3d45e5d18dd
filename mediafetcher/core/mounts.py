"""Mounts as the kernel reports them: mount points, including bind mounts within one file system, and kinds.

`Path.is_mount` compares the file systems, so it does not see a bind mount. On a Proxmox host whose containers and media
share one disk, the media folder of a container is a bind mount.
"""

import os
import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def is_mount_point(path: Path) -> bool:
    """Return whether something is mounted at `path`."""
    try:
        table = _TABLE.read_bytes()
    except OSError:
        return path.is_mount()
    wanted = os.fsencode(os.path.realpath(path))
    return any(_unescaped(line.split()[4]) == wanted for line in table.splitlines())


def kind(path: Path) -> str:
    """Return the kind of the file system of `path`, as in mountinfo: `ext4`, `fuse.sshfs`; "" if it is not listed.

    Raises: OSError.
    """
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}".encode()
    for line in _TABLE.read_bytes().splitlines():
        if line.split()[2] == wanted:
            return os.fsdecode(line.split(b" - ")[1].split()[0])
    return ""


def _unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), field)
