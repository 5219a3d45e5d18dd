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

import datetime
import json
from typing import Any

import msgspec
from piccolo.columns import Column
from piccolo.columns.combination import WhereRaw
from piccolo.custom_types import Combinable
from piccolo.querystring import QueryString

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, source_metadata
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW, among, is_false, is_true
from mediafetcher.db.tables import Download
from mediafetcher.downloads import dedup, log, nodes, presets, queries, site_rules
from mediafetcher.downloads.presets import Chosen
from mediafetcher.downloads.worker import active, wakeup
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import blocklist, folders, quotas
from mediafetcher.net import urls

STATES = ("queued", "running", "done", "failed", "cancelled", "needs_action", "paused", "scheduled", "expanded")
ENDED = ("done", "failed", "cancelled")
LIVE = ("queued", "running", "needs_action", "paused", "scheduled", "expanded")
STAGES = ("extract", "download", "convert", "store")


# ---- in --------------------------------------------------------------------------------------------------


async def submit(
    owner: int,
    url: str,
    folder: str | None = None,
    options: Options | Chosen | None = None,
    *,
    title: str | None = None,
    listed: SourceMetadata | None = None,
    site_preset: bool = True,
) -> dict[str, Any]:
    """Add a link to the queue. Nothing is fetched here, and the row is committed when this returns.

    `title`: what a list calls the link; it is used if the site has no name for it. `listed`: the same for the rest.
    `site_preset`: the preset of the site's rule counts, below the given options.
    A name and password in the link go to the vault, and the row does not have them.

    Returns: the download; one that is done, with its item, if the source is stored; the existing one if the same
    link with the same options is queued.

    Raises: `InvalidUrl`, `UnsupportedScheme`, `Invalid`, `SourceBlocked`, `QuotaExceeded`.
    """
    url, login = urls.split_login(url)
    own = presets.as_chosen(options)

    async def take() -> dict[str, Any]:
        async with engine.transaction():
            wished, look, ignored = await _with_preferences(owner, url, own, site_preset=site_preset)
            key = urls.source_key(url, wished.recipe())
            wish, stored = (owner, url, urls.site(url), key), json.dumps(msgspec.to_builtins(wished))
            if look["marked"]:
                await blocklist.ensure_allowed(owner, [key])
            if look["limited"]:
                await quotas.check_quota(owner)
            folder_id = await folders.ensure(owner, folder or "")
            if login:
                await cookie_jars.put_login(owner, login)
            known = await _known_at_once(wish, folder_id, stored, title, listed) if look["fetched"] else None
            row = known or await _queue(wish, folder_id, stored, title, listed)
            if row["fresh"]:
                if ignored:
                    await log.add(row["id"], ignored, "warning")
                await notifications.notify("download", {"id": row["id"], "owner": owner})
                if row["state"] == "queued":
                    await wakeup.wake_workers(1)  # with the row, when this commits
        return row

    row = await engine.retrying(take)
    return await queries.get(row["id"], owner)


# All questions in one round trip for each submitted link.
_OBSTACLES = """
select exists (select from blocked_source where owner = $1) as marked, a.quota is not null as limited,
  exists (select from site_rule where owner = $1) as ruled,
  exists (select from source where key = any($2::text[]) and media_file is not null) as fetched,
  a.preferences ->> 'audio_languages' as audio_languages
  from account a where a.id = $1
"""


async def _with_preferences(
    owner: int, url: str, own: Chosen, *, site_preset: bool
) -> tuple[Options, dict[str, Any], str | None]:
    """Return the options of a link, what `_look_closer` finds for them, and why the preset of its site does not count.

    The preset of the site's rule, then the user's languages fill what the link does not set.
    """
    look = await _look_closer(owner, urls.source_key(url, own.options.recipe()))
    ruled = site_preset and look["ruled"]
    chosen, ignored = await site_rules.with_preset(owner, url, own) if ruled else site_rules.Applied(own)
    options, preferred = chosen.options, look["audio_languages"]
    if preferred and not options.audio_languages and "audio_languages" not in chosen.names:
        options = msgspec.structs.replace(options, audio_languages=tuple(json.loads(preferred)))
    if options is not own.options:
        look = await _look_closer(owner, urls.source_key(url, options.recipe()))
    return options, look, ignored


async def _look_closer(owner: int, key: str) -> dict[str, Any]:
    """Check for rare obstacles to a new request in one query, because thousands may be submitted at once.

    `marked`: the user has marks; `limited`: a quota; `ruled`: rules for sites; `fetched`: a source of that key has a
    file; `audio_languages`: what the user prefers, as JSON.
    """
    row = await engine.fetchrow(
        _OBSTACLES,
        owner,
        [key, *dedup.private(owner, [key])],
    )
    return row or {"marked": True, "limited": True, "ruled": False, "fetched": True, "audio_languages": None}


