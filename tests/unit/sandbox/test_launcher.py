"""Children start next to the event loop, which continues meanwhile."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from mediafetcher.sandbox import launcher, privilege_drop, process


def _slow(argv: list[str]) -> "subprocess.Popen[bytes]":
    """A child that takes half a second between fork and exec, as on a busy machine."""
    return subprocess.Popen(argv, start_new_session=True, stdout=subprocess.PIPE, preexec_fn=lambda: time.sleep(0.5))


async def test_start_of_a_slow_child_leaves_the_loop_free(monkeypatch):
    prepare = privilege_drop.prepare

    def slow(*given, **more):
        confine = prepare(*given, **more)
        return lambda: (time.sleep(0.5), confine())

    monkeypatch.setattr(process, "prepare", slow)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    counting = asyncio.create_task(count())
    async with await process.start(["/bin/echo", "fine"]) as running:
        counting.cancel()
        assert [line async for line in running] == [b"fine"]
    assert turns > 10


async def test_cancelled_launch_leaves_no_process():
    pids = []

    def make() -> "subprocess.Popen[bytes]":
        started = _slow(["/bin/sleep", "300"])
        pids.append(started.pid)
        return started

    launching = asyncio.create_task(launcher.launch(make, process.discard))
    await asyncio.sleep(0.1)
    launching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await launching
    assert pids  # the cancellation waited for the launch
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


async def test_launch_that_fails_raises():
    with pytest.raises(FileNotFoundError):
        await process.start(["/nonexistent/program"])


_OUTER = """
import asyncio
from mediafetcher.sandbox import process

async def main():
    # The task that started the child has ended, and many threads have come and gone.
    child = await asyncio.create_task(process.start(["/bin/sleep", "300"]))
    await asyncio.gather(*(asyncio.to_thread(str) for _ in range(50)))
    print(child.pid, child.returncode, flush=True)
    await asyncio.sleep(300)

asyncio.run(main())
"""


async def test_child_lives_until_the_program_is_killed():
    outer = subprocess.Popen([sys.executable, "-c", _OUTER], stdout=subprocess.PIPE, text=True)
    try:
        assert outer.stdout is not None
        pid = int((await asyncio.to_thread(outer.stdout.readline)).split()[0])
        os.kill(pid, 0)
        watching = os.pidfd_open(pid)
    finally:
        outer.kill()
        outer.communicate()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watching, ended.set)
    try:
        async with asyncio.timeout(10):
            await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(watching)
        os.close(watching)
