"""Change the library in the database to the state of a journal.

A row of the database and one of the journal are the same if id and time of creation are equal; accounts also by name,
media files by their hash alone. So a backup of another history (a restored older state, a new installation)
never gives its rows to other users. References to a row that stays (downloads, marks, positions) stay.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from piccolo.columns import Column
from piccolo.query.functions.aggregate import Max
from piccolo.querystring import QueryString
from piccolo.table import Table

from mediafetcher.db import engine, many
from mediafetcher.db.expressions import among, same_text
from mediafetcher.db.tables import Folder, JournalChange, JournalState, LibraryItem, SourceMetadata, User
from mediafetcher.library.catalog import text_index
from mediafetcher.library.recovery import source_rows, subscription_data, user_data
from mediafetcher.library.recovery.journal_file import Key, Library, Row

_SLICE = 2000
_HIDDEN = "\ue000"  # begins temporary names, so that two rows can swap theirs
_LATEST = datetime.max.replace(tzinfo=UTC)


async def apply(library: Library, *, cut: bool = False) -> int:
    """Apply the journal, in the caller's transaction. Returns: the number of lost items, whose files are unknown.

    `cut`: the journal is shorter than the database expects, so absence from it proves nothing.
    """
    await JournalState.update({JournalState.recording: False}, force=True)
    await _prefer_newer(library)
    merge = Merge(library, None if cut or not library.complete_until else _time(library.complete_until))
    await merge.delete_items()
    await merge.accounts()
    await merge.folders()
    await merge.files()
    lost = await merge.items()
    await _advance_sequences(library)  # a new row first has a new id, then that of the journal
    await source_rows.show(merge, await source_rows.rows(merge))
    await user_data.lists(merge)
    await user_data.blocked_sources(merge)
    await user_data.watch_positions(merge)
    await subscription_data.restore(merge)
    await merge.delete_rest()
    await _advance_sequences(library)
    return lost


_NUMBERED: dict[str, type[User | Folder | LibraryItem | SourceMetadata]] = {
    "account": User,
    "folder": Folder,
    "item": LibraryItem,
    "metadata": SourceMetadata,
}


async def _advance_sequences(library: Library) -> None:
    """Ensure that no id is assigned again, including those of deleted rows."""
    for kind, table in _NUMBERED.items():
        sequence = f"{table._meta.tablename}_id_seq"
        stored = await table.select(Max(table.id, alias="id")).first()
        assigned = (stored["id"] if stored else None, await engine.function("pg_sequence_last_value", sequence))
        known = (id for one, id in library.every_key() if one == kind)
        await engine.function("setval", sequence, max(1, *known, *(id or 0 for id in assigned)))


async def _prefer_newer(library: Library) -> None:
    """Ignore the journal's state of rows whose last changes only the backup has: those were not yet written."""
    state = await JournalState.select(JournalState.generation).first()
    if state is None or state["generation"] != library.generation.number:
        return
    table, newest = JournalChange, Max(JournalChange.seq, alias="seq")
    for note in await table.select(table.kind, table.row_id, newest).group_by(table.kind, table.row_id):
        key = (note["kind"], note["row_id"])
        if library.seqs.get(key, 0) < note["seq"]:
            library.rows[key[0]].pop(key[1], None)
            library.deleted.discard(key)
            library.newer.add(key)


def _time(text: str) -> datetime:
    return _LATEST if text == "9999" else datetime.fromisoformat(text)


