"""The kernel's part in the confinement of programs that load yt-dlp: which files they get at, and which sockets.

They see what Python and they are made of, and one folder of their own. Not the key, the settings, other downloads or
the media folder; not the database or our server, whose sockets are local ones.
"""

import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from mediafetcher.core import bundle
from mediafetcher.sandbox import landlock, seccomp

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "TZDIR")


def shut_in(folder: Path, others: Iterable[str], families: Collection[int]) -> None:
    """For good: `folder` to write in, `others` to read and run, sockets of these families. As far as the kernel can."""
    given = [*others, *(os.environ.get(name, "") for name in _CERTIFICATES)]
    read = tuple(Path(path) for path in [*_made_of(), *given] if path)
    landlock.close(landlock.Pen(read, (folder,), network=True))
    if seccomp.available():
        seccomp.close(families)


def families(allow_hosts: Iterable[str]) -> tuple[int, ...]:
    """The sockets that fetching takes.

    The names of a local network (`nas.local`) are asked of a program of this machine, by a local socket: where such
    a one is among the exceptions, these stay open.
    """
    local = any(name.partition(":")[0].lower().endswith(".local") for name in allow_hosts)
    return (*seccomp.INTERNET, *(seccomp.LOCAL if local else ()))


def _made_of() -> list[str | Path]:
    """Python, its packages, and ours. A checkout as a whole may hold a state folder too, so of it the package alone."""
    package = bundle.PACKAGE
    checkout = package.parent.name not in ("site-packages", "dist-packages")
    paths = [path for path in sys.path if not checkout or Path(path) != package.parent]
    return [*paths, package, bundle.root() or "", sys.prefix, sys.base_prefix]
