"""The walks of docs/architecture.md: few files, counted, and each called by an earlier one of its part."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mediafetcher"
_MOST = 12
_CONVERTS = "media/transcode.py"  # opened only for a file that has to be converted, and named apart in the count
_PART = re.compile(r"^\*\*(.+):\*\*$", re.MULTILINE)
_FILE = re.compile(r"`([\w/]+\.py)`")
# From the top. The packages of one line do not import each other.
_LAYERS = (
    ("cli",),
    ("app",),
    ("api",),
    ("ops",),
    ("feeds", "notifications"),
    ("subscriptions",),
    ("importing",),
    ("downloads",),
    ("fetch",),
    ("library", "accounts"),
    ("db", "net", "media"),
    ("sandbox",),
    ("core",),
)


def _walk(number: int) -> str:
    """Return the whole text of a walk."""
    return (ROOT / "docs/architecture.md").read_text().partition(f"## Walk {number}:")[2].partition("\n## ")[0]


def _parts(number: int) -> list[list[str]]:
    """Return the files of the numbered steps, in order, for each part of a walk."""
    steps = _walk(number).partition("These are ")[0]
    return [_FILE.findall(part) for part in _PART.split(steps)[2::2]]


def _files(number: int) -> list[str]:
    return list(dict.fromkeys(file for part in _parts(number) for file in part))


def _imported(file: str) -> set[str]:
    """Return the files of the package that a file imports, or starts as a program."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / file).read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value]
        found |= {name.removeprefix("mediafetcher.").replace(".", "/") + ".py" for name in names}
    return found


def _layer(file: str) -> int:
    return next(level for level, packages in enumerate(_LAYERS) if file.split("/")[0] in packages)


def _callers(part: list[str]) -> dict[str, str | None]:
    """Follow the calls of a part. Returns: the caller of each file, None if nothing on the way to it calls it.

    Like a stack of calls: a file is called by the one before it, or by a caller of that one once it has returned.
    """
    stack: list[str] = []
    callers: dict[str, str | None] = {}
    for file in part:
        if file in stack:
            del stack[stack.index(file) + 1 :]
            continue
        while stack and file not in _imported(stack[-1]):
            stack.pop()
        if file not in callers or callers[file] is None:
            callers[file] = stack[-1] if stack else None
        stack.append(file)
    return callers


@pytest.mark.parametrize("number", [1, 2, 3])
def test_walk_names_files_with_their_folder(number: int) -> None:
    assert [file for file in _FILE.findall(_walk(number)) if not (PACKAGE / file).is_file()] == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_walk_opens_at_most_twelve_files(number: int) -> None:
    counted = [file for file in _files(number) if file != _CONVERTS]
    apart = f", and `{_CONVERTS}` for a file that needs a conversion" if _CONVERTS in _files(number) else ""
    assert 0 < len(counted) <= _MOST
    assert f"These are {len(counted)} files{apart}." in _walk(number)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_file_of_a_walk_is_called_by_an_earlier_one_of_its_part(number: int) -> None:
    for part in _parts(number):
        without = [file for file, caller in _callers(part).items() if caller is None]
        # A part begins at one file; a request may come by either of two routes.
        assert without[0] == part[0] and all(file.startswith("api/routes/") for file in without[1:]), without


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_call_of_a_walk_goes_up_a_layer(number: int) -> None:
    calls = [(caller, file) for part in _parts(number) for file, caller in _callers(part).items() if caller]
    assert [call for call in calls if _layer(call[0]) > _layer(call[1])] == []


def test_layers_of_the_walks_are_those_of_the_contract() -> None:
    contract = (ROOT / "pyproject.toml").read_text().partition('type = "layers"')[2].partition("]")[0]
    layers = re.findall(r'"(.+)"', contract)  # the first is __main__
    assert [tuple(re.findall(r"mediafetcher\.(\w+)", layer)) for layer in layers[1:]] == list(_LAYERS)
