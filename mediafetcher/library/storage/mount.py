"""Watch the media folder: whether it is mounted and writable, and has enough free space.

A sentinel file in the media folder carries an id that the database knows. If it is missing or different, the share
is not mounted (or it is another one): the store is *offline*, and nothing is written, not even a folder, so that
nothing ever lands below a bare mount point. The id is recorded at the very first start and never replaced: there is
never a second store.

`state()` is the last observed state; `watch()` checks every few seconds. An unavailable share may also hang: all
access to it runs in threads of its own (`run_io`), so that it can block nothing else, and while it hangs, no
new thread is sent to wait for it.
"""

import asyncio
import contextlib
import errno
import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from mediafetcher.core import errors, files, logging, mounts, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.tables import Installation, StoreRoot
from mediafetcher.library.storage import staging

SENTINEL = ".mediafetcher-store"
FORMAT = "mediafetcher-store 2"  # begins the sentinel: programs without claims take the folder for another library
DEFAULT = Path("/mnt/media")
_THREADS = 24  # more than downloads, sweeper and users need at once; all of them may wait for a share that hangs

_OFFLINE = {
    *(errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT),
    *(errno.ENODEV, errno.ENXIO, errno.ECONNRESET, errno.ECONNABORTED, errno.ESHUTDOWN, errno.EREMOTEIO),
    errno.ENETUNREACH,
}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}

_log = logging.get("mount")


@dataclass(frozen=True)
class Mount:
    """The state of the media folder. `reason` is a text for users, empty while online; sizes in bytes."""

    state: Literal["online", "offline", "full", "read_only"]
    reason: str = ""
    total: int = 0
    free: int = 0


_root: Path | None = None
_id: uuid.UUID | None = None
_installation = "0" * 12
_marked: Path | None = None  # the sentinel that was observed in our format
_seen = Mount("offline", "The media folder has not been checked yet.")
_look: Future[Mount] | None = None
_hanging = False  # the last check did not return in time
_looker = ThreadPoolExecutor(1, "mount")
_online = asyncio.Event()
_hands = ThreadPoolExecutor(_THREADS, "media")
_busy: set[Future[Any]] = set()
_T = TypeVar("_T")


def root() -> Path:
    """Return the media folder. It is known after `prepare`."""
    if _root is None:
        raise errors.MediaOffline("The media folder is not set up yet.")
    return _root


def installation() -> str:
    """Return the installation of this process, as names of staged files begin; zeros before it is known."""
    return _installation


def incoming() -> Path:
    """Return the folder of staged files, on the store's own file system."""
    return root() / "incoming"


def state() -> Mount:
    """Return the state of the media folder at the last check. It costs nothing."""
    return _seen


def require() -> None:
    """Prove by the sentinel that the store is mounted now. Call it in a thread. Raises: `MediaOffline`."""
    if problem := _absent(root(), _id):
        raise errors.MediaOffline(problem)


async def run_io(function: Callable[..., _T], *args: Any, patience: float | None = None, **named: Any) -> _T:
    """Run an access to the media folder in a thread of its own pool. Returns: its result.

    Raises: `MediaOffline` at once while the folder hangs, and after `patience` seconds if they are given. The
    thread is then left behind, so `patience` is only for work that does no harm when it finishes late.
    """
    if _hanging:
        raise errors.MediaOffline(_seen.reason)
    work = _hands.submit(function, *args, **named)
    _busy.add(work)
    work.add_done_callback(_busy.discard)
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), patience)
    except TimeoutError:
        if work.done():
            raise
        raise errors.MediaOffline(_silent()) from None


def has_hung_threads() -> bool:
    """Tell whether threads hang in the media folder: a program that ends must not wait for them."""
    return any(not work.done() for work in [*_busy, *([_look] if _look else [])])


def _silent() -> str:
    return f"The media folder {_root} does not respond. The share hangs."


# ---- the first start, and every other ------------------------------------------------------------------