# Each submitted link; its kind follows from its options.
_INSERT = """
insert into download (owner, url, site, source_key, folder, options, kind, state, title, listed)
  values ($1, $2, $3, $4, $5, $6::text::jsonb,
  case when $6::text::jsonb ? 'playlist' then 'playlist' else 'media' end, 'queued', $7, $8::text::jsonb)
  on conflict do nothing
  returning id, state, true as fresh
"""


async def _queue(
    wish: tuple[int, str, str, str],
    folder: int | None,
    options: str,
    title: str | None,
    listed: SourceMetadata | None,
) -> dict[str, Any]:
    for _ in range(5):  # the row that stood in the way may end before we can read it
        row = await engine.fetchrow(
            _INSERT,
            *wish,
            folder,
            options,
            title,
            source_metadata.encode(listed),
        ) or await _waiting(wish[0], wish[3], folder)
        if row:
            return row
    raise errors.Internal("Could not add the download to the queue.")


async def _waiting(owner: int, key: str, folder: int | None) -> dict[str, Any] | None:
    """Return the row that has not ended of the same source in the same folder."""
    table, inside = Download, WhereRaw("coalesce(folder, 0) = coalesce({}::bigint, 0)", folder)  # as the index has it
    rows = table.select(table.id, table.state).where(table.owner == owner, table.source_key == key, inside)
    row = await rows.where(among(table.state, LIVE)).first()
    return None if row is None else row | {"fresh": False}


# The row of a known source is made from its item.
_INSERT_DONE = """
insert into download (owner, url, site, source_key, folder, options, state, progress, item, title,
  size, duration, started_at, finished_at, deduplicated)
  select $1, $2, $3, $4, $5, $6::text::jsonb, 'done', 1, i.id, i.title,
  m.size, m.duration, now(), now(), true
  from library_item i join media_file m on m.id = i.media_file where i.id = $7
  returning id, state, true as fresh
"""


async def _known_at_once(
    wish: tuple[int, str, str, str],
    folder: int | None,
    options: str,
    title: str | None,
    listed: SourceMetadata | None,
) -> dict[str, Any] | None:
    """Link a source that is in the store: return a row that is done from the start, or None."""
    owner, url, site, key = wish
    item = await dedup.known(owner, folder, [key], url, site, title=title, listed=listed)
    if item is None:
        return None
    return await engine.fetchrow(
        _INSERT_DONE,
        *wish,
        folder,
        options,
        item,
    )


async def begin_later(id: int, begin: datetime.datetime) -> None:
    """Delay a download that this transaction made; one that the user requested before is not delayed."""
    table = Download
    made_now = (table.created_at == NOW) & (table.state == "queued")
    await table.update({table.run_after: begin}).where(table.id == id, made_now, table.run_after < begin)


# ---- requests of the user ---------------------------------------------------------------------------------


async def cancel(id: int, owner: int | None = None, *, keep: bool = False) -> dict[str, Any]:
    """Cancel it permanently. Its worker stops a running one within seconds; a list with its entries. Returns: its row.

    `keep`: the recording so far becomes an item, as if the stream had ended.
    """
    if keep and (row := await _finish(id, owner)):
        return row
    async with engine.transaction():
        row = await _update_owned(id, owner, _cancelled(), _unended())
        await _cancel_entries(row)
    for child in active.all_active():
        active.trigger_heartbeat(child.id)
    return await queries.get(id, owner) if row["kind"] == "playlist" else row


async def _finish(id: int, owner: int | None) -> dict[str, Any] | None:
    """End a recording and keep it. Returns: its row; None if nothing was recorded."""
    async with engine.transaction():
        table = Download
        ended = table.update(
            {
                table.finish_requested: True,
                table.pause_requested: False,
                table.run_after: QueryString("least(run_after, now())"),
                table.failures: 0,
                table.state: _unless_running("queued"),
                table.finished_at: None,
            }
        ).where(_mine(id, owner), is_true(table.recording), is_false(table.cancel_requested), _unended())
        rows = await ended.returning(table.id, table.owner, table.state)
        if not rows:
            return None
        row = rows[0]
        await notifications.notify("download", {"id": id, "owner": row["owner"]})
    active.trigger_heartbeat(id)
    if row["state"] == "queued":
        await wakeup.wake_workers(1)
    return await queries.get(id, owner)


Values = dict[Column | str, Any]


def _unless_running(state: str) -> QueryString:
    """Return the new state: a running download changes its state only when its worker stops."""
    return QueryString("case when state = 'running' then state else {}::text end", state)


def _if_running() -> QueryString:
    return QueryString("state = 'running'")


