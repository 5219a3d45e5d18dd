"""Downloads that ran when the program died: they return to the queue, are counted, and finally need a user.

It is unknown which of several downloads ended the program, or whether one of them did. So each is counted; from the
second time on it runs alone on its machine, and only a download that ran alone can be blamed. The count of a download
that left more of its file than the time before restarts, since a power cut is not its fault.
"""

from typing import Any

from piccolo.columns.combination import WhereRaw

from mediafetcher.core import errors, settings
from mediafetcher.db import engine, notifications
from mediafetcher.db.tables import Download
from mediafetcher.downloads.worker import checkpoint, workspace

SUSPECT = 2  # crashes of the program after which a download runs alone
# Crashes of the program after which a download needs a user's decision. While its file is fetched, foreign code runs in
# a child: then kills from outside are the likelier cause.
_PARKED, _PARKED_FETCHING = 4, 10
_FURTHER = 64 << 10  # more bytes than the time before

# Columns that every transition out of `running` resets.
CLEAR_LEASE = (
    "worker_id = null, lease_expires_at = null, stage = null, speed = null, eta = null, pause_requested = false,"
    " cancel_requested = false, finished_at = now()"
)
# Each row gets a state of its own by its count of crashes.
_PUT_BACK = """
with counted as (
  select d.id, case when x.bytes >= d.crash_bytes + $4::bigint then 1 else d.crashes + 1 end as crashes,
    greatest(x.bytes, d.crash_bytes) as bytes, x.alone, x.most
  from download d join unnest($1::bigint[], $2::bigint[], $3::bool[], $5::int[]) as x(id, bytes, alone, most)
    on x.id = d.id)
update download set
  state = case when download.cancel_requested then 'cancelled' when c.crashes >= c.most and c.alone then 'needs_action'
    when download.pause_requested then 'paused' else 'queued' end,
  crashes = c.crashes, crash_bytes = c.bytes,
  error_code = case when c.crashes >= c.most and c.alone then $6 when c.crashes >= $7 then $8 end,
  error_message = case when c.crashes >= c.most and c.alone then $9 when c.crashes >= $7 then $10 end,
  run_after = now() + make_interval(secs => case when c.crashes < $7 then 0
    else $11 * 2 ^ least(c.crashes - $7, 8) end),
  {clear_lease}
from counted c where download.id = c.id and download.state = 'running' and {lost} returning download.id, download.owner
"""


async def put_back(lost: str, *values: Any) -> list[dict[str, Any]]:
    """Return rows of dead holders to the queue. Returns: id and owner of each.

    `lost` is the condition that selects them, with a `{}` for each of `values`.
    """
    table = Download
    rows = await table.select(table.id, table.worker_id).where(table.state == "running", WhereRaw(lost, *values))
    if not rows:
        return []
    together: dict[str, int] = {}
    for row in rows:
        together[row["worker_id"]] = together.get(row["worker_id"], 0) + 1
    back = await engine.fetch(
        _PUT_BACK.format(lost=lost.format("$12", "$13"), clear_lease=CLEAR_LEASE),
        [row["id"] for row in rows],
        [workspace.fetched(row["id"]) for row in rows],
        [together[row["worker_id"]] == 1 for row in rows],
        _FURTHER,
        [_PARKED if checkpoint.is_whole(workspace.path(row["id"])) else _PARKED_FETCHING for row in rows],
        errors.KillsServer.code,
        SUSPECT,
        errors.RunsAlone.code,
        errors.KillsServer.default_detail,
        errors.RunsAlone.default_detail,
        settings.get().retry_seconds,
        *values,
    )
    for row in back:
        await notifications.notify("download", row)
    return back
