"""The version of yt-dlp in use: the bundled one, or a newer one that was installed since (updater.py).

Each version is in `<state>/ytdlp/<version>/`, and `current.json` there names the one in use and the one before.
Running downloads keep theirs; the next one starts with the new one, without a restart. The bundled version is
always available for a rollback, and is used again if it is the newer.
"""

import contextlib
import functools
import importlib.metadata
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from mediafetcher.core import errors, files, logging, settings
from mediafetcher.fetch.ytdlp import package_index

Channel = Literal["stable", "nightly"]
_log = logging.get("ytdlp")


class Version(msgspec.Struct, frozen=True):
    """One yt-dlp; `version` is None for the bundled one."""

    version: str | None = None
    channel: Channel = "stable"


class Offer(msgspec.Struct, frozen=True):
    """A newer one that has fetched what the one in use could not, and is not yet used."""

    version: str
    channel: Channel
    site: str  # the site of the download that tested it


class Kept(msgspec.Struct, frozen=True):
    current: Version = Version()
    previous: Version | None = None
    offered: Offer | None = None


class Status(msgspec.Struct):
    """The version in use. `latest`: the newest of the channel at the last check; `previous`: for a rollback;
    `offered`: a newer one that repaired a download of `offered_site`; `trying`: one that is being tested;
    `automatic`: what is done without a request (the setting `ytdlp_update`)."""

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


class _Activity(msgspec.Struct):
    """The findings and tests of this process since its start."""

    latest: dict[Channel, str] = {}
    error: errors.Problem | None = None
    updating: bool = False
    trying: str | None = None


_activity = _Activity()


def forget_activity() -> None:
    """Begin as a fresh process does."""
    global _activity
    _activity = _Activity()


def latest(channel: Channel) -> str | None:
    """Return the newest version of a channel at the last check of this process."""
    return _activity.latest.get(channel)


def note_latest(channel: Channel, version: str) -> None:
    _activity.latest[channel] = version


def update_begins() -> None:
    _activity.updating = True


def update_ended(error: errors.Problem | None, *, cancelled: bool = False) -> None:
    """Note the end of an update. A cancelled one leaves the error of the one before."""
    _activity.updating = False
    if not cancelled:
        _activity.error = error


def is_testing() -> bool:
    """Tell whether a newer version is looked for or tested right now."""
    return _activity.trying is not None


@contextlib.contextmanager
def trial(version: str) -> Iterator[None]:
    """Show that a newer version is tested; "": it is still looked for."""
    _activity.trying = version
    try:
        yield
    finally:
        _activity.trying = None


@functools.cache
def bundled() -> str:
    """Return the bundled version."""
    return importlib.metadata.version("yt-dlp")


def root() -> Path:
    return settings.get().state / "ytdlp"


def folder() -> Path | None:
    """Return the folder of the yt-dlp that new downloads use; None for the bundled one."""
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
        latest=latest(now.current.channel),
        updating=_activity.updating,
        error=_activity.error.detail if _activity.error else None,
        failure=_activity.error.code if _activity.error else None,
        automatic=settings.get().ytdlp_update,
        offered=now.offered.version if now.offered else None,
        offered_site=now.offered.site if now.offered else None,
        trying=_activity.trying,
    )


def rollback() -> Status:
    """Return to the version before; a second call undoes it. Raises: `NoPreviousVersion`."""
    now = kept()
    before = now.previous or (Version() if now.current.version else None)
    if before is None or (before.version and not (root() / before.version).is_dir()):
        raise errors.NoPreviousVersion()
    keep(Kept(before, now.current))
    _log.info("yt-dlp taken back", version=before.version or bundled())
    return status()


def accept() -> Status:
    """Use the offered version. Raises: `NothingOffered`."""
    now = kept()
    if now.offered is None:
        raise errors.NothingOffered()
    keep(Kept(Version(now.offered.version, now.offered.channel), now.current))
    _log.info("yt-dlp updated", version=now.offered.version, before=now.current.version or bundled())
    return status()


def taken_back(version: str) -> bool:
    """Tell whether a user rolled back from this version to the one in use: it is not installed again automatically."""
    now = kept()
    before = now.previous.version if now.previous else None
    return before == version and package_index.order(version) > package_index.order(now.current.version or bundled())


def drop(version: str) -> None:
    """Remove a version that was tested, unless it is used, offered or the one for a rollback."""
    if version not in _wanted():
        shutil.rmtree(root() / version, ignore_errors=True)


def _wanted() -> set[str | None]:
    now = kept()
    return {one.version for one in (now.current, now.previous, now.offered) if one}


def tidy() -> None:
    """Remove the versions that are not needed for a rollback. Only while nothing is fetched: a download may use one."""
    wanted = _wanted()
    for path in root().glob("*/") if root().is_dir() else ():
        if path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)


def kept() -> Kept:
    """Return the content of `current.json`, as far as it can still be used."""
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
    """Tell whether a version exists, and is newer than another."""
    return (root() / version).is_dir() and package_index.order(version) > package_index.order(than)


def keep(now: Kept) -> None:
    make_root()
    files.replace(root() / "current.json", msgspec.json.encode(now), mode=0o644)


def make_root() -> None:
    root().mkdir(mode=0o711, exist_ok=True)
    root().chmod(0o711)
