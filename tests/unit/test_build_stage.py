"""Inputs that the build of the single file refuses."""

from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "build"


def test_page_without_one_of_its_files_ends_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BUILD)
    stage = pytest.importorskip("stage")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/index-1.js").touch()
    (tmp_path / "index.html").write_text('<script src="/assets/index-1.js"></script><link href="/assets/index-2.css">')
    with pytest.raises(SystemExit, match=r"index-2\.css is missing"):
        stage.require_page(tmp_path)
    (tmp_path / "assets/index-2.css").touch()
    stage.require_page(tmp_path)
