"""A rotation of the key: killed at every step, and while jars are written and lent."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediafetcher.accounts.auth import users
from mediafetcher.accounts.vault import cookie_formats, cookie_jars, encryption

DRIVER = Path(__file__).with_name("rotate_driver.py")
LINE = f".site{{0}}.org\tTRUE\t/\tTRUE\t{int(time.time()) + 9999}\tsid\tcanary-{{0}}"
JARS = 4


@pytest.fixture
async def owner(database: str, state: Path) -> int:
    id = int((await users.add("Alice", "a long enough password", admin=True))["id"])
    for number in range(JARS):
        await cookie_jars.put(id, f"site{number}.org", cookie_formats.parse(LINE.format(number)))
    return id


async def every_jar_opens(owner: int) -> None:
    for number in range(JARS):
        jar = await cookie_jars.jar_for(owner, f"https://site{number}.org/")
        assert jar is not None and f"canary-{number}" in jar.text


@pytest.mark.timeout(240)
async def test_a_kill_at_any_step_loses_no_jar(owner: int, database: str, state: Path) -> None:
    step = 0
    while True:
        step += 1
        command = [sys.executable, DRIVER, database, state, str(step)]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
        await every_jar_opens(owner)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert step > JARS + 4  # the lock, each jar, the act, the two halves of the key file
    assert len(encryption._keys().vault) == 1
    leftover = [path for path in state.iterdir() if path.name.startswith("key.")]
    assert leftover == []


async def test_jars_that_are_sent_and_lent_meanwhile_are_not_lost(owner: int) -> None:
    over = False

    async def send() -> None:
        number = 0
        while not over:
            number += 1
            await cookie_jars.put(owner, "busy.org", cookie_formats.parse(LINE.format(0).replace("site0", "busy")))
            await cookie_jars.put(
                owner, f"new{number}.org", cookie_formats.parse(LINE.format(0).replace("site0", f"new{number}"))
            )

    async def lend() -> None:
        while not over:
            await every_jar_opens(owner)

    busy = [asyncio.create_task(work()) for work in (send, send, lend, lend)]
    try:
        for _ in range(5):
            assert (await cookie_jars.rotate())["lost"] == 0
    finally:
        over = True
        await asyncio.gather(*busy)
    for row in await cookie_jars.page(owner):
        assert await cookie_jars.jar_for(owner, f"https://{row['site']}/") is not None, row["site"]