async def prepare() -> Mount:
    """Find the media folder of this installation. The very first start makes and records it. Returns: its state.

    Later starts continue while it is offline. Raises: `Unavailable`, only if the first start cannot make it.
    """
    chosen = settings.get()
    row = await _recorded()
    if row is None:
        try:
            folder = chosen.media or await run_io(_default, chosen.state, patience=chosen.mount_timeout_seconds)
            made = await run_io(create, folder, patience=chosen.mount_timeout_seconds)
        except OSError as error:
            folder = chosen.media or DEFAULT
            problem = classify(error) or errors.MediaOffline()
            raise type(problem)(f"Cannot create or write to the media folder {folder}: {error.strerror}.") from error
        root = StoreRoot(id=1, path=str(folder), sentinel=made)
        await StoreRoot.insert(root).on_conflict(action="DO NOTHING")
        row = await _recorded()
        assert row is not None
        _log.info("media folder recorded", path=folder)
    base = _use(row)
    now = await refresh()
    if now.state != "offline" and str(base) != row["path"]:
        # The same store in another folder: its sentinel proves it.
        await StoreRoot.update({StoreRoot.path: str(base)}).where(StoreRoot.id == 1)
    if now.state != "online":
        _log.warning("the media folder cannot be used", state=now.state, reason=now.reason)
    return now


async def record(media: Path, folder: str) -> None:
    """Record where the store is, in place of what the database says: `folder` is its own folder below `media`."""
    sentinel = await asyncio.to_thread(create, media / folder)  # it exists: this reads its id
    async with engine.transaction():
        await StoreRoot.delete(force=True)
        await StoreRoot.insert(StoreRoot(id=1, path=str(media), sentinel=sentinel))
        await Installation.update({Installation.folder: folder}, force=True)


async def attach() -> Mount:
    """Use the media folder that the server has recorded, wherever it is mounted here. Returns: its state.

    Nothing is made or recorded. Raises: `OlderSchema` if no folder is recorded yet.
    """
    row = await _recorded()
    if row is None:
        raise errors.OlderSchema("This installation has no media folder yet. Start the server first.")
    _use(row)
    now = await refresh()
    if now.state != "online":
        _log.warning("the media folder cannot be used", state=now.state, reason=now.reason)
    return now


async def _recorded() -> dict[str, Any] | None:
    """Read the database's record of the media folder: path, sentinel, and the installation's own folder below it."""
    root = await StoreRoot.select(StoreRoot.path, StoreRoot.sentinel).where(StoreRoot.id == 1).first()
    ours = await Installation.select(Installation.folder, Installation.id).first()
    return None if root is None or ours is None else root | ours


def _use(row: dict[str, Any]) -> Path:
    """Use this media folder from now on. Returns: the folder that the user named; the store may be below it."""
    global _root, _id, _installation
    base = settings.get().media or Path(row["path"])
    _root, _id = base / row["folder"], row["sentinel"]
    _installation = row["id"].hex[:12]
    return base


def _default(state_folder: Path) -> Path:
    if mounts.is_mount_point(DEFAULT) and os.access(DEFAULT, os.R_OK | os.W_OK | os.X_OK):
        return DEFAULT
    return state_folder / "media"


