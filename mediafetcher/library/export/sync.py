"""The export tree: the library under readable names, for players that read folders (Jellyfin, Plex, Kodi).

    <DIR>/<user>/<folder>/<title>.mp4, <title>.nfo, <title>-poster.jpg, <title>.<language>.vtt and .srt

or arranged as shows or music (arrangement.py).

The films are links to the store: no bytes are copied, and removing the tree never touches the store. The database
records each tree and its files, and triggers record which items have changed since; `refresh` updates those, and so
removes the links of a deleted item, which would keep its bytes on the disk. A tree that
was removed stays removed.
"""

import asyncio
import contextlib
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from mediafetcher.core import clock, errors, events, logging
from mediafetcher.db import engine
from mediafetcher.db.expressions import is_true
from mediafetcher.db.tables import ExportChange, ExportFile, ExportTree, LibraryItem
from mediafetcher.library.export import arrangement, filenames, link_tree, place, reading, template, tree_lock, update
from mediafetcher.library.export.rows import FolderRow, ItemRow
from mediafetcher.library.export.tree_files import Report
from mediafetcher.library.storage import mount

_SOON = 1.0  # seconds after a change, since usually more follow
_PATIENCE = 30.0  # seconds that one tree may delay the others
_MANY = 1000  # changes kept for an unavailable tree; beyond that it is compared as a whole when it is available again
_TREE = (
    ExportTree.id,
    ExportTree.path,
    ExportTree.people,
    ExportTree.hard,
    ExportTree.behind,
    ExportTree.layout,
    ExportTree.template,
    ExportTree.folder_layouts,
    ExportTree.tagged,
)

_log = logging.get("export")
_busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one update of a tree at a time
_since: dict[str, float] = {}  # when the present update of a tree began
_updates: set[asyncio.Task[int]] = set()


class _Wanted(NamedTuple):
    """The wishes for a tree: layout, template, layouts of folders, tagged copies. None: what it has."""

    kind: arrangement.Kind | None
    names: str | None
    layouts: arrangement.FolderLayouts | None
    tagged: bool | None


async def export(
    folder: Path | None = None,
    owner: int | None = None,
    kind: arrangement.Kind | None = None,
    names: str | None = None,
    layouts: arrangement.FolderLayouts | None = None,
    *,
    tagged: bool | None = None,
) -> tuple[Path, Report]:
    """Make the tree in `folder` (default: `export` in the media folder), or update it. Returns: the path, and a report.

    `owner`: add this user to the users that the tree has already; None: all users. `kind`: its layout; None: the one
    that it has, else `film`. `names`: a template, as a layout of its own. `layouts`: of folders of the library, by
    path; None: those that it has. `tagged`: music files are copies with tags and cover, which count for the quota of
    their user; None: as before. The tree is kept up to date from now on.

    Raises: `Invalid` if no links can be made there or a template or layout is wrong, `TaggedNeedsMusic`, `Unavailable`.
    """
    if names is not None:
        template.require_valid(names)
        kind = "template"
    arrangement.require_valid(layouts or {})
    path = Path(os.path.realpath(folder or mount.root() / "export"))
    had = (
        await ExportTree.select(ExportTree.layout, ExportTree.folder_layouts)
        .where(ExportTree.path == str(path))
        .first()
    )
    known = had is not None
    if tagged:
        before = arrangement.decoded(had["folder_layouts"]) if had else {}
        arrangement.require_music(kind or (had["layout"] if had else "film"), before if layouts is None else layouts)
    async with _busy[str(path)], tree_lock.locked(str(path), patience=_PATIENCE) as ours:
        if not ours:
            raise errors.ExportBusy()
        with place.words(path):
            hard = await mount.run_io(place.prepare, path, known=known)
        wanted = _Wanted(kind, names, layouts, tagged)
        return path, await update.Update(await _record(str(path), owner, wanted, hard=hard)).whole()


async def _record(path: str, owner: int | None, wanted: _Wanted, *, hard: bool) -> dict[str, Any]:
    """Record a tree, which only we update now. From the commit on, every change is recorded. Returns: its row."""
    table, (kind, names, layouts, tagged) = ExportTree, wanted
    known = await table.select(table.people, table.layout, table.template).where(table.path == path).first()
    people = None if owner is None else [owner]
    if known is None:
        made = table(path=path, people=people, hard=hard, layout=kind or "film", template=names)
        made.folder_layouts, made.tagged = json.dumps(layouts or {}), bool(tagged)
        rows = await table.insert(made).returning(*_TREE)
    else:
        if people is not None:
            people = None if known["people"] is None else sorted({*known["people"], *people})
        values: dict[Any, Any] = {table.hard: hard, table.people: people}
        if kind:
            values |= {table.layout: kind, table.template: names}
        if layouts is not None:
            values[table.folder_layouts] = json.dumps(layouts)
        if tagged is not None:
            values[table.tagged] = tagged
        changed = table.update(values)
        rows = await changed.where(table.path == path).returning(*_TREE)
    return rows[0]


