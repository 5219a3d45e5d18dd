"""Expand a list (a channel, a playlist, a feed) to downloads: one for each entry, below the row of the list.

Expanding is a download of its own, `kind` "playlist": it reads the list, inserts the rows of the entries and then
waits, without a slot, until they have ended. All of it is one transaction: a list that is cancelled or killed while
it is read leaves no entry. Cancelling the list cancels its remaining entries.
"""

import json
from pathlib import Path

import msgspec

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import errors, logging, source_metadata
from mediafetcher.db import engine, notifications
from mediafetcher.downloads import leases, site_rules
from mediafetcher.downloads.worker import active, wakeup
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Entry, Listing, Trial
from mediafetcher.fetch.options import MAX_ENTRIES, Options, Playlist
from mediafetcher.library.catalog import folders, lists, quotas
from mediafetcher.net import urls

_log = logging.get("playlists")
_NAME = 120  # characters of a folder


async def expand(
    claim: leases.Claim, download: active.ActiveDownload, folder: Path, other: Trial | None = None
) -> None:
    """Read the list of a claimed row and add its entries to the queue. Raises: as `Fetch`, or `LeaseLost`."""
    login = await cookie_jars.login_for(claim.owner, claim.url)
    async with (
        cookie_jars.borrow(claim.owner, claim.url) as jar,
        Fetch(
            claim.url,
            await site_rules.for_request(claim.owner, claim.url, claim.options, signed_in=bool(jar or login)),
            folder,
            jar.text if jar else None,
            login=login,
            trial=other,
            mode="list",
            on_warning=lambda message: download.log(message, "warning"),
        ) as source,
    ):
        found = await source.look()
    if not isinstance(found, Listing):  # a list was expected, but it is one video
        found = Listing(found.title, found.site, (Entry(found.title, claim.url, found.duration),), 1)
    wanted = claim.options.playlist or Playlist()
    entries = found.entries[: wanted.limit or MAX_ENTRIES]
    download.log(f"playlist of {found.count or len(found.entries)} items, {len(entries)} selected: {found.title}")
    await quotas.check_quota(claim.owner)
    async with engine.transaction():
        target = await _folder(claim, found.title) if wanted.folder else claim.folder
        made = await _write(claim, entries, target)
        whole = [lists.Entry(entry.url, entry.title, entry.duration) for entry in found.entries]
        await lists.save(claim.owner, claim.url, found.title, claim.site, whole)
        await leases.expanded(claim, found.title)
    _log.info("list expanded", entries=len(entries), made=made)
    download.log(f"{made} downloads added to the queue, {len(entries) - made} already there")
    if made:
        await wakeup.wake_workers(min(made, 8))


async def _folder(claim: leases.Claim, title: str) -> int | None:
    """Return the folder with the list's name, in the chosen folder."""
    name = " ".join(title.replace("/", "-").split())[:_NAME].strip(". ") or "List"
    above = await folders.path_of(claim.folder)
    try:
        return await folders.ensure(claim.owner, f"{above}/{name}" if above else name)
    except errors.Invalid:
        return claim.folder


# Thousands of rows in one round trip.
_INSERT_ENTRIES = """
insert into download (owner, url, site, source_key, folder, options, state, title, duration, listed, priority,
    parent)
  select $1, entry.url, entry.site, key, $2, wished::jsonb, 'queued', entry.title, entry.duration,
  entry.listed::jsonb, p.priority, p.id
  from unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::float8[], $3::text[], $10::text[]) with ordinality
  as entry(url, site, key, title, duration, wished, listed, number), download p where p.id = $4 order by number
  on conflict do nothing returning id
"""


def options_of(options: Options, entry: Entry) -> Options:
    """Return the options of an entry: those of its list, and the page that it was found on."""
    if entry.referer and not options.referer:
        return msgspec.structs.replace(options, referer=entry.referer)
    return options


async def _write(claim: leases.Claim, entries: tuple[Entry, ...], folder: int | None) -> int:
    """Insert the rows of the entries, in their order. Returns: how many are new."""
    options = msgspec.structs.replace(claim.options, playlist=None)
    recipe = options.recipe()
    rows = await engine.fetch(
        _INSERT_ENTRIES,
        claim.owner,
        folder,
        [json.dumps(msgspec.to_builtins(options_of(options, entry))) for entry in entries],
        claim.id,
        [entry.url for entry in entries],
        [urls.site(entry.url) for entry in entries],
        [urls.source_key(entry.url, recipe) for entry in entries],
        [entry.title for entry in entries],
        [entry.duration for entry in entries],
        [source_metadata.encode(entry.metadata) for entry in entries],
    )
    for row in rows[-50:]:  # a page does not show more at once
        await notifications.notify("download", {"id": row["id"], "owner": claim.owner})
    return len(rows)
