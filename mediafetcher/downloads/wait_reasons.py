"""Why a queued download does not run yet, if its row does not say so: each limit of a claim (leases.py) in words."""

from typing import Any

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, nodes

# Nothing is wrong: other downloads run first, and when one of them ends this one goes on.
ITS_TURN = (errors.SiteBusy.code, errors.SameSource.code)
_LIMITS = """
select array(select source_key from download where state = 'running') as sources,
  array(select site from download where state = 'running' group by site having count(*) >= $1) as sites,
  (select coalesce(bool_or(cookies), true) from machine where seen_at > now() - make_interval(secs => $2)) as opens
"""


class WaitReasons:
    """The limits as they are now. `of` tells which of them holds a row up."""

    def __init__(self, limits: dict[str, Any], sealed: list[tuple[int, str]]) -> None:
        self._sources = set(limits["sources"])
        self._sites = set(limits["sites"])
        self._sealed = sealed  # owner and host of the cookies that nobody can open
        self._paused = leases.paused()

    @classmethod
    async def now(cls) -> "WaitReasons":
        limits = await engine.fetchrow(_LIMITS, settings.get().jobs_per_site, 3 * nodes.EVERY)
        assert limits is not None
        return cls(limits, [] if limits["opens"] else await cookie_jars.hosts())

    def of(self, row: dict[str, Any]) -> errors.Problem | None:
        """The reason to show for a queued row; None if its turn has not come, or if its own error says why."""
        if self._paused:
            return self._paused
        if row["error_code"] is not None:
            return None
        if until := row["pause_until"]:
            return errors.SitePaused(f"The site asked to slow down: downloads from it go on at {until:%H:%M} (UTC).")
        if row["source_key"] in self._sources:
            return errors.SameSource()
        if any(owner == row["owner"] and cookie_jars.serves(host, row["site"]) for owner, host in self._sealed):
            return errors.NoCookiesHere()
        return errors.SiteBusy() if row["site"] in self._sites else None
