"""How often the fault tests repeat, and the seed of their chance.

The test command takes the counts that stand in the tests; `scripts/faults` gives others by `MF_P<promise>`, and a
printed seed is replayed by `MF_SEED`.
"""

import os
import random

SEED = int(os.environ.get("MF_SEED") or random.SystemRandom().randrange(1 << 32))


def count(promise: int, here: int) -> int:
    """Repetitions for this promise: `here`, unless more (or fewer) were asked for."""
    return int(os.environ.get(f"MF_P{promise}") or here)


def deep(promise: int) -> bool:
    """Whether this is a deep run: with the waiting times and sizes of real installations."""
    return f"MF_P{promise}" in os.environ


def chance(name: str = "") -> random.Random:
    """Randomness whose seed is printed, and so shown where a test fails."""
    print(f"MF_SEED={SEED}")
    return random.Random(f"{SEED} {name}")
