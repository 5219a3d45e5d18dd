"""Looks at single entries: for facts that their list lacks, and for streams that their list no longer shows."""

from typing import NamedTuple

from mediafetcher.core import errors, logging
from mediafetcher.db.tables import Subscription
from mediafetcher.fetch.models import Info, Listing
from mediafetcher.fetch.options import Options
from mediafetcher.subscriptions import entries, filters, listing

_MAX_LOOKS = 20  # entries of one check
_MAX_STREAMS = 5
_log = logging.get("following")


class Looker(NamedTuple):
    """Looks at entries of one subscription."""

    subscription: int
    owner: int
    options: Options
    filter: filters.Filter

    async def at_lacking(self) -> int:
        """Look at entries whose facts the list lacks, some at each check. Returns: how many are wanted."""
        wanted = 0
        for entry in await entries.lacking_facts(self.subscription, _MAX_LOOKS):
            try:
                info = await listing.look(self.owner, entry.facts.url, self.options)
            except errors.LiveNotStarted:
                facts = entry.facts._replace(live_status="is_upcoming")
            except (errors.Transient, errors.Unavailable) as problem:
                self._postpone(problem)
                break
            except errors.FetchProblem:
                facts = entry.facts
            else:
                facts = _with_facts(entry.facts, info)
            wanted += await self._decide(entry, facts) is None
        return wanted

    async def at_streams_beyond(self, found: Listing) -> int:
        """Look at streams and premieres that wait for their end, and that the part of the list which was read lacks.

        They were removed from the list, or newer entries pushed them out of its first page. If a source lacks a fact
        that its list may have, the next check reads the list as a whole. Returns: how many are wanted now.
        """
        if self.filter.live == "record":
            return 0
        wanted = 0
        for entry in await entries.waiting_streams(self.subscription, found.entries, _MAX_STREAMS):
            if self.filter.live == "skip" and entry.reason == "live":
                continue
            try:
                info = await listing.look(self.owner, entry.facts.url, self.options)
            except errors.LiveNotStarted:
                continue
            except (errors.Transient, errors.Unavailable) as problem:
                self._postpone(problem)
                break
            except errors.FetchProblem as problem:
                if problem.needs_user:
                    break
                await entries.block(entry.id, problem.code)
            else:
                reason = await self._decide(entry, _with_facts(entry.facts._replace(live_status=None), info))
                wanted += reason is None
                if reason in filters.MISSING:
                    await self._read_all_next()
        return wanted

    async def _decide(self, entry: entries.Known, facts: filters.Facts) -> str | None:
        """Decide on an entry by these facts. Returns: the reason to skip it, None if it is wanted."""
        reason = (await filters.decide(self.filter, [facts]))[0]
        await entries.refresh([entry._replace(facts=facts)])
        await entries.decide_again([(entry.id, filters.MISSING.get(reason or "", reason))])
        return reason

    async def _read_all_next(self) -> None:
        table = Subscription
        await table.update({table.full_list_at: None}).where(table.id == self.subscription)

    def _postpone(self, problem: errors.Problem) -> None:
        _log.info("an entry was not looked at", subscription=self.subscription, reason=problem.code)


def _with_facts(facts: filters.Facts, info: Info) -> filters.Facts:
    """Add what the source says to what the list says."""
    return facts._replace(
        title=facts.title or info.title,
        duration=facts.duration if facts.duration is not None else info.duration,
        published=facts.published if facts.published is not None or not info.metadata else info.metadata.published_at,
        live_status="is_live" if info.is_live else facts.live_status,
    )
