"""The user's decisions about a store that another installation may use too.

    take        this installation owns the store from now on: the next claim is made, and for a minute nothing is
                unlinked or adopted, so that another installation that still runs can object
    separate    a store of its own in a folder below the media folder, with no names in common; the library begins
                empty, since its files may be the other installation's
    read-only   everything plays, nothing is written

A decision ends the freeze that a restore, a move or an unknown claim began. It can be changed later.
"""

import contextlib
import uuid
from pathlib import Path
from typing import Any, Literal

from piccolo.querystring import QueryString

from mediafetcher.core import errors, logging
from mediafetcher.db import engine, notifications
from mediafetcher.db.expressions import NOW
from mediafetcher.db.tables import Installation, LibraryItem, MediaFile, StoreRoot
from mediafetcher.library.storage import claims, mount, ownership, unknown

Decision = Literal["take", "separate", "read-only"]
DECISIONS: tuple[Decision, ...] = ("take", "separate", "read-only")
OWN_FOLDER = "mediafetcher-"  # begins the name of the folder of a separated store
_LISTED = 1000  # unknown files that are counted, so that a page need not wait for a walk over all

_log = logging.get("ownership")


async def status() -> dict[str, Any]:
    """Return the state: `state` (owned, frozen, read_only), `reason`, `detail`, `since`, `folder`, and claims.

    `claim`: the number of our last claim. `other`: host and program of the highest claim if it is not ours. `missing`:
    the entries' files that are not in the store. `unknown`: files that this database does not know, counted up to
    1000. The last three are None while the media folder is unavailable.
    """
    frozen = await ownership.refresh()
    row = await Installation.select().first()
    assert row is not None
    state = "owned" if frozen is None else "read_only" if frozen.reason == "read_only" else "frozen"
    told = {
        "state": state,
        "reason": frozen.reason if frozen else None,
        "detail": frozen.detail if frozen else None,
        "since": frozen.since if frozen else None,
        "folder": str(mount.root()),
        "installation": str(row["id"]),
        "claim": row["number"],
        "settling": row["settling"],
        "other": None,
        "unknown": None,
        "unknown_more": False,
    }
    with contextlib.suppress(errors.Unavailable):
        seen = await mount.run_io(claims.read)
        if seen.last is not None and seen.last.nonce not in (row["nonce"], row["pending_nonce"]):
            told["other"] = {"host": seen.last.host, "program": seen.last.program, "claim": seen.number}
        count = await count_unknown(_LISTED + 1)
        told |= {"unknown": min(count, _LISTED), "unknown_more": count > _LISTED}
    return told


async def count_unknown(most: int) -> int:
    """Count the files of the store that this database does not know, up to `most`. Side files are not counted."""
    count = 0
    async for file in unknown.files():
        if not file.is_side_file:
            count += 1
            if count >= most:
                break
    return count


async def decide(decision: Decision) -> dict[str, Any]:
    """Carry out the decision. Returns: the status. Raises: `Unavailable`, `Invalid`."""
    if decision not in DECISIONS:
        raise errors.Invalid(f"Decide for one of {', '.join(DECISIONS)}.")
    async with ownership.alone():
        if decision == "take":
            await ownership.take()
        elif decision == "separate":
            await _separate()
        else:
            await _read_only()
    await ownership.refresh()
    await ownership.tell()
    _log.warning("the ownership of the store was decided", decision=decision)
    return await status()


async def _read_only() -> None:
    table, detail = Installation, ownership.DETAILS["read_only"]
    await table.update(
        {table.frozen_reason: "read_only", table.frozen_detail: detail, table.frozen_at: NOW}, force=True
    )


# ---- a store of its own ----------------------------------------------------------------------------------------


async def require_separable() -> None:
    """Raises: `InvalidState` if this installation cannot get a store of its own."""
    row = await Installation.select(Installation.folder).first()
    if row is not None and row["folder"]:
        raise errors.InvalidState("This installation has a store of its own already: take it, or set it read-only.")
    if await ownership.refresh() is None:
        raise errors.InvalidState("This installation owns its media folder: there is nothing to be separated from.")


async def _separate() -> None:
    """Make the folder before the database names it: a crash leaves the old state, and an empty folder.

    No file is moved: the files of the entries may belong to another installation.
    """
    await require_separable()
    name = f"{OWN_FOLDER}{uuid.uuid4().hex[:8]}"
    sentinel = await mount.run_io(_make, mount.root() / name)
    async with engine.transaction():
        await StoreRoot.update({StoreRoot.sentinel: sentinel}).where(StoreRoot.id == 1)
        table = Installation
        await table.update(
            {
                table.folder: name,
                table.lineage: QueryString("gen_random_uuid()"),
                table.number: None,
                table.nonce: None,
                table.pending_nonce: None,
                table.settling: False,
                table.frozen_reason: None,
                table.frozen_detail: None,
                table.frozen_at: None,
            },
            force=True,
        )
        await LibraryItem.delete(force=True)
        # Unreferenced files stay in the other store: this installation may not remove them there.
        await MediaFile.delete(force=True)
        await notifications.notify("library", {})
    await mount.prepare()
    _log.warning("a store of its own was made", folder=mount.root())


def _make(folder: Path) -> uuid.UUID:
    with mount.writing():
        mount.require()
        return mount.create(folder)
