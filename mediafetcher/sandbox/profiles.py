"""Kernel restrictions for programs that load yt-dlp: files, sockets, processes.

They can access the files of Python and of the product, and one folder of their own. Not the key, the settings, other
downloads or the media folder; not the database or our server, whose sockets are local ones. They reach the network
only through gateway.py, and fetch children start no processes.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from mediafetcher.core import bundle
from mediafetcher.sandbox import landlock, seccomp

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "MF_CA_FILE", "TZDIR")


def confine_fetch(folder: Path, others: Iterable[str], port: int | None, *, alone: bool = True) -> None:
    """Allow `folder` for writing, `others` for reading, and TCP to this port of loopback. Permanent, if supported.

    `alone`: no process can be started from now on.
    """
    given = [*others, *(os.environ.get(name, "") for name in _CERTIFICATES)]
    read = tuple(Path(path) for path in [*_made_of(), *given] if path)
    landlock.restrict_self(landlock.Ruleset(read, (folder,), network=True, ports=() if port is None else (port,)))
    if seccomp.available():
        seccomp.install(seccomp.NONE if port is None else seccomp.INTERNET, alone=alone)


def confine_gateway() -> None:
    """Allow only the files of Python and of name resolution, and no processes. Permanent."""
    landlock.restrict_self(landlock.Ruleset(tuple(Path(path) for path in _made_of() if path), network=True))
    if seccomp.available():
        seccomp.load(seccomp.code(None))


def shut_in_sender(port: int) -> None:
    """Allow only the files of Python, TCP to this port of loopback, and no processes. Permanent."""
    read = tuple(Path(path) for path in _made_of() if path)
    landlock.restrict_self(landlock.Ruleset(read, network=True, ports=(port,)))
    if seccomp.available():
        seccomp.install(seccomp.INTERNET)


def confine_parser() -> None:
    """Allow only the files of Python, no sockets, and no processes. Permanent."""
    landlock.restrict_self(landlock.Ruleset(tuple(Path(path) for path in _made_of() if path)))
    if seccomp.available():
        seccomp.install(seccomp.NONE)


def _made_of() -> list[str | Path]:
    """Return the paths of Python, its packages, and ours. A checkout may also hold a state folder: only its package."""
    package = bundle.PACKAGE
    checkout = package.parent.name not in ("site-packages", "dist-packages")
    paths = [path for path in sys.path if not checkout or Path(path) != package.parent]
    return [*paths, package, bundle.root() or "", sys.prefix, sys.base_prefix]
