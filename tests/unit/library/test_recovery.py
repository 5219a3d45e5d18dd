"""A journal applied to another database: the library is then what the journal says, whatever was there before."""

import dataclasses
import random
import uuid
from pathlib import Path

import pytest

from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.db import engine
from mediafetcher.library.catalog import blocklist, folders, items, lists, metadata, queries, text_index, watching
from mediafetcher.library.catalog import trash as trash_bin
from mediafetcher.library.recovery import journal, journal_file, merge
from tests import deep
from tests.factories import add_user

SEEDS = deep.count(23, 6)
TABLES = ("library_item", "folder", "account", "source", "source_metadata")
BACKUP = (
    "account",
    "folder",
    "media_file",
    "source_metadata",
    "source",
    "library_item",
    "source_list",
    "source_list_entry",
)
BACKUP += ("blocked_source", "watch", "preset", "subscription", "subscription_entry", "journal_change", "journal_state")


async def _write() -> None:
    while await engine.fetchval("select exists (select from journal_change) or epoch is null from journal_state"):
        await journal.flush()


async def _shown() -> set[tuple]:
    """The library of every user: owner, folder path, title, hash, whether in the trash."""
    rows = await engine.fetch(
        "with recursive path as (select id, name, parent, name as text from folder where parent is null union all"
        "  select f.id, f.name, f.parent, p.text || '/' || f.name from folder f join path p on f.parent = p.id)"
        " select a.name, coalesce(p.text, '') as folder, i.title, encode(m.sha256, 'hex') as sha256,"
        "  i.trashed_at is not null as trashed, i.id, i.keep from library_item i join account a on a.id = i.owner"
        " join media_file m on m.id = i.media_file left join path p on p.id = i.folder"
    )
    return {tuple(row.values()) for row in rows}


async def _names() -> set[tuple]:
    rows = await engine.fetch("select name, admin, quota from account")
    return {tuple(row.values()) for row in rows}


async def _folders() -> int:
    return await engine.fetchval("select count(*) from folder")


async def _user_data() -> list[set[tuple]]:
    """Lists with their entries, blocked links, and watch positions in files that items show, by names of users."""
    found = []
    for query in (
        "select a.name, split_part(l.url, '&', 1), l.title, l.site, l.updated_at::text,"
        " (select string_agg(concat_ws('|', e.position, split_part(e.url, '&', 1), e.title, e.duration), ' '"
        " order by e.position)"
        " from source_list_entry e where e.list = l.id) from source_list l join account a on a.id = l.owner",
        "select a.name, b.key, b.since::text, s.url from blocked_source b join account a on a.id = b.owner"
        " join source s on s.id = b.source",
        "select a.name, encode(m.sha256, 'hex'), w.position, w.updated_at::text from watch w"
        " join account a on a.id = w.owner join media_file m on m.id = w.media_file where m.ref_count > 0",
        "select i.id, x.published_at::text, x.published_precision, x.channel, x.channel_name, x.channel_site,"
        " x.live_status, x.facts - 'thumbnails', i.channel, i.published_at::text from library_item i"
        " join source_metadata x on x.id = i.metadata",
        "select a.name, s.source_key, s.title, s.options::text, s.filter::text, s.backfill, s.state, s.source_order,"
        " s.retention::text, s.schedule::text, p.name as preset, s.succeeded_at is null as first, s.created_at::text,"
        " (select array_agg(concat_ws('|', e.source_key, e.site_key, e.title, e.duration, e.live_status,"
        " e.published_at, e.first_seen_at, e.decision, e.reason, e.item, e.removed_at, e.submitted_at)"
        " order by e.source_key)::text"
        " from subscription_entry e where e.subscription = s.id) as entries"
        " from subscription s join account a on a.id = s.owner left join preset p on p.id = s.preset",
        "select a.name, p.name as preset, p.options::text, p.updated_at::text from preset p"
        " join account a on a.id = p.owner",
    ):
        found.append({tuple(map(str, row.values())) for row in await engine.records(query)})
    return found


async def _everything() -> tuple:
    return await _shown(), await _names(), await _folders(), await _user_data()


