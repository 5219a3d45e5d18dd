"""Calls that the code makes in one place only, with the exceptions that have a need of their own."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "mediafetcher"
_ONE_PLACE = {
    "asyncio.shield": {
        "core/tasks.py": "the place",
        "core/shared_calls.py": "callers share one computation, and leave it running",
        "db/embedded.py": "waits with a limit for a server that goes on",
        "sandbox/child.py": "a killed process that does not end is left behind",
        "fetch/ytdlp/updater.py": "callers share one update, and leave it running",
        "library/storage/blob_store.py": "a thread that hangs in a share is left behind after a limit",
        "library/storage/mount.py": "the same",
        "library/storage/ownership.py": "callers share one claim, and leave it running",
        "library/storage/scrub.py": "a thread that hangs in a share is left behind",
    },
    "os.fsync": {
        "core/files.py": "the place",
        "library/recovery/journal.py": "appends; a new one is written piece by piece",
        "library/storage/blob_store.py": "media, written piece by piece",
        "library/storage/reflink.py": "the source of a clone",
        "ops/backup.py": "an archive, written piece by piece",
        "ops/doctor/media_folder.py": "tries what a share can do",
        "ops/media_backups.py": "an archive, written piece by piece",
    },
    "LIBC.prctl": {"sandbox/libc.py": "the place"},
    "ctypes.CDLL": {"sandbox/libc.py": "the place"},
}
_ONE_TEXT = {
    "/proc/self/mountinfo": {"core/mounts.py"},
    "poster.jpg": {"media/posters.py", "library/export/folder_files.py", "library/export/tree_files.py"},
}


def _calls(path: Path) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("call", _ONE_PLACE)
def test_call_is_made_in_its_one_place_and_by_listed_exceptions(call: str) -> None:
    found = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if call in _calls(path)}
    assert found == set(_ONE_PLACE[call])


@pytest.mark.parametrize("text", _ONE_TEXT)
def test_text_is_written_in_its_one_place(text: str) -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        constants = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        if text in constants:
            found.add(str(path.relative_to(PACKAGE)))
    assert found == _ONE_TEXT[text]
