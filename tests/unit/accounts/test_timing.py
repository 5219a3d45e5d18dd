"""The time of a failed sign-in says nothing about whether the name exists.

Measured is the processor time of this process, which a loaded machine does not stretch as it does the wall's clock:
the median of rounds in which every kind of name takes its turn.
"""

import statistics
import time
from pathlib import Path

import pytest

from mediafetcher.accounts.auth import sessions, users
from mediafetcher.core import errors
from mediafetcher.db import engine

PASSWORD = "a long enough password"
ROUNDS = 25
LOOKS = 4  # one look at a time may be disturbed; a difference that is there is seen in each of them


async def cost(name: str, password: str) -> float:
    """Processor time (s) of one failed sign-in."""
    await engine.execute("delete from rate_limit_bucket")
    start = time.process_time()
    with pytest.raises(errors.WrongCredentials):
        await sessions.sign_in(name, password, "192.0.2.1")
    return time.process_time() - start


async def widest(kinds: dict[str, tuple[str, str]]) -> tuple[float, dict[str, float]]:
    """By how much the medians differ, as a part of the smallest."""
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(ROUNDS):
        order = list(kinds)
        for kind in order[turn % len(order) :] + order[: turn % len(order)]:
            took[kind].append(await cost(*kinds[kind]))
    medians = {kind: statistics.median(values) for kind, values in took.items()}
    return max(medians.values()) / min(medians.values()) - 1, medians


async def test_every_failed_sign_in_costs_the_same(database: str, state: Path) -> None:
    await users.local_owner()  # has no password
    await users.add("Alice", PASSWORD, admin=True)
    kinds = {
        "known": ("Alice", "a wrong password"),
        "unknown": ("Nobody", "a wrong password"),
        "without a password": ("owner", "a wrong password"),
        "unknown, long": ("x" * 60, "y" * 120),
    }
    await widest(kinds)  # what is done once is done
    looks = []
    for _ in range(LOOKS):
        looks.append(await widest(kinds))
        if looks[-1][0] <= 0.1:
            return
    pytest.fail(f"they differ by more than 10 %: {looks}")
