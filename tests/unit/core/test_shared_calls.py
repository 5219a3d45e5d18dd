"""Calls for the same at the same time share a computation that began after they were made."""

import asyncio

import pytest

from mediafetcher.core import shared_calls


async def test_calls_during_a_computation_share_the_next_one() -> None:
    value, begun, started, go = 1, 0, asyncio.Event(), asyncio.Event()

    async def compute() -> int:
        nonlocal begun
        begun += 1
        seen = value
        started.set()
        await go.wait()
        return seen

    first = [asyncio.create_task(shared_calls.join("key", compute)) for _ in range(3)]
    await started.wait()
    value = 2
    later = [asyncio.create_task(shared_calls.join("key", compute)) for _ in range(3)]
    other = asyncio.create_task(shared_calls.join("other", compute))
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*first) == [1] * 3
    assert await asyncio.gather(*later, other) == [2] * 4
    assert begun == 3
    assert not shared_calls._running and not shared_calls._waiting


async def test_caller_that_leaves_stops_no_other_and_a_failure_reaches_all() -> None:
    go = asyncio.Event()

    async def compute() -> int:
        await go.wait()
        raise ValueError("no")

    calls = [asyncio.create_task(shared_calls.join("key", compute)) for _ in range(3)]
    await asyncio.sleep(0)
    calls[0].cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await calls[0]
    for call in calls[1:]:
        with pytest.raises(ValueError, match="no"):
            await call
    assert not shared_calls._running and not shared_calls._waiting
