"""One update of an export tree: its files are made as the library has them, and recorded before they are made."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from piccolo.columns.combination import And
from piccolo.custom_types import Combinable

from mediafetcher.core import logging, settings, tasks
from mediafetcher.db import engine, many
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import ExportChange, ExportFile, ExportFolder, ExportTree, LibraryItem, User
from mediafetcher.library.catalog import quotas
from mediafetcher.library.export import arrangement, episodes, folder_files, layout, link_tree, place, reading
from mediafetcher.library.export.rows import FolderRow, ItemRow, UserRow
from mediafetcher.library.export.tree_files import Copy, File, Folder, Item, Report
from mediafetcher.library.storage import mount
from mediafetcher.media import tagging, webvtt
from mediafetcher.sandbox import parsing

_BATCH = 500  # items
_Stop = threading.Event
_UNKNOWN = datetime.min.replace(tzinfo=UTC)  # items without a date count as the oldest

_log = logging.get("export")

# The recorded files in these folders; those of items also in the folders below.
_RECORDED = """
select distinct x.item from export_file x join export_folder f on f.id = x.folder
  left join export_folder above on above.id = f.parent
where x.tree = $1 and (f.folder = any($2::bigint[]) or (x.item > 0 and above.folder = any($2)))
"""
# A range of the index for each of several beginnings.
_SIMILAR = """
select f.key from unnest($2::text[]) as start join export_file f on f.folder = $1
  and f.key >= start collate "C" and f.key < start || chr(1114111) collate "C"
"""


def _to_srt(source: Path) -> bytes:
    """Return the SubRip of stored WebVTT. For threads."""
    return engine.call(parsing.call(webvtt.to_srt, files=[source])).encode()


def _wishes(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["layout"], row["template"], arrangement.decoded(row["folder_layouts"]), row["tagged"]


def _tag(copy: Copy) -> Path:
    """Make a tagged copy in a folder of its own. For threads."""
    folder = Path(tempfile.mkdtemp(prefix="tagging-", dir=settings.get().work))
    try:
        folder.chmod(0o711)  # FFmpeg's account needs search permission
        target = folder / f"copy{copy.source.suffix}"
        engine.call(tagging.copy(copy.source, target, copy.tags, copy.cover))
        return target
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


async def _reserve(row: ItemRow, left: dict[int, int | None]) -> bool:
    """Take the size of a copy from what is left of its user's quota. Returns: whether it fits. `left`: by user."""
    owner = row.owner
    if owner not in left:
        used = await quotas.usage(owner)
        left[owner] = None if used["quota"] is None else used["quota"] - (used["charged"] or 0)
    room = left[owner]
    if room is None:
        return True
    if row.size > room:
        return False
    left[owner] = room - row.size
    return True


def _is_taggable(row: ItemRow) -> bool:
    return row.is_music and row.ext in tagging.SUFFIXES and not row.video_codec


def _age(row: ItemRow) -> tuple[datetime, int]:
    return row.published_at or _UNKNOWN, row.id


