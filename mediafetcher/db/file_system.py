"""Detect network file systems, on which a database would be damaged."""

import ctypes
import os
from pathlib import Path

from mediafetcher.core import mounts
from mediafetcher.sandbox.libc import LIBC

# linux/magic.h and the headers of each file system.
_NETWORK = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "SMB",
    0xFE534D42: "SMB",
    0x00C36400: "CephFS",
    0x5346414F: "AFS",
    0x0BD00BD0: "Lustre",
    0x73757245: "Coda",
}
_FUSE = 0x65735546
_NETWORK_FUSE = ("sshfs", "gluster", "rclone", "s3fs", "goofys", "davfs", "curlftpfs", "smbnetfs", "ceph", "juicefs")


def network_name(magic: int, kind: str) -> str | None:
    """Return the name of a network file system, by its number of statfs(2) and its kind in mountinfo; else None."""
    if magic == _FUSE:
        return kind if any(word in kind for word in _NETWORK_FUSE) else None
    return _NETWORK.get(magic & 0xFFFFFFFF)


def network_file_system(path: Path) -> str | None:
    """Return the name of the network file system of `path`, or None if its disk is local."""
    buffer = (ctypes.c_long * 32)()  # struct statfs is 120 bytes; f_type comes first
    if LIBC.statfs(os.fsencode(path), buffer) != 0:
        return None
    return network_name(buffer[0], mounts.kind(path) if buffer[0] == _FUSE else "")