async def _apply(media: Path, **more: bool) -> int:
    library = journal_file.load(media)
    assert library is not None
    async with engine.transaction():
        return await merge.apply(library, **more)


async def _empty() -> None:
    """As a new database."""
    for table in TABLES:
        await engine.execute(f"delete from {table}")
    await engine.execute("delete from media_file")
    await engine.execute("delete from journal_change")
    await engine.execute("update journal_state set generation = 0, epoch = null")


async def _reference_counts_hold() -> None:
    wrong = await engine.fetch(
        "select m.id from media_file m left join library_item i on i.media_file = m.id group by m.id"
        " having m.ref_count <> count(i.id)"
    )
    assert wrong == []


class _Chaos:
    """Random changes of a small library, by the functions that API and commands call and by plain SQL."""

    def __init__(self, seed: int, put, owners: list[int]) -> None:
        self.random, self.put, self.owners = random.Random(seed), put, owners

    async def step(self) -> None:
        library = (self.add, self.add, self.change, self.trash, self.purge, self.tidy, self.person)
        more = (self.list, self.block, self.watch, self.metadata, self.follow, self.check, self.check)
        await self.random.choice((*library, *more))()

    async def _item(self) -> dict | None:
        rows = await engine.fetch("select id, owner, trashed_at from library_item order by id")
        return self.random.choice(rows) if rows else None

    async def _owner(self) -> int:
        return self.random.choice([row["id"] for row in await engine.fetch("select id from account order by id")])

    async def add(self) -> None:
        owner = await self._owner()
        folder = await folders.ensure(owner, self.random.choice(("", "A", "A/B", "C/D/E", "Été")))
        data = bytes([self.random.randrange(40)])
        await self.put(data, title=f"film {self.random.randrange(1000)}", owner=owner, folder=folder)

    async def change(self) -> None:
        if (item := await self._item()) is not None:
            await items.rename(item["id"], item["owner"], f"other {self.random.randrange(1000)}")
            folder = await folders.ensure(item["owner"], self.random.choice(("", "A", "Z")))
            await items.move(item["id"], item["owner"], folder)
            await items.set_keep(item["id"], item["owner"], keep=self.random.random() < 0.5)

    async def trash(self) -> None:
        if (item := await self._item()) is not None:
            await self.random.choice((trash_bin.trash, trash_bin.restore))(item["id"], item["owner"])

    async def purge(self) -> None:
        if (item := await self._item()) is not None:
            if self.random.random() < 0.5:
                await trash_bin.delete_media(item["id"], item["owner"])
            else:
                await trash_bin.purge(item["owner"])

    async def tidy(self) -> None:
        names = ("A", "B", "C", "D", "Z")
        await engine.execute(
            "update folder f set name = $1 where id = (select min(id) from folder where name = $2)"
            " and not exists (select from folder g where g.owner = f.owner and g.name = $1)",
            self.random.choice(names),
            self.random.choice(names),
        )
        await engine.execute(
            "delete from folder f where not exists (select from library_item i where i.folder = f.id)"
            " and not exists (select from folder c where c.parent = f.id) and id % 2 = 0"
        )

    async def list(self) -> None:
        if self.random.random() < 0.2:
            await engine.execute("delete from source_list where id = (select min(id) from source_list)")
            return
        number = self.random.randrange(5)
        entries = [
            lists.Entry(f"https://example.org/v?id={self.random.randrange(9)}&token=secret", f"entry {n}", 1.5 * n)
            for n in range(self.random.randrange(1, 5))
        ]
        url = f"https://example.org/list?id={number}&token=secret"
        await lists.save(await self._owner(), url, f"list {self.random.randrange(99)}", "example.org", entries)

    async def block(self) -> None:
        if self.random.random() < 0.2:
            await engine.execute("delete from blocked_source where id = (select min(id) from blocked_source)")
            return
        owner, url = await self._owner(), f"https://example.org/v?id={self.random.randrange(9)}"
        private = f"{owner}:" if self.random.random() < 0.5 else ""
        await blocklist.block_link(owner, url, f"{private}url best {url}")

    async def metadata(self) -> None:
        if self.random.random() < 0.2:
            await engine.execute("delete from source_metadata where id = (select min(id) from source_metadata)")
            return
        if (item := await self._item()) is not None:
            found = SourceMetadata(
                channel_id=f"c{self.random.randrange(3)}",
                channel_name="Ünï",
                published_at=86400.5 * self.random.randrange(9),
                published_precision="second",
                description=f"line\n{self.random.randrange(99)}",
                tags=["a", "b"],
                thumbnails=["https://example.org/t.jpg?token=secret"],
            )
            async with engine.transaction():
                await metadata.attach(item["id"], [], found, private=self.random.random() < 0.5)

    async def follow(self) -> None:
        if self.random.random() < 0.2:
            await engine.execute("delete from subscription where id = (select min(id) from subscription)")
            return
        owner, name = await self._owner(), f"preset {self.random.randrange(3)}"
        await engine.execute(
            "insert into preset (owner, name, options) values ($1, $2, $3) on conflict (owner, lower(name))"
            " do update set options = excluded.options, updated_at = now()",
            owner,
            name,
            {"max_height": self.random.choice((480, 720))},
        )
        await engine.execute(
            "insert into subscription (owner, url, site, source_key, title, preset, filter)"
            " select $1, $2, 'example.org', 'url entry ' || $2, $2, p.id, $4 from preset p"
            " where p.owner = $1 and p.name = $3 on conflict (owner, source_key)"
            " do update set preset = excluded.preset, filter = excluded.filter, title = 'changed'",
            owner,
            f"https://example.org/c{self.random.randrange(4)}",
            name,
            {"title_include": "x"} if self.random.random() < 0.5 else {},
        )

    async def check(self) -> None:
        rows = await engine.fetch("select id, owner from subscription order by id")
        if not rows:
            return
        row, item = self.random.choice(rows), await self._item()
        link = f"https://example.org/e{self.random.randrange(6)}"
        item_id = item["id"] if item and item["owner"] == row["owner"] else None
        await engine.execute(
            "insert into subscription_entry (subscription, source_key, url, title, decision, reason, item,"
            " submitted_at) values ($1, $2, $2, $2,"
            " case when $3::bigint is null then 'skipped' else 'done' end, 'new', $3,"
            " case when $3::bigint is not null then now() end)"
            " on conflict (subscription, source_key) do update set title = 'renamed', removed_at = now()",
            row["id"],
            link,
            item_id,
        )
        await engine.execute("update subscription set succeeded_at = now(), source_order = 'appended'")

    async def watch(self) -> None:
        if (item := await self._item()) is not None:
            await watching.report(item["id"], item["owner"], self.random.randrange(100) / 2)

    async def person(self) -> None:
        if self.random.random() < 0.3:
            await add_user(f"user {uuid.uuid4().hex[:6]}")
            return
        await engine.execute(
            "delete from account a where id = (select max(id) from account) and id > 2"
            " and not exists (select from library_item i where i.owner = a.id)"
        )


