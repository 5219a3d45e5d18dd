"""deno answers what sites ask of a JavaScript engine: found without network, and nothing else may be started."""

import json
import sys
from pathlib import Path

from mediafetcher.fetch import js_runtime
from mediafetcher.sandbox import process

_DRIVER = Path(__file__).with_name("solve_driver.py")


async def test_a_challenge_is_solved_behind_the_gate_and_under_the_limits_of_a_fetch(state, tmp_path):
    """YouTube itself cannot be asked here: the player is a small one of the shape that the solver looks for."""
    runtimes = js_runtime.runtimes()
    assert set(runtimes) == {"deno"}, "deno is not installed"
    folder = process.give(state / "work" / "1")
    root = Path(__file__).parents[3]
    env = process.environment(folder, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
    limits = process.Limits(file_size=1 << 30, data=1 << 30, nice=5)
    argv = [sys.executable, "-P", "-s", str(_DRIVER), str(folder), json.dumps(runtimes)]
    async with await process.start(argv, limits, env=env, cwd=folder, reach=[_DRIVER]) as program:
        lines = [line async for line in program]
        await program.wait()
        assert lines, program.stderr_tail
    said = json.loads(lines[-1])
    assert said["found"] == {"n": {"abc": "cba"}, "sig": {"xyz": "yz"}}, said["said"]
    assert said["refused"] == 3
