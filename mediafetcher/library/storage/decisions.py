"""What a person decides about a store that may be somebody else's too.

    take        this installation owns the store from now on: the next claim is made, and for a minute nothing is
                unlinked or adopted, so that another one that still runs can object
    separate    a store of its own in a folder below the media folder, with no names in common; the files of its
                entries come along by a second name, or as copies if the disk has none
    read-only   everything plays, nothing is written

A decision ends the freeze that a restore, a move or an unknown claim began. It may be changed later.
"""

import contextlib
import os
import shutil
import uuid
from pathlib import Path
from typing import Any, Literal

from mediafetcher.core import errors, logging
from mediafetcher.db import engine
from mediafetcher.library.storage import blob_store, claims, mount, ownership, reflink, unknown

Decision = Literal["take", "separate", "read-only"]
DECISIONS: tuple[Decision, ...] = ("take", "separate", "read-only")
_LISTED = 1000  # unknown files that are counted, so that a page need not wait for a walk over all

_log = logging.get("ownership")


async def status() -> dict[str, Any]:
    """How it stands: `state` (owned, frozen, read_only), `reason`, `detail`, `since`, `folder`, and claims.

    `claim`: the number of our last one. `other`: host and program of the highest claim if it is not ours. `missing`:
    files of entries that are not in the store. `unknown`: files that this database does not know, at most 1000 are
    counted. The last three are None while the media folder is away.
    """
    frozen = await ownership.refresh()
    row = await engine.fetchrow("select id, number, nonce, pending_nonce, folder, settling from installation")
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
    with contextlib.suppress(errors.Away):
        seen = await mount.in_thread(claims.read)
        if seen.last is not None and seen.last.nonce not in (row["nonce"], row["pending_nonce"]):
            told["other"] = {"host": seen.last.host, "program": seen.last.program, "claim": seen.number}
        count = await count_unknown(_LISTED + 1)
        told |= {"unknown": min(count, _LISTED), "unknown_more": count > _LISTED}
    return told


async def count_unknown(most: int) -> int:
    """How many files of the store this database does not know; side files are not counted. No more than `most`."""
    count = 0
    async for file in unknown.files():
        if not file.is_side_file:
            count += 1
            if count >= most:
                break
    return count


async def decide(decision: Decision) -> dict[str, Any]:
    """Do what was decided -> the status. Raises `Away`, `Invalid`."""
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
    await engine.execute(
        "update installation set frozen_reason = 'read_only', frozen_detail = $1, frozen_at = now()",
        ownership.DETAILS["read_only"],
    )


# ---- a store of its own ----------------------------------------------------------------------------------------


async def _separate() -> None:
    """Everything is made and filled before the database says so: a crash leaves the old state."""
    row = await engine.fetchrow("select id, folder from installation")
    base = await engine.fetchval("select path from store_root where id = 1")
    assert row is not None
    if row["folder"]:
        raise errors.WrongState("This installation has a store of its own already: take it, or set it read-only.")
    name = f"mediafetcher-{uuid.uuid4().hex[:8]}"
    folder = mount.root() / name
    sentinel = await mount.in_thread(_make, folder)
    try:
        await _bring_along(folder)
    except BaseException:
        await mount.in_thread(shutil.rmtree, folder, True)
        raise
    async with engine.transaction():
        await engine.execute("update store_root set sentinel = $1 where id = 1", sentinel)
        await engine.execute(
            "update installation set folder = $1, lineage = gen_random_uuid(), number = null, nonce = null,"
            " pending_nonce = null, settling = false, frozen_reason = null, frozen_detail = null, frozen_at = null",
            name,
        )
        # What nobody holds stays in the other store, where it is not ours to remove.
        await engine.execute("delete from media_file where ref_count = 0")
    await mount.prepare()
    _log.warning("a store of its own was made", folder=folder, base=base)


def _make(folder: Path) -> uuid.UUID:
    with mount.writing():
        mount.require()
        return mount.create(folder)


async def _bring_along(folder: Path) -> None:
    last = 0
    while True:
        rows = await engine.fetch(
            "select id, sha256, ext, poster, subtitles from media_file where ref_count > 0 and id > $1"
            " order by id limit 500",
            last,
        )
        if not rows:
            return
        last = rows[-1]["id"]
        names = [(row["sha256"], name) for row in rows for name in (row["ext"], *unknown.side_names(row))]
        await mount.in_thread(_copy, folder, [blob_store.path_of(*name) for name in names])


def _copy(folder: Path, files: list[Path]) -> None:
    with mount.writing():
        mount.require()
        for file in files:
            target = folder / "store" / file.parent.name / file.name
            target.parent.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                try:
                    os.link(file, target)
                except FileExistsError:
                    continue
                except OSError:
                    _copy_bytes(file, target)
        for parent in {folder / "store" / file.parent.name for file in files}:
            mount.sync_folder(parent)


def _copy_bytes(file: Path, target: Path) -> None:
    """For a disk without second names: share the blocks if it can, else copy."""
    with file.open("rb") as source, target.open("xb") as copy:
        if not reflink.clone(source.fileno(), copy.fileno()):
            shutil.copyfileobj(source, copy, blob_store.BUFFER)
        copy.flush()
        os.fsync(copy.fileno())
