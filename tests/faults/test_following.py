"""P32: weeks of following lose nothing, fetch nothing twice, and bring nothing back that was deleted.

A channel publishes, renames, deletes, publishes again, pins, reorders, streams, announces, moves, breaks and limits its
rate. Three users follow it, move, trash and purge their items, and two of them have retention. Checks and downloads are
interrupted at random moments. Time passes in the database alone: every stored time is moved back.
"""

import asyncio
import itertools
import random
import re
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, requeue
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import gateway, prefork
from mediafetcher.library.catalog import folders, items, trash
from mediafetcher.subscriptions import checks, retention, subscriptions
from mediafetcher.subscriptions.filters import Filter
from mediafetcher.subscriptions.retention import Retention
from tests import deep
from tests.factories import add_user
from tests.site.channels import Channel

DAYS = deep.count(32, 5)
TABLES = ("subscription", "subscription_entry", "site_backoff", "download", "library_item", "watch")

pytestmark = [pytest.mark.promise(32), pytest.mark.timeout(7200 if deep.deep(32) else 240)]


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    await prefork.open()
    yield
    await prefork.close()
    await gateway.close()


async def _let_time_pass(hours: int) -> None:
    columns = await engine.fetch(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        " and data_type = 'timestamp with time zone' and table_name = any($1::text[]) order by 1",
        list(TABLES),
    )
    async with engine.transaction():
        for table, group in itertools.groupby(columns, lambda row: row["table_name"]):
            sets = ", ".join(f"{row['column_name']} = {row['column_name']} - interval '{hours} hours'" for row in group)
            await engine.execute(f"alter table {table} disable trigger user")
            await engine.execute(f"update {table} set {sets}")
            await engine.execute(f"alter table {table} enable trigger user")


class _Weeks:
    """A channel and three users who follow it."""

    def __init__(self, channel: Channel, chance: random.Random) -> None:
        self.channel, self.chance, self.last = channel, chance, 0
        self.users: dict[int, Filter] = {}
        self.removed = 0

    def publish(self, count: int) -> None:
        for _ in range(count):
            self.last += 1
            self.channel.publish(self.last, path=f"/film/one/{self.last}", seconds=60)

    def begin_streams(self) -> None:
        """End the streams of yesterday, begin what was announced, and publish a stream or a premiere."""
        chance, channel = self.chance, self.channel
        channel.live.clear()
        channel.live.update(number for number in channel.announced if chance.random() < 0.5)
        channel.announced.clear()  # the others were premieres, and are films from now on
        if chance.random() < 0.4:
            self.publish(1)
            chance.choice([channel.live, channel.announced]).add(self.last)

    def end_streams(self) -> None:
        self.channel.live.clear()
        self.channel.announced.clear()

    def day(self) -> None:
        """Change the channel as a day does."""
        chance, channel = self.chance, self.channel
        self.publish(chance.randrange(3))
        self.begin_streams()
        if channel.films:
            film = chance.choice(channel.films)
            match chance.randrange(6):
                case 0:
                    channel.rename(film.number, f"Film {film.number} renamed")
                case 1:
                    channel.delete(film.number)
                case 2:
                    channel.delete(film.number)
                    channel.films.insert(0 if channel.newest_first else len(channel.films), film)  # published again
                case 3:
                    channel.films.append(film)  # twice in one list
                case 4:
                    channel.films.remove(film)
                    channel.films.insert(0, film)  # pinned
                case 5:
                    channel.films[:3] = reversed(channel.films[:3])

    async def use(self) -> None:
        """Let each user move, trash or purge an item, and apply retention."""
        for owner in self.users:
            rows = await engine.fetch("select id from library_item where owner = $1 and trashed_at is null", owner)
            if rows:
                id = self.chance.choice(rows)["id"]
                match self.chance.randrange(3):
                    case 0:
                        await items.move(id, owner, await folders.ensure(owner, "Elsewhere"))
                    case 1:
                        await trash.trash(id, owner)
                    case 2:
                        await trash.delete_media(id, owner)
        promised = await self._promised()
        assert await retention.apply() == len(promised)
        trashed = await engine.fetch("select id from library_item where trashed_at is not null")
        assert promised <= {row["id"] for row in trashed}
        self.removed += len(promised)

    async def _promised(self) -> set[int]:
        rows = await engine.fetch("select id, owner from subscription")
        shown = [await retention.preview(row["id"], row["owner"]) for row in rows]
        return {item["id"] for one in shown for item in one["items"]}

    async def work(self, *, crashes: float) -> None:
        """Check what is due, then fetch what waits."""
        await requeue.requeue_expired()
        await requeue.promote_scheduled()
        while (check := await checks.claim()) is not None:
            await self._run(checks.run(check), crashes)
        while (download := await leases.claim()) is not None:
            await self._run(runner.run(download), crashes)

    async def _run(self, work: Coroutine[Any, Any, Any], crashes: float) -> None:
        """Run to the end, or cancel at a random moment."""
        task = asyncio.create_task(work)
        if self.chance.random() < crashes:
            await asyncio.wait({task}, timeout=self.chance.uniform(0.0, 0.8))
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _number(text: str) -> int:
    found = re.search(r"/film/one/(\d+)$", text)
    assert found, text
    return int(found[1])


