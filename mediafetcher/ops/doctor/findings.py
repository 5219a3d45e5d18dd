"""The result of a check."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One checked property. `name` is stable; `do`: commands to type, each with a comment that names the machine.

    A problem keeps MediaFetcher from working, or from working safely. A note is worth knowing.
    """

    name: str
    level: Literal["problem", "note", "ok"]
    what: str
    do: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "level": self.level, "what": self.what, "do": list(self.do)}


Findings = Iterator[Finding]


def ok(name: str, what: str) -> Finding:
    return Finding(name, "ok", what)


def note(name: str, what: str, *do: str) -> Finding:
    return Finding(name, "note", what, do)


def problem(name: str, what: str, *do: str) -> Finding:
    return Finding(name, "problem", what, do)
