"""Everything that is installed is named by its hash, and a package with another one is refused."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYTHON = sorted(ROOT.glob("requirements*.lock"))
NODE = [ROOT / folder / "package-lock.json" for folder in ("web", "extension")]


@pytest.mark.parametrize("lock", PYTHON, ids=lambda path: path.name)
def test_every_python_package_has_a_version_and_hashes(lock: Path) -> None:
    entries = lock.read_text().replace("\\\n", " ").splitlines()
    assert entries
    for entry in filter(str.strip, entries):
        assert re.match(r"^[a-z0-9._-]+(\[[a-z,]+\])?==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in entry


def _wanted(lock: str) -> list[str]:
    """Return what pyproject.toml asks of a lock: the product's dependencies, and those of a group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    return {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": [*project["project"]["dependencies"], *groups["dev"]],
        "requirements-build.lock": groups["build"],
        "requirements-package.lock": groups["package"],
    }[lock]


@pytest.mark.parametrize("lock", PYTHON, ids=lambda path: path.name)
def test_lock_holds_what_the_project_asks_for(lock: Path) -> None:
    locked = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", lock.read_text(), re.MULTILINE))
    for text in _wanted(lock.name):
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), text


@pytest.mark.parametrize("lock", NODE, ids=lambda path: path.parent.name)
def test_every_node_package_has_a_version_and_a_hash(lock: Path) -> None:
    packages = json.loads(lock.read_text())["packages"]
    for name, entry in packages.items():
        if name and not entry.get("link"):
            assert entry["version"] and entry["integrity"].startswith("sha512-"), name


def test_the_scripts_install_by_hash() -> None:
    installing = [path for path in (ROOT / "scripts").rglob("*") if path.is_file() and "pip install" in read(path)]
    assert installing
    for path in installing:
        for line in re.findall(r"^.*pip install.*$", read(path).replace("\\\n", " "), re.MULTILINE):
            assert "--require-hashes" in line or "--no-deps" in line or line.lstrip().startswith("#"), (path, line)
    assert any(re.search(r"\bnpm .*\bci\b", read(path)) for path in (ROOT / "scripts").rglob("*") if path.is_file())


def read(path: Path) -> str:
    return path.read_text(errors="replace")


def wheel(folder: Path) -> Path:
    """A package that is as small as one can be."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "VALUE = 1\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    return path


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    package = wheel(tmp_path)
    lock = tmp_path / "one.lock"
    lock.write_text(f"tiny==1.0 --hash=sha256:{hashlib.sha256(package.read_bytes()).hexdigest()}\n")

    def install(target: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pip", "install", "--isolated", "--no-index", "--no-cache-dir"]
        more = ["--require-hashes", "--find-links", str(tmp_path), "--target", str(tmp_path / target), "-r", str(lock)]
        return subprocess.run(
            [*command, "--disable-pip-version-check", *more], capture_output=True, text=True, timeout=120
        )

    done = install("good")
    assert done.returncode == 0, done.stderr
    raw = package.read_bytes()
    package.write_bytes(raw.replace(b"VALUE = 1", b"VALUE = 2"))
    refused = install("bad")
    assert refused.returncode != 0 and "HASHES" in refused.stderr.upper()
    assert not (tmp_path / "bad" / "tiny.py").exists()