@pytest.mark.promise(23)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_journal_alone_brings_back_exactly_the_library(owner, other, put, media_online, seed):
    chaos = _Chaos(seed, put, [owner, other])
    await _write()
    for _ in range(40):
        await chaos.step()
        if chaos.random.random() < 0.3:
            await journal.flush()
        if chaos.random.random() < 0.05:
            await journal.begin_generation()
    await _write()
    before = await _everything()
    await _empty()
    assert await _apply(media_online) == 0
    assert await _everything() == before
    await _reference_counts_hold()
    # And ids are not given out again.
    highest = await engine.fetchval("select max(id) from library_item")
    fresh = await put(b"fresh", owner=await engine.fetchval("select min(id) from account"))
    assert fresh > (highest or 0)


@pytest.mark.promise(23)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 100 + SEEDS))
async def test_older_backup_and_journal_bring_back_exactly_the_library(owner, other, put, media_online, seed):
    """The tables as they were at the backup are put back, as a restore does; then the journal is applied."""
    chaos = _Chaos(seed, put, [owner, other])
    await engine.execute("update account set password_hash = 'hash of ' || id")
    for _ in range(25):
        await chaos.step()
    backup = {name: await engine.fetchval(f"select jsonb_agg(t)::text from {name} t") for name in BACKUP}
    hashes = {row["id"]: row["password_hash"] for row in await engine.fetch("select id, password_hash from account")}
    if chaos.random.random() < 0.7:
        await journal.begin_generation()
    for _ in range(25):
        await chaos.step()
        if chaos.random.random() < 0.3:
            await journal.flush()
    await _write()
    before = await _everything()
    await _restore(backup)
    assert await _apply(media_online) == 0
    assert await _everything() == before
    await _reference_counts_hold()
    for row in await engine.fetch("select id, password_hash from account"):
        assert row["password_hash"] == hashes.get(row["id"])


