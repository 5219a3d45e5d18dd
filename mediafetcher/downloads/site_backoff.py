"""Sites that are left in peace for a while, by all machines: they said 429, or 403 again and again.

A site that asks to slow down gets the pause that it names, else one that doubles with each strike. A 403 may be one
link's own trouble: from the third on it is the site's. A download that succeeds afterwards wipes the slate.
"""

from mediafetcher.core import errors, settings
from mediafetcher.db import engine

_FORBIDDEN = 3  # so many in a row
_LONGEST = 3600.0  # seconds
_FORGET = "1 hour"  # strikes that are older do not count


async def record_failure(site: str, problem: errors.Problem) -> None:
    """Note what the site said, where it is of this kind; in the transaction that is open."""
    limited = isinstance(problem, errors.RateLimited)
    if not limited and not isinstance(problem, errors.SiteForbidden):
        return
    await engine.execute(
        "insert into site_backoff as p (site, until) values ($1, case when $2::bool then now() +"
        "  make_interval(secs => least($6::float8, greatest($3::float8, $4::float8))) else now() end)"
        " on conflict (site) do update set struck_at = now(),"
        f" strikes = case when p.struck_at < now() - interval '{_FORGET}' then 1 else p.strikes + 1 end,"
        " until = greatest(p.until, case"
        "  when $2 then now() + make_interval(secs =>"
        "   least($6::float8, greatest($3::float8, $4::float8 * 2 ^ least(p.strikes, 12))))"
        f"  when p.strikes + 1 >= $5::int and p.struck_at > now() - interval '{_FORGET}'"
        "   then now() + make_interval(secs =>"
        "    least($6::float8, $4::float8 * 10 * 2 ^ least(p.strikes + 1 - $5::int, 12)))"
        "  else p.until end)",
        site,
        limited,
        float(problem.facts.get("retry_after") or 0.0),
        settings.get().retry_seconds,
        _FORBIDDEN,
        _LONGEST,
    )


async def correct_times() -> None:
    """Cut pauses that last longer than any may, because a clock was ahead when they began."""
    await engine.execute(
        "update site_backoff set until = least(until, now() + make_interval(secs => $1)), struck_at ="
        " least(struck_at, now()) where until > now() + make_interval(secs => $1) or struck_at > now()",
        _LONGEST,
    )


async def reset(site: str) -> None:
    """A download of the site is done. A pause that still lasts stays: this one began before it."""
    await engine.execute("delete from site_backoff where site = $1 and until <= now()", site)
