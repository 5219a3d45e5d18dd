"""Programs in a fetch child: it starts none. The one that yt-dlp may ask for, deno, runs in the server.

`stand_in` replaces `subprocess.Popen` before yt-dlp is imported, since yt-dlp derives a class of its own from
it. Requests go to the server as events, and the answer comes as a line of standard input (js_runtime.py).
"""

import importlib
import json
from collections.abc import Callable
from typing import Any, NoReturn, Self, TextIO

from mediafetcher.net import egress

_PART = 32 << 10  # characters of one line
_ask: Callable[[list[str], str], dict[str, Any]] | None = None
_programs: frozenset[str] = frozenset()


def stand_in() -> None:
    """Stop this process from starting programs from now on."""
    importlib.import_module("subprocess").Popen = Remote  # type: ignore[attr-defined]


def install(channel: Any, answers: TextIO, programs: list[str]) -> None:
    """Allow requests for these programs, through this channel."""
    global _ask, _programs
    _programs = frozenset(programs)

    def ask(arguments: list[str], given: str) -> dict[str, Any]:
        channel.check()
        parts = [given[at : at + _PART] for at in range(0, len(given), _PART)] or [""]
        for part in parts[:-1]:
            channel.say("program", input=part, more=True)
        channel.say("program", input=parts[-1], more=False, arguments=arguments)
        answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    _ask = ask


class Remote:
    """Replaces `subprocess.Popen`, as far as yt-dlp uses it."""

    stdin = stdout = stderr = None
    pid = 0

    def __init__(
        self,
        args: Any,
        *_: Any,
        text: Any = None,
        encoding: Any = None,
        errors: Any = None,
        universal_newlines: Any = None,
        **__: Any,
    ) -> None:
        self.args = args
        self.returncode: int | None = None
        self._text = bool(text or encoding or errors or universal_newlines)
        if _ask is None or not isinstance(args, list | tuple) or args[0] not in _programs:
            _refuse(args)

    def __class_getitem__(cls, _: Any) -> type:
        return cls

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:  # noqa: A002 as Popen has it
        given = input.decode("utf-8", "replace") if isinstance(input, bytes) else input or ""
        assert _ask is not None
        answer = _ask([str(argument) for argument in self.args[1:]], given)
        if answer.get("refused"):
            _refuse(self.args)
        self.returncode = int(answer["code"])
        said = answer["out"], answer["err"]
        return said if self._text else tuple(text.encode() for text in said)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.communicate()
        return self.returncode or 0

    def poll(self) -> int | None:
        return self.returncode

    def kill(self) -> None:
        self.returncode = -9 if self.returncode is None else self.returncode

    terminate = kill

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _refuse(args: Any) -> NoReturn:
    name = args[0] if isinstance(args, list | tuple) and args else args
    raise egress.Blocked(f"program not allowed: {name}")