async def _restore(backup: dict[str, str]) -> None:
    await engine.execute("delete from journal_state")
    await _empty()
    await engine.execute("delete from journal_change")
    for name in BACKUP:
        columns = "*"
        if name == "library_item":
            rows = await engine.fetch(
                "select column_name from information_schema.columns where table_name = 'library_item'"
                " and is_generated = 'NEVER' order by ordinal_position"
            )
            columns = ", ".join(row["column_name"] for row in rows)
        named = "" if columns == "*" else f"({columns})"
        await engine.execute(
            f"insert into {name} {named} select {columns} from jsonb_populate_recordset(null::{name}, $1::text::jsonb)",
            backup[name] or "[]",
        )
        if name == "media_file":
            await engine.execute("update media_file set ref_count = 0, unreferenced_at = now()")


async def test_backup_of_another_history_adds_no_items(owner, put, media_online):
    """Equal ids, other rows: the database was put back to an older state and continued differently."""
    item = await put(b"one", title="of the journal")
    await _write()
    await engine.execute("update library_item set title = 'of the backup', created_at = created_at - interval '1 s'")
    await engine.execute("update account set password_hash = 'x', created_at = created_at - interval '1 s'")
    await engine.execute("delete from journal_change")
    assert await _apply(media_online) == 0
    rows = await engine.fetch("select id, title from library_item")
    assert [(row["id"], row["title"]) for row in rows] == [(item, "of the journal")]
    assert await engine.fetchval("select password_hash from account") == "x"  # by its name


async def test_changes_that_only_the_backup_has_are_kept(owner, put, media_online):
    await _write()
    item = await put(b"one", title="committed, not yet in the journal")
    assert await _apply(media_online) == 0
    assert {row[2] for row in await _shown()} == {"committed, not yet in the journal"}
    assert await engine.fetchval("select max(id) from library_item") == item


async def test_damaged_journal_takes_nothing_from_the_backup(owner, put, media_online):
    kept = [await put(bytes([n]), title=f"film {n}") for n in range(4)]
    await _write()
    await items.rename(kept[2], owner, "renamed")
    await engine.execute("delete from library_item where id = $1", kept[3])
    await _write()
    path = journal_file.generations(media_online)[0]
    data = bytearray(path.read_bytes())
    data[data.index(b"film 1")] ^= 1
    path.write_bytes(data)
    await engine.execute("update library_item set title = 'film 2' where id = $1", kept[2])
    await engine.execute("delete from journal_change")
    assert await _apply(media_online) == 0
    assert {row[2] for row in await _shown()} == {"film 0", "film 1", "renamed"}


async def test_folders_that_lead_in_a_circle_end_at_the_top(owner, put, media_online):
    inner = await folders.ensure(owner, "A/B")
    await put(b"one", folder=inner)
    await _write()
    library = journal_file.load(media_online)
    outer = next(id for id, row in library.rows["folder"].items() if row["parent"] is None)
    library.rows["folder"][outer]["parent"] = inner
    await _empty()
    async with engine.transaction():
        assert await merge.apply(dataclasses.replace(library)) == 0
    assert await engine.fetchval("select count(*) from folder where parent is null") >= 1
    assert await engine.fetchval("select count(*) from library_item") == 1


