"""The life of a download: one row, whose state is the truth.

    from queued                                  to running, cancelled, paused
    from running                                 to done, failed, cancelled, needs_action, paused, scheduled, expanded
                                                 to queued: retry, recovery, stop
    from scheduled                               to queued: its time has come, or the user
    from failed, needs_action, paused, cancelled to queued: the user

Every change of state is one UPDATE that names the expected state; no matching row means that another change came first.
A worker holds a lease on its row (leases.py). `needs_action` waits for something that a user must provide,
and `paused` keeps what was fetched. `scheduled` (a stream that has not begun) and `expanded` (a list whose entries
are running) hold no slot. All times are the database's `now()`.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, logging
from mediafetcher.db import engine
from mediafetcher.downloads import dedup, leases, queries, requeue
from mediafetcher.downloads.worker import active, wakeup
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import blocklist, folders, quotas
from mediafetcher.net import urls

STATES = ("queued", "running", "done", "failed", "cancelled", "needs_action", "paused", "scheduled", "expanded")
ENDED = ("done", "failed", "cancelled")
LIVE = ("queued", "running", "needs_action", "paused", "scheduled", "expanded")
STAGES = ("extract", "download", "convert", "store")

_RECONCILE_LOCK = 77_002  # the advisory lock of reconciliations: one at a time, of all machines

_log = logging.get("jobs")


# ---- in --------------------------------------------------------------------------------------------------


async def submit(
    owner: int, url: str, folder: str | None = None, options: Options | None = None, *, title: str | None = None
) -> dict[str, Any]:
    """Take a wish -> its download. Nothing is fetched here, and the row is committed on return.

    `title`: what a list calls the link; it is used if the site has no name for it.
    A source that is in the store already answers with its item, done; the same wish twice answers with the
    row that is there. A name and password in the link go to the vault, and the row does not have them.
    Raises `InvalidUrl`, `UnsupportedScheme`, `Invalid`, `SourceBlocked`, `QuotaExceeded`.
    """
    options = options or Options()
    url, login = urls.split_login(url)
    key = urls.source_key(url, options.recipe())
    wish = (owner, url, urls.site(url), key)
    stored = json.dumps(msgspec.to_builtins(options))

    async def take() -> dict[str, Any]:
        async with engine.transaction():
            look = await _look_closer(owner, key)
            if look["marked"]:
                await blocklist.ensure_allowed(owner, [key])
            if look["limited"]:
                await quotas.check_quota(owner)
            folder_id = await folders.ensure(owner, folder or "")
            if login:
                await cookie_jars.put_login(owner, login)
            known = await _known_at_once(wish, folder_id, stored) if look["fetched"] else None
            row = known or await _queue(wish, folder_id, stored, title)
            if row["fresh"]:
                await engine.notify("download", {"id": row["id"], "owner": owner})
                if row["state"] == "queued":
                    await wakeup.wake_workers(1)  # with the row, when this commits
        return row

    row = await engine.retrying(take)
    return await queries.get(row["id"], owner)


async def _look_closer(owner: int, key: str) -> dict[str, bool]:
    """Check for rare obstacles to a new request in one query, because thousands may be submitted at once.

    `marked`: the user has marks; `limited`: a quota; `fetched`: a source of that key has a file.
    """
    row = await engine.fetchrow(
        "select exists (select from blocked_source where owner = $1) as marked, a.quota is not null as limited,"
        " exists (select from source where key = any($2::text[]) and media_file is not null) as fetched"
        " from account a where a.id = $1",
        owner,
        [key, *dedup.private(owner, [key])],
    )
    return row or {"marked": True, "limited": True, "fetched": True}


async def _queue(
    wish: tuple[int, str, str, str], folder: int | None, options: str, title: str | None
) -> dict[str, Any]:
    for _ in range(5):  # the row that stood in the way may end before we can read it
        row = await engine.fetchrow(
            "insert into download (owner, url, site, source_key, folder, options, kind, state, title)"
            " values ($1, $2, $3, $4, $5, $6::text::jsonb,"
            "   case when $6::text::jsonb ? 'playlist' then 'playlist' else 'media' end, 'queued', $7)"
            " on conflict do nothing"
            " returning id, state, true as fresh",
            *wish,
            folder,
            options,
            title,
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
    raise errors.Internal("Could not add the download to the queue.")


async def _known_at_once(wish: tuple[int, str, str, str], folder: int | None, options: str) -> dict[str, Any] | None:
    """Link a source that is in the store: return a row that is done from the start, or None."""
    owner, url, site, key = wish
    item = await dedup.known(owner, folder, [key], url, site)
    if item is None:
        return None
    return await engine.fetchrow(
        "insert into download (owner, url, site, source_key, folder, options, state, progress, item, title,"
        "  size, duration, started_at, finished_at, deduplicated)"
        " select $1, $2, $3, $4, $5, $6::text::jsonb, 'done', 1, i.id, i.title,"
        "  m.size, m.duration, now(), now(), true"
        " from library_item i join media_file m on m.id = i.media_file where i.id = $7"
        " returning id, state, true as fresh",
        *wish,
        folder,
        options,
        item,
    )


# ---- requests of the user ---------------------------------------------------------------------------------


async def cancel(id: int, owner: int | None = None, *, keep: bool = False) -> dict[str, Any]:
    """Cancel it permanently. Its worker stops a running one within seconds; a list with its entries. Returns: its row.

    `keep`: the recording so far becomes an item, as if the stream had ended.
    """
    if keep and (row := await _finish(id, owner)):
        return row
    async with engine.transaction():
        row = await _update_owned(id, owner, f"{_CANCEL} where {{mine}} and {_CANCELLABLE}")
        await _cancel_entries(row)
    for child in active.all_active():
        active.trigger_heartbeat(child.id)
    return await queries.get(id, owner) if row["kind"] == "playlist" else row


_FINISH = (
    "update download set finish_requested = true, pause_requested = false, run_after = least(run_after, now()),"
    " failures = 0, state = case when state = 'running' then state else 'queued' end, finished_at = null"
    " where id = $1 and ($2::bigint is null or owner = $2) and recording and not cancel_requested"
    " and state in ('queued', 'running', 'needs_action', 'paused', 'scheduled', 'expanded') returning id, owner, state"
)


async def _finish(id: int, owner: int | None) -> dict[str, Any] | None:
    """End a recording and keep it. Returns: its row; None if nothing was recorded."""
    try:
        async with engine.transaction():
            row = await engine.fetchrow(_FINISH, id, owner)
            if row is None:
                return None
            await engine.notify("download", {"id": id, "owner": row["owner"]})
    except engine.UniqueViolation:
        return None
    active.trigger_heartbeat(id)
    if row["state"] == "queued":
        await wakeup.wake_workers(1)
    return await queries.get(id, owner)


_CANCEL = (
    "update download set state = case when state = 'running' then state else 'cancelled' end,"
    " cancel_requested = state = 'running', finished_at = now()"
)
_CANCELLABLE = "state in ('queued', 'running', 'needs_action', 'paused', 'scheduled', 'expanded')"


async def _cancel_entries(row: dict[str, Any]) -> None:
    if row["kind"] != "playlist":
        return
    for gone in await engine.fetch(f"{_CANCEL} where parent = $1 and {_CANCELLABLE} returning id, owner", row["id"]):
        await engine.notify("download", gone)


async def pause(id: int, owner: int | None = None) -> dict[str, Any]:
    """Pause it; fetched data is kept. Returns: its row."""
    return await _update_owned(
        id,
        owner,
        "update download set state = case when state = 'running' then state else 'paused' end,"
        " pause_requested = state = 'running'"
        " where {mine} and (state in ('queued', 'running') or (state = 'scheduled'))",
    )


async def resume(id: int, owner: int | None = None) -> dict[str, Any]:
    """Resume a paused one. Returns: its row."""
    return await _requeue(id, owner, "state = 'paused'")


async def retry(id: int, owner: int | None = None) -> dict[str, Any]:
    """Retry a download that failed, was cancelled, or needs a user. Returns: its row; the count of failures
    restarts.
    """
    return await _requeue(
        id,
        owner,
        "(state in ('failed', 'cancelled', 'needs_action') or (state = 'queued' and failures > 0)"
        " or (state = 'scheduled'))",
    )


async def give_up(id: int) -> dict[str, Any]:
    """Fail a download that waits for its next attempt, for a caller that will not wait. Returns: its row then."""
    row = await engine.fetchrow(
        "update download set state = 'failed', finished_at = now()"
        " where id = $1 and state = 'queued' and error_code is not null returning owner",
        id,
    )
    if row is None and (problem := leases.paused()):
        row = await engine.fetchrow(
            "update download set state = 'failed', finished_at = now(), error_code = $2, error_message = $3"
            " where id = $1 and state = 'queued' returning owner",
            id,
            problem.code,
            problem.detail,
        )
    if row:
        await engine.notify("download", {"id": id, "owner": row["owner"]})
    return await queries.get(id)


async def set_priority(id: int, owner: int, priority: int) -> dict[str, Any]:
    """Change its priority: a higher one starts first. Returns: its row."""
    return await _update_owned(
        id, owner, "update download set priority = $3 where {mine} and cleared_at is null", priority
    )


_SET_ORDER = """
update download d set priority = $3 - wanted.place
from unnest($1::bigint[]) with ordinality as wanted (id, place)
where d.id = wanted.id and d.owner = $2 and d.cleared_at is null returning d.id
"""


async def set_order(ids: list[int], owner: int) -> None:
    """Give downloads priorities so that they start in this order, before all others of the user.

    Raises:
        NotFound: one of them does not exist; nothing changed.
    """
    async with engine.transaction():
        others = await engine.fetchval(
            "select coalesce(max(priority), 0) from download where owner = $1 and cleared_at is null"
            " and state in ('queued', 'paused') and not id = any($2::bigint[])",
            owner,
            ids,
        )
        top = min(1000, max(int(others), 0) + len(ids) + 1)
        changed = await engine.fetch(_SET_ORDER, ids, owner, top)
        if len(changed) != len(ids):
            raise errors.NotFound("One of these downloads does not exist.")
        for id in ids:
            await engine.notify("download", {"id": id, "owner": owner})


async def clear(id: int, owner: int) -> None:
    """Remove it from the list; a running one is cancelled. The library item stays."""
    row = await _update_owned(
        id,
        owner,
        "update download set cleared_at = now(), cancel_requested = state = 'running',"
        " finished_at = coalesce(finished_at, now()),"
        " state = case when state in ('done', 'failed', 'running') then state else 'cancelled' end"
        " where {mine} and cleared_at is null",
    )
    await _cancel_entries(row)


async def _requeue(id: int, owner: int | None, expected: str) -> dict[str, Any]:
    row = await engine.fetchrow(
        "select owner, source_key from download where id = $1 and ($2::bigint is null or owner = $2)", id, owner
    )
    if row is not None:
        await blocklist.ensure_allowed(row["owner"], [row["source_key"]])
    try:
        await _update_owned(
            id,
            owner,
            "update download set state = 'queued', run_after = now(), failures = 0, crashes = 0, needs_media_bytes = 0,"
            " needs_work_bytes = 0, error_code = null,"
            " error_message = null, finished_at = null, cleared_at = null, cancel_requested = false,"
            f" pause_requested = false, finish_requested = false where {{mine}} and {expected}",
        )
    except engine.UniqueViolation as error:
        raise errors.InvalidState("The same link is already being downloaded.") from error
    await wakeup.wake_workers(1)
    return await queries.get(id, owner)


async def _update_owned(id: int, owner: int | None, sql: str, *values: Any) -> dict[str, Any]:
    """Run one conditional UPDATE. Returns: the row. Raises: `NotFound`, or `InvalidState` if its state does not
    allow it.
    """
    mine = "id = $1 and ($2::bigint is null or owner = $2)"
    async with engine.transaction():
        row = await engine.fetchrow(sql.replace("{mine}", mine) + " returning owner", id, owner, *values)
        if row is not None:
            await engine.notify("download", {"id": id, "owner": row["owner"]})
    now = await queries.get(id, owner)
    if row is None:
        raise errors.InvalidState(f"This is not possible while the download is {now['state']}.")
    active.trigger_heartbeat(id)
    return now


# ---- recovery of the queue --------------------------------------------------------------------------------


async def reconcile(free: int, pending: Callable[[], Awaitable[int]]) -> int:
    """Requeue expired leases, and send missing wake-ups for due rows. Returns: the number of wake-ups sent.

    `free`: our free slots; `pending()`: the number of pending wake-ups. Only one machine does it at a time; others
    skip it.
    """
    async with engine.transaction():
        if not await engine.fetchval("select pg_try_advisory_xact_lock($1)", _RECONCILE_LOCK):
            return 0
        expired = await requeue.requeue_expired()
        await requeue.promote_scheduled()
        wanted = 0 if leases.paused() or free <= 0 else await leases.due(free) - await pending()
    if expired:
        _log.warning("downloads of a silent worker returned to the queue", count=expired)
    if wanted > 0:
        await wakeup.wake_workers(wanted)
    return max(0, wanted)
