"""deno answers what sites ask of a JavaScript engine: found without network, and nothing else may be started."""

import json
import sys
from pathlib import Path

import pytest

from mediafetcher.fetch import child_events, js_runtime
from mediafetcher.fetch.child_events import Program
from mediafetcher.sandbox import process

_DRIVER = Path(__file__).with_name("solve_driver.py")


async def test_challenge_is_solved_behind_the_gateway_and_under_the_limits_of_a_fetch(state, tmp_path):
    """YouTube itself cannot be asked here: the player is a small one of the shape that the solver looks for."""
    runtimes = js_runtime.runtimes()
    assert set(runtimes) == {"deno"}, "deno is not installed"
    folder = process.give(state / "work" / "1")
    root = Path(__file__).parents[3]
    env = process.environment(folder, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
    limits = process.Limits(file_size=1 << 30, data=1 << 30, nice=5)
    argv = [sys.executable, "-P", "-s", str(_DRIVER), str(folder), json.dumps(runtimes)]
    requests, said = js_runtime.Requests(), {}
    async with await process.start(argv, limits, env=env, cwd=folder, reach=[_DRIVER], keep_stdin=True) as program:
        async for line in program:
            said = json.loads(line)
            event = child_events.decode(line) if said["event"] == "program" else None
            if isinstance(event, Program) and (answer := await requests.take(event)) is not None:
                await program.write(answer)
        await program.wait()
        assert said.get("event") == "solved", program.stderr_tail
    assert said["found"] == {"n": {"abc": "cba"}, "sig": {"xyz": "yz"}}, said["said"]
    assert said["refused"] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--allow-net", "-"],
        ["run", "--ext=js", "/etc/passwd"],
        ["eval", "1"],
        ["run", "--no-lock", "-", "--allow-all"],
        [],
    ],
)
async def test_program_with_a_right_or_a_file_is_refused(arguments):
    answer = await js_runtime.Requests().take(Program(arguments=arguments))
    assert json.loads(answer) == {"refused": True}


async def test_program_input_in_parts_reaches_it_whole():
    requests = js_runtime.Requests()
    options = ["run", "--ext=js", "--no-prompt", "--no-remote", "--no-lock", "--no-config", "--cached-only", "-"]
    assert await requests.take(Program("console.log('a' + ", more=True)) is None
    answer = await requests.take(Program("'b')", arguments=options))
    assert json.loads(answer) == {"code": 0, "out": "ab\n", "err": ""}