class Merge:
    """The merge of a journal into the database. Maps lead from the journal's ids to the database's."""

    def __init__(self, library: Library, until: datetime | None) -> None:
        self.library = library
        self.until = until
        self.owners: dict[int, int] = {}
        self.parents: dict[int, int] = {}
        self.media_files: dict[int, int] = {}

    def gone(self, kind: str, row: Mapping[str, Any]) -> bool:
        """Tell whether a row of the database without a match in the journal was deleted since."""
        key: Key = (kind, row["id"])
        if key in self.library.newer:
            return False
        known = self.library.rows[kind].get(row["id"])
        if known is not None or key in self.library.deleted:
            return True
        if kind not in self.library.complete_kinds:
            return False
        return self.until is not None and row["created_at"] < self.until

    def same(self, kind: str, row: Mapping[str, Any]) -> bool:
        """Return whether a row of the database is the one that the journal has under its id."""
        known = self.library.rows[kind].get(row["id"])
        return known is not None and _time(known["created_at"]) == row["created_at"]

    async def delete_items(self) -> None:
        rows = await LibraryItem.select(LibraryItem.id, LibraryItem.created_at)
        gone = [row["id"] for row in rows if not self.same("item", row) and self.gone("item", row)]
        await LibraryItem.delete().where(among(LibraryItem.id, gone))

    async def accounts(self) -> None:
        there = await User.select(User.id, User.name, User.created_at).order_by(User.id)
        ids = {row["id"] for row in there}
        self.owners = {row["id"]: row["id"] for row in there if self.same("account", row)}
        names = {row["name"].casefold(): row["id"] for row in there if row["id"] not in self.owners}
        fresh = []
        for id, row in self.library.rows["account"].items():
            if id in self.owners:
                continue
            same = names.pop(row["name"].casefold(), None)
            self.owners[id] = same or await _free("account", id, ids)
            if same is None:
                fresh.append((self.owners[id], f"{_HIDDEN}{id}", _time(row["created_at"])))
        await _insert(User, (User.id, User.name, User.created_at), fresh)
        hidden = QueryString("{}::text || id", _HIDDEN)
        await User.update({User.name: hidden}).where(among(User.id, self.owners.values()))
        # Other accounts, which stay only if the journal is damaged, keep their names.
        used = set(names)
        for id, row in self.library.rows["account"].items():
            await User.update(
                {User.name: _unused(row["name"], used), User.admin: row["admin"], User.quota: row["quota"]}
            ).where(User.id == self.owners[id])

    async def folders(self) -> None:
        table = Folder
        columns = (table.id, table.owner, table.parent, table.name, table.created_at)
        there = await table.select(*columns).order_by(table.id)
        ids = {row["id"] for row in there}
        rows = self.library.rows["folder"]
        self.parents = {row["id"]: row["id"] for row in there if self.same("folder", row)}
        fresh = []
        for id, row in rows.items():
            if id not in self.parents:
                self.parents[id] = await _free("folder", id, ids)
                owner = await self.owner(row["owner"])
                name = f"{_HIDDEN}{self.parents[id]}"
                fresh.append((self.parents[id], owner, name, _time(row["created_at"])))
        hidden = table.update({table.name: QueryString("{}::text || id", _HIDDEN), table.parent: None})
        await hidden.where(among(table.id, self.parents.values()))
        await _insert(table, (table.id, table.owner, table.name, table.created_at), fresh)
        mine = set(self.parents.values())
        used = {(row["owner"], row["parent"], row["name"].casefold()) for row in there if row["id"] not in mine}
        final = []
        for id, row in rows.items():
            owner, parent = await self.owner(row["owner"]), self._parent(id)
            siblings = {name for one, two, name in used if (one, two) == (owner, parent)} if used else set()
            name = _unused(row["name"], siblings)
            final.append((owner, parent, name))
        values = _columns((table.owner, table.parent, table.name), final)
        await many.update(table.id, [self.parents[id] for id in rows], values)

    def _parent(self, id: int) -> int | None:
        """Return the parent of a folder of the journal; None also if it is unknown, or leads back to the folder."""
        rows, seen, above = self.library.rows["folder"], {id}, self.library.rows["folder"][id]["parent"]
        first = above
        while above is not None and above in rows:
            if above in seen:
                return None
            seen.add(above)
            above = rows[above]["parent"]
        return self.parents.get(first) if first is not None else None

    async def owner(self, id: int) -> int:
        """Return the account of an owner; one is created if a damaged journal does not name it."""
        if id not in self.owners:
            found = await User.exists().where(User.id == id)
            self.owners[id] = id if found else await _recovered(id)
        return self.owners[id]

    async def files(self) -> None:
        for rows in _slices(self.library.rows["file"]):
            made = await engine.records(_FILES, json.dumps([{"id": id} | row for id, row in rows]))
            by_hash = {row["name"]: row["id"] for row in made}
            self.media_files |= {id: by_hash[row["sha256"]] for id, row in rows}

    async def items(self) -> int:
        lost, ready = 0, []
        there = {row["id"] for row in await LibraryItem.select(LibraryItem.id)}
        for id, row in self.library.rows["item"].items():
            file = self.media_files.get(row["file"])
            if file is None:
                # A media file whose line is damaged may still be in the backup, under the item itself.
                lost += id not in there
                continue
            folder = self.parents.get(row["folder"]) if row["folder"] is not None else None
            owner = await self.owner(row["owner"])
            words = text_index.of(row["title"], row["uploader"], row["site"])._asdict()
            ready.append(row | words | {"id": id, "owner": owner, "folder": folder, "media_file": file})
        for start in range(0, len(ready), _SLICE):
            await engine.execute(_ITEMS, json.dumps(ready[start : start + _SLICE]))
        return lost

    async def delete_rest(self) -> None:
        """Delete folders and accounts that were deleted since, once they are empty."""
        mine = set(self.parents.values())
        rows = await Folder.select(Folder.id, Folder.created_at)
        gone = [row["id"] for row in rows if row["id"] not in mine and self.gone("folder", row)]
        await engine.execute(_DELETE_FOLDERS, gone)
        mine = set(self.owners.values())
        rows = await User.select(User.id, User.created_at)
        gone = [row["id"] for row in rows if row["id"] not in mine and self.gone("account", row)]
        with_items = LibraryItem.select(LibraryItem.owner)
        await User.delete().where(among(User.id, gone), User.id.not_in(with_items))


