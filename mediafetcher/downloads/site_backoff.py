"""Pauses of sites on all machines: after a 429, or repeated 403s.

A site that asks to slow down gets the pause that it names, or one that doubles with each failure. A 403 may concern
one link: from the third on it counts for the site. A later successful download resets the count.
"""

from piccolo.querystring import QueryString

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, after
from mediafetcher.db.tables import SiteBackoff

_FORBIDDEN = 3  # consecutive errors
_LONGEST = 3600.0  # seconds
_FORGET = "1 hour"  # older failures do not count

# The count and the pause follow from the row before, in one round trip for all machines.
_RECORD = f"""
insert into site_backoff as p (site, until) values ($1, case when $2::bool then now() +
    make_interval(secs => least($6::float8, greatest($3::float8, $4::float8))) else now() end)
  on conflict (site) do update set failed_at = now(),
  failures = case when p.failed_at < now() - interval '{_FORGET}' then 1 else p.failures + 1 end,
  until = greatest(p.until, case
    when $2 then now() + make_interval(secs =>
      least($6::float8, greatest($3::float8, $4::float8 * 2 ^ least(p.failures, 12))))
    when p.failures + 1 >= $5::int and p.failed_at > now() - interval '{_FORGET}'
      then now() + make_interval(secs => least($6::float8, $4::float8 * 10 * 2 ^ least(p.failures + 1 - $5::int, 12)))
    else p.until end)
"""


async def record_failure(site: str, problem: errors.Problem) -> None:
    """Record an error that asks to slow down, in the open transaction."""
    limited = isinstance(problem, errors.RateLimited)
    if not limited and not isinstance(problem, errors.SiteForbidden):
        return
    await engine.execute(
        _RECORD,
        site,
        limited,
        float(problem.facts.get("retry_after") or 0.0),
        settings.get().retry_seconds,
        _FORBIDDEN,
        _LONGEST,
    )


async def correct_times() -> None:
    """Limit pauses that are too long because a clock was ahead when they began."""
    table, latest = SiteBackoff, after(_LONGEST)
    until, failed = QueryString("least(until, {})", latest), QueryString("least(failed_at, now())")
    too_late = (table.until > latest) | (table.failed_at > NOW)
    await table.update({table.until: until, table.failed_at: failed}).where(too_late)


async def reset(site: str) -> None:
    """Reset the count after a finished download. A pause that still lasts stays: this download began before it."""
    await SiteBackoff.delete().where(SiteBackoff.site == site, SiteBackoff.until <= NOW)
