"""The JavaScript runtime for sites that require a small program to run: deno, which is bundled.

A fetch child starts no program. It requests deno by events (child/javascript.py), and deno runs here, in a child of
its own: `deno run` of its standard input, in deno's own sandbox and in ours, without files, sockets or further
processes, and without fetching anything (`remote_components` is empty; the solver scripts are those of the package
yt-dlp-ejs).
"""

import asyncio
import json
import os
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from mediafetcher.core import bundle
from mediafetcher.fetch.child_events import Program
from mediafetcher.sandbox import process

# Options of `deno run` that remove permissions or forbid network access; none gives a permission.
_OPTIONS = {
    *("--ext=js", "--no-code-cache", "--no-prompt", "--no-remote", "--no-lock", "--node-modules-dir=none"),
    *("--no-config", "--no-npm", "--cached-only", "--v8-flags=--jitless"),
}
_LIMITS = process.Limits(file_size=0, data=1 << 30, cpu_seconds=60, nice=5)
_SECONDS = 120.0
_MOST_INPUT = 32 << 20  # bytes; a player has 3 MB
_MOST_OUTPUT = 32 << 20
_MOST_RUNS = 100  # runs for one fetch


@cache
def deno() -> str | None:
    """Return the path of deno; None if it is not bundled, as on architectures without a build of it."""
    root = bundle.root()
    path = root / "bin" / "deno" if root else Path(sysconfig.get_path("scripts")) / "deno"
    return str(path) if os.access(path, os.X_OK) else None


def runtimes() -> dict[str, Any]:
    """Return yt-dlp's option `js_runtimes`."""
    path = deno()
    return {"deno": {"path": path}} if path else {}


def permitted(arguments: list[str]) -> bool:
    """Tell whether deno is only to run its input, without a permission, or to print its version."""
    if arguments == ["--version"]:
        return True
    options = arguments[1:-1]
    return arguments[:1] == ["run"] and arguments[-1] == "-" and all(option in _OPTIONS for option in options)


class Requests:
    """The requests of one fetch child to the runtime, by its events `program`."""

    def __init__(self) -> None:
        self._input: list[str] = []
        self._size = 0
        self._runs = 0

    async def take(self, event: Program) -> bytes | None:
        """Handle an event. Returns: the line that answers it; None if more of its input follows."""
        self._size += len(event.input)
        if self._size <= _MOST_INPUT:
            self._input.append(event.input)
        if event.more:
            return None
        given, size = "".join(self._input), self._size
        self._input, self._size = [], 0
        self._runs += 1
        arguments = event.arguments
        if (
            arguments is None
            or not permitted(arguments)
            or size > _MOST_INPUT
            or self._runs > _MOST_RUNS
            or deno() is None
        ):
            return _line({"refused": True})
        return _line(await _run(arguments, given.encode("utf-8", "replace")))


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


async def _run(arguments: list[str], given: bytes) -> dict[str, Any]:
    program = deno()
    assert program
    env = process.environment("/", NO_COLOR="1", DENO_NO_UPDATE_CHECK="1")
    walls = process.Ruleset((Path(program),))
    async with await process.start(
        [program, *arguments], _LIMITS, stdin=given, env=env, cwd="/", alone=walls
    ) as running:
        try:
            async with asyncio.timeout(_SECONDS):
                said = await running.output(_MOST_OUTPUT)
                code = await running.wait()
        except TimeoutError:
            return {"code": -9, "out": "", "err": "it took too long"}
        return {"code": code, "out": said.decode("utf-8", "replace"), "err": running.stderr_tail}
