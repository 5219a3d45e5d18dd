"""Exported trees as users see and change them. Trees are made by command (sync.py)."""

import asyncio
import json
from pathlib import Path
from typing import Any

from piccolo.query.functions.aggregate import Sum

from mediafetcher.core import errors
from mediafetcher.db import notifications
from mediafetcher.db.tables import ExportFile, ExportTree, User
from mediafetcher.library.export import arrangement, link_tree
from mediafetcher.library.storage import mount

_PATIENCE = 3.0  # seconds that one look at a disk may take


async def page() -> list[dict[str, Any]]:
    """Return every tree, by path.

    `users`: names of the users whose items it has; None: all. `copied_bytes`: size of its tagged copies. `updating`:
    a change of its layouts is not yet on the disk. `missing`: its folder was removed, or its disk is unavailable.
    """
    table = ExportTree
    rows = await table.select(
        table.id, table.path, table.people, table.layout, table.folder_layouts, table.tagged, table.behind
    ).order_by(table.path)
    copies = await _copied()
    names = {row["id"]: row["name"] for row in await User.select(User.id, User.name)} if rows else {}
    missing = await asyncio.gather(*(_is_missing(row["path"]) for row in rows))
    return [
        {
            **row,
            "users": None if row["people"] is None else sorted(names[id] for id in row["people"] if id in names),
            "folder_layouts": arrangement.decoded(row["folder_layouts"]),
            "copied_bytes": copies.get(row["id"], 0),
            "updating": row["behind"],
            "missing": is_missing,
        }
        for row, is_missing in zip(rows, missing, strict=True)
    ]


async def get(tree: int) -> dict[str, Any]:
    """Return one tree. Raises: `NotFound`."""
    for row in await page():
        if row["id"] == tree:
            return row
    raise errors.NotFound()


async def change(
    tree: int,
    owner: int,
    *,
    kind: arrangement.Kind | None = None,
    layouts: arrangement.FolderLayouts | None = None,
    tagged: bool | None = None,
) -> None:
    """Change what is wished for a tree; None: no change. Its files follow a moment later, in the background.

    `owner`: the user who changes it. Raises: `NotFound`, `Invalid` for a wrong layout, and `TaggedNeedsMusic`.
    """
    arrangement.require_valid(layouts or {})
    table = ExportTree
    if tagged:
        had = await table.select(table.layout, table.folder_layouts).where(table.id == tree).first()
        if had is None:
            raise errors.NotFound()
        before = arrangement.decoded(had["folder_layouts"])
        arrangement.require_music(kind or had["layout"], before if layouts is None else layouts)
    values: dict[Any, Any] = {table.behind: True}
    if kind is not None:
        values |= {table.layout: kind, table.template: None}
    if layouts is not None:
        values[table.folder_layouts] = json.dumps(layouts)
    if tagged is not None:
        values[table.tagged] = tagged
    if not await table.update(values).where(table.id == tree).returning(table.id):
        raise errors.NotFound()
    await notifications.notify("library", {"owner": owner})


async def _copied() -> dict[int, int]:
    """Return the size of the tagged copies of each tree that has some."""
    table = ExportFile
    rows = (
        await table.select(table.tree, Sum(table.size, alias="bytes"))
        .where(table.size.is_not_null())
        .group_by(table.tree)
    )
    return {row["tree"]: int(row["bytes"]) for row in rows}


async def _is_missing(path: str) -> bool:
    try:
        return not await mount.run_io((Path(path) / link_tree.MANIFEST).is_file, patience=_PATIENCE)
    except (errors.Problem, OSError):
        return True
