"""Which yt-dlp is used: the one that came with the program, or a newer one that was fetched since (updater.py).

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

from mediafetcher.core import errors, logging, settings
from mediafetcher.fetch.ytdlp import package_index

Channel = Literal["stable", "nightly"]
_log = logging.get("ytdlp")


class Version(msgspec.Struct, frozen=True):
    """One yt-dlp; `version` is None for the one that came with the program."""

    version: str | None = None
    channel: Channel = "stable"


class Offer(msgspec.Struct, frozen=True):
    """A newer one that has fetched what the one in use could not, and is not used yet."""

    version: str
    channel: Channel
    site: str  # whose download it was tried with


class Kept(msgspec.Struct, frozen=True):
    current: Version = Version()
    previous: Version | None = None
    offered: Offer | None = None


class Status(msgspec.Struct):
    """What is used now. `latest`: the newest of the channel when it was last looked; `previous`: to go back to;
    `offered`: a newer one that mended a download of `offered_site`; `trying`: one that is being tried just now;
    `automatic`: what is done without being asked (the setting `ytdlp_update`)."""

    version: str
    channel: Channel
    managed: bool
    previous: str | None
    latest: str | None
    updating: bool
    error: str | None
    failure: str | None  # the code of that error
    automatic: str
    offered: str | None
    offered_site: str | None
    trying: str | None


class _News(msgspec.Struct):
    """What updater.py knows since the start of this process."""

    latest: dict[Channel, str] = {}
    error: errors.Problem | None = None
    updating: bool = False
    trying: str | None = None


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
        failure=news.error.code if news.error else None,
        automatic=settings.get().ytdlp_update,
        offered=now.offered.version if now.offered else None,
        offered_site=now.offered.site if now.offered else None,
        trying=news.trying,
    )


def rollback() -> Status:
    """Go back to the version before; once more goes forward again. Raises `NoPreviousVersion`."""
    now = kept()
    before = now.previous or (Version() if now.current.version else None)
    if before is None or (before.version and not (root() / before.version).is_dir()):
        raise errors.NoPreviousVersion()
    keep(Kept(before, now.current))
    _log.info("yt-dlp taken back", version=before.version or bundled())
    return status()


def accept() -> Status:
    """Use what is offered. Raises `NothingOffered`."""
    now = kept()
    if now.offered is None:
        raise errors.NothingOffered()
    keep(Kept(Version(now.offered.version, now.offered.channel), now.current))
    _log.info("yt-dlp updated", version=now.offered.version, before=now.current.version or bundled())
    return status()


def taken_back(version: str) -> bool:
    """Whether somebody went back from this version to the one in use: nothing takes it again by itself."""
    now = kept()
    before = now.previous.version if now.previous else None
    return before == version and package_index.order(version) > package_index.order(now.current.version or bundled())


def drop(version: str) -> None:
    """Remove a version that was tried, unless it is used, offered or the one to go back to."""
    if version not in _wanted():
        shutil.rmtree(root() / version, ignore_errors=True)


def _wanted() -> set[str | None]:
    now = kept()
    return {one.version for one in (now.current, now.previous, now.offered) if one}


def tidy() -> None:
    """Remove the versions that nobody can go back to. Only while nothing is fetched: a download may still use one."""
    wanted = _wanted()
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
    if version and not _newer(version, bundled()):
        now = Kept(Version(None, now.current.channel), None, now.offered)
    if now.offered and not _newer(now.offered.version, now.current.version or bundled()):
        now = Kept(now.current, now.previous)
    return now


def _newer(version: str, than: str) -> bool:
    """Whether a version is there, and newer than another."""
    return (root() / version).is_dir() and package_index.order(version) > package_index.order(than)


def keep(now: Kept) -> None:
    make_root()
    fresh = root() / "current.json.new"
    fresh.write_bytes(msgspec.json.encode(now))
    fresh.replace(root() / "current.json")


def make_root() -> None:
    root().mkdir(mode=0o711, exist_ok=True)
    root().chmod(0o711)
