"""The packages of the extension: both kinds, complete, the same bytes each time."""

import json
import zipfile
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.ops import extension_package


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = tmp_path / "dist"
    for target in ("chrome", "firefox"):
        (source / target / "icons").mkdir(parents=True)
        (source / target / "manifest.json").write_text(json.dumps({"target": target}))
        (source / target / "icons" / "16.png").write_bytes(b"png")
    monkeypatch.setattr(extension_package, "built", lambda: source)
    return source


def test_both_packages_are_written_and_again_over_them(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    written = [path for path, _ in extension_package.write(folder)]
    before = [path.read_bytes() for path in written[1:]]
    assert (folder / "chromium" / "manifest.json").is_file()
    for path, target in zip(written[1:], ("chrome", "firefox"), strict=True):
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["icons/16.png", "manifest.json"]
            assert json.loads(archive.read("manifest.json")) == {"target": target}
    assert [path.read_bytes() for path, _ in extension_package.write(folder)[1:]] == before


def test_missing_build_or_unwritable_folder_is_reported(built: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.UsageError):
        extension_package.write(tmp_path / "file")
    (built / "firefox" / "manifest.json").unlink()
    with pytest.raises(errors.UsageError, match="not built"):
        extension_package.write(tmp_path / "out")
