"""Explain why a download waits: each limit of a claim (due.py), and each wait of a running one, as text."""

from collections.abc import Callable
from typing import Any

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import crashes, nodes
from mediafetcher.downloads.worker import active

# Not an error: other downloads run first, and when one of them ends this one continues.
ITS_TURN = tuple(
    kind.code
    for kind in (errors.SiteBusy, errors.SameSource, errors.OtherRunsAlone, errors.SlowSlotsBusy, errors.RunsAlone)
)
# Lists of several limits in one round trip.
_LIMITS = f"""
select array(select source_key from download where state = 'running') as sources,
  array(select site from download where state = 'running' group by site having count(*) >= $1) as sites,
  (select coalesce(bool_or(cookies), true) from machine where seen_at > now() - make_interval(secs => $2)) as opens,
  greatest(1, (select count(*) from machine where seen_at > now() - make_interval(secs => $2))) as machines,
  (select count(distinct worker_id) from download where state = 'running' and crashes >= {crashes.SUSPECT}) as alone,
  (select count(distinct worker_id) from download where state = 'running') as working,
  (select count(*) from download where state = 'running' and options->>'rate_limit' is not null) as slowed,
  array(select site from download where state = 'running' and options->>'rate_limit' is not null
    group by site having count(*) >= greatest(1, $1 - 1)) as slowed_sites
"""
Row = dict[str, Any]


class WaitReasons:
    """The present limits. `of` determines which of them delays a row."""

    def __init__(self, limits: dict[str, Any], sealed: list[cookie_jars.Host]) -> None:
        self._limits = limits
        self._sources, self._sites = set(limits["sources"]), set(limits["sites"])
        self._sealed = sealed  # hosts whose cookies or logins no machine can decrypt
        self._paused = nodes.paused()
        # By the names of due.LIMITS. "time" and "space" are in the error of the row itself; "frozen" pauses all.
        self.checks: dict[str, Callable[[Row], errors.Problem | None]] = {
            "frozen": lambda _: self._paused,
            "time": lambda row: _own(row) if row["later"] else None,
            "site pause": self._site_pause,
            "same source": lambda row: errors.SameSource() if row["source_key"] in self._sources else None,
            "cookies": self._cookies,
            "runs alone": self._runs_alone,
            "another runs alone": lambda _: errors.OtherRunsAlone() if limits["alone"] >= limits["machines"] else None,
            "slowed": self._slowed,
            "site busy": lambda row: errors.SiteBusy() if row["site"] in self._sites else None,
            "space": _own,
        }

    @classmethod
    async def now(cls) -> "WaitReasons":
        limits = await engine.fetchrow(_LIMITS, settings.get().max_downloads_per_site, 3 * nodes.EVERY)
        assert limits is not None
        return cls(limits, [] if limits["opens"] else await cookie_jars.hosts())

    def of(self, row: Row) -> errors.Problem | None:
        """Return the reason to show for a queued row; None if only its turn has not come."""
        return next((reason for check in self.checks.values() if (reason := check(row))), None)

    def _site_pause(self, row: Row) -> errors.Problem | None:
        until = row["pause_until"]
        if not until:
            return None
        return errors.SitePaused(f"The site asked to slow down: downloads from it resume at {until:%H:%M} (UTC).")

    def _cookies(self, row: Row) -> errors.Problem | None:
        sealed = any(host.covers(row["owner"], row["site"]) for host in self._sealed)
        return errors.NoCookiesHere() if sealed else None

    def _runs_alone(self, row: Row) -> errors.Problem | None:
        waits = row["crashes"] >= crashes.SUSPECT and self._limits["working"] >= self._limits["machines"]
        return errors.RunsAlone() if waits else None

    def _slowed(self, row: Row) -> errors.Problem | None:
        if row["rate_limit"] is None:
            return None
        slots = self._limits["machines"] * max(1, settings.get().max_downloads - 1)
        busy = self._limits["slowed"] >= slots or row["site"] in self._limits["slowed_sites"]
        return errors.SlowSlotsBusy() if busy else None


def of_running(row: Row) -> errors.Problem | None:
    """Return what a running download waits for: another conversion, or a media folder that does not respond."""
    current = active.get(row["id"])
    if current is not None and current.waits_for is not None:
        return current.waits_for()
    stage = current.stage if current is not None else row["stage"]
    return nodes.paused() if stage == "store" else None


def _own(row: Row) -> errors.Problem | None:
    """Return the row's own reason: why its last attempt ended, or how much space it needs."""
    if row["error_code"] is None:
        return None
    return errors.by_code(row["error_code"])(row["error_message"])
