"""Detect mount points, including bind mounts within one file system.

`Path.is_mount` compares the file systems, so it does not see a bind mount. On a Proxmox host whose containers and media
share one disk, the media folder of a container is a bind mount.
"""

import os
import re
from pathlib import Path

_ESCAPED = re.compile(rb"\\([0-7]{3})")


def is_mount_point(path: Path) -> bool:
    """Return whether something is mounted at `path`."""
    try:
        table = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return path.is_mount()
    wanted = os.fsencode(os.path.realpath(path))
    return any(_unescaped(line.split()[4]) == wanted for line in table.splitlines())


def _unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), field)
