"""The library's measurements at small counts: the same runs as `scripts/bench import large export`."""

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "lib"))
import library_bench

from mediafetcher.api.routes import items

MB = 1_000_000


def test_the_peer_of_the_lists_answers_with_the_same_fields():
    peer = ast.parse(Path(library_bench.__file__).with_name("peers").joinpath("library.py").read_text())
    shapes = {part.name: part.body for part in peer.body if isinstance(part, ast.ClassDef)}
    for ours in (items.Item, items.Media, items.Items):
        theirs = [line.target.id for line in shapes[ours.__name__] if isinstance(line, ast.AnnAssign)]
        assert sorted(theirs) == sorted(ours.__struct_encode_fields__)


@pytest.mark.timeout(300)
def test_many_small_files_by_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIAFETCHER_BENCH", str(tmp_path))
    tmp_path.chmod(0o711)
    run = library_bench.import_files(200)
    assert max(run.adopted.memory) < 150 * MB and library_bench.growth(run.adopted.memory) < 60 * MB
    assert "No problems found" in run.checked.said


@pytest.mark.timeout(300)
def test_a_large_file_of_random_bytes_needs_little_memory():
    assert library_bench.large(64 << 20).memory < 40 * MB


@pytest.mark.timeout(300)
def test_one_change_of_an_exported_library():
    run = library_bench.export_tree(300)
    assert run.change < run.whole / 3, "a change costs far less than the whole"
