"""Replace the file of an existing item: fetch it again from its source, or convert the stored file.

Both are downloads like any other, shown in the same list; at their end the item's entries change to the new file
(`items.replace`), and the old one is removed when it is unreferenced.
"""

import json
from pathlib import Path
from typing import Any, Literal

import msgspec
from piccolo.querystring import QueryString

from mediafetcher.core import errors
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import Download, LibraryItem
from mediafetcher.downloads import leases, lifecycle, queries
from mediafetcher.downloads.worker import wakeup
from mediafetcher.fetch.models import Info, Result
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import blocklist, quotas
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.storage import blob_store, mount
from mediafetcher.media import probe
from mediafetcher.net import urls

Operation = Literal["refetch", "convert"]


async def submit(id: int, owner: int, operation: Operation, *, accept_loss: bool = False) -> dict[str, Any]:
    """Submit the operation. Returns: its download, or the one that already runs.

    `accept_loss`: convert although something of the file cannot be kept. Raises: `NotFound`, `SourceBlocked`,
    `QuotaExceeded`, `ConversionLoses`, and `InvalidState` if the operation is impossible for that item.
    """
    if operation == "convert" and not accept_loss:
        await _require_no_loss(await item_queries.get(id, owner))

    async def take() -> dict[str, Any]:
        async with engine.transaction():
            item = await item_queries.get(id, owner)
            if not item["damaged"]:  # the quota already counts the damaged file
                await quotas.check_quota(owner)
            url, options = await (_again(item, owner) if operation == "refetch" else _as_it_is(item))
            row = await _queue(item, owner, operation, url, options)
            if row["fresh"]:
                await notifications.notify("download", {"id": row["id"], "owner": owner})
        return row

    row = await engine.retrying(take)
    if row["fresh"]:
        await wakeup.wake_workers(1)
    return await queries.get(row["id"], owner)


async def _require_no_loss(item: dict[str, Any]) -> None:
    """Raise an error that names what a conversion cannot keep, before anything is done."""
    if item["playable"] or item["trashed_at"] is not None:
        return
    path = blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])
    try:
        facts = await probe.probe(path)
    except OSError:
        return  # the conversion itself reports what is wrong with the file
    if lost := probe.left_out(facts):
        raise errors.ConversionLoses(f"A conversion cannot keep this: {', '.join(lost)[:500]}.")


async def _again(item: dict[str, Any], owner: int) -> tuple[str, str]:
    """Return the link of an item, and the key of its options."""
    _require_kept(item)
    try:
        url = urls.parse(item["source_url"] or "")
    except errors.InvalidUrl as error:
        raise errors.InvalidState("This item has no link to download it from.") from error
    table = Download
    done = table.select(table.options).where(table.owner == owner, table.url == url, table.state == "done")
    of_item = QueryString("item is not distinct from {}", item["id"])
    row = await done.where(table.operation != "convert").order_by(of_item, table.id, ascending=False).first()
    options = msgspec.convert(row["options"] if row is not None else {}, Options)
    await blocklist.ensure_allowed(owner, [urls.source_key(url, options.recipe())])
    return url, json.dumps(msgspec.to_builtins(options))


async def _as_it_is(item: dict[str, Any]) -> tuple[str, str]:
    """Keep the size: change only what keeps browsers from playing it."""
    _require_kept(item)
    if item["playable"]:
        raise errors.InvalidState("This item already plays in every browser.")
    sides = [side for side in (item["media"]["width"], item["media"]["height"]) if side]
    height = min(4320, max(144, *sides)) if sides else None
    return item["source_url"] or f"item:{item['id']}", json.dumps({"max_height": height} if height else {})


def _require_kept(item: dict[str, Any]) -> None:
    if item["trashed_at"] is not None:
        raise errors.InvalidState("This item is in the trash. Restore it first.")


async def _queue(item: dict[str, Any], owner: int, operation: Operation, url: str, options: str) -> dict[str, Any]:
    key = f"{operation} {item['id']}"
    table = LibraryItem
    shown = await table.select(table.folder, table.title).where(table.id == item["id"]).first()
    if shown is None:
        raise errors.NotFound("The item no longer exists.")
    queued = Download(
        owner=owner,
        url=url,
        site=urls.site(url) if operation == "refetch" else "",
        source_key=key,
        folder=shown["folder"],
        options=options,
        state="queued",
        operation=operation,
        target_item=item["id"],
        title=shown["title"],
        duration=item["duration"],
    )
    rows = await Download.insert(queued).on_conflict(action="DO NOTHING").returning(Download.id)
    if rows:
        return {"id": rows[0]["id"], "fresh": True}
    same = (Download.owner == owner) & (Download.source_key == key) & among(Download.state, lifecycle.LIVE)
    row = await Download.select(Download.id).where(same).order_by(Download.id, ascending=False).first()
    if row is None:  # it ended between the two statements
        raise errors.InvalidState("This was just done. Reload the item.")
    return row | {"fresh": False}


async def stored(claim: leases.Claim, folder: Path) -> tuple[Info, Result, dict[str, Path]]:
    """Return the input of a conversion, as if it had been fetched: the stored file by a name in `folder`.

    With it come its subtitles. Raises: `NotFound` if the item was removed meanwhile.
    """
    if claim.target_item is None:
        raise errors.NotFound("The item no longer exists.")
    item = await item_queries.get(claim.target_item, claim.owner)
    sha256, ext = bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"]
    side_names = [f"{language}.vtt" for language in item["subtitles"]]
    name, kept = await mount.run_io(_named, folder, sha256, ext, side_names)
    info = Info(item["title"], "", "", claim.url, claim.site, claim.source_key)
    return info, Result(name, item["media"]["size"]), kept


def _named(folder: Path, sha256: bytes, ext: str, side_names: list[str]) -> tuple[Path, dict[str, Path]]:
    """Return the name in `folder`, and the existing side files."""
    name = folder / f"stored{ext}"
    with mount.writing():
        mount.require()
        name.unlink(missing_ok=True)
        name.symlink_to(blob_store.path_of(sha256, ext))
        if not name.exists():
            raise errors.NotFound("The file of this item is missing. Download it again instead.")
        paths = {side: blob_store.path_of(sha256, side) for side in side_names}
        return name, {side: path for side, path in paths.items() if path.exists()}
