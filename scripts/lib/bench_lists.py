"""Pages and searches of the library at 10,000 to 1,000,000 items, compared with FastAPI + SQLAlchemy + uvicorn."""

import asyncio
import json
import os
import random
import statistics
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from figures import Figure, bearer, hammer, leave_out, percentile, program, request, sql

from mediafetcher.db import embedded
from mediafetcher.library.catalog import text_index
from tests.faults.program import REPOSITORY, Program, free_port, until

PEERS = REPOSITORY / ".cache" / "peers" / "lists"
LOCK = REPOSITORY / "scripts" / "lib" / "peers" / "requirements.lock"
_TITLES = "alpine river fox market winter copper stone garden harbour violin comet meadow paper castle ember north"
WORDS = _TITLES.split()
CONNECTIONS, REQUESTS, ROUNDS = 8, 160, 5

FOLDERS = """
insert into folder (owner, name) select (select min(id) from account), 'Folder ' || n from generate_series(1, 20) n
on conflict do nothing
"""
FILES = """
insert into media_file (sha256, size, kind, ext, duration, width, height, video_codec, audio_codec, ref_count,
  unreferenced_at)
select sha256(n::text::bytea), 1000000 + n, 'video/mp4', '.mp4', n %% 7200, 1920, 1080, 'h264', 'aac', 1, null
from generate_series(%(first)s::int, %(last)s::int) n
"""
ITEMS = """
insert into library_item
  (owner, folder, media_file, title, source_url, site, uploader, created_at, search, sort_key, text_version)
select *, to_tsvector('simple', title || ' ' || uploader || ' video example'), lower(title), %(version)s::int from (
  select (select min(id) from account), (select min(id) + n %% 20 from folder), m.id,
    (%(words)s::text[])[1 + n %% 16] || ' ' || (%(words)s::text[])[1 + (n / 16) %% 16] || ' ' || n as title,
    'https://video.example/watch?v=' || n, 'video.example', 'Someone ' || n %% 100 as uploader,
    now() - make_interval(secs => n)
  from generate_series(%(first)s::int, %(last)s::int) n join media_file m on m.sha256 = sha256(n::text::bytea)) r
"""


# 50 channels, three tags, a date for each of the newest `last` items, and some without a date.
METADATA = """
insert into source_metadata (id, published_at, published_precision, channel, channel_name, channel_site, facts)
select n, case when n %% 20 > 0 then now() - make_interval(hours => n * 7919 %% 100000) end,
  case when n %% 20 > 0 then 'second' end, 'UC' || n %% 50, 'Channel ' || n %% 50, 'video.example',
  jsonb_build_object('tags', array['tag ' || n %% 3, 'rare ' || n %% 5000])
from generate_series(1, %(last)s::int) n
"""
DATED = """
update library_item i set metadata = x.id, published_at = x.published_at, channel = x.channel,
  channel_site = x.channel_site from source_metadata x where i.source_url = 'https://video.example/watch?v=' || x.id
"""


def lists(*, quick: bool = False) -> list[Figure]:
    figures, costs = [], {}
    with program() as running, _peer(running) as peer:
        head, first = bearer(running), 1
        for count in (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000):
            plant(running, first, count)
            first = count + 1
            paths = _paths(running, head, count)
            if peer:
                _same(running.port, peer, head, paths)
            ours, theirs = asyncio.run(_rounds(running.port, peer, head, paths, 2 if quick else ROUNDS))
            costs[count] = statistics.median(rate for rate, _ in ours)
            worst = percentile([time for _, times in ours for time in times], 0.99) * 1e3
            figures.append(
                Figure(f"page, page 2, search over {count:,} items", f"{costs[count]:.0f} /s", "", good=True)
            )
            if theirs:
                ratio = costs[count] / statistics.median(rate for rate, _ in theirs)
                figures.append(Figure("· beside FastAPI + SQLAlchemy", f"{ratio:.1f} x", ">= 4 x", ratio >= 4))
            figures.append(Figure("· 99th percentile", f"{worst:.0f} ms", "<= 50 ms", worst <= 50))
    small, large = costs[min(costs)], costs[max(costs)]
    figures.append(
        Figure("cost at the largest / at the smallest", f"{small / large:.1f} x", "<= 2 x", small / large <= 2)
    )
    return [*figures, *_by_channel(2 if quick else ROUNDS)]


def _by_channel(rounds: int, count: int = 100_000) -> list[Figure]:
    """Pages by published date, channel, tag and day, and the channels, over 100,000 items of 50 channels."""
    with program() as running:
        head = bearer(running)
        plant(running, 1, count)
        with sql(running) as database:
            database.execute("alter table library_item disable trigger user")
            database.execute(METADATA, {"last": count})
            database.execute(DATED)
            database.execute("alter table library_item enable trigger user")
            for table in ("library_item", "source_metadata"):
                until(lambda: _vacuumed(database, table), 120, f"{table} is tidy")  # noqa: B023
        _checkpoint(running)
        paths = _filters(running, head)
        ours, _ = asyncio.run(_rounds(running.port, None, head, paths, rounds))
        listing, _ = asyncio.run(_rounds(running.port, None, head, ["/api/channels"] * 40, rounds))
        tagged = [f"/api/items?limit=50&tag={tag}" for tag in ("rare%207", "tag%201")] * 40
        of_tags, _ = asyncio.run(_rounds(running.port, None, head, tagged, rounds))
    worst, channels, tags = (
        percentile([time for _, times in each for time in times], 0.99) * 1e3 for each in (ours, listing, of_tags)
    )
    return [
        Figure(
            f"published date and channel over {count:,} items, 99th percentile",
            f"{worst:.0f} ms",
            "<= 50 ms",
            worst <= 50,
        ),
        Figure("· the list of channels, 99th percentile", f"{channels:.0f} ms", "<= 50 ms", channels <= 50),
        Figure("· a rare tag and one of 33,000 items, 99th percentile", f"{tags:.0f} ms", "", good=True),
    ]


