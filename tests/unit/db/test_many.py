"""Many rows are inserted or updated in one statement, whatever the types of their columns."""

import datetime

from mediafetcher.db import many
from mediafetcher.db.tables import Folder, LibraryItem, MediaFile, NotificationTarget, Setting, User

_THEN = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)


async def _user() -> int:
    return int((await User.insert(User(name="anna")).returning(User.id))[0]["id"])


async def test_rows_keep_their_order_and_types(database: str) -> None:
    owner = await _user()
    names = [f"{n:04}" for n in range(3000)]
    values: many.Values = {
        Folder.owner: [owner] * 3000,
        Folder.name: names,
        Folder.parent: [None] * 3000,
        Folder.created_at: [_THEN] * 3000,
    }
    rows = await many.insert(Folder, values, returning=(Folder.id, Folder.name))
    assert [row["name"] for row in sorted(rows, key=lambda row: row["id"])] == names
    assert await Folder.count().where(Folder.created_at == _THEN, Folder.parent.is_null()) == 3000


async def test_values_without_an_array_type_are_sent_as_text(database: str) -> None:
    owner = await _user()
    await many.insert(Setting, {Setting.name: ["a", "b"], Setting.value: ['{"x": 1}', "2"]})
    assert [row["value"] for row in await Setting.select(Setting.value).order_by(Setting.name)] == [{"x": 1}, 2]
    table = NotificationTarget
    fixed: many.Values = {table.owner: [owner] * 2, table.kind: ["plex"] * 2, table.label: ["a", "b"]}
    await many.insert(table, {**fixed, table.ciphertext: [b"1", b"2"], table.events: ["{x,y}", "{}"]})
    found = await table.select(table.events, table.ciphertext).order_by(table.label)
    assert found == [{"events": ["x", "y"], "ciphertext": b"1"}, {"events": [], "ciphertext": b"2"}]


async def test_existing_rows_are_left_or_changed_as_the_clause_says(database: str) -> None:
    await many.insert(Setting, {Setting.name: ["a"], Setting.value: ["1"]})
    both: many.Values = {Setting.name: ["a", "b"], Setting.value: ["7", "8"]}
    rows = await many.insert(Setting, both, conflict="on conflict do nothing", returning=(Setting.name,))
    assert rows == [{"name": "b"}]
    await many.insert(Setting, both, conflict="on conflict (name) do update set value = excluded.value")
    assert [row["value"] for row in await Setting.select(Setting.value).order_by(Setting.name)] == [7, 8]


async def test_rows_get_values_of_their_own_if_the_condition_holds(database: str) -> None:
    owner = await _user()
    file = await MediaFile.insert(MediaFile(sha256=b"1" * 32, size=1, kind="video", ext=".mp4")).returning(MediaFile.id)
    table = LibraryItem
    values: many.Values = {table.owner: [owner] * 3, table.media_file: [file[0]["id"]] * 3, table.title: list("abc")}
    ids = [row["id"] for row in await many.insert(table, values, returning=(table.id,))]
    changed: many.Values = {table.title: ["x", "b", "z"], table.search: ["'one':1", "'two':1", "'three':1"]}
    assert sorted(await many.update(table.id, ids, changed, condition="t.title <> r.title")) == [ids[0], ids[2]]
    assert [row["title"] for row in await table.select(table.title).order_by(table.id)] == ["x", "b", "z"]
    assert await many.update(table.id, [], {table.title: []}) == []