# Recursive: folders that are empty, with all below them.
_DELETE_FOLDERS = """
delete from folder f where id = any($1::bigint[]) and not exists (with recursive down as
    (select f.id union all select c.id from folder c join down on c.parent = down.id)
  select from down where id <> all($1) or exists (select from library_item i where i.folder = down.id))
"""
# Slices of 2,000 rows as JSON, merged with the files that exist.
_FILES = """
insert into media_file as m (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, poster,
    subtitles, chapters, playable, cut_at_origin, audio_tracks)
  select decode(sha256, 'hex'), size, kind, ext, duration, width, height, video_codec, audio_codec, poster,
    array(select jsonb_array_elements_text(subtitles)), chapters, playable,
    coalesce(cut_at_origin, false), coalesce(audio_tracks, '[]')
  from jsonb_to_recordset($1::text::jsonb) as r (sha256 text, size bigint, kind text, ext text, duration float8,
    width int, height int, video_codec text, audio_codec text, poster boolean, subtitles jsonb, chapters jsonb,
    playable boolean, cut_at_origin boolean, audio_tracks jsonb)
  on conflict (sha256) do update set ext = excluded.ext, poster = excluded.poster, subtitles = excluded.subtitles,
    chapters = excluded.chapters, playable = excluded.playable, duration = excluded.duration,
    cut_at_origin = excluded.cut_at_origin, audio_tracks = excluded.audio_tracks
  returning id, encode(sha256, 'hex') as name
"""
# Slices of rows as JSON. The terms of an item with metadata are computed again (text_index.py).
_ITEMS = """
insert into library_item (id, owner, folder, media_file, title, source_url, site, uploader, created_at, trashed_at,
    search, sort_key, text_version, keep)
  select id, owner, folder, media_file, title, source_url, site, uploader, created_at, trashed_at,
    search::tsvector, sort_key, text_version, coalesce(keep, false)
  from jsonb_to_recordset($1::text::jsonb) as r (id bigint, owner bigint, folder bigint, media_file bigint, title text,
    source_url text, site text, uploader text, created_at timestamptz, trashed_at timestamptz, search text,
    sort_key text, text_version integer, keep boolean)
  on conflict (id) do update set owner = excluded.owner, folder = excluded.folder, media_file = excluded.media_file,
    title = excluded.title, source_url = coalesce(library_item.source_url, excluded.source_url), site = excluded.site,
    uploader = excluded.uploader, trashed_at = excluded.trashed_at, search = excluded.search,
    sort_key = excluded.sort_key, keep = excluded.keep,
    text_version = case when library_item.metadata is null then excluded.text_version else 0 end
"""


async def _insert(table: type[Table], columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, each with the values of these columns."""
    await many.insert(table, _columns(columns, rows))


def _columns(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> many.Values:
    return {column: [row[place] for row in rows] for place, column in enumerate(columns)}


async def _recovered(id: int) -> int:
    """Return the account of an owner whose name is lost; it is created if there is none."""
    name = f"recovered-{id}"
    found = await User.select(User.id).where(same_text(User.name, name)).first()
    rows = [found] if found else await User.insert(User(name=name)).returning(User.id)
    return int(rows[0]["id"])


async def _free(table: str, id: int, used: set[int]) -> int:
    """Return the id itself, or a new one if another row has it."""
    while id in used:
        id = await engine.function("nextval", f"{table}_id_seq")
    used.add(id)
    return id


def _unused(name: str, used: set[str]) -> str:
    """Return the name, with a number if it is in use."""
    found, number = name, 2
    while found.casefold() in used:
        found, number = f"{name} ({number})", number + 1
    used.add(found.casefold())
    return found


def _slices(rows: Mapping[int, Row]) -> Iterable[list[tuple[int, Row]]]:
    listed = list(rows.items())
    for start in range(0, len(listed), _SLICE):
        yield listed[start : start + _SLICE]