async def test_lists_blocked_links_and_positions_come_back_from_the_journal_alone(owner, put, media_online):
    item = await put(b"one")
    entries = [lists.Entry("https://example.org/1", "first", 12.5), lists.Entry("https://example.org/2", None, None)]
    await _write()
    await lists.save(owner, "https://example.org/list", "A list", "example.org", entries)
    await blocklist.block_link(owner, "https://example.org/no", "url best https://example.org/no")
    await watching.report(item, owner, 7.5)
    await _write()
    before = await _user_data()
    assert [len(rows) for rows in before] == [1, 1, 1, 0, 0, 0]
    await _empty()
    assert await _apply(media_online) == 0
    assert await _user_data() == before
    found = await lists.page(await engine.fetchval("select id from account where name = 'Ada'"))
    assert [(row["title"], row["entries"]) for row in found] == [("A list", 2)]


async def test_subscription_comes_back_from_the_journal_alone_and_waiting_entries_are_submitted_again(
    owner, put, media_online
):
    item = await put(b"one")
    link = "https://example.org/channel?token=secret"
    id = await engine.fetchval(
        "insert into subscription (owner, url, site, source_key, title, retention, succeeded_at)"
        " values ($1, $2, 'example.org', 'url entry ' || $2, 'A channel', $3, now()) returning id",
        owner,
        link,
        {"keep_last": 3},
    )
    for number, (decision, reason, brought) in enumerate(
        (("done", "new", item), ("queued", "new", None), ("ignored", "before_following", None))
    ):
        await engine.execute(
            "insert into subscription_entry (subscription, source_key, url, decision, reason, item, submitted_at)"
            " values ($1, $2, $2, $3, $4, $5, now())",
            id,
            f"https://example.org/{number}",
            decision,
            reason,
            brought,
        )
    await _write()
    assert b"secret" not in journal_file.generations(media_online)[0].read_bytes()
    await _empty()
    assert await engine.fetchval("select count(*) from subscription") == 0
    assert await _apply(media_online) == 0
    (row,) = await engine.fetch("select url, retention, succeeded_at is not null as seen from subscription")
    assert row == {"url": "https://example.org/channel", "retention": {"keep_last": 3}, "seen": True}
    rows = await engine.fetch(
        "select decision, item, submitted_at is null as waits from subscription_entry order by id"
    )
    found = [tuple(row.values()) for row in rows]
    assert found == [("done", item, False), ("queued", None, True), ("ignored", None, False)]


async def test_links_of_the_backup_keep_the_credentials_that_the_journal_leaves_out(owner, media_online):
    link = "https://example.org/list?id=1&token=secret"
    await lists.save(owner, link, "A list", "example.org", [lists.Entry(f"{link}&n=1", "first", None)])
    await _write()
    assert b"secret" not in journal_file.generations(media_online)[0].read_bytes()
    assert await _apply(media_online) == 0
    rows = await engine.fetch(
        "select l.url as list, e.url from source_list l join source_list_entry e on e.list = l.id"
    )
    assert [tuple(row.values()) for row in rows] == [(link, f"{link}&n=1")]


async def test_journal_of_an_earlier_version_takes_no_list_from_the_backup(owner, put, media_online, monkeypatch):
    await lists.save(owner, "https://example.org/list", "A list", "example.org", [])
    await engine.execute("delete from journal_change")
    monkeypatch.setattr(journal, "KINDS", journal_file.FIRST_KINDS)
    monkeypatch.setattr(journal_file, "KINDS", journal_file.FIRST_KINDS)
    await journal.begin_generation()
    monkeypatch.undo()
    assert await _apply(media_online) == 0
    assert await engine.fetchval("select title from source_list") == "A list"


async def test_file_whose_bytes_are_stored_again_comes_back(owner, put, media_online):
    """Its row existed without a reference when the generation was begun."""
    first = await put(b"one")
    await _write()
    await trash_bin.delete_media(first, owner)
    await journal.begin_generation()
    await put(b"one", title="again")
    await _write()
    await _empty()
    assert await _apply(media_online) == 0
    assert {row[2] for row in await _shown()} == {"again"}


