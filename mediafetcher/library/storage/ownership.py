"""Ownership of the store: whether this installation may unlink files.

An installation is a database with its web server and all its workers. It owns the store while the highest claim
on the media folder (claims.py) is its own. Before anything is unlinked, and before a file gets its first
reference, the next claim is made. A copy of this database that was started elsewhere then finds a claim it does not
know, and freezes.

Frozen means: everything plays, but nothing is unlinked, purged or fetched until a user decides (decisions.py). The
reason is in the database, so that all processes follow it; `frozen()` is the last state that this process read.

A worker makes no claims. It checks that the highest one is its installation's, asks the server for the next,
and waits until that is made.

`ownership_watch.py` follows the other processes of this installation, and looks for claims of other installations.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from piccolo.querystring import QueryString

from mediafetcher.core import clock, errors, logging
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, is_true
from mediafetcher.db.tables import Installation
from mediafetcher.library.storage import claims, mount, unknown

Reason = Literal[
    "unknown_files", "foreign", "contested", "rolled_back", "restored", "moved", "cloned", "rebuilt", "read_only"
]
DETAILS: dict[str, str] = {
    "unknown_files": "The media folder holds files that this database does not know.",
    "foreign": "Another installation uses this media folder, or used it after this database was saved.",
    "contested": "Another installation that uses this media folder found that it is used here too.",
    "rolled_back": "The media folder is older than this database: was it restored from a snapshot?",
    "read_only": "This installation was told to write nothing to the media folder.",
}
SETTLE = 60.0  # seconds between taking the store and the first unlink or adoption
ANSWER = 15.0  # seconds in which the server makes the claim that a worker asked for
_ASK_AGAIN, _LOOK = 2.0, 0.05  # seconds between two requests of a worker, and between two checks for the answer
_LOCK = 77_016  # the advisory lock of claims
EVENT = "ownership"

_log = logging.get("ownership")


@dataclass(frozen=True)
class Frozen:
    """Why nothing is unlinked, purged or fetched; `detail` is a text for users."""

    reason: str
    detail: str
    since: datetime | None = None


_claims_here = True  # whether this process may make claims; a worker may not
_frozen: Frozen | None = None
_settled_at: float | None = None  # monotonic: when the waiting time after taking the store is over; None: no waiting
_made: set[uuid.UUID] = set()  # nonces of claims that this process tried to make
_waiting: asyncio.Task[int] | None = None  # a claim that was requested and has not begun
_guard: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None


# ---- what is known -------------------------------------------------------------------------------------------


def frozen() -> Frozen | None:
    """Return why this installation is frozen, as this process read it last; None if it is not. It costs nothing."""
    return _frozen


def require() -> None:
    """Raises: `StoreFrozen` if this installation is frozen."""
    if _frozen is not None:
        raise problem(_frozen)


def problem(found: Frozen) -> errors.StoreFrozen:
    """Return the error for a user whose request waits for the decision."""
    if found.reason == "read_only":
        return errors.StoreFrozen(f"{found.detail} `mediafetcher store take` changes that.", reason=found.reason)
    return errors.StoreFrozen(
        f"{found.detail} Nothing is fetched or removed until you decide on the page or with `mediafetcher store`.",
        reason=found.reason,
    )


async def refresh() -> Frozen | None:
    """Read the state in the database again. Returns: why this installation is frozen."""
    return _apply(await _row())


def _apply(row: dict[str, Any]) -> Frozen | None:
    global _frozen, _settled_at
    reason = row["frozen_reason"]
    _frozen = Frozen(reason, row["frozen_detail"] or DETAILS.get(reason, ""), row["frozen_at"]) if reason else None
    if not row["settling"]:
        _settled_at = None
    elif _settled_at is None:
        _settled_at = clock.monotonic() + SETTLE
    return _frozen


async def _row() -> dict[str, Any]:
    row = await Installation.select().first()
    if row is None:  # the table was emptied
        await Installation.insert(Installation()).on_conflict(action="DO NOTHING")
        row = await Installation.select().first()
    assert row is not None
    return row


# ---- claims --------------------------------------------------------------------------------------------------


def makes_claims() -> bool:
    """Tell whether this process claims the store; a worker does not."""
    return _claims_here


async def start(*, claims: bool = True) -> Frozen | None:
    """Make the claim of this start. Returns: why this installation is frozen, or None.

    An unavailable media folder is claimed later. Without `claims`, as in a worker, this process never makes one.
    """
    global _claims_here
    _claims_here = claims
    if await refresh() is None and claims:
        with contextlib.suppress(errors.Unavailable):
            await claim_next()
    if _frozen is not None:
        _log.warning("the store is frozen", reason=_frozen.reason, detail=_frozen.detail)
    return _frozen


async def claim_next() -> int:
    """Make the next claim. Call it outside of a transaction. Returns: its number.

    Raises: `StoreFrozen` if this installation is frozen, or freezes now because it does not own the store, and
    `Unavailable`.
    """
    global _waiting
    if not _claims_here:
        raise RuntimeError("a worker makes no claims")
    if engine.in_transaction():
        raise RuntimeError("a claim has commits of its own")
    loop = asyncio.get_running_loop()
    if _waiting is None or _waiting.done() or _waiting.get_loop() is not loop:
        _waiting = loop.create_task(_claim_alone())
    return await asyncio.shield(_waiting)


async def _claim_alone() -> int:
    """Make one claim for all callers that asked before it began."""
    global _waiting
    async with _lock():
        _waiting = None
        async with engine.exclusive(_LOCK):
            row = await _row()
            if _apply(row) is None:
                seen = await mount.run_io(claims.read)
                if (reason := await _conflict(row, seen)) is None:
                    return await _claim(row, seen)
                await freeze(reason)
            require()
    raise errors.StoreFrozen()


async def require_owner() -> None:
    """Prove that the highest claim is this installation's, without making one. Raises: `StoreFrozen`, `Unavailable`."""
    if (found := await examine()) is not None:
        await freeze(found[0])
    require()


