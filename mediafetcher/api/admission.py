"""Limit open requests and unfinished bodies of each address and account, by number and by bytes.

A request that waits for its body costs only memory, and its sender decides how long it waits. If too many wait, the one
that has waited longest is dropped and the new one is accepted, so clients that keep sending are served.
"""

import asyncio
from collections.abc import Hashable
from typing import Self

from mediafetcher.core import errors

_REQUESTS = 512  # open requests of one address or account
_WAITING = 256  # of these, requests that wait for their body
_BODIES = 8 << 20  # bytes of bodies of one address or account
_ALL_BODIES = 32 << 20  # bytes of bodies of all clients
_AGAIN = 2  # seconds after which a refused client may try again

Key = Hashable


class Waiting:
    """A request whose body is incomplete."""

    def __init__(self) -> None:
        self._timeout: asyncio.Timeout | None = None

    def until(self, when: float) -> asyncio.Timeout:
        """Bound the wait by a time of the loop's clock, and by `give_up`."""
        self._timeout = asyncio.timeout_at(when)
        return self._timeout

    def give_up(self) -> None:
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())


class Admission:
    """The counts of one server."""

    def __init__(self) -> None:
        self._requests: dict[Key, int] = {}
        self._waiting: dict[Key, dict[Waiting, None]] = {}
        self._bodies: dict[Key, int] = {}
        self._all_bodies = 0

    def enter(self, address: str) -> "Ticket":
        """Count a request: `with admission.enter(address) as ticket:`. Raises: `TooManyRequests`."""
        ticket = Ticket(self)
        ticket.count_for(("address", address))
        return ticket

    def _enter(self, key: Key, held: int) -> None:
        if self._requests.get(key, 0) >= _REQUESTS:
            raise _too_many()
        self._requests[key] = self._requests.get(key, 0) + 1
        self._bodies[key] = self._bodies.get(key, 0) + held

    def _leave(self, key: Key, held: int) -> None:
        _lower(self._requests, key, 1)
        _lower(self._bodies, key, held)

    def _hold(self, keys: list[Key], size: int) -> None:
        if self._all_bodies + size > _ALL_BODIES or any(self._bodies.get(key, 0) + size > _BODIES for key in keys):
            self._give_up_oldest(keys)
            raise _too_many()
        self._all_bodies += size
        for key in keys:
            self._bodies[key] = self._bodies.get(key, 0) + size

    def _give_up_oldest(self, keys: list[Key]) -> None:
        for key in keys:
            for oldest in self._waiting.get(key, ()):
                oldest.give_up()
                break

    def _wait(self, keys: list[Key], waiting: Waiting) -> None:
        for key in keys:
            of_key = self._waiting.setdefault(key, {})
            if len(of_key) >= _WAITING:
                oldest = next(iter(of_key))
                oldest.give_up()
                del of_key[oldest]
            of_key[waiting] = None

    def _came(self, keys: list[Key], waiting: Waiting) -> None:
        for key in keys:
            of_key = self._waiting.get(key, {})
            of_key.pop(waiting, None)
            if not of_key:
                self._waiting.pop(key, None)


class Ticket:
    """One counted request. Its account is added when it is known."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._keys: list[Key] = []
        self._held = 0
        self._waiting = Waiting()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def count_for(self, key: Key) -> None:
        """Count the request for this key too. Raises: `TooManyRequests`."""
        if key not in self._keys:
            self._admission._enter(key, self._held)
            self._keys.append(key)

    def wait_for_body(self, until: float) -> asyncio.Timeout:
        """Bound the wait for one piece: `async with ticket.wait_for_body(time):`. Raises: `TimeoutError`."""
        self._admission._wait(self._keys, self._waiting)
        return self._waiting.until(until)

    def body_came(self, size: int) -> None:
        """Count `size` received bytes of a body. Raises: `TooManyRequests`."""
        self._admission._came(self._keys, self._waiting)
        if size:
            self._admission._hold(self._keys, size)
            self._held += size

    def leave(self) -> None:
        """Stop counting: the request was answered, or continues as a stream counted elsewhere. May be called twice."""
        self._admission._came(self._keys, self._waiting)
        for key in self._keys:
            self._admission._leave(key, self._held)
        self._admission._all_bodies -= self._held
        self._keys, self._held = [], 0


def _lower(counts: dict[Key, int], key: Key, by: int) -> None:
    left = counts.get(key, 0) - by
    if left > 0:
        counts[key] = left
    else:
        counts.pop(key, None)


def _too_many() -> errors.TooManyRequests:
    return errors.TooManyRequests("Too many requests at once: wait until the others are answered.", retry_after=_AGAIN)
