"""Work that a cancellation must not interrupt."""

import asyncio

import pytest

from mediafetcher.core import tasks
from tests.waiting import eventually


class _Work:
    """Work that runs until `end` is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun, self.end, self.done = asyncio.Event(), asyncio.Event(), False
        self._error = error

    async def run(self) -> str:
        self.begun.set()
        await self.end.wait()
        self.done = True
        if self._error:
            raise self._error
        return "result"


async def test_result_and_error_come_through() -> None:
    work, failing = _Work(), _Work(ValueError("no"))
    work.end.set()
    failing.end.set()
    assert await tasks.run_to_completion(work.run()) == "result"
    with pytest.raises(ValueError, match="no"):
        await tasks.run_to_completion(failing.run())


@pytest.mark.parametrize("error", [None, ValueError("no")])
async def test_cancelled_caller_waits_for_the_end_of_the_work(error: Exception | None) -> None:
    work = _Work(error)
    caller = asyncio.create_task(tasks.run_to_completion(work.run(), work.end.set))
    await work.begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert work.done


async def test_second_cancellation_ends_the_wait_but_not_the_work() -> None:
    work = _Work()
    caller = asyncio.create_task(tasks.run_to_completion(work.run()))
    await work.begun.wait()
    for _ in range(2):
        caller.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not work.done
    work.end.set()
    await eventually(lambda: work.done)


@pytest.mark.parametrize("times", [1, 3])
async def test_resource_of_a_cancelled_caller_is_made_and_discarded(times: int) -> None:
    work, discarded = _Work(), []

    async def discard(made: str) -> None:
        discarded.append(made)

    caller = asyncio.create_task(tasks.make_or_discard(work.run(), discard))
    await work.begun.wait()
    for _ in range(times):
        caller.cancel()
        await asyncio.sleep(0)
    assert not caller.done()
    work.end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert discarded == ["result"]


async def test_failed_resource_of_a_cancelled_caller_is_not_discarded() -> None:
    work, discarded = _Work(OSError("no")), []
    caller = asyncio.create_task(tasks.make_or_discard(work.run(), discarded.append))
    await work.begun.wait()
    caller.cancel()
    work.end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not discarded


async def test_resource_is_discarded_if_an_error_is_thrown_into_its_caller() -> None:
    """Not the error of its making: that of the code that drives the caller."""
    discarded: list[str] = []
    waiting = tasks.make_or_discard(asyncio.sleep(0, "made"), discarded.append)
    waiting.send(None)
    await asyncio.sleep(0.01)  # it is made meanwhile
    with pytest.raises(RuntimeError, match="thrown"):
        waiting.throw(RuntimeError("thrown"))
    assert discarded == ["made"]
