"""The stream of events: a snapshot, then what changed, for those whose it is, until we stop."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from shelf import add_download

from mediafetcher.accounts.auth import tokens
from mediafetcher.api import feed, rsgi_asgi
from mediafetcher.api.routes import events as stream
from mediafetcher.core import events
from mediafetcher.db import engine, notifications
from mediafetcher.downloads import lifecycle, queries
from tests import floods
from tests.waiting import eventually


class Listener:
    """Yield the events that arrive, one at a time."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def __aenter__(self) -> "Listener":
        self._context = self._client.stream("GET", "/api/events")
        self.answer = await self._context.__aenter__()
        self._lines: AsyncIterator[str] = self.answer.aiter_lines()
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self._context.__aexit__(None, None, None)

    async def next(self, seconds: float = 10) -> tuple[str, Any]:
        """(kind, data) of the next event; ("comment", text) of a comment, ("end", None) at the end."""
        kind, data = "", None
        async with asyncio.timeout(seconds):
            async for line in self._lines:
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif line.startswith(":"):
                    return "comment", line[1:].strip()
                elif kind:
                    return kind, data
        return "end", None

    async def until(self, wanted: str) -> Any:
        while True:
            kind, data = await self.next()
            if kind == wanted:
                return data
            assert kind != "end"


async def test_a_snapshot_and_then_what_changes(alice: Any, bob: Any) -> None:
    download = await add_download(alice.id)
    await add_download(bob.id, url="http://site.test/bobs")
    async with Listener(alice.http) as listener:
        assert listener.answer.headers["content-type"].startswith("text/event-stream")
        assert listener.answer.headers["x-accel-buffering"] == "no"
        assert listener.answer.headers["cache-control"] == "no-store"
        kind, data = await listener.next()
        assert kind == "snapshot"
        msgspec.convert(data, stream.Snapshot, strict=False)
        assert [row["id"] for row in data["downloads"]] == [download]
        await lifecycle.cancel(download, alice.id)
        data = await listener.until("download")
        assert (data["id"], data["state"]) == (download, "cancelled")
        rows = [[download, "download", 0.5, 1000.0, 3.0, alice.id], [999, "store", 0.1, None, None, bob.id]]
        await notifications.notify("progress", rows)
        expected = [{"id": download, "stage": "download", "progress": 0.5, "speed": 1000.0, "eta": 3.0}]
        assert await listener.until("progress") == expected
        await lifecycle.clear(download, alice.id)
        assert await listener.until("gone") == {"id": download}
        await notifications.notify("library", {"owner": bob.id})
        await notifications.notify("library", {"owner": alice.id})
        assert await listener.until("library") == {}
        await notifications.notify("subscription", {"id": 1, "owner": bob.id})
        await notifications.notify("subscription", {"id": 2, "owner": alice.id})
        assert await listener.until("subscription") == {"id": 2}
        await notifications.notify("system", {})
        assert "mount" in await listener.until("system")


async def test_nothing_of_others_is_heard(alice: Any, bob: Any) -> None:
    download = await add_download(alice.id)
    async with Listener(bob.http) as listener:
        assert (await listener.next())[1]["downloads"] == []
        await notifications.notify("download", {"id": download, "owner": alice.id})
        await notifications.notify("progress", [[download, "download", 0.5, None, None, alice.id]])
        await notifications.notify("library", {"owner": alice.id})
        await notifications.notify("library", {"owner": bob.id})
        assert await listener.next() == ("library", {})


