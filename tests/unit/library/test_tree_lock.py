"""The lock of an exported tree: one update at a time, and it is free again however the update ended."""

import asyncio

import pytest

from mediafetcher.library.export import tree_lock


async def test_lock_is_taken_by_the_one_who_waits_once_it_is_free(database: str) -> None:
    taken = asyncio.Event()

    async def wait() -> bool:
        taken.set()
        async with tree_lock.locked("/tree", patience=60) as locked:
            return locked

    async with tree_lock.locked("/tree") as first:
        waiting = asyncio.create_task(wait())
        await taken.wait()
        async with tree_lock.locked("/another") as another:
            assert (first, another, waiting.done()) == (True, True, False)
    assert await waiting


async def test_lock_of_an_update_that_failed_is_free_again(database: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with tree_lock.locked("/tree"):
            raise ZeroDivisionError
    async with tree_lock.locked("/tree") as again:
        assert again


async def test_wait_that_is_cancelled_holds_no_lock(database: str) -> None:
    async with tree_lock.locked("/tree"):
        waiting = asyncio.create_task(tree_lock.locked("/tree", patience=600).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(10):  # it does not wait for the rest of its patience
            await asyncio.wait([waiting])
    async with tree_lock.locked("/tree") as again:
        assert again