def create(folder: Path) -> uuid.UUID:
    """Make the folders and the sentinel, or use existing ones. Returns: the store's id."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("incoming", "store"):
        (folder / name).mkdir(exist_ok=True)
    path, fresh = folder / SENTINEL, uuid.uuid4()
    try:
        files.create(path, _words(fresh).encode(), mode=None)
    except FileExistsError:
        found = _read_id(path)
        if found is None:
            raise OSError(errno.EINVAL, f"{path} exists but was not created by MediaFetcher") from None
        return found
    return fresh


def _words(id: uuid.UUID) -> str:
    return f"{FORMAT} {id}\nThis file proves to MediaFetcher that its media folder is mounted. Do not remove it.\n"


def _read_id(path: Path) -> uuid.UUID | None:
    """Return the id in a sentinel of this format or of the first, which was the id alone."""
    try:
        return uuid.UUID(path.read_text().split("\n", 1)[0].strip().removeprefix(FORMAT).strip())
    except ValueError:
        return None


def mark() -> None:
    """Convert the sentinel to this format: programs without claims stay offline from then on. In a thread.

    Only an installation that owns the store may do that. Raises: `Unavailable`.
    """
    global _marked
    path = root() / SENTINEL
    if _marked == path or _id is None:
        return
    with writing():
        require()
        if path.read_text().startswith(FORMAT):
            _marked = path
            return
        files.replace(path, _words(_id).encode(), mode=None)


# ---- looking -------------------------------------------------------------------------------------------


async def refresh() -> Mount:
    """Check now. Returns: the state, which `state()` reports from now on. A change is sent to the pages."""
    global _look, _hanging
    if _look is None or _look.done():
        _look = _looker.submit(_examine)
    try:
        found = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(_look)), settings.get().mount_timeout_seconds)
        _hanging = False
    except TimeoutError:
        _hanging, found = True, Mount("offline", _silent())
    await _note(found)
    return found


async def _note(found: Mount) -> None:
    global _seen
    before, _seen = _seen, found
    if found.state == "online":
        _online.set()
    else:
        _online.clear()
    if found.state != before.state:
        _log.info("media folder", state=found.state, reason=found.reason)
        with contextlib.suppress(errors.DatabaseUnavailable):
            await notifications.notify("system", {})


async def wait_until_online() -> None:
    """Wait until the folder is online again; if it is online, until it has been offline."""
    while _online.is_set():
        await asyncio.sleep(settings.get().mount_check_seconds)
    await _online.wait()


async def watch() -> None:
    """Check again and again, for as long as the program runs."""
    while True:
        await asyncio.sleep(settings.get().mount_check_seconds)
        try:
            await refresh()
        except Exception:
            _log.exception("looking at the media folder failed")


def _absent(folder: Path, wanted: uuid.UUID | None) -> str | None:
    """Return why the store is not in this folder, as text; None if it is."""
    try:
        found = _read_id(folder / SENTINEL)
    except FileNotFoundError:
        return f"The media folder {folder} does not contain this library. Check that the share is mounted there."
    except OSError as error:
        return f"Cannot read the media folder {folder} ({error.strerror}). Check that the share is mounted."
    if found != wanted:
        return f"The media folder {folder} belongs to another library. Mount the right share there."
    return None


def _lacks(folder: Path) -> str | None:
    """Return which of its own folders is missing, as text; a part of the share may be a separate, unavailable mount."""
    for name in ("incoming", "store"):
        with contextlib.suppress(OSError):
            if not (folder / name).is_dir():
                return (
                    f"{folder / name} is missing. Check that the whole share is mounted. If you deleted "
                    "the folder, create it again."
                )
    return None


def _examine() -> Mount:
    folder = root()
    if reason := _absent(folder, _id) or _lacks(folder):
        return Mount("offline", reason)
    try:
        facts = os.statvfs(folder)
    except OSError as error:
        return Mount("offline", f"Cannot read the media folder {folder} ({error.strerror}).")
    total, free = facts.f_frsize * facts.f_blocks, facts.f_frsize * facts.f_bavail
    if not (facts.f_flag & os.ST_RDONLY):
        # After a failed write, only a real write proves that the folder is writable again.
        problem = _try_write() if _seen.state in ("offline", "read_only") else None
        if problem is None and os.access(incoming(), os.W_OK | os.X_OK):
            return _room(total, free)
        if problem is not None and problem.errno in _FULL:
            return Mount("full", errors.MediaFull.default_detail, total, free)
    return Mount(
        "read_only", f"The media folder {folder} is not writable. Check the mount and its permissions.", total, free
    )


def _room(total: int, free: int) -> Mount:
    if free < settings.get().min_free:
        return Mount("full", errors.MediaFull.default_detail, total, free)
    return Mount("online", "", total, free)


def _try_write() -> OSError | None:
    probe = incoming() / staging.name(_installation)
    try:
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
        return error
    return None


# ---- errors of the media folder ------------------------------------------------------------------------


def classify(error: OSError) -> errors.Unavailable | None:
    """Return what an error of the file system says about the media folder; None if it concerns the file alone."""
    if error.errno in _OFFLINE:
        return errors.MediaOffline()
    if error.errno in _FULL:
        return errors.MediaFull()
    if error.errno in _READ_ONLY:
        return errors.MediaReadOnly()
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and _root is not None and (reason := _absent(_root, _id)):
        return errors.MediaOffline(reason)
    return None


@contextlib.contextmanager
def writing(size: int = 0) -> Iterator[None]:
    """Wrap writes to the media folder, in a thread: their errors become `Unavailable`, and the state follows at once.

    `size` is what the file needs, in bytes. If it does not fit, the problem's `needs_media_bytes` says so: that
    download waits for the space. The store is full only until the next check, since smaller files may fit.
    """
    global _seen
    try:
        yield
    except OSError as error:
        problem = classify(error)
        if problem is None:
            raise
        if isinstance(problem, errors.MediaFull):
            problem.facts["needs_media_bytes"] = size
            _seen = Mount("full", problem.detail, _seen.total, _seen.free)
        elif isinstance(problem, errors.MediaReadOnly):
            _seen = Mount("read_only", problem.detail, _seen.total, _seen.free)
        else:
            _seen = Mount("offline", problem.detail)
        raise problem from error
