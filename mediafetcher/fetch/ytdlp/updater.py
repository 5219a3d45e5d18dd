"""Update yt-dlp: find a newer version in the package index, verify it, and use it.

It is accepted only with the hash of the index, after a confined child has loaded it and after it has fetched
a film from the built-in test site (smoke_test.py). If any step fails, nothing changes.
"""

import asyncio
import contextlib
import importlib.metadata
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

import msgspec

from mediafetcher.core import bundle, errors, logging, settings
from mediafetcher.fetch.ytdlp import package_index, smoke_test, versions
from mediafetcher.fetch.ytdlp.import_hook import PACKAGES
from mediafetcher.fetch.ytdlp.versions import Channel, Kept, Status, Version
from mediafetcher.sandbox import process
from mediafetcher.sandbox.child import LineTooLong

_CHECK_SECONDS = 240.0
_MAX_LINE = 4096  # bytes of the check's output
_EJS = re.compile(r"^Requires-Dist: yt-dlp-ejs\s*==\s*([\d.]+)", re.MULTILINE)
_log = logging.get("ytdlp")
_running: asyncio.Task[Status] | None = None


async def look(channel: Channel | None = None) -> Status:
    """Ask the index for the newest version. Raises: `IndexUnavailable`."""
    await _newest(channel or versions.kept().current.channel)
    return versions.status()


async def update(channel: Channel | None = None) -> Status:
    """Install the newest version of the channel, if it passes the tests; concurrent callers wait for the same update.

    Raises: `IndexUnavailable` or `UpdateRefused`; then nothing has changed.
    """
    await asyncio.shield(start(channel))
    return versions.status()


def start(channel: Channel | None = None) -> asyncio.Task[Status]:
    """Begin an update, or join the running one; its error is kept for `status`."""
    global _running
    if _running is None:
        _running = asyncio.create_task(_update(channel or versions.kept().current.channel), name="ytdlp update")
        versions.update_begins()
        _running.add_done_callback(_ended)
    return _running


def _ended(task: asyncio.Task[Status]) -> None:
    global _running
    _running = None
    if task.cancelled():
        versions.update_ended(None, cancelled=True)
        return
    error = task.exception()
    if error is not None:
        _log.warning("yt-dlp was not updated", reason=str(error))
    versions.update_ended(error if isinstance(error, errors.Problem) or error is None else errors.Internal())


async def newer() -> Version | None:
    """Return a newer version than the used one, verified and in its folder, but not used; None if there is none.

    Raises: `IndexUnavailable` or `UpdateRefused`.
    """
    now = versions.kept()
    wheel = await _newest(now.current.channel)
    if package_index.order(wheel.version) <= package_index.order(now.current.version or versions.bundled()):
        return None
    await _prepare(wheel)
    return Version(wheel.version, now.current.channel)


async def stop() -> None:
    """End a running update; it leaves nothing behind."""
    if (task := _running) is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _newest(channel: Channel) -> package_index.Wheel:
    wheel = await asyncio.to_thread(
        package_index.newest, settings.get().ytdlp_index, "yt-dlp", development=channel == "nightly"
    )
    versions.note_latest(channel, wheel.version)
    return wheel


async def _update(channel: Channel) -> Status:
    wheel = await _newest(channel)
    now = versions.kept()
    wanted = Version(_not_older(wheel.version, now.current.version), channel)
    if wanted.version != now.current.version:
        if wanted.version:
            await _prepare(wheel)
        versions.keep(Kept(wanted, now.current))
        _log.info(
            "yt-dlp updated",
            version=wanted.version or versions.bundled(),
            before=now.current.version or versions.bundled(),
        )
    elif wanted != now.current:
        versions.keep(Kept(wanted, now.previous, now.offered))
    return versions.status()


