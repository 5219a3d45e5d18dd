"""The walks of docs/architecture.md: few files, each reached from an earlier one, counted."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mediafetcher"
_MOST = 12
_CONVERTS = "media/transcode.py"  # opened only for a file that has to be converted
# Files that no earlier one calls, and what begins there.
_BEGINS = {"downloads/worker/runner.py": "a worker is woken", "app/instance.py": "a background task"}


def _walk(number: int) -> tuple[list[str], str]:
    """Return the files of the numbered steps, in order, and the whole text of the walk."""
    text = (ROOT / "docs/architecture.md").read_text().partition(f"## Walk {number}:")[2].partition("\n## ")[0]
    steps = text.partition("These are ")[0]
    return list(dict.fromkeys(re.findall(r"`(\w[\w/]*/\w+\.py)`", steps))), text


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


@pytest.mark.parametrize("number", [1, 2, 3])
def test_walk_opens_at_most_twelve_files(number: int) -> None:
    files, text = _walk(number)
    counted = [file for file in files if file != _CONVERTS]
    assert len(counted) <= _MOST
    assert f"These are {len(counted)} files" in text


@pytest.mark.parametrize("number", [1, 2, 3])
def test_file_of_a_walk_is_reached_from_an_earlier_one(number: int) -> None:
    files, _ = _walk(number)
    for place, file in enumerate(files[1:], start=1):
        before = set().union(*map(_imported, files[:place]))
        assert file in before or file in _BEGINS or file.startswith("api/routes/"), file
