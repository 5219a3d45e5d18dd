"""Lines of a journal that are valid text of another form: each counts as damage and is skipped."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.library.recovery import journal_file

HEAD = {"journal": journal_file.FORMAT, "at": "2026-01-01T00:00:00+00:00"}
FOLDER = {"k": "folder", "id": 1, "row": {"name": "Films", "owner": 1, "parent": None}}


def _written(path: Path, *values: Any) -> journal_file.Generation:
    def line(value: Any) -> bytes:
        text = json.dumps(value).encode()
        return b"%08x %s\n" % (zlib.crc32(text), text)

    path.write_bytes(b"".join(map(line, values)))
    return journal_file.read(path)


@pytest.mark.parametrize(
    "line",
    [
        {"journal": 99, "at": "2026"},
        {"journal": journal_file.FORMAT},
        {"id": 1, "row": {}},
        FOLDER | {"id": "1"},
        FOLDER | {"seq": "2"},
        FOLDER | {"seq": 2},
        FOLDER | {"row": None},
        FOLDER | {"row": ["Films"]},
        FOLDER | {"row": {"name": 7}},
        FOLDER | {"id": True},
        ["Films"],
    ],
)
def test_line_of_another_form_is_damage(tmp_path: Path, line: Any) -> None:
    found = _written(tmp_path / "journal", HEAD, line)
    assert found.damaged == 1 and not found.rows


def test_second_head_is_damage(tmp_path: Path) -> None:
    assert _written(tmp_path / "journal", HEAD, HEAD).damaged == 1


def test_older_change_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    newer, older = (FOLDER | {"seq": seq, "at": "2026", "row": None} for seq in (5, 3))
    found = _written(tmp_path / "journal", HEAD, newer, older)
    assert found.rows == {("folder", 1): (5, None)} and not found.damaged