def _vacuumed(database: psycopg.Connection, table: str) -> bool:
    """Tidy a table, as autovacuum does in time. Returns: False if a transaction, as of the journal, still needs it."""
    database.execute(f"vacuum analyze {table}")
    seen = database.execute("select relallvisible >= relpages * 0.99 from pg_class where relname = %s", [table])
    (row,) = seen.fetchall()
    return bool(row[0])


def _filters(running: Program, head: dict[str, str]) -> list[str]:
    """Return first and second pages in each order: of everything, of a channel, and of days."""
    filters = ("", "channel=UC7", "channel=Channel 9", "since=2000d&until=1000d", "since=30d", "channel=UC3&since=90d")
    paths = [f"/api/items?limit=50&sort={way}published&{quote(one, safe='=&')}" for one in filters for way in ("", "-")]
    paths.append("/api/items?limit=50&channel=UC8")
    for path in list(paths):
        status, body = request(running.port, "GET", path, **head)
        assert status == 200, body
        if more := json.loads(body)["next"]:
            paths.append(f"{path}&cursor={more}")
    return paths * 8


def plant(running: Program, first: int, last: int) -> None:
    """Insert items, files and counts directly; the disk has none of the files."""
    tables = ("media_file", "library_item")
    with sql(running) as database:
        database.execute(FOLDERS)
        for table in tables:
            database.execute(f"alter table {table} disable trigger user")
        for start in range(first, last + 1, 100_000):
            values = {"first": start, "last": min(last, start + 99_999), "words": WORDS, "version": text_index.VERSION}
            for statement in (FILES, ITEMS):
                database.execute(statement, values)
        for table in tables:
            database.execute(f"alter table {table} enable trigger user")
            database.execute(f"vacuum analyze {table}")
    _checkpoint(running)


def _checkpoint(running: Program) -> None:
    """Write what is left to write: a library that has grown slowly has nothing of it."""
    with psycopg.connect(embedded.Cluster(running.state).admin_dsn, autocommit=True) as database:
        database.execute("checkpoint")


def _paths(running: Program, head: dict[str, str], count: int) -> list[str]:
    """Return first pages, second pages and searches for two words, in the same mixture each time."""
    status, body = request(running.port, "GET", "/api/items?limit=50", **head)
    assert status == 200, body
    second = f"/api/items?limit=50&cursor={json.loads(body)['next']}"
    chance = random.Random(count)
    search = [f"/api/items?limit=50&q={quote(' '.join(chance.sample(WORDS, 2)))}" for _ in range(REQUESTS // 3)]
    paths = ["/api/items?limit=50"] * (REQUESTS // 3) + [second] * (REQUESTS // 3) + search
    chance.shuffle(paths)
    return paths


def _same(port: int, peer: int, head: dict[str, str], paths: list[str]) -> None:
    """Check that both return the same items; otherwise the comparison would be meaningless."""
    for path in {*paths[:20]}:
        mine, other = (json.loads(request(where, "GET", path, **head)[1])["items"] for where in (port, peer))
        for one, two in zip(mine, other, strict=True):
            for item in (one, two):  # the same time in two formats; only our program knows whether browsers play it
                item["created_at"] = item["created_at"].replace("+00:00", "Z")
                item.pop("playable")
            assert one == two, (one, two)


async def _rounds(port: int, peer: int | None, head: dict[str, str], paths: list[str], rounds: int):  # type: ignore[no-untyped-def]
    ours, theirs = [], []
    for each in filter(None, (port, peer)):  # connections are open, statements prepared
        await hammer(each, head, paths, CONNECTIONS)
    for _ in range(rounds):
        ours.append(await hammer(port, head, paths, CONNECTIONS))
        if peer:
            theirs.append(await hammer(peer, head, paths, CONNECTIONS))
    return ours, theirs


@contextmanager
def _peer(running: Program) -> Iterator[int | None]:
    """Run the peer on the same database. Yields: its port; None if its packages cannot be installed."""
    python = _peer_python()
    if python is None:
        leave_out("FastAPI and SQLAlchemy cannot be installed here.")
        yield None
        return
    port = free_port()
    dsn = embedded.Cluster(running.state).dsn
    process = subprocess.Popen([python, LOCK.with_name("library.py"), dsn, str(port)])
    try:

        def answers() -> bool:
            assert process.poll() is None
            try:
                return request(port, "GET", "/api/items?limit=1", **bearer(running))[0] == 200
            except OSError:
                return False

        until(answers, 60, "the peer answers")
        yield port
    finally:
        process.terminate()
        process.wait()


def _peer_python() -> Path | None:
    """Return a Python with the peer's packages, by the lock; installed once."""
    python, done = PEERS / "bin" / "python", PEERS / "done"
    if done.exists() and done.read_text() == LOCK.read_text():
        return python
    venv.create(PEERS, with_pip=True, clear=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
    ]
    if subprocess.run([*install, "-r", str(LOCK)], env=os.environ).returncode != 0:
        return None
    done.write_text(LOCK.read_text())
    return python
