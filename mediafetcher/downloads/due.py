"""Which rows are due: the limits that may delay a queued row, as conditions of SQL for a claim and for a count.

Each limit has a name, by which wait_reasons.py explains it to the user.
"""

from mediafetcher.db import engine
from mediafetcher.downloads import crashes
from mediafetcher.library.storage import space_reservation

# The limits that may delay a queued row, each by its name: wait_reasons.py has texts for all of them.
# Each list in parentheses is computed once, so that ten thousand waiting rows of a busy site cost little.
_DUE_LIMITS = {
    "time": "d.run_after <= now() and not d.cancel_requested",
    "frozen": "not exists (select from installation where frozen_reason is not null)",
    "space": "d.needs_media_bytes <= {media_room} and d.needs_work_bytes <= {work_room}",
    "same source": "d.source_key <> all (array(select source_key from download where state = 'running'))",
    "site pause": "d.site <> all (array(select site from site_backoff where until > now()))",
}
QUEUED = "d.state = 'queued' and " + " and ".join(_DUE_LIMITS.values())
# Rows that need no cookies, or whose cookies this machine can decrypt.
OPENS = """
  not exists (select from unnest($5::bigint[], $6::text[], $10::boolean[]) as j(owner, host, below)
    where j.owner = d.owner
      and (d.site = j.host or (j.below and right(d.site, length(j.host) + 1) = '.' || j.host)))
"""
_CLAIM_LIMITS = {
    "cookies": OPENS,
    # A download that ran when the program died runs alone: see crashes.py.
    "runs alone": f"(d.crashes < {crashes.SUSPECT}"
    " or not exists (select from download where state = 'running' and worker_id = $1))",
    "another runs alone": "not exists (select from download where state = 'running' and worker_id = $1"
    f" and crashes >= {crashes.SUSPECT})",
    # A download with a rate limit may run for days: one slot of a machine, and one of a site, stay for others.
    "slowed": """
  (d.options->>'rate_limit' is null or (
    (select count(*) from download where state = 'running' and worker_id = $1
      and options->>'rate_limit' is not null) < greatest(1, $7::int - 1)
    and (select count(*) from download r where r.state = 'running' and r.site = d.site
      and r.options->>'rate_limit' is not null) < greatest(1, $3 - 1)))
""",
    "site busy": "d.site <> all (array(select site from download where state = 'running'"
    " group by site having count(*) >= $3))",
}
LIMITS = (*_DUE_LIMITS, *_CLAIM_LIMITS)
CLAIMABLE = " and ".join(_CLAIM_LIMITS.values())

# Rows that are due, as the claim sees them, counted up to a limit.
_COUNT_DUE = f"""
select count(*) from (select from download d where {QUEUED.format(media_room="$2", work_room="$3")}
  order by d.priority desc, d.created_at, d.id limit $1) as found
"""


async def count(most: int) -> int:
    """Count rows that free slots could claim now (without the limits of sites), up to `most`."""
    return int(await engine.fetchval(_COUNT_DUE, most, *space_reservation.available()))
