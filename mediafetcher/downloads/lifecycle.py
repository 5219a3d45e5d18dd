"""The life of a download: one row, whose state is the truth.

    queued -> running -> done | failed | cancelled | parked | paused | waiting
    running -> queued                             retry, rescue, stop
    queued  -> cancelled | paused
    waiting -> queued                             its time has come, or the person
    failed, parked, paused, cancelled -> queued   the person

Every change of state is one UPDATE that names the state it expects; no row means that somebody was first.
Whoever works on a row holds a lease on it (leases.py). `parked` waits for something that a person must give,
and `paused` keeps what was fetched. `waiting` holds no slot: a stream that has not begun, or a list whose entries
are under way. All times are the database's `now()`.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from mediafetcher.core import errors, logging
from mediafetcher.db import engine
from mediafetcher.downloads import dedup, leases

# The worker's side of a row's life, and what is read of it, through the same door.
from mediafetcher.downloads.leases import (
    Claim,
    Lost,
    beat,
    claim,
    clock_moved,
    ended,
    expanded,
    fail,
    finish,
    me,
    note,
    paused,
    release,
    rescue,
    wait,
)
from mediafetcher.downloads.queries import entries, get, page
from mediafetcher.downloads.worker import active
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import blocklist, folders, quotas
from mediafetcher.net import urls

__all__ = [
    "ENDED",
    "LIVE",
    "STAGES",
    "STATES",
    "Claim",
    "Lost",
    "beat",
    "cancel",
    "claim",
    "clear",
    "clock_moved",
    "ended",
    "entries",
    "expanded",
    "fail",
    "finish",
    "get",
    "give_up",
    "me",
    "note",
    "page",
    "pause",
    "paused",
    "reconcile",
    "release",
    "rescue",
    "resume",
    "retry",
    "ring",
    "set_priority",
    "submit",
    "wait",
]

STATES = ("queued", "running", "done", "failed", "cancelled", "parked", "paused", "waiting")
ENDED = ("done", "failed", "cancelled")
LIVE = ("queued", "running", "parked", "paused", "waiting")
STAGES = ("extract", "download", "convert", "store")

_RECONCILE_LOCK = 77_002  # the advisory lock of reconciliations: one at a time, of all machines

_log = logging.get("jobs")


async def _silent(count: int) -> None:
    """Without a bell the row is found by the next reconciliation."""


# Rings for work that is due. The queue hangs its bell up here, because jobs must not know the queue.
ring: Callable[[int], Awaitable[None]] = _silent


# ---- in --------------------------------------------------------------------------------------------------


async def submit(owner: int, url: str, folder: str | None = None, options: Options | None = None) -> dict[str, Any]:
    """Take a wish -> its download. Nothing is fetched here, and the row is committed on return.

    A source that is in the store already answers with its item, done; the same wish twice answers with the
    row that is there. Raises `InvalidUrl`, `UnsupportedScheme`, `Invalid`, `NeverAgain`, `QuotaExceeded`.
    """
    options = options or Options()
    url = urls.parse(url)
    key = urls.source_key(url, options.recipe())
    wish = (owner, url, urls.site(url), key)
    stored = json.dumps(msgspec.to_builtins(options))

    async def take() -> dict[str, Any]:
        async with engine.transaction():
            look = await _look_closer(owner, key)
            if look["marked"]:
                await blocklist.require(owner, [key])
            if look["limited"]:
                await quotas.require(owner)
            folder_id = await folders.ensure(owner, folder or "")
            known = await _known_at_once(wish, folder_id, stored) if look["fetched"] else None
            row = known or await _queue(wish, folder_id, stored)
            if row["fresh"]:
                await engine.notify("download", {"id": row["id"], "owner": owner})
                if row["state"] == "queued":
                    await ring(1)  # with the row, when this commits
        return row

    row = await engine.retrying(take)
    return await get(row["id"], owner)


async def _look_closer(owner: int, key: str) -> dict[str, bool]:
    """What may speak against a new wish, in one question: most wishes have none of it, and thousands may come at once.

    `marked`: the person has marks; `limited`: a quota; `fetched`: a source of that key has a file.
    """
    row = await engine.fetchrow(
        "select exists (select from never_again where owner = $1) as marked, a.quota is not null as limited,"
        " exists (select from source where key = any($2::text[]) and media_file is not null) as fetched"
        " from account a where a.id = $1",
        owner,
        [key, *dedup.private(owner, [key])],
    )
    return row or {"marked": True, "limited": True, "fetched": True}


async def _queue(wish: tuple[int, str, str, str], folder: int | None, options: str) -> dict[str, Any]:
    for _ in range(5):  # the row that stood in the way may end before we can read it
        row = await engine.fetchrow(
            "insert into download (owner, url, site, source_key, folder, options, kind, state)"
            " values ($1, $2, $3, $4, $5, $6::text::jsonb,"
            "   case when $6::text::jsonb ? 'playlist' then 'playlist' else 'media' end, 'queued')"
            " on conflict do nothing"
            " returning id, state, true as fresh",
            *wish,
            folder,
            options,
        ) or await engine.fetchrow(
            "select id, state, false as fresh from download where owner = $1 and source_key = $2"
            " and coalesce(folder, 0) = coalesce($3::bigint, 0) and state = any($4::text[])",
            wish[0],
            wish[3],
            folder,
            list(LIVE),
        )
        if row:
            return row
    raise errors.Internal("The download could not be put into the queue.")


async def _known_at_once(wish: tuple[int, str, str, str], folder: int | None, options: str) -> dict[str, Any] | None:
    """The source is in the store: a row that is done from the start, or None."""
    owner, url, site, key = wish
    item = await dedup.known(owner, folder, [key], url, site)
    if item is None:
        return None
    return await engine.fetchrow(
        "insert into download (owner, url, site, source_key, folder, options, state, progress, item, title,"
        "  size, duration, started_at, finished_at, linked)"
        " select $1, $2, $3, $4, $5, $6::text::jsonb, 'done', 1, i.id, i.title,"
        "  m.size, m.duration, now(), now(), true"
        " from library_item i join media_file m on m.id = i.media_file where i.id = $7"
        " returning id, state, true as fresh",
        *wish,
        folder,
        options,
        item,
    )


# ---- what the person asks --------------------------------------------------------------------------------


async def cancel(id: int, owner: int | None = None) -> dict[str, Any]:
    """Stop it for good -> its row. One in work is stopped by who holds it, within seconds; a list with its entries."""
    async with engine.transaction():
        row = await _ask(id, owner, f"{_CANCEL} where {{mine}} and {_CANCELLABLE}")
        await _cancel_entries(row)
    for child in active.every():
        active.poke(child.id)
    return await get(id, owner) if row["kind"] == "playlist" else row


_CANCEL = (
    "update download set state = case when state = 'running' then state else 'cancelled' end,"
    " cancel_requested = state = 'running', finished_at = now()"
)
_CANCELLABLE = "state in ('queued', 'running', 'parked', 'paused', 'waiting')"


async def _cancel_entries(row: dict[str, Any]) -> None:
    if row["kind"] != "playlist":
        return
    for gone in await engine.fetch(f"{_CANCEL} where parent = $1 and {_CANCELLABLE} returning id, owner", row["id"]):
        await engine.notify("download", gone)


async def pause(id: int, owner: int | None = None) -> dict[str, Any]:
    """Hold it; what was fetched is kept -> its row."""
    return await _ask(
        id,
        owner,
        "update download set state = case when state = 'running' then state else 'paused' end,"
        " pause_requested = state = 'running'"
        " where {mine} and (state in ('queued', 'running') or (state = 'waiting' and kind = 'media'))",
    )


async def resume(id: int, owner: int | None = None) -> dict[str, Any]:
    """Let a paused one go on -> its row."""
    return await _again(id, owner, "state = 'paused'")


async def retry(id: int, owner: int | None = None) -> dict[str, Any]:
    """Try again what failed, was cancelled, or waits for a person -> its row; the count of failures
    starts anew.
    """
    return await _again(
        id,
        owner,
        "(state in ('failed', 'cancelled', 'parked') or (state = 'queued' and failures > 0)"
        " or (state = 'waiting' and kind = 'media'))",
    )


async def give_up(id: int) -> dict[str, Any]:
    """Fail what waits for its next try -> its row as it is then. For a caller who will not wait."""
    row = await engine.fetchrow(
        "update download set state = 'failed', finished_at = now()"
        " where id = $1 and state = 'queued' and error_code is not null returning owner",
        id,
    )
    if row is None and (problem := paused()):
        row = await engine.fetchrow(
            "update download set state = 'failed', finished_at = now(), error_code = $2, error_message = $3"
            " where id = $1 and state = 'queued' returning owner",
            id,
            problem.code,
            problem.detail,
        )
    if row:
        await engine.notify("download", {"id": id, "owner": row["owner"]})
    return await get(id)


async def set_priority(id: int, owner: int, priority: int) -> dict[str, Any]:
    """Move it up or down: higher goes first -> its row."""
    return await _ask(id, owner, "update download set priority = $3 where {mine} and cleared_at is null", priority)


async def clear(id: int, owner: int) -> None:
    """Take it off the list; one that is under way is cancelled. The library item stays."""
    row = await _ask(
        id,
        owner,
        "update download set cleared_at = now(), cancel_requested = state = 'running',"
        " finished_at = coalesce(finished_at, now()),"
        " state = case when state in ('done', 'failed', 'running') then state else 'cancelled' end"
        " where {mine} and cleared_at is null",
    )
    await _cancel_entries(row)


async def _again(id: int, owner: int | None, expected: str) -> dict[str, Any]:
    row = await engine.fetchrow(
        "select owner, source_key from download where id = $1 and ($2::bigint is null or owner = $2)", id, owner
    )
    if row is not None:
        await blocklist.require(row["owner"], [row["source_key"]])
    try:
        await _ask(
            id,
            owner,
            "update download set state = 'queued', run_after = now(), failures = 0, crashes = 0, needs_room = 0,"
            " needs_work_room = 0, error_code = null,"
            " error_message = null, finished_at = null, cleared_at = null, cancel_requested = false,"
            f" pause_requested = false where {{mine}} and {expected}",
        )
    except engine.UniqueViolation as error:
        raise errors.WrongState("The same link is under way already.") from error
    await ring(1)
    return await get(id, owner)


async def _ask(id: int, owner: int | None, sql: str, *values: Any) -> dict[str, Any]:
    """One conditional UPDATE -> the row. Raises `NotFound`, or `WrongState` where it was in no state for
    it.
    """
    mine = "id = $1 and ($2::bigint is null or owner = $2)"
    async with engine.transaction():
        row = await engine.fetchrow(sql.replace("{mine}", mine) + " returning owner", id, owner, *values)
        if row is not None:
            await engine.notify("download", {"id": id, "owner": row["owner"]})
    now = await get(id, owner)
    if row is None:
        raise errors.WrongState(f"That download is {now['state']}: this cannot be done with it.")
    active.poke(id)
    return now


# ---- keeping the queue going -----------------------------------------------------------------------------


async def reconcile(free: int, rung: Callable[[], Awaitable[int]]) -> int:
    """Put expired leases back, and ring for due rows that nobody rang for -> bells rung.

    `free` slots of ours wait for a bell; `rung()` is how many bells hang there already. One at a time over
    all machines; who finds another at it leaves it to them.
    """
    async with engine.transaction():
        if not await engine.fetchval("select pg_try_advisory_xact_lock($1)", _RECONCILE_LOCK):
            return 0
        expired = await leases.expire()
        await leases.wake()
        wanted = 0 if paused() or free <= 0 else await leases.due(free) - await rung()
    if expired:
        _log.warning("downloads of a silent worker put back", count=expired)
    if wanted > 0:
        await ring(wanted)
    return max(0, wanted)
