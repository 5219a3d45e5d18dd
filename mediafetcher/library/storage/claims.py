"""Claims on the media folder: which installation may unlink files there.

`.mediafetcher/claims/<number>` is made with O_CREAT|O_EXCL, which is atomic on local disks, NFS and SMB. The highest
complete claim is valid. A claim that a crash left incomplete (torn) only uses up its number. An installation that
finds an unknown claim writes `contested-<number>` next to it, so that the owner of that claim learns of the conflict.

Everything here touches the media folder: call it through `mount.run_io`. Errors of the folder are `Unavailable`.
"""

import contextlib
import os
import re
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mediafetcher import __version__
from mediafetcher.core import files
from mediafetcher.library.storage import mount

OURS = ".mediafetcher"  # the folder of MediaFetcher's own data about the store
_KEPT = 10  # claims that stay
_MAX_BYTES = 64 << 10  # of a claim
_NAME = re.compile(r"^(contested-)?([1-9][0-9]{0,17})$")


class Claim(msgspec.Struct, frozen=True):
    """The content of a claim. Only the database that made the claim knows its `nonce`."""

    installation: uuid.UUID
    nonce: uuid.UUID
    host: str = ""
    program: str = ""


@dataclass(frozen=True)
class Seen:
    """The claims in the folder. `last` is the highest complete one, `used` the highest number of any file."""

    number: int = 0
    last: Claim | None = None
    used: int = 0
    contested: int = 0


def folder() -> Path:
    return mount.root() / OURS / "claims"


def read() -> Seen:
    """Read the claims in the media folder. Raises: `Unavailable`."""
    with mount.writing():
        mount.require()
        try:
            names = os.listdir(folder())
        except FileNotFoundError:
            return Seen()
        found = [match for name in names if (match := _NAME.match(name))]
        numbers = sorted((int(match[2]) for match in found if not match[1]), reverse=True)
        contested = max((int(match[2]) for match in found if match[1]), default=0)
        used = max([*numbers[:1], contested])
        for number in numbers:
            if (claim := _whole(number)) is not None:
                return Seen(number, claim, used, contested)
        return Seen(0, None, used, contested)


def _whole(number: int) -> Claim | None:
    """Read the claim of this number. Returns: None if it is torn, or was removed meanwhile."""
    try:
        with (folder() / str(number)).open("rb") as file:
            return decode(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return None


def decode(text: bytes) -> Claim | None:
    """Decode a claim. Returns: None if the text is no claim, or only a part of one."""
    try:
        return msgspec.json.decode(text, type=Claim)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def make(number: int, installation: uuid.UUID, nonce: uuid.UUID) -> None:
    """Make a claim durably, and remove those that are too old to matter.

    Raises: `FileExistsError` if another program made one of this number, `Unavailable`.
    """
    claim = Claim(installation, nonce, socket.gethostname(), f"mediafetcher {__version__}")
    with mount.writing():
        mount.require()
        _make_folder()
        files.create(folder() / str(number), msgspec.json.encode(claim), mode=0o644)
        _prune(number)
    mount.mark()


def contest(number: int) -> None:
    """Record that this claim conflicts with ours. Raises: `Unavailable`."""
    with mount.writing(), contextlib.suppress(FileExistsError):
        mount.require()
        _make_folder()
        files.create(folder() / f"contested-{number}", b"", mode=0o644)


def _make_folder() -> None:
    for one in (folder().parent, folder()):  # never the media folder itself: then the share is not mounted
        if not one.is_dir():
            one.mkdir(exist_ok=True)
            files.sync_folder(one.parent)


def _prune(number: int) -> None:
    """Remove all but the last ten claims, and the marks that contest earlier claims than this."""
    for name in os.listdir(folder()):
        match = _NAME.match(name)
        if match and int(match[2]) < (number if match[1] else number - _KEPT + 1):
            (folder() / name).unlink(missing_ok=True)
