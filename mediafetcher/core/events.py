"""Publish and subscribe inside the process.

A subscriber that does not keep up loses its own oldest events, and is told how many (`Subscription.dropped`), so that
it can request a new snapshot.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Event(NamedTuple):
    kind: str
    payload: Any


class Subscription:
    """A bounded queue of events; `await get()` returns the next one."""

    def __init__(self, size: int) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(size)
        self.dropped = 0

    def put(self, event: Event) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            self.dropped += 1
        self._queue.put_nowait(event)

    async def get(self) -> Event:
        return await self._queue.get()

    def drain(self) -> None:
        """Discard the queued events."""
        while not self._queue.empty():
            self._queue.get_nowait()


_subscriptions: set[Subscription] = set()


def publish(kind: str, payload: Any = None) -> None:
    """Send an event to every subscriber. Call it only on the main loop."""
    event = Event(kind, payload)
    for subscription in _subscriptions:
        subscription.put(event)


@contextmanager
def subscribe(size: int = 256) -> Iterator[Subscription]:
    """Subscribe: `with subscribe() as events: event = await events.get()`."""
    with subscribed(Subscription(size)) as subscription:
        yield subscription


@contextmanager
def subscribed(subscription: Subscription) -> Iterator[Subscription]:
    """Register an existing subscription, to which its creator may also add events."""
    _subscriptions.add(subscription)
    try:
        yield subscription
    finally:
        _subscriptions.discard(subscription)