async def test_slow_reader_gets_a_new_snapshot(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Listener(alice.http) as listener:
        await listener.next()
        # All at once, in one step of the loop: no client could keep up with this.
        for _ in range(1000):
            events.publish("library", {"owner": alice.id})
        kinds = {(await listener.next())[0] for _ in range(2)}
        assert "snapshot" in kinds


async def test_a_comment_keeps_it_open_and_an_ended_session_closes_it(
    web: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BEAT", 0.1)
    async with Listener(signed_in) as listener:
        await listener.until("snapshot")
        assert (await listener.next())[0] == "comment"
        await web.client().delete(
            "/api/session", headers={"Cookie": f"mf_session={signed_in.cookies['mf_session']}", "Origin": web.url}
        )
        kinds = []
        while not kinds or kinds[-1] != "end":
            kinds.append((await listener.next())[0])


async def test_ending_a_token_ends_its_streams_at_once_and_no_others(web: Any, alice: Any, bob: Any) -> None:
    made = await tokens.create(alice.id, "second", ["read"])
    async with Listener(web.client(made["token"])) as ending, Listener(alice.http) as staying:
        await ending.next()
        await staying.next()
        began = time.monotonic()
        await tokens.remove(made["id"], alice.id)
        while (await ending.next())[0] != "end":
            pass
        assert time.monotonic() - began < 5  # the look every 15 s would find it too
        await notifications.notify("library", {"owner": alice.id})
        assert await staying.until("library") == {}


async def test_ending_a_session_or_an_account_ends_its_streams_at_once(
    web: Any, signed_in: Any, alice: Any, bob: Any
) -> None:
    async with Listener(signed_in) as browser, Listener(bob.http) as program:
        await browser.next()
        await program.next()
        began = time.monotonic()
        headers = {"Cookie": f"mf_session={signed_in.cookies['mf_session']}", "Origin": web.url}
        assert (await web.client().delete("/api/session", headers=headers)).status_code == 204
        while (await browser.next())[0] != "end":
            pass
        assert (await alice.http.delete(f"/api/users/{bob.id}")).status_code == 204
        while (await program.next())[0] != "end":
            pass
        assert time.monotonic() - began < 10


async def test_stream_ends_when_its_token_runs_out(web: Any, alice: Any) -> None:
    made = await tokens.create(alice.id, "short", ["read"], 1.5 / 86_400)
    async with Listener(web.client(made["token"])) as listener:
        assert (await listener.next())[0] == "snapshot"
        began = time.monotonic()
        while (await listener.next())[0] != "end":
            pass
        assert time.monotonic() - began < 5


async def test_snapshot_of_a_long_queue_is_bounded_and_begins_with_what_comes_next(alice: Any) -> None:
    await engine.execute(
        "insert into download (owner, url, site, source_key, options, state)"
        " select $1, 'http://site.test/' || n, 'site.test', 'k' || n, '{}', 'queued' from generate_series(1, 3000) n",
        alice.id,
    )
    first = await engine.fetchval("select min(id) from download")
    last = await engine.fetchval("select max(id) from download")
    await engine.execute("update download set priority = 5 where id = $1", last)
    async with Listener(alice.http) as listener:
        data = (await listener.next())[1]
    ids = [row["id"] for row in data["downloads"]]
    assert ids[:3] == [last, first, first + 1]
    assert data["more"] and 50 <= len(ids) <= 300
    assert len(json.dumps(data)) < 512 << 10


async def test_snapshot_is_looked_up_once_for_many_streams(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    real = queries.snapshot

    async def counted(owner: int) -> Any:
        looked.append(owner)
        return await real(owner)

    monkeypatch.setattr(queries, "snapshot", counted)
    listeners = [Listener(alice.http) for _ in range(40)]
    await asyncio.gather(*(listener.__aenter__() for listener in listeners))
    await asyncio.gather(*(listener.until("snapshot") for listener in listeners))
    for _ in range(1000):
        events.publish("library", {"owner": alice.id})
    await asyncio.gather(*(listener.until("snapshot") for listener in listeners))
    for listener in listeners:
        await listener.__aexit__(None, None, None)
    assert len(looked) < 20


async def test_one_stream_too_many_ends_the_oldest(alice: Any) -> None:
    listeners = [Listener(alice.http) for _ in range(feed.OF_ACCOUNT + 2)]
    for listener in listeners:
        await listener.__aenter__()
        assert (await listener.next())[0] == "snapshot"
    for listener in listeners[:2]:
        while (await listener.next())[0] != "end":
            pass
    await notifications.notify("library", {"owner": alice.id})
    for listener in listeners[2:]:
        await listener.until("library")
    for listener in listeners:
        await listener.__aexit__(None, None, None)


@pytest.mark.promise(26)
async def test_streams_that_do_not_read_are_cut_and_hold_few_bytes(
    web: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rsgi_asgi, "_PATIENCE", 2.0)
    request = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.token}\r\n\r\n".encode()
    before = floods.memory(os.getpid())
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(floods.stalled_reader(web.port, request))
        await eventually(lambda: len(feed._streams) >= 10, seconds=20)
        reading = await stack.enter_async_context(Listener(alice.http))
        rows = [[number, "download", 0.5, 1000.0, 3.0, alice.id] for number in range(1000)]
        most = 0
        async with asyncio.timeout(60):
            while len(feed._streams) > 1:
                events.publish("progress", rows)
                await reading.until("progress")
                most = max(most, floods.memory(os.getpid()) - before)
    assert most < 48 << 20


async def test_stopping_ends_open_streams_at_once(web: Any, alice: Any) -> None:
    listeners = [Listener(alice.http) for _ in range(5)]
    for listener in listeners:
        await listener.__aenter__()
        assert (await listener.next())[0] == "snapshot"
    start = time.monotonic()
    web.stopping.set()
    for listener in listeners:
        assert await listener.next() == ("end", None)
    await asyncio.wait_for(asyncio.shield(web.task), 5)
    assert time.monotonic() - start < 5


async def test_disconnected_reader_is_forgotten(web: Any, alice: Any) -> None:
    for _ in range(10):
        async with Listener(alice.http) as listener:
            await listener.next()
    async with asyncio.timeout(10):
        while events._subscriptions:
            events.publish("library", {"owner": alice.id})
            await asyncio.sleep(0.02)
