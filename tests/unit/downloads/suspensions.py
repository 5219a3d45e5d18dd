"""Drive the tasks of one download step by step, and let something happen at one chosen suspension.

Each task that a download starts is wrapped by a coroutine that sees every suspension: the moment at which the task
waits for a future. A place is the chain of awaiting functions with their lines, so that loops count once. The action
at a place is an error in place of the future's result, a cancellation, or something real that is done meanwhile.
"""

import asyncio
import contextvars
import types
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

Place = tuple[str, ...]
_driven: contextvars.ContextVar["Driver | None"] = contextvars.ContextVar("driven", default=None)
# Nothing but a cancellation comes out of these: they wait for tasks, events and time.
_NEVER_FAIL = ("asyncio.tasks._wait:",)
_SYNCHRONISATION = ("asyncio.locks.", "asyncio.queues.", "asyncio.tasks.sleep:", "asyncio.tasks.__sleep0:")


class Driver:
    """Counts the places of the tasks that are started inside `watch`, and acts once at `at`.

    `error` makes what is raised instead of the result; `deed` is done while the task waits; neither: only counts.
    """

    def __init__(
        self,
        at: Place | None = None,
        *,
        error: Callable[[], BaseException] | None = None,
        deed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._at, self._error, self._deed = at, error, deed
        self.places: dict[Place, int] = {}
        self.acted = False

    @contextmanager
    def watch(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        before = loop.get_task_factory()
        loop.set_task_factory(_task)
        token = _driven.set(self)
        try:
            yield
        finally:
            _driven.reset(token)
            loop.set_task_factory(before)

    def reached(self, place: Place) -> bool:
        """Note a suspension. Returns: whether this is the one to act at."""
        self.places[place] = self.places.get(place, 0) + 1
        if place != self._at or self.acted:
            return False
        self.acted = True
        return True

    def drive(self, inner: Any) -> Generator[Any, Any, Any]:
        value: Any = None
        thrown: BaseException | None = None
        while True:
            try:
                future = inner.throw(thrown) if thrown is not None else inner.send(value)
            except StopIteration as end:
                return end.value
            value, thrown = None, None
            acts = self.reached(place_of(inner))
            try:
                if acts and self._deed is not None:
                    yield from self._do(self._deed, future)
                value = yield future
            except BaseException as error:
                thrown = error
            if acts and self._error is not None and not isinstance(thrown, asyncio.CancelledError):
                thrown = self._error()

    def _do(self, deed: Callable[[], Awaitable[None]], future: Any) -> Generator[Any, Any, None]:
        """Do it while the task is suspended; a cancellation of the task reaches what it waits for."""
        blocking = getattr(future, "_asyncio_future_blocking", None)
        work = contextvars.Context().run(asyncio.ensure_future, deed())
        if blocking:
            future._asyncio_future_blocking = False
        try:
            while not work.done():
                yield from asyncio.sleep(0.001).__await__()
        except asyncio.CancelledError:
            if blocking:
                future.cancel()
            raise
        finally:
            work.add_done_callback(lambda done: done.cancelled() or done.exception())
        if blocking:
            future._asyncio_future_blocking = True


@types.coroutine
def _wrapped(driver: Driver, inner: Any) -> Generator[Any, Any, Any]:
    try:
        return (yield from driver.drive(inner))
    finally:
        inner.close()


def _task(loop: asyncio.AbstractEventLoop, work: Any, **given: Any) -> asyncio.Task[Any]:
    context = given.get("context")
    driver = context.get(_driven) if context is not None else _driven.get()
    if driver is not None:
        work = _wrapped(driver, work)
    return asyncio.Task(work, loop=loop, **given)


def place_of(work: Any) -> Place:
    """The functions that await, from the task down, each with its line."""
    found: list[str] = []
    while work is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(work, f"{kind}_frame", None)
            if frame is not None:
                found.append(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}:{frame.f_lineno}")
                work = getattr(work, f"{kind}_await" if kind != "gi" else "gi_yieldfrom")
                break
        else:
            break
    return tuple(found)


def can_fail(place: Place, *, strictly: bool) -> bool:
    """Whether what is waited for can end with an error. Strictly: not if it is an event, a lock or time."""
    return not place[-1].startswith((*_NEVER_FAIL, *(_SYNCHRONISATION if strictly else ())))