async def preview(
    owner: int,
    kind: arrangement.Kind = "film",
    names: str | None = None,
    layouts: arrangement.FolderLayouts | None = None,
    limit: int = 20,
) -> list[str]:
    """Return the paths that the newest items of a user would have below their folder. Nothing is made.

    Raises: `Invalid` for a wrong template or layout.
    """
    arrangement.require_valid(layouts or {})
    if names is not None:
        template.require_valid(names)
        kind = "template"
    newest = LibraryItem.select(LibraryItem.id).where(LibraryItem.owner == owner, LibraryItem.trashed_at.is_null())
    ids = [row["id"] for row in await newest.order_by(LibraryItem.id, ascending=False).limit(limit)]
    rows = await reading.items(ids, None, {kind, *(layouts or {}).values()})
    above = {one.id: one for one in await reading.folders_above([row.folder for row in rows])}
    wanted, paths = arrangement.by_names(layouts or {}), []
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        held = arrangement.place_of(row.folder, above, kind, wanted)
        made = {one.id: one for one in arrangement.arrange(row, held, names)}
        paths.append(_path(row, above | made))
    return paths


def _path(row: ItemRow, folders: dict[int, FolderRow]) -> str:
    names = [filenames.safe(row.name) + row.ext]
    at = row.folder
    while at is not None and at in folders:
        names.insert(0, filenames.safe(folders[at].name))
        at = folders[at].parent
    return "/".join(names)


async def refresh() -> int:
    """Update every exported tree with the changes. Returns: the number of files made and removed.

    A tree that cannot be updated waits. A slow tree continues in the background, so that none delays the others.
    """
    table = ExportTree
    changed = is_true(table.behind) | table.id.is_in(ExportChange.select(ExportChange.tree))
    rows = await table.select(*_TREE).where(changed).order_by(table.id)
    tasks = [asyncio.create_task(_refresh_tree(row)) for row in rows]
    for task in tasks:
        _updates.add(task)
        task.add_done_callback(_updates.discard)
    if not tasks:
        return 0
    done, _ = await asyncio.wait(tasks, timeout=_PATIENCE)
    return sum(task.result() for task in done if not task.cancelled())


async def _refresh_tree(row: dict[str, Any]) -> int:
    """Update one tree. Returns: the number of files made and removed; 0 if it waits, whatever the reason."""
    path: str = row["path"]
    if clock.monotonic() - _since.get(path, clock.monotonic()) > _PATIENCE:
        _log.warning("an exported tree does not respond: the others continue", tree=path)
        return 0
    async with _busy[path]:
        _since[path] = clock.monotonic()
        try:
            async with tree_lock.locked(path) as ours:  # otherwise another server updates it, with these changes
                return await _bring_up_to_date(row) if ours else 0
        except (errors.Problem, OSError) as problem:
            _log.warning("export waits", tree=path, reason=str(problem))
        except Exception:
            _log.exception("an export failed", tree=path)
        finally:
            _since.pop(path, None)
    return 0


async def _bring_up_to_date(row: dict[str, Any]) -> int:
    if not await mount.run_io((Path(row["path"]) / link_tree.MANIFEST).is_file):
        await _drop_changes(row["id"])
        if row["tagged"]:  # what was removed by hand no longer counts
            counted = (ExportFile.tree == row["id"]) & ExportFile.size.is_not_null()
            await ExportFile.update({ExportFile.size: None}).where(counted)
        return 0
    # Another server may have updated it meanwhile, or a user changed it.
    now = await ExportTree.select(*_TREE).where(ExportTree.id == row["id"]).first()
    if now is None:
        return 0
    tree = update.Update(now)
    report = await (tree.whole() if now["behind"] else tree.changes())
    return report.made + report.removed


async def _drop_changes(tree_id: int) -> None:
    """Limit the list of changes for a tree that was removed by hand, or whose disk is unavailable for long."""
    async with engine.transaction():
        if await ExportChange.count().where(ExportChange.tree == tree_id) > _MANY:
            await ExportTree.update({ExportTree.behind: True}).where(ExportTree.id == tree_id)
            await ExportChange.delete().where(ExportChange.tree == tree_id)


async def refresh_quietly() -> None:
    """Run `refresh` at the end of a completed operation, whose result an error here does not change."""
    with contextlib.suppress(errors.Problem):
        await refresh()


async def follow() -> None:
    """Update the trees a moment after each change, for as long as the program runs."""
    try:
        with events.subscribe() as changes:
            while True:
                if (await changes.get()).kind in ("library", "reconnected"):
                    await asyncio.sleep(_SOON)
                    changes.drain()
                    try:
                        await refresh_quietly()
                    except Exception:
                        _log.exception("following the library failed")
    finally:
        for task in _updates:
            task.cancel()
        if _updates:
            await asyncio.wait(_updates)