def _mine(id: int, owner: int | None) -> Combinable:
    return Download.id == id if owner is None else (Download.id == id) & (Download.owner == owner)


def _unended() -> Combinable:
    return Download.state.is_in(["queued", "running", "needs_action", "paused", "scheduled", "expanded"])


def _cancelled() -> Values:
    table = Download
    return {table.state: _unless_running("cancelled"), table.cancel_requested: _if_running(), table.finished_at: NOW}


async def _cancel_entries(row: dict[str, Any]) -> None:
    if row["kind"] != "playlist":
        return
    entries = Download.update(_cancelled()).where(Download.parent == row["id"], _unended())
    for gone in await entries.returning(Download.id, Download.owner):
        await notifications.notify("download", gone)


async def pause(id: int, owner: int | None = None) -> dict[str, Any]:
    """Pause it; fetched data is kept. Returns: its row."""
    paused: Values = {Download.state: _unless_running("paused"), Download.pause_requested: _if_running()}
    return await _update_owned(id, owner, paused, Download.state.is_in(["queued", "running", "scheduled"]))


async def resume(id: int, owner: int | None = None) -> dict[str, Any]:
    """Resume a paused one. Returns: its row."""
    return await _requeue(id, owner, Download.state == "paused")


async def retry(id: int, owner: int | None = None) -> dict[str, Any]:
    """Retry a download that failed, was cancelled, or needs a user. Returns: its row; the count of failures
    restarts.
    """
    ended = Download.state.is_in(["failed", "cancelled", "needs_action", "scheduled"])
    return await _requeue(id, owner, ended | ((Download.state == "queued") & (Download.failures > 0)))


async def give_up(id: int) -> dict[str, Any]:
    """Fail a download that waits for its next attempt, for a caller that will not wait. Returns: its row then."""
    table = Download
    failed: Values = {table.state: "failed", table.finished_at: NOW}
    queued = (table.id == id) & (table.state == "queued")
    rows = await table.update(failed).where(queued, table.error_code.is_not_null()).returning(table.owner)
    if not rows and (problem := nodes.paused()):
        failed |= {table.error_code: problem.code, table.error_message: problem.detail}
        rows = await table.update(failed).where(queued).returning(table.owner)
    for row in rows:
        await notifications.notify("download", {"id": id, "owner": row["owner"]})
    return await queries.get(id)


async def set_priority(id: int, owner: int, priority: int) -> dict[str, Any]:
    """Change its priority: a higher one starts first. Returns: its row."""
    return await _update_owned(id, owner, {Download.priority: priority}, Download.cleared_at.is_null())


async def clear(id: int, owner: int) -> None:
    """Remove it from the list; a running one is cancelled. The library item stays."""
    cleared: Values = {
        Download.cleared_at: NOW,
        Download.cancel_requested: _if_running(),
        Download.finished_at: QueryString("coalesce(finished_at, now())"),
        Download.state: QueryString("case when state in ('done', 'failed', 'running') then state else 'cancelled' end"),
    }
    await _cancel_entries(await _update_owned(id, owner, cleared, Download.cleared_at.is_null()))


async def _requeue(id: int, owner: int | None, expected: Combinable) -> dict[str, Any]:
    table = Download
    row = await table.select(table.owner, table.source_key).where(_mine(id, owner)).first()
    if row is not None:
        await blocklist.ensure_allowed(row["owner"], [row["source_key"]])
    try:
        await _update_owned(id, owner, _fresh(), expected)
    except engine.UniqueViolation as error:
        raise errors.InvalidState("The same link is already being downloaded.") from error
    await wakeup.wake_workers(1)
    return await queries.get(id, owner)


def _fresh() -> Values:
    """Return the values of a row that is to begin again."""
    table = Download
    zero: Values = dict.fromkeys((table.failures, table.crashes, table.needs_media_bytes, table.needs_work_bytes), 0)
    none: Values = dict.fromkeys((table.error_code, table.error_message, table.finished_at, table.cleared_at))
    asked: Values = dict.fromkeys((table.cancel_requested, table.pause_requested, table.finish_requested), False)
    return {table.state: "queued", table.run_after: NOW, **zero, **none, **asked}


async def _update_owned(id: int, owner: int | None, values: Values, expected: Combinable) -> dict[str, Any]:
    """Run one conditional UPDATE. Returns: the row. Raises: `NotFound`, or `InvalidState` if its state does not
    allow it.
    """
    async with engine.transaction():
        rows = await Download.update(values).where(_mine(id, owner), expected).returning(Download.owner)
        for row in rows:
            await notifications.notify("download", {"id": id, "owner": row["owner"]})
    now = await queries.get(id, owner)
    if not rows:
        raise errors.InvalidState(f"This is not possible while the download is {now['state']}.")
    active.trigger_heartbeat(id)
    return now