class Update:
    """Makes items of one tree as the library has them. A file is recorded in the database before it is made."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._tree, self._place, self._people = row["id"], Path(row["path"]), row["people"]
        self._hard, self._kind, self._template = row["hard"], row["layout"], row["template"]
        self._tagged: bool = row["tagged"]
        self._layouts = arrangement.by_names(arrangement.decoded(row["folder_layouts"]))
        self._wishes = _wishes(row)
        self._kinds: dict[int, str] = {}  # layouts of shows and artists
        self._touched: set[int] = set()  # folders of shows and artists of which an item was looked at
        self._seasons: dict[int, episodes.Season] = {}
        self._report = Report(symbolic=not self._hard)
        self._stop = _Stop()

    async def whole(self) -> Report:
        """Update every item, whatever has changed."""
        marks = await self._marks()
        item, file = LibraryItem, ExportFile
        shown: Combinable = item.trashed_at.is_null()
        if self._people is not None:
            shown = And(shown, among(item.owner, self._people))
        ids = {row["id"] for row in await item.select(item.id).where(shown)}
        ids |= {row["item"] for row in await file.select(file.item).where(file.tree == self._tree, file.item > 0)}
        return await self._run(sorted(ids), marks, whole=True)

    async def changes(self) -> Report:
        """Update the items that have changed."""
        marks = await self._marks()
        return await self._run(sorted({row["item"] for row in marks}), marks)

    async def _marks(self) -> list[dict[str, Any]]:
        table = ExportChange
        return await table.select(table.id, table.item).where(table.tree == self._tree)

    async def _run(self, items: list[int], marks: list[dict[str, Any]], *, whole: bool = False) -> Report:
        with place.words(self._place):
            plan = layout.Layout(
                link_tree.Disk(self._place), await self._folders(), self._keys, _to_srt, _tag, hard=self._hard
            )
            missing: list[int] = []
            if not whole:
                items = sorted({*items, *await self._of_renamed(plan, items)})
            for start in range(0, len(items), _BATCH):
                missing += await self._bring(plan, await self._items(plan, items[start : start + _BATCH]))
            if self._touched:
                await self._bring(plan, await self._files_of_folders(plan))
            await self._prune(plan)
        async with engine.transaction():
            change = ExportChange
            await change.delete().where(among(change.id, [row["id"] for row in marks]))
            if whole:
                await self._settled()
            # Failed items are tried again.
            await many.insert(change, {change.tree: [self._tree] * len(missing), change.item: missing})
        report = self._report
        if report.made or report.removed:
            counts = {"made": report.made, "kept": report.kept, "removed": report.removed}
            _log.info("export", tree=self._place, **counts)
        return report

    async def _settled(self) -> None:
        """Record that the tree is up to date, unless its wishes have changed meanwhile."""
        table = ExportTree
        done = table.update({table.behind: False}).where(table.id == self._tree)
        for row in await done.returning(table.layout, table.template, table.folder_layouts, table.tagged):
            if _wishes(row) != self._wishes:
                await table.update({table.behind: True}).where(table.id == self._tree)

    async def _bring(self, plan: layout.Layout, items: list[Item]) -> list[int]:
        """Update one batch. Returns: the items whose files are missing."""
        gone = await self._in_thread(plan.settle, items, self._report)
        await ExportFile.delete().where(among(ExportFile.id, [file.id for file in gone]))
        fresh = await self._in_thread(plan.place, items)
        async with engine.transaction():
            await self._note_folders(plan)
            await self._note_files(fresh)
        failed = await self._in_thread(plan.make, items, fresh, self._stop, self._report)
        if self._tagged:
            made = [file for file in fresh if file not in failed]
            measured = await self._in_thread(plan.measure, items, made)
            sizes: many.Values = {ExportFile.size: [file.size for file in measured]}
            await many.update(ExportFile.id, [file.id for file in measured], sizes)
        await ExportFile.delete().where(among(ExportFile.id, [file.id for file in failed]))
        return [item.id for item in items if item.missing]

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        def run() -> Any:
            mount.require()
            return function(*args)

        # A cancelled update stops at the next file: two updates must never run on one tree.
        return await tasks.run_to_completion(mount.run_io(run), self._stop.set)

    # ---- what is noted -----------------------------------------------------------------------------------

    async def _folders(self) -> list[Folder]:
        rows = await ExportFolder.select().where(ExportFolder.tree == self._tree).order_by(ExportFolder.id)
        found: dict[int, Folder] = {}
        for row in rows:  # a folder comes after its parent
            parent = found[row["parent"]] if row["parent"] is not None else None
            found[row["id"]] = Folder(parent, row["name"], row["owner"], row["folder"], row["ours"], row["id"])
        return list(found.values())

    async def _items(self, plan: layout.Layout, ids: list[int]) -> list[Item]:
        rows = await self._rows(plan, ids, details=True)
        await self._number(row for row in rows.values() if row.is_dated)
        have = await self._have(plan, ids)
        for file in (file for files in have.values() for file in files):
            above = file.folder.parent
            numbers = (file.folder.folder, above.folder if above else None)
            self._touched |= {number for number in numbers if number is not None and number < 0}
        if self._tagged:
            copied = {id for id, files in have.items() if any(file.made.startswith("copy:") for file in files)}
            await self._tag_music([row for row in rows.values() if _is_taggable(row)], copied)
        return [Item(id, rows.get(id), have.get(id, [])) for id in ids]

    async def _tag_music(self, rows: list[ItemRow], copied: set[int]) -> None:
        """Give music its tags, unless a new copy exceeds the quota of its user: then it stays a link."""
        left: dict[int, int | None] = {}
        for row in rows:
            if row.id not in copied and not await _reserve(row, left):
                _log.warning("no tagged copy, since it would exceed the quota", item=row.id)
                continue
            row.music_tags = arrangement.tags_of(row)

    async def _rows(self, plan: layout.Layout, ids: list[int], *, details: bool = False) -> dict[int, ItemRow]:
        """Read items that are to be shown, arranged by the layout of the tree. `details`: as `reading.items`."""
        rows = await reading.items(ids, self._people, {self._kind, *self._layouts.values()}, details=details)
        above = await reading.folders_above([row.folder for row in rows])
        owners = {row.owner for row in rows}
        users = await User.select(User.id, User.name).where(among(User.id, owners))
        plan.learn(above, [UserRow(**row) for row in users])
        known = {row.id: row for row in above}
        for row in rows:
            held = arrangement.place_of(row.folder, known, self._kind, self._layouts)
            made = arrangement.arrange(row, held, self._template)
            plan.learn(made, [])
            if made and held.kind != "template":
                row.group = made[0].id
                self._kinds[row.group] = held.kind
                self._touched |= {one.id for one in made}
                await self._renumber(plan, row.owner, made)
        return {row.id: row for row in rows}

    async def _renumber(self, plan: layout.Layout, owner: int, made: list[FolderRow]) -> None:
        """Give folders of a tree of an earlier version their present numbers, and so their files."""
        for one in made:
            folder = plan.renumber(owner, one) if one.former is not None else None
            if folder is None or one.former is None:
                continue
            async with engine.transaction():
                await ExportFolder.update({ExportFolder.folder: one.id}).where(ExportFolder.id == folder.id)
                for before, after in folder_files.renumbered(one.former, one.id):
                    ours = (ExportFile.tree == self._tree) & (ExportFile.item == before)
                    await ExportFile.update({ExportFile.item: after}).where(ours)

    async def _of_renamed(self, plan: layout.Layout, ids: list[int]) -> list[int]:
        """Return the recorded items of those channels of these items that have another name now."""
        if not {*arrangement.SHOWS} & {self._kind, *self._layouts.values()}:
            return []
        rows = await self._rows(plan, ids)
        left = await self._have(plan, [id for id in ids if id not in rows])  # the newest item may have named a channel
        folders = {file.folder for files in left.values() for file in files}
        numbers = {one.folder for folder in folders for one in (folder, folder.parent) if one and one.folder}
        rows |= await self._rows(plan, await self._recorded({number for number in numbers if number < 0}))
        renamed = {row.group for row in rows.values() if row.group and plan.is_renamed(row.owner, row.group)}
        return await self._recorded(renamed)

    async def _recorded(self, folders: set[int]) -> list[int]:
        """Return the recorded items of these folders."""
        rows = await engine.fetch(_RECORDED, self._tree, sorted(folders)) if folders else []
        return [row["item"] for row in rows if row["item"] > 0]

    async def _number(self, dated: Iterable[ItemRow]) -> None:
        """Give items their numbers of episodes, which no other item of the season has in this tree."""
        rows = sorted(dated, key=lambda row: row.id)
        new = {row.folder for row in rows if row.folder is not None} - set(self._seasons)
        named: dict[int, list[tuple[int, str]]] = {season: [] for season in new}
        if new:
            file = ExportFile
            files = file.select(file.item, file.stem, file.folder.folder.as_alias("season")).where(
                file.tree == self._tree, file.suffix == ".nfo", file.folder.folder.is_in(sorted(new))
            )
            for one in await files:
                named[one["season"]].append((one["item"], one["stem"]))
        self._seasons |= {season: episodes.Season(files) for season, files in named.items()}
        for row in rows:
            assert row.folder is not None
            self._seasons[row.folder].settle(row)

    async def _have(self, plan: layout.Layout, ids: list[int]) -> dict[int, list[File]]:
        folders = {folder.id: folder for folder in plan.folders}
        have: dict[int, list[File]] = {}
        table = ExportFile
        for row in await table.select().where(table.tree == self._tree, among(table.item, ids)).order_by(table.id):
            file = File(
                row["item"], folders[row["folder"]], row["stem"], row["suffix"], row["made"], row["id"], row["size"]
            )
            have.setdefault(row["item"], []).append(file)
        return have

    async def _files_of_folders(self, plan: layout.Layout) -> list[Item]:
        """Return the files of the touched shows and artists: those that they should have, and those that they have."""
        touched = sorted(self._touched)
        recorded = await engine.fetch(_RECORDED, self._tree, touched)
        rows = await self._rows(plan, [row["item"] for row in recorded if row["item"] > 0])
        groups: dict[int, list[ItemRow]] = {}
        for row in sorted(rows.values(), key=_age, reverse=True):
            if row.group is not None:
                groups.setdefault(row.group, []).append(row)
        wanted: dict[int, ItemRow] = {}
        for group, members in groups.items():
            wanted |= {row.id: row for row in folder_files.of_group(self._kinds[group], members)}
        ids = sorted(wanted.keys() | {row["item"] for row in recorded if row["item"] < 0})
        have = await self._have(plan, ids)
        return [Item(id, wanted.get(id), have.get(id, [])) for id in ids]

    def _keys(self, folder: int, beginnings: list[str] | None) -> list[str]:
        """Return the keys of the files in a folder. For threads."""
        table = ExportFile
        if beginnings is None:
            rows = engine.call(table.select(table.key).where(table.folder == folder).run())
        else:
            rows = engine.call(engine.fetch(_SIMILAR, folder, beginnings))
        return [row["key"] for row in rows]

    async def _note_folders(self, plan: layout.Layout) -> None:
        table = ExportFolder
        left = [folder.id for folder in plan.left if folder.id]
        if left:
            await table.update({table.owner: None, table.folder: None}).where(among(table.id, left))
        plan.left.clear()
        for folder in plan.folders:
            if not folder.id:
                parent = folder.parent.id if folder.parent else None
                made = table(tree=self._tree, parent=parent, name=folder.name, key=folder.key, ours=folder.ours)
                made.owner, made.folder = folder.owner, folder.folder
                folder.id = (await table.insert(made).returning(table.id))[0]["id"]

    async def _note_files(self, files: Sequence[File]) -> None:
        table = ExportFile
        values: many.Values = {
            table.tree: [self._tree] * len(files),
            table.folder: [file.folder.id for file in files],
            table.item: [file.item for file in files],
            table.stem: [file.stem for file in files],
            table.suffix: [file.suffix for file in files],
            table.key: [file.key for file in files],
            table.made: [file.made for file in files],
        }
        rows = await many.insert(table, values, returning=(table.id,))
        for file, row in zip(files, rows, strict=True):
            file.id = row["id"]

    async def _prune(self, plan: layout.Layout) -> None:
        """Remove empty folders, the inner ones first."""
        folders = {folder.id: folder for folder in plan.folders}
        while True:
            table, ours = ExportFolder, ExportFolder.tree == self._tree
            files = ExportFile.select(ExportFile.folder).where(ExportFile.tree == self._tree)
            parents = table.select(table.parent).where(ours, table.parent.is_not_null())
            rows = await table.select(table.id).where(ours, table.id.not_in(files), table.id.not_in(parents))
            if not rows:
                return
            empty = [folders[row["id"]] for row in rows]
            await self._in_thread(plan.remove_folders, empty)
            await table.delete().where(among(table.id, [folder.id for folder in empty]))