def _not_older(offered: str, used: str | None) -> str | None:
    """Return the version to use, None for the bundled one: an index cannot cause a downgrade.

    An older version may have a known vulnerability. A user can only return to the version used before (`rollback`).
    """
    bundled = versions.bundled()
    newest = max(offered, used or bundled, bundled, key=package_index.order)
    if package_index.order(offered) < package_index.order(newest):
        _log.info("the index offers an older yt-dlp, not taken", offered=offered, used=newest)
    return None if package_index.order(newest) == package_index.order(bundled) else newest


async def _prepare(wheel: package_index.Wheel) -> None:
    """Return the verified version in its folder. An existing folder was verified before."""
    final = versions.root() / wheel.version
    if final.is_dir():
        return
    versions.make_root()
    data = await asyncio.to_thread(package_index.fetch, wheel, settings.get().ytdlp_index)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=versions.root()))
    try:
        await asyncio.to_thread(_unpack, data, fresh)
        await _load(fresh, wheel.version)
        await asyncio.to_thread(_take_back, fresh)
        await smoke_test.fetch(fresh)
        if not final.is_dir():  # a trial and an update may have verified it at the same time
            fresh.rename(final)
    finally:
        await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)


def _unpack(data: bytes, folder: Path) -> None:
    """Unpack yt-dlp, and its solver scripts if ours are of another version: each knows the other's hash."""
    metadata = package_index.unpack(data, folder, PACKAGES[0])
    wanted = _EJS.search(metadata)
    if wanted and wanted[1] != _our_scripts():
        index = settings.get().ytdlp_index
        scripts = package_index.newest(index, "yt-dlp-ejs", exactly=wanted[1])
        package_index.unpack(package_index.fetch(scripts, index), folder, PACKAGES[1])
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        _give(path)
    folder.chmod(0o755)
    _give(folder)


def _our_scripts() -> str | None:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("yt-dlp-ejs")
    return None


def _give(path: Path) -> None:
    """Give it to the service account, while the check writes the compiled form next to the source."""
    account = process.service_account()
    if account:
        os.chown(path, account.uid, account.gid)


def _take_back(folder: Path) -> None:
    """Make it ours again, readable for all: a fetch may not change its own code."""
    for _, names, files, here in os.fwalk(folder):
        _own(here, 0o755)
        for name in files:
            try:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=here)
            except OSError:
                descriptor = -1
            try:
                if descriptor >= 0 and stat.S_ISREG(os.fstat(descriptor).st_mode):
                    _own(descriptor, 0o644)
                else:
                    os.unlink(name, dir_fd=here)  # a link or a pipe, which no package has
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        for name in [one for one in names if os.path.islink(f"/proc/self/fd/{here}/{one}")]:
            os.unlink(name, dir_fd=here)


def _own(descriptor: int, mode: int) -> None:
    if process.service_account():
        os.fchown(descriptor, os.geteuid(), os.getegid())
    os.fchmod(descriptor, mode)


async def _load(folder: Path, version: str) -> None:
    """Load it in a child. Raises: `UpdateRefused` if that fails, or if it reports another version."""
    argv = [*bundle.python("mediafetcher.fetch.child.load_check"), str(folder)]
    env = process.environment(folder, PYTHONPATH=str(bundle.PACKAGE.parent))
    limits = process.Limits(file_size=64 << 20, data=1 << 30, cpu_seconds=int(_CHECK_SECONDS), nice=5)
    said: dict[str, str] = {}
    async with await process.start(argv, limits, env=env, cwd=folder) as program:
        with contextlib.suppress(TimeoutError, ValueError, RecursionError, LineTooLong):
            async with asyncio.timeout(_CHECK_SECONDS):
                async for line in program.lines(_MAX_LINE):
                    said = msgspec.json.decode(line, type=dict[str, str])
        await program.kill()
        tail = program.stderr_tail.strip().splitlines()[-1:] or ["it said nothing"]
    if "version" not in said:
        raise errors.UpdateRefused(f"The new yt-dlp version was not installed: it cannot be loaded ({tail[0][-200:]}).")
    if not package_index.is_version(said["version"], version):
        raise errors.UpdateRefused(
            f"The new yt-dlp version was not installed: it reports a different version ({said['version']})."
        )