async def test_metadata_comes_back_from_the_journal_alone(owner, put, media_online):
    """Also what changed later, and for two items of one source; links without credentials."""
    item, second = await put(b"one"), await put(b"two")
    await _write()
    link = "https://example.org/t.jpg?token=secret"
    for text in ("early", "zeppelin"):
        found = SourceMetadata(description=text, channel_id="c", channel_name="Films", thumbnails=[link])
        async with engine.transaction():
            await metadata.attach(item, [], found, private=True)
    await engine.execute("update library_item set metadata = (select metadata from library_item where id = $1)", item)
    await _write()
    assert b"token=secret" not in journal_file.generations(media_online)[0].read_bytes()
    await _empty()
    assert await _apply(media_online) == 0
    await text_index.rebuild()
    new_owner = await engine.fetchval("select id from account where name = 'Ada'")
    hits = (await queries.search(new_owner, "zeppelin"))["items"]
    assert {one["id"] for one in hits} == {item, second} and hits[0]["channel"]["name"] == "Films"
    assert await engine.fetchval("select count(distinct metadata) from library_item") == 1


async def test_metadata_whose_numbers_have_gaps_comes_back_from_the_journal_alone(owner, put, media_online):
    """A new row must not take the number of one that has its place already."""
    entries = [await put(bytes([number])) for number in range(4)]
    for number, item in enumerate(entries):
        async with engine.transaction():
            await metadata.attach(item, [], SourceMetadata(description=f"film {number}"), private=True)
    await engine.execute("update library_item set metadata = null where id = $1", entries[0])
    await engine.execute("delete from source_metadata where id = (select min(id) from source_metadata)")
    await _write()
    await _empty()
    await engine.fetchval("select setval('source_metadata_id_seq', 1, false)")  # as in a new database
    assert await _apply(media_online) == 0
    assert await engine.fetchval("select count(distinct metadata) from library_item") == 3


async def test_metadata_of_the_backup_keeps_the_links_that_the_journal_leaves_out(owner, put, media_online):
    item, link = await put(b"one"), "https://example.org/t.jpg?token=secret"
    async with engine.transaction():
        await metadata.attach(item, [], SourceMetadata(thumbnails=[link]), private=True)
    await _write()
    assert await _apply(media_online) == 0
    assert await engine.fetchval("select facts -> 'thumbnails' ->> 0 from source_metadata") == link


async def test_hostile_metadata_of_a_journal_is_bounded(owner, put, media_online):
    item = await put(b"one")
    async with engine.transaction():
        await metadata.attach(item, [], SourceMetadata(title="x"), private=True)
    await _write()
    library = journal_file.load(media_online)
    for row in library.rows["metadata"].values():
        row |= {"channel": ["x"], "channel_url": "javascript:1", "published_at": "never", "published_precision": 7}
        row["facts"] = {"nothing": 1, "description": "d" * 99_999, "tags": [1, "t"], "thumbnails": {}, "extractor": []}
    await _empty()
    async with engine.transaction():
        assert await merge.apply(library) == 0
    row = await engine.fetchrow("select channel, channel_url, published_at, facts from source_metadata")
    assert [row["channel"], row["channel_url"], row["published_at"]] == [None, None, None]
    assert "nothing" not in str(row["facts"]) and len(str(row["facts"])) < 21_000


async def test_journal_of_an_earlier_version_keeps_the_metadata_of_the_backup(owner, put, media_online, monkeypatch):
    item = await put(b"one")
    async with engine.transaction():
        await metadata.attach(item, [], SourceMetadata(title="x"), private=True)
    await engine.execute("delete from journal_change")
    monkeypatch.setattr(journal, "KINDS", journal_file.FIRST_KINDS)
    monkeypatch.setattr(journal_file, "KINDS", journal_file.FIRST_KINDS)
    await journal.begin_generation()
    monkeypatch.undo()
    assert await _apply(media_online) == 0
    assert await engine.fetchval("select metadata is not null from library_item")


async def test_rebuilt_item_is_found_by_its_description(owner, put, media_online):
    item = await put(b"one")
    async with engine.transaction():
        await metadata.attach(item, [], SourceMetadata(description="zeppelin"), private=True)
    await _write()
    assert await _apply(media_online) == 0
    assert await text_index.rebuild() == 1
    assert [row["id"] for row in (await queries.search(owner, "zeppelin"))["items"]] == [item]
