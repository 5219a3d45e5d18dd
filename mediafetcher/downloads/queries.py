"""Queries of downloads for the page and the commands: rows in the form of the API, newest first."""

import json
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.tables import Download
from mediafetcher.downloads import wait_reasons
from mediafetcher.downloads.worker import active

# A download as the page shows it, for lists of them.
_ROW = """
select d.id, d.owner, d.url, d.site, d.title, d.state, d.stage, d.progress, d.speed, d.eta, d.size, d.duration, d.kind,
  d.parent, d.options::text as options, d.error_code, d.error_message, d.item, d.priority, d.attempt, d.created_at,
  d.started_at, d.run_after, d.converting, d.recording, d.cancel_requested, coalesce(m.poster, false) as has_poster,
  sp.until as pause_until, d.source_key, d.crashes, d.run_after > now() as later,
  d.options->>'rate_limit' as rate_limit,
  case when d.state in ('done', 'failed', 'cancelled') then d.finished_at end as finished_at,
  case when d.kind = 'playlist' then (select json_build_object('total', count(*),
      'done', count(*) filter (where c.state = 'done'),
      'failed', count(*) filter (where c.state in ('failed', 'cancelled')))::text
    from download c where c.parent = d.id) end as children,
  coalesce((with recursive up as (
      select f.id, f.parent, f.name::text as path from folder f where f.id = d.folder
      union all select p.id, p.parent, p.name || '/' || up.path from folder p join up on p.id = up.parent)
    select path from up where parent is null), '') as folder
from download d left join library_item i on i.id = d.item left join media_file m on m.id = i.media_file
  left join site_backoff sp on sp.site = d.site and sp.until > now()
"""

# Three lists in one round trip.
_CHOSEN = """
select
  array(select id from download where owner = $1 and cleared_at is null
    and state not in ('done', 'failed', 'cancelled', 'queued', 'paused')
    order by state <> 'running', id desc limit $2) as active,
  array(select id from download where owner = $1 and cleared_at is null and state in ('queued', 'paused')
    order by priority desc, id limit $3) as queued,
  array(select id from download where owner = $1 and cleared_at is null
    and state in ('done', 'failed', 'cancelled') order by id desc limit $4) as ended
"""
_FOR_REASONS = ("crashes", "later", "rate_limit")
Row = dict[str, Any]


async def get(id: int, owner: int | None = None) -> dict[str, Any]:
    """Return one download as the API shows it. Raises: `NotFound` if it does not exist for this user."""
    row = await engine.fetchrow(f"{_ROW} where d.id = $1 and ($2::bigint is null or d.owner = $2)", id, owner)
    if row is None:
        raise errors.NotFound("This download does not exist.")
    return (await _all_shown([row]))[0]


async def page(
    owner: int, *, state: str | None = None, cursor: int | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], int | None]:
    """Return downloads that were not cleared, newest first.

    Returns: rows, and the cursor of the next page or None.

    `state` may contain several, with commas.
    """
    rows = await engine.fetch(
        f"{_ROW} where d.owner = $1 and d.cleared_at is null and ($2::text[] is null or d.state = any($2))"
        " and ($3::bigint is null or d.id < $3) order by d.id desc limit $4",
        owner,
        state.split(",") if state else None,
        cursor,
        limit + 1,
    )
    shown = await _all_shown(rows[:limit])
    return shown, shown[-1]["id"] if len(rows) > limit else None


async def snapshot(owner: int, *, active: int = 100, queued: int = 100, ended: int = 50) -> tuple[list[Row], bool]:
    """Return the downloads that a page needs when it opens.

    Returns: rows, and whether there are other unfinished ones.

    It has the newest `active` that neither wait for their turn nor have ended, the next `queued` by their
    order, and the newest `ended`. The most important come first.
    """
    chosen = await engine.fetchrow(_CHOSEN, owner, active + 1, queued + 1, ended)
    assert chosen is not None
    ids = chosen["active"][:active] + chosen["queued"][:queued] + chosen["ended"]
    found = {row["id"]: row for row in await engine.fetch(f"{_ROW} where d.id = any($1)", ids)}
    more = len(chosen["active"]) > active or len(chosen["queued"]) > queued
    return await _all_shown([found[id] for id in ids if id in found]), more


async def entries(parent: int) -> list[dict[str, Any]]:
    """Return the downloads of a list, in its order."""
    return await _all_shown(await engine.fetch(f"{_ROW} where d.parent = $1 order by d.id", parent))


async def counts() -> dict[str, int]:
    """Count the downloads of all users by state, without final states."""
    table, count = Download, QueryString("count(*)").as_alias("n")
    unended = table.state.not_in(["done", "failed", "cancelled"])
    rows = await table.select(table.state, count).where(unended).group_by(table.state)
    return {"queued": 0, "running": 0, "needs_action": 0} | {row["state"]: row["n"] for row in rows}


async def _all_shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    reasons = await wait_reasons.WaitReasons.now() if any(row["state"] == "queued" for row in rows) else None
    return [_shown(row, reasons) for row in rows]


def _shown(row: dict[str, Any], reasons: wait_reasons.WaitReasons | None) -> dict[str, Any]:
    """Return the row with its newest progress, and with the reason why it waits."""
    shown = {**row, "options": json.loads(row["options"]), "position": None, "error": None}
    shown["children"] = json.loads(row["children"]) if row["children"] else None
    for name in ("error_code", "error_message", "has_poster", "pause_until", "source_key", *_FOR_REASONS):
        del shown[name]
    shown["poster"] = f"/media/{row['item']}/poster" if row["item"] and row["has_poster"] else None
    download = active.get(row["id"])
    if row["state"] == "running" and download is not None and download.attempt == row["attempt"]:
        shown |= {"stage": download.stage, "progress": download.progress, "speed": download.speed, "eta": download.eta}
    problem = reasons.of(row) if reasons and row["state"] == "queued" else None
    if row["state"] == "running":
        problem = wait_reasons.of_running(row)
    if problem is not None:
        shown["error"] = problem.as_dict()
    elif row["error_code"] is not None:
        shown["error"] = {"code": row["error_code"], "message": row["error_message"]}
    return shown
