"""The library's measurements at small counts: the same runs as `scripts/bench import large export`."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "lib"))
import library_bench

MB = 1_000_000


@pytest.mark.timeout(300)
def test_many_small_files_by_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIAFETCHER_BENCH", str(tmp_path))
    tmp_path.chmod(0o711)
    run = library_bench.import_files(200)
    assert max(run.adopted.memory) < 150 * MB and library_bench.growth(run.adopted.memory) < 60 * MB
    assert "Nothing found" in run.checked.said


@pytest.mark.timeout(300)
def test_a_large_file_of_random_bytes_needs_little_memory():
    assert library_bench.large(64 << 20).memory < 40 * MB


@pytest.mark.timeout(300)
def test_one_change_of_an_exported_library():
    run = library_bench.export_tree(300)
    assert run.change < run.whole / 3, "a change costs far less than the whole"
