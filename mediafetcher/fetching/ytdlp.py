"""Which yt-dlp is used: the one that came with the program, or a newer one that was fetched since (renew.py).

Each version lies in `<state>/ytdlp/<version>/`, and `current.json` there says which is used and which was before.
Downloads that run go on with theirs; the next one starts with the new one, without a restart. What came with the
program is always there to go back to, and is used again when it is the newer.
"""

import functools
import importlib.metadata
import shutil
from pathlib import Path
from typing import Literal

import msgspec

from mediafetcher.base import errors, log, settings
from mediafetcher.fetching import wheels

Channel = Literal["stable", "nightly"]
_log = log.get("ytdlp")


class Version(msgspec.Struct, frozen=True):
    """One yt-dlp; `version` is None for the one that came with the program."""

    version: str | None = None
    channel: Channel = "stable"


class Kept(msgspec.Struct, frozen=True):
    current: Version = Version()
    previous: Version | None = None


class Status(msgspec.Struct):
    """What is used now. `latest`: the newest of the channel when it was last looked; `previous`: to go back to."""

    version: str
    channel: Channel
    managed: bool
    previous: str | None
    latest: str | None
    updating: bool
    error: str | None


class _News(msgspec.Struct):
    """What renew.py knows since the start of this process."""

    latest: dict[Channel, str] = {}
    error: errors.Problem | None = None
    updating: bool = False


news = _News()


@functools.cache
def bundled() -> str:
    """The version that came with the program."""
    return importlib.metadata.version("yt-dlp")


def root() -> Path:
    return settings.get().state / "ytdlp"


def folder() -> Path | None:
    """Where the yt-dlp lies that new downloads use; None for the one that came with the program."""
    version = kept().current.version
    return root() / version if version else None


def status() -> Status:
    now = kept()
    previous = (now.previous.version or bundled()) if now.previous else None
    return Status(
        version=now.current.version or bundled(),
        channel=now.current.channel,
        managed=now.current.version is not None,
        previous=previous or (bundled() if now.current.version else None),
        latest=news.latest.get(now.current.channel),
        updating=news.updating,
        error=news.error.detail if news.error else None,
    )


def rollback() -> Status:
    """Go back to the version before; once more goes forward again. Raises `NothingBefore`."""
    now = kept()
    before = now.previous or (Version() if now.current.version else None)
    if before is None or (before.version and not (root() / before.version).is_dir()):
        raise errors.NothingBefore()
    keep(Kept(before, now.current))
    _log.info("yt-dlp taken back", version=before.version or bundled())
    return status()


def tidy() -> None:
    """Remove the versions that nobody can go back to. Only while nothing is fetched: a download may still use one."""
    now = kept()
    wanted = {version.version for version in (now.current, now.previous) if version}
    for path in root().glob("*/") if root().is_dir() else ():
        if path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)


def kept() -> Kept:
    """What `current.json` says, as far as it can still be used."""
    try:
        now = msgspec.json.decode((root() / "current.json").read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return Kept()
    version = now.current.version
    if version and (not (root() / version).is_dir() or wheels.order(version) <= wheels.order(bundled())):
        return Kept(Version(None, now.current.channel))
    return now


def keep(now: Kept) -> None:
    make_root()
    fresh = root() / "current.json.new"
    fresh.write_bytes(msgspec.json.encode(now))
    fresh.replace(root() / "current.json")


def make_root() -> None:
    root().mkdir(mode=0o711, exist_ok=True)
    root().chmod(0o711)