async def examine() -> tuple[str, int] | None:
    """Compare the highest claim with the row. Returns: why it is not ours, and its number; None if it is, or if frozen.

    Another process of this installation may claim between the two readings. Its nonce is committed before its claim
    is made, so a row that did not change meanwhile proves that the claim is not from there.
    """
    row = await _row()
    while _apply(row) is None:
        seen = await mount.run_io(claims.read)
        reason = _judge(row, seen)
        if reason is None:
            return None
        before, row = row, await _row()
        if all(row[name] == before[name] for name in ("number", "nonce", "pending_nonce")):
            return reason, seen.number
    return None


async def before_reference() -> None:
    """Call it before a file gets its first reference, outside a transaction. Raises: `StoreFrozen`, `Unavailable`."""
    if _claims_here:
        await claim_next()
    else:
        await require_owner()
        await _ask_server()


async def _ask_server() -> None:
    """Wait until the server has made a claim that began after this call. Raises: `ServerUnavailable`, `StoreFrozen`."""
    row = await _row()
    # A claim in progress may have begun before this call: then the one after it counts.
    wanted = (row["number"] or 0) + (1 if row["pending_nonce"] is None else 2)
    until, ask_again = clock.monotonic() + ANSWER, 0.0
    while (row["number"] or 0) < wanted:
        if clock.monotonic() >= until:
            raise errors.ServerUnavailable()
        if clock.monotonic() >= ask_again:
            await notifications.notify(EVENT, "wanted")
            ask_again = clock.monotonic() + _ASK_AGAIN
        await asyncio.sleep(_LOOK)
        row = await _row()
        _apply(row)
        require()


async def before_unlink() -> bool:
    """Make the claim that a batch of unlinks needs. Returns: whether files may be unlinked now. Raises: `Unavailable`.

    On a full disk no claim can be made, but unlinking helps: then it is enough that the highest claim is ours.
    """
    try:
        try:
            await claim_next()
        except errors.MediaFull:
            await require_owner()
    except errors.StoreFrozen:
        return False
    return await settled()


async def settled() -> bool:
    """Tell whether the waiting time after taking the store is over, in which another installation could object."""
    global _settled_at
    if _settled_at is None:
        return True
    if clock.monotonic() < _settled_at:
        return False
    await Installation.update({Installation.settling: False}).where(is_true(Installation.settling))
    _settled_at = None
    return True


