"""The version stands in one place: `mediafetcher/__init__.py`."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from mediafetcher import __version__

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["web", "extension"])
def test_packages_of_node_name_no_version_of_their_own(folder: str) -> None:
    package = json.loads((ROOT / folder / "package.json").read_text())
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    assert package["private"] and "version" not in package
    assert "version" not in lock and "version" not in lock["packages"][""]


def test_python_package_takes_its_version_from_the_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "mediafetcher.__version__"}


def test_manifest_of_the_extension_takes_its_version_from_the_module() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)  # what manifests of extensions allow
    assert "../mediafetcher/__init__.py" in (ROOT / "extension/build.ts").read_text()
    built = ROOT / "extension/dist/firefox/manifest.json"
    if built.exists() and built.stat().st_mtime > (ROOT / "mediafetcher/__init__.py").stat().st_mtime:
        assert json.loads(built.read_text())["version"] == __version__


def test_changelog_begins_with_the_version() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == __version__
