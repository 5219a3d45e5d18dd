"""Three hours of a live stream, with outages, restarts and pauses, are recorded nearly whole.

Time is compressed: a piece of ten seconds comes every fraction of a second. The stream is served by a site of its own,
the recording runs in the real fetch child.
"""

import asyncio
import http.server
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, queries
from mediafetcher.downloads.worker import active, runner
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import queries as item_queries
from tests import deep
from tests.factories import add_user
from tests.site import media

SECONDS = 10  # of one piece
PIECES = deep.count(28, 72)  # 1,080 are three hours
EVERY = 0.25  # seconds between two pieces
WINDOW = 40  # pieces in the list
OUTAGES, RESTARTS, PAUSES = max(2, PIECES // 36), max(1, PIECES // 216), max(1, PIECES // 540)

pytestmark = [pytest.mark.timeout(1800)]


class _Stream:
    """A live stream on a port of its own. It is silent for a second in each outage."""

    def __init__(self, folder: Path) -> None:
        self.began = time.monotonic()
        stream = self
        span = PIECES * EVERY
        self._outages = [span * (number + 0.5) / OUTAGES for number in range(OUTAGES)]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if stream.is_out():
                    return self._say(503, b"not now", "text/plain")
                name = self.path.partition("?")[0].rsplit("/", 1)[-1]
                if name.endswith(".m3u8"):
                    return self._say(200, stream.listing().encode(), "application/vnd.apple.mpegurl")
                self._say(200, (folder / name).read_bytes(), "video/mp2t")

            def _say(self, code: int, body: bytes, kind: str) -> None:
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def shown(self) -> int:
        return min(PIECES, 1 + int((time.monotonic() - self.began) / EVERY))

    def is_out(self) -> bool:
        at = time.monotonic() - self.began
        return any(0 <= at - outage < 1.0 for outage in self._outages)

    def listing(self) -> str:
        last = self.shown
        first = max(0, last - WINDOW)
        pieces = "".join(f"#EXTINF:{SECONDS},\ns{number:04d}.ts\n" for number in range(first, last))
        head = f"#EXTM3U\n#EXT-X-TARGETDURATION:0.2\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
        return head + pieces + ("#EXT-X-ENDLIST\n" if last == PIECES else "")


@pytest.fixture
async def owner(database, media_online) -> int:
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, live_outage_seconds=20.0))
    return await add_user("ada")


def _children() -> int:
    """Bytes of memory of the fetch children."""
    return max((one.memory_info().rss for one in psutil.Process().children(recursive=True)), default=0)


async def _interrupt(id: int, owner: int, order: str) -> None:
    if order == "pause":
        await lifecycle.pause(id, owner)
        for hold, asked in await leases.heartbeat():
            hold.request_stop(asked)
    else:
        active.get(id).request_stop("stop")


async def test_three_hours_of_a_live_stream_are_kept_through_interruptions(owner, tmp_path, request):
    folder = tmp_path / "stream"
    folder.mkdir()
    length = PIECES * SECONDS
    media.run(
        folder,
        f"-f lavfi -i testsrc2=size=64x48:rate=2:duration={length} -f lavfi -i sine=duration={length}"
        " -c:v libx264 -preset ultrafast -g 20 -keyint_min 20 -sc_threshold 0 -c:a aac -b:a 16k -ac 1"
        f" -f hls -hls_time {SECONDS} -hls_list_size 0 -hls_segment_filename s%04d.ts i.m3u8",
    )
    stream = _Stream(folder)
    request.addfinalizer(stream.close)
    url = f"http://127.0.0.1:{stream.server.server_address[1]}/live.m3u8"
    row = await lifecycle.submit(owner, url, options=Options(live_from_start=True, live_max=86_400))
    orders = [*["stop"] * RESTARTS, *["pause"] * PAUSES]
    memory: list[int] = []
    for number, order in enumerate([*orders, ""], 1):
        await engine.execute("update download set run_after = now()")
        claim = await leases.claim()
        assert claim
        at_work = asyncio.create_task(runner.run(claim))
        until = PIECES * number // (len(orders) + 1)
        while order and stream.shown < until and not at_work.done():
            memory.append(_children())
            await asyncio.sleep(0.5)
        if order and not at_work.done():
            await _interrupt(row["id"], owner, order)
        await at_work
        if order == "pause":
            await lifecycle.resume(row["id"], owner)
    while (await queries.get(row["id"], owner))["state"] == "queued":  # an attempt may begin in an outage
        await engine.execute("update download set run_after = now()")
        if claim := await leases.claim():
            await runner.run(claim)
        await asyncio.sleep(0.2)
    row = await queries.get(row["id"], owner)
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    item = await item_queries.get(row["item"], owner)
    print(f"{item['duration']:.0f} of {length} s kept, children at most {max(memory) >> 20} MB")
    assert item["duration"] >= 0.99 * length
    assert max(memory) < 200 << 20