async def freeze(reason: str) -> None:
    """Stop unlinking, purging and fetching until a user decides."""
    table = Installation
    await table.update(
        {table.frozen_reason: reason, table.frozen_detail: DETAILS.get(reason), table.frozen_at: NOW}
    ).where(table.frozen_reason.is_null())
    await tell()
    if await refresh() is not None:
        _log.warning("the store is frozen", reason=reason, detail=DETAILS.get(reason))


async def tell() -> None:
    """Tell all processes, and the pages, that the ownership changed."""
    await notifications.notify(EVENT)
    await notifications.notify("system", {})


async def begin_lineage(reason: str, detail: str | None = None) -> None:
    """Begin a new lineage in the connected database: frozen, and files without references become unknown."""
    async with engine.transaction():
        table, fresh = Installation, QueryString("gen_random_uuid()")
        await table.update(
            {
                table.id: fresh,
                table.lineage: fresh,
                table.settling: False,
                table.number: None,
                table.nonce: None,
                table.pending_nonce: None,
                table.frozen_reason: reason,
                table.frozen_detail: detail or DETAILS.get(reason),
                table.frozen_at: NOW,
            },
            force=True,
        )
        await tell()
    await refresh()


@contextlib.asynccontextmanager
async def alone() -> AsyncIterator[None]:
    """Serialize over all processes of this installation. Writes inside it are committed at once."""
    async with _lock(), engine.exclusive(_LOCK):
        yield


def _lock() -> asyncio.Lock:
    """Return the lock within this process, so that waiting callers hold no connection of the pool."""
    global _guard
    loop = asyncio.get_running_loop()
    if _guard is None or _guard[0] is not loop:
        _guard = (loop, asyncio.Lock())
    return _guard[1]


async def _conflict(row: dict[str, Any], seen: claims.Seen) -> str | None:
    """Return why this installation does not own the store; None if it does."""
    reason = _judge(row, seen)
    if reason == "foreign":
        await mount.run_io(claims.contest, seen.number)
    if reason is None and row["number"] is None and await unknown.any_file():
        return "unknown_files"
    return reason


def _judge(row: dict[str, Any], seen: claims.Seen) -> str | None:
    ours = seen.last is not None and seen.last.nonce in {row["nonce"], row["pending_nonce"], *_made}
    if seen.last is not None and not ours:
        # Older than our last claim: the folder was set back, or our claims were removed.
        return "foreign" if row["number"] is None or seen.number >= row["number"] else "rolled_back"
    if seen.number < (row["number"] or 0):
        return "rolled_back"
    if seen.contested and seen.contested >= seen.number:
        return "contested"
    return None


async def _claim(row: dict[str, Any], seen: claims.Seen) -> int:
    """Make the claim after all existing ones. The caller is `alone`."""
    if seen.last is not None and seen.last.nonce == row["pending_nonce"]:
        await _settle_pending(seen.number, seen.last.nonce)  # made by a process that then ended
    number, nonce = max(seen.used, row["number"] or 0) + 1, uuid.uuid4()
    _made.add(nonce)
    await Installation.update({Installation.pending_nonce: nonce}, force=True)
    try:
        await mount.run_io(claims.make, number, row["id"], nonce)
    except FileExistsError:
        await freeze("contested")
        raise errors.StoreFrozen() from None
    await _settle_pending(number, nonce)
    _made.discard(nonce)
    _log.debug("store claimed", number=number)
    return number


async def take() -> None:
    """Make the next claim whatever claims exist, and thaw. The caller is `alone`. Raises: `Unavailable`."""
    global _settled_at
    number = await _claim(await _row(), await mount.run_io(claims.read))
    table = Installation
    await table.update(
        {table.settling: True, table.frozen_reason: None, table.frozen_detail: None, table.frozen_at: None}
    ).where(table.number == number)
    _settled_at = None  # it starts again with this claim
    await refresh()


async def _settle_pending(number: int, nonce: uuid.UUID) -> None:
    table = Installation
    await table.update({table.number: number, table.nonce: nonce, table.pending_nonce: None}, force=True)
