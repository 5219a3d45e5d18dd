"""The stream of events: a snapshot, then what changed, for those whose it is, until we stop."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from shelf import add_download

from mediafetcher.api.routes import events as stream
from mediafetcher.core import events
from mediafetcher.db import engine
from mediafetcher.downloads import lifecycle


class Listener:
    """What arrives, one event at a time."""

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
        await engine.notify("progress", rows)
        expected = [{"id": download, "stage": "download", "progress": 0.5, "speed": 1000.0, "eta": 3.0}]
        assert await listener.until("progress") == expected
        await lifecycle.clear(download, alice.id)
        assert await listener.until("gone") == {"id": download}
        await engine.notify("library", {"owner": bob.id})
        await engine.notify("library", {"owner": alice.id})
        assert await listener.until("library") == {}
        await engine.notify("system", {})
        assert "mount" in await listener.until("system")


async def test_nothing_of_others_is_heard(alice: Any, bob: Any) -> None:
    download = await add_download(alice.id)
    async with Listener(bob.http) as listener:
        assert (await listener.next())[1]["downloads"] == []
        await engine.notify("download", {"id": download, "owner": alice.id})
        await engine.notify("progress", [[download, "download", 0.5, None, None, alice.id]])
        await engine.notify("library", {"owner": alice.id})
        await engine.notify("library", {"owner": bob.id})
        assert await listener.next() == ("library", {})


async def test_who_is_slow_gets_a_new_snapshot(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Listener(alice.http) as listener:
        await listener.next()
        # All at once, in one step of the loop: nobody could keep up with this.
        for _ in range(1000):
            events.publish("library", {"owner": alice.id})
        kinds = {(await listener.next())[0] for _ in range(2)}
        assert "snapshot" in kinds


async def test_a_comment_keeps_it_open_and_an_ended_session_closes_it(
    web: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BEAT", 0.1)
    async with Listener(signed_in) as listener:
        await listener.next()
        assert (await listener.next())[0] == "comment"
        await web.client().delete(
            "/api/session", headers={"Cookie": f"mf_session={signed_in.cookies['mf_session']}", "Origin": web.url}
        )
        kinds = []
        while not kinds or kinds[-1] != "end":
            kinds.append((await listener.next())[0])


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


async def test_who_leaves_is_forgotten(web: Any, alice: Any) -> None:
    for _ in range(10):
        async with Listener(alice.http) as listener:
            await listener.next()
    async with asyncio.timeout(10):
        while events._subscriptions:
            events.publish("library", {"owner": alice.id})
            await asyncio.sleep(0.02)
