"""Publish and subscribe inside the process.

A subscriber that does not keep up loses its oldest events, never anybody else's, and is told how many it
lost (`Subscription.dropped`), so that it can ask for a snapshot again.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Event(NamedTuple):
    kind: str
    payload: Any


class Subscription:
    """A bounded queue of events; `await get()` gives the next one."""

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
        """Forget what has come so far."""
        while not self._queue.empty():
            self._queue.get_nowait()


_subscriptions: set[Subscription] = set()


def publish(kind: str, payload: Any = None) -> None:
    """Hand an event to every subscriber. Called on the main loop only."""
    event = Event(kind, payload)
    for subscription in _subscriptions:
        subscription.put(event)


@contextmanager
def subscribe(size: int = 256) -> Iterator[Subscription]:
    """`with subscribe() as events: event = await events.get()`"""
    with subscribed(Subscription(size)) as subscription:
        yield subscription


@contextmanager
def subscribed(subscription: Subscription) -> Iterator[Subscription]:
    """The same for a subscription that was made before, into which its maker may put events too."""
    _subscriptions.add(subscription)
    try:
        yield subscription
    finally:
        _subscriptions.discard(subscription)
