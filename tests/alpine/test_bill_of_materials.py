"""Everything that the list of materials names is in the single file: by version and hash, of every origin."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.alpine.conftest import BUILT

pytestmark = [
    pytest.mark.alpine,
    pytest.mark.skipif(not BUILT.exists(), reason="dist/mediafetcher is not there: run scripts/build first"),
]


@pytest.fixture(scope="module")
def listed():
    return json.loads(BUILT.with_name("mediafetcher.cdx.json").read_text())


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("unpacked")
    subprocess.run([BUILT, "--version"], env={"MF_RUNTIME_DIR": str(place)}, check=True, timeout=120)
    [root] = [path.parent for path in place.glob("*/glibc")]
    return root


def test_it_is_of_this_file(listed):
    product = listed["metadata"]["component"]
    assert product["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(BUILT.read_bytes()).hexdigest()}]
    sums = dict(line.split()[::-1] for line in BUILT.with_name("SHA256SUMS").read_text().splitlines())
    assert sums == {
        name: hashlib.sha256(BUILT.with_name(name).read_bytes()).hexdigest()
        for name in ("mediafetcher", "mediafetcher.cdx.json")
    }


def test_each_part_has_a_version_and_a_proof(listed):
    parts = listed["components"]
    assert {part["purl"].split("/")[0] for part in parts} >= {"pkg:pypi", "pkg:npm", "pkg:generic"}
    assert all(part["version"] for part in parts)
    unproved = {part["name"] for part in parts if not part.get("properties")}
    # They lie in packages that are proved; Python is of the machine that builds.
    assert unproved <= {"postgresql", "ffmpeg", "cpython"}


def test_every_library_of_the_system_is_on_the_list(listed, unpacked):
    """Of Debian, with the hash of what was taken; the C library is not stripped and so lies there as it was."""
    taken = {
        entry["name"].removeprefix("taken:sha256:"): entry["value"]
        for part in listed["components"]
        if part["purl"].startswith("pkg:deb/")
        for entry in part["properties"]
    }
    if not taken and not shutil.which("dpkg"):
        pytest.skip("built without dpkg, which names the packages of libraries (Debian has it)")
    assert {"libc.so.6", "libc.a", "libssl.so.3", "libsqlite3.so.0"} <= taken.keys()
    plain = {path for place in ("glibc", "app/_internal") for path in (unpacked / place).glob("*.so*")}
    # Those of wheels have names of their own.
    plain -= {path for path in plain if path.is_symlink() or re.search(r"-[0-9a-f]{8}\.so|\.cpython-", path.name)}
    unlisted = {path.name for path in plain} - taken.keys()
    assert {name for name in unlisted if not name.startswith("libpython")} == set()
    for path in (unpacked / "glibc").glob("libc.so*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == taken[path.name]


def test_its_terms_come_along(listed, unpacked):
    for part in listed["components"]:
        if part["purl"].startswith("pkg:deb/"):
            assert (unpacked / "licences" / f"debian-{part['name']}" / "copyright").stat().st_size > 100, part["name"]