@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "appended"])
async def test_weeks_of_following_fetch_every_wanted_film_once_and_bring_nothing_back(site, newest_first):
    chance = deep.chance("following newest" if newest_first else "following appended")
    site.channels["one"] = channel = Channel(newest_first=newest_first, page_seconds=60)
    weeks = _Weeks(channel, chance)
    weeks.publish(4)
    url = site.url("/channel/one")
    wishes = (
        ("ada", Filter(), None),
        ("bob", Filter(title_exclude="[37]"), Retention(keep_last=3)),
        ("cyd", Filter(max_duration=3600.0), Retention(keep_days=9)),  # entries without a length are looked at
    )
    for name, filter, kept in wishes:
        owner = await add_user(name)
        weeks.users[owner] = filter
        await subscriptions.follow(owner, url, backfill="all", filter=filter, retention=kept, folder="Shows")
    await weeks.work(crashes=0.3)
    for day in range(DAYS):
        weeks.day()
        if day == DAYS // 2:
            await _move(site, weeks)
        await _let_time_pass(26)
        channel.status = chance.choice([200, 200, 200, 503, 429, 404])
        await weeks.work(crashes=0.3)
        channel.status = 200
        await _let_time_pass(26)
        await weeks.work(crashes=0.3)
        await weeks.use()
    weeks.end_streams()
    for _ in range(4):  # what was interrupted last is done, and nothing else
        await _let_time_pass(26)
        await weeks.work(crashes=0.0)
    await _every_wanted_film_came_once(weeks)


async def _move(site, weeks: _Weeks) -> None:
    """Let the channel have another link, which its users enter."""
    site.channels["moved"], site.channels["one"] = weeks.channel, replace(weeks.channel, films=[], status=404)
    site.channels["one"].live, site.channels["one"].announced = weeks.channel.live, weeks.channel.announced
    for row in await engine.fetch("select id, owner from subscription"):
        await subscriptions.change(row["id"], row["owner"], url=site.url("/channel/moved"))


async def _every_wanted_film_came_once(weeks: _Weeks) -> None:
    for owner, filter in weeks.users.items():
        rows = await engine.fetch(
            "select e.url, e.decision, e.reason, d.state from subscription_entry e"
            " join subscription s on s.id = e.subscription left join download d on d.id = e.download"
            " where s.owner = $1",
            owner,
        )
        numbers = [_number(row["url"]) for row in rows]
        assert len(numbers) == len(set(numbers))
        assert {film.number for film in weeks.channel.films} <= set(numbers)
        unwanted = {number for number in numbers if filter.title_exclude and re.search("[37]", str(number))}
        for row, number in zip(rows, numbers, strict=True):
            assert row["decision"] == ("skipped" if number in unwanted else "done"), (number, row)
        downloads = await engine.fetch("select url, state from download where owner = $1", owner)
        fetched = [_number(row["url"]) for row in downloads]
        assert {row["state"] for row in downloads} <= {"done"}
        assert sorted(fetched) == sorted(set(numbers) - unwanted)
        shown = await engine.fetch("select source_url from library_item where owner = $1", owner)
        assert len(shown) == len({row["source_url"] for row in shown})


async def test_source_of_many_entries_costs_one_page_of_it(site, monkeypatch):
    from mediafetcher.subscriptions import listing

    site.channels["one"] = channel = Channel()
    channel.publish(*range(1, 50_001 if deep.deep(32) else 401))
    owner = await add_user("ada")
    row = await subscriptions.follow(owner, site.url("/channel/one"))
    await _check(row["id"])
    channel.publish(60_000)
    await _check(row["id"])  # the order is learned
    reads, real = [], listing.read

    async def counted(owner, url, options, *, first=1, limit=5000):
        reads.append((first, limit))
        return await real(owner, url, options, first=first, limit=limit)

    monkeypatch.setattr(listing, "read", counted)
    channel.publish(60_001)
    await _check(row["id"])
    assert reads == [(1, listing.PAGE)]
    assert (await subscriptions.get(row["id"], owner))["counts"]["queued"] == 2


async def _check(id: int) -> None:
    await engine.execute("update subscription set next_check_at = now() where id = $1", id)
    claimed = await checks.claim(id)
    assert claimed is not None and await checks.run(claimed)
