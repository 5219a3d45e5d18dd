"""Only the managed packages are imported from a folder, and nothing else that lies in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.fetch.ytdlp import import_hook

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for package in ("yt_dlp", "yt_dlp_ejs", "json"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(f"from {package} import inner\nwhere = 'folder'\n")
        (tmp_path / package / "inner.py").write_text("")
    return tmp_path


def _in_new_process(code: str) -> str:
    command = [sys.executable, "-c", f"from mediafetcher.fetch.ytdlp import import_hook\n{code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def test_managed_packages_come_from_the_folder_and_others_do_not(folder: Path) -> None:
    code = f"import_hook.prefer({str(folder)!r})\nimport yt_dlp, yt_dlp_ejs, json\n"
    code += "print(yt_dlp.where, yt_dlp_ejs.where, yt_dlp.inner.__file__, hasattr(json, 'where'))"
    assert _in_new_process(code) == f"folder folder {folder}/yt_dlp/inner.py False"


@pytest.mark.parametrize("wanted", [None, "", "/nonexistent"])
def test_bundled_package_is_used_without_such_a_folder(wanted: str | None) -> None:
    code = f"import_hook.prefer({wanted!r})\nimport yt_dlp\nprint(hasattr(yt_dlp, 'YoutubeDL'))"
    assert _in_new_process(code) == "True"


def test_folder_is_searched_for_no_other_name(folder: Path) -> None:
    finder = import_hook._Finder(str(folder))
    assert finder.find_spec("json") is None and finder.find_spec("yt_dlp_other") is None
    found = finder.find_spec("yt_dlp")
    assert found is not None and found.origin == f"{folder}/yt_dlp/__init__.py"
