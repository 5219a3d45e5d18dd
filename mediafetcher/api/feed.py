"""Event streams: each event of an account is looked up and encoded once for all of its open streams.

The bytes that wait for a stream are bounded. A stream that exceeds the bound loses them and gets a new snapshot when it
reads again. If there are too many streams, those that do not read are ended first, then the oldest.
"""

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from mediafetcher.api import problems
from mediafetcher.core import events

_BEHIND = 256 << 10  # bytes that may wait for one stream
_QUEUE = 256  # events that may wait for look-up
_SNAPSHOTS = 0.25  # seconds between two snapshots of an account
OF_ACCOUNT = 64  # open streams of one account
_OF_ADDRESS = 256
_ALL = 1024

Snapshot = Callable[[int], Awaitable[bytes]]
Change = Callable[[events.Event, int], Awaitable[bytes | None]]


class Sender(Protocol):
    """The connection to one client."""

    @property
    def is_stuck(self) -> bool: ...

    def drop(self) -> None: ...


class Stream:
    """The frames for one client."""

    def __init__(self, owner: int, address: str, sender: Sender, session: int | None = None) -> None:
        self.owner, self.address, self.sender, self.session = owner, address, sender, session
        self.ended = False
        self.stale = True  # a snapshot is needed before changes are useful
        self._recheck = False
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._wake = asyncio.Event()

    def put(self, frame: bytes) -> bool:
        """Add a change. Returns: False if the stream is too far behind and needs a snapshot."""
        if self.stale:
            return True
        if self._frames and self._size + len(frame) > _BEHIND:
            self._frames.clear()
            self._size, self.stale = 0, True
            return False
        self._append(frame)
        return True

    def restart(self, snapshot: bytes) -> None:
        self._frames.clear()
        self._size, self.stale = 0, False
        self._append(snapshot)

    def _append(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._size += len(frame)
        self._wake.set()

    def recheck(self) -> None:
        """Make `next` return immediately without a frame, so that the user's access is checked again."""
        self._recheck = True
        self._wake.set()

    def end(self) -> None:
        """End the stream, immediately if the client does not read."""
        self.ended = True
        self._wake.set()
        self.sender.drop()

    async def next(self, seconds: float) -> bytes | None:
        """Wait for the next frame. Returns: None after `seconds`, or after `recheck` or `end`."""
        try:
            async with asyncio.timeout(seconds):
                while not (self._frames or self._recheck or self.ended):
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            return None
        if self._recheck or self.ended:
            self._recheck = False
            return None
        frame = self._frames.popleft()
        self._size -= len(frame)
        return frame


class _Feed:
    """The streams of one account and the task that feeds them."""

    def __init__(self, owner: int, snapshot: Snapshot, change: Change) -> None:
        self._owner, self._snapshot, self._change = owner, snapshot, change
        self.streams: set[Stream] = set()
        self._subscription = events.Subscription(_QUEUE)
        self._dropped = 0
        self._last = -_SNAPSHOTS
        # Use a new context: the task outlives the request that starts it.
        self.task = asyncio.create_task(self._run(), name="event feed", context=contextvars.Context())

    def join(self, stream: Stream) -> None:
        self.streams.add(stream)
        self._subscription.put(events.Event("joined", None))

    async def _run(self) -> None:
        with events.subscribed(self._subscription) as waiting:
            try:
                while True:
                    await self._handle(await waiting.get())
            except Exception as error:
                problems.translate(error)  # it is logged there; clients reconnect for a new snapshot
                for stream in self.streams:
                    stream.end()

    async def _handle(self, event: events.Event) -> None:
        lost, self._dropped = self._subscription.dropped > self._dropped, self._subscription.dropped
        if event.kind == "closing":
            for stream in self.streams:
                stream.end()
        elif lost or event.kind == "reconnected":
            for stream in self.streams:
                stream.stale = True
            await self._restart()
        elif event.kind == "joined":
            await self._restart()
        elif event.kind == "access":
            for stream in self.streams:
                stream.recheck()
        elif frame := await self._change(event, self._owner):
            for stream in self.streams:
                if not stream.put(frame):
                    self._subscription.put(events.Event("joined", None))

    async def _restart(self) -> None:
        """Send one snapshot to all streams that need one and can take it."""
        await asyncio.sleep(max(0.0, self._last + _SNAPSHOTS - time.monotonic()))
        waiting = [stream for stream in self.streams if stream.stale and not stream.sender.is_stuck]
        if waiting:
            self._last = time.monotonic()
            frame = await self._snapshot(self._owner)
            for stream in waiting:
                stream.restart(frame)


_feeds: dict[int, _Feed] = {}
_streams: dict[Stream, None] = {}  # in the order in which they were opened
_sessions: deque[int] = deque(maxlen=_ALL)  # of the newest streams, open or not


@contextmanager
def opened(
    owner: int, address: str, sender: Sender, snapshot: Snapshot, change: Change, session: int | None = None
) -> Iterator[Stream]:
    """Open a stream: `with feed.opened(...) as stream: frame = await stream.next(seconds)`. Snapshot first, then
    changes. `session`: whose it is.
    """
    _make_room(owner, address)
    feed = _feeds.get(owner)
    if feed is None or feed.task.done():
        feed = _feeds[owner] = _Feed(owner, snapshot, change)
    stream = Stream(owner, address, sender, session)
    _streams[stream] = None
    if session is not None:
        _sessions.append(session)
    feed.join(stream)
    try:
        yield stream
    finally:
        stream.ended = True
        feed.streams.discard(stream)
        _streams.pop(stream, None)
        if not feed.streams:
            feed.task.cancel()
            if _feeds.get(owner) is feed:
                del _feeds[owner]


def sessions() -> set[int]:
    """Return the sessions that have an open stream."""
    return {stream.session for stream in _streams if stream.session is not None}


def past_sessions() -> set[int]:
    """Return the sessions of the newest streams, which may have ended."""
    return set(_sessions)


def ask_again(stream: Stream) -> None:
    """Send a new snapshot to a stream that fell behind and reads again."""
    feed = _feeds.get(stream.owner)
    if feed is not None and stream in feed.streams:
        feed.join(stream)


def _make_room(owner: int, address: str) -> None:
    """End streams until one more may be opened."""
    _bound([stream for stream in _streams if stream.owner == owner], OF_ACCOUNT)
    _bound([stream for stream in _streams if stream.address == address], _OF_ADDRESS)
    _bound(list(_streams), _ALL)


def _bound(streams: list[Stream], most: int) -> None:
    for stream in sorted(streams, key=lambda stream: not stream.sender.is_stuck)[: max(0, len(streams) - most + 1)]:
        stream.end()
        _streams.pop(stream, None)
