"""A new yt-dlp must load, and fetch a film of the built-in site, before it is used."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch.ytdlp import smoke_test
from tests.index import BROKEN, BROKEN_DOWNLOAD, NEWER, wheel

ROOT = Path(__file__).parents[3]


def _unpacked(folder: Path, version: str, extra: str = "") -> Path:
    with zipfile.ZipFile(io.BytesIO(wheel(version, extra))) as archive:
        archive.extractall(folder / version)
    (folder / version).chmod(0o755)
    return folder / version


def _load(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mediafetcher.fetch.child.load_check", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_version_that_loads_says_which_one_it_is(tmp_path: Path) -> None:
    loaded = _load(_unpacked(tmp_path, NEWER))
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout) == {"version": NEWER}


def test_folder_without_a_version_is_not_taken_for_the_bundled_one(tmp_path: Path) -> None:
    loaded = _load(tmp_path)
    assert loaded.returncode != 0 and loaded.stdout == ""
    assert "loaded from" in loaded.stderr


async def test_version_that_fetches_the_film_passes_and_leaves_nothing(state: Path, warm: None) -> None:
    await smoke_test.fetch(_unpacked(state, NEWER))
    assert list(settings.get().work.iterdir()) == []


async def test_version_that_cannot_download_is_refused(state: Path, warm: None) -> None:
    with pytest.raises(errors.UpdateRefused, match="test download failed"):
        await smoke_test.fetch(_unpacked(state, BROKEN, BROKEN_DOWNLOAD))
    assert list(settings.get().work.iterdir()) == []


async def test_version_that_takes_too_long_is_refused(state: Path, warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke_test, "_SECONDS", 0.0)
    with pytest.raises(errors.UpdateRefused, match="takes too long"):
        await smoke_test.fetch(_unpacked(state, NEWER))
    assert list(settings.get().work.iterdir()) == []
