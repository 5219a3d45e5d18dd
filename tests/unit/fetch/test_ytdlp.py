"""The managed yt-dlp, from an index of our own: proved before it is used, taken back, refused where it was changed."""

import asyncio
import dataclasses
import io
import json
import zipfile
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, prefork
from mediafetcher.fetch.options import Options
from mediafetcher.fetch.ytdlp import package_index, updater, versions
from tests.index import BROKEN, BROKEN_DOWNLOAD, NEWER, NIGHTLY, Index, wheel


@pytest.fixture(scope="module")
def newer() -> bytes:
    return wheel(NEWER)


@pytest.fixture
def index(state):
    found = Index()
    settings.use(dataclasses.replace(settings.get(), ytdlp_index=found.url))
    versions.forget_activity()
    yield found
    found.server.shutdown()
    found.server.server_close()


async def bring(site, number: int) -> int:
    async with client.Fetch(site.url("/media/ok.mp4"), Options(), settings.get().work / str(number)) as source:
        await source.info()
        return (await source.download()).size


async def test_newer_version_is_used_without_a_restart_and_rolled_back(index, newer, site):
    """The whole life of an update, in one test since each takes seconds."""
    index.put("2020.1.1", b"older")
    index.put(NEWER, newer)
    await prefork.open()
    try:
        async with client.Fetch(site.url("/media/ok.mp4"), Options(), settings.get().work / "1") as running:
            await running.info()
            first = prefork._pool._program
            both = await asyncio.gather(updater.update(), updater.update())  # at once: one update
            assert [status.version for status in both] == [NEWER, NEWER]
            assert await bring(site, 2)
            assert prefork._pool._program is not first
            assert prefork._pool._program.ytdlp == str(versions.root() / NEWER)
            maps = Path(f"/proc/{prefork._pool._program.pid}/cmdline").read_bytes()
            assert NEWER.encode() in maps
            assert (await running.download()).size
        status = versions.status()
        assert (status.version, status.previous, status.managed, status.latest) == (
            NEWER,
            versions.bundled(),
            True,
            NEWER,
        )
        assert not list(versions.root().glob(".new-*")) and not list(settings.get().work.glob("smoke-*"))
        assert all(not path.stat().st_mode & 0o022 for path in (versions.root() / NEWER).rglob("*"))
        assert versions.rollback().version == versions.bundled()
        assert await bring(site, 3)
        assert prefork._pool._program.ytdlp == ""
        assert versions.rollback().version == NEWER
    finally:
        await prefork.close()
    # A program that is newer than what was fetched uses its own.
    versions.keep(versions.Kept(versions.Version("2020.1.1")))
    (versions.root() / "2020.1.1").mkdir()
    assert versions.folder() is None
    versions.tidy()
    assert [path.name for path in versions.root().iterdir()] == ["current.json"]


async def test_a_tampered_one_is_refused(index, newer):
    """S27: one byte differs from what the index names."""
    name = index.put(NEWER, newer)
    spot = len(newer) // 2
    index.bytes[name] = newer[:spot] + bytes([newer[spot] ^ 1]) + newer[spot + 1 :]
    with pytest.raises(errors.UpdateRefused, match="checksum does not match"):
        await updater.update()
    assert versions.status().version == versions.bundled()
    assert "checksum does not match" in (versions.status().error or "")
    assert not [path for path in versions.root().glob("*") if path.is_dir()]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("raise ImportError('it is not finished')", "it is not finished"),
        (BROKEN_DOWNLOAD, "test download failed"),
        ("__version__ = '2098.1.1'", "a different version"),
    ],
)
async def test_one_that_does_not_work_is_refused_and_the_old_one_stays(index, extra, words):
    index.put(BROKEN, wheel(BROKEN, extra))
    with pytest.raises(errors.UpdateRefused, match=words):
        await updater.update()
    assert versions.folder() is None
    assert not [path for path in versions.root().glob("*") if path.is_dir()]


async def test_nightly_is_asked_for(index):
    index.put(NEWER, b"")
    index.put(NIGHTLY, b"")
    assert package_index.newest(index.url, "yt-dlp").version == NEWER
    assert package_index.newest(index.url, "yt-dlp", development=True).version == NIGHTLY
    assert (await updater.look("nightly")).channel == "stable"
    assert versions.latest("nightly") == NIGHTLY


async def test_nothing_newer_changes_nothing(index):
    index.put("2020.1.1", b"")
    assert (await updater.update()).managed is False
    with pytest.raises(errors.NoPreviousVersion):
        versions.rollback()


@pytest.mark.parametrize("channel", ["stable", "nightly"])
async def test_index_with_older_version_than_used_changes_no_version(index, channel):
    between = "2097.1.1"  # newer than the bundled one, older than the one in use
    for version in (NEWER, between):
        (versions.root() / version).mkdir(parents=True, exist_ok=True)  # proved before
    versions.keep(versions.Kept(versions.Version(NEWER, "stable"), versions.Version(None)))
    index.put(between, b"")
    assert (await updater.update(channel)).version == NEWER
    assert versions.kept().current == versions.Version(NEWER, channel)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/simple", "file:///etc", "nonsense"])
async def test_an_index_that_is_away_is_said_so(state, address):
    settings.use(dataclasses.replace(settings.get(), ytdlp_index=address))
    with pytest.raises(errors.IndexUnavailable):
        await updater.update()
    assert versions.status().error


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil.py", "yt_dlp/../../evil.py", "yt_dlp/a\\..\\b.py"])
def test_a_wheel_that_leads_elsewhere_is_refused(tmp_path, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("yt_dlp/__init__.py", "")
        archive.writestr(name, "evil")
    with pytest.raises(errors.UpdateRefused):
        package_index.unpack(out.getvalue(), tmp_path / "x", "yt_dlp")
    assert not list(tmp_path.rglob("evil*"))


def test_versions_sort_by_their_numbers():
    listed = ["2026.1.1", NIGHTLY, "2026.10.26", "2026.10.26.dev0", "2026.10.3", NEWER]
    assert sorted(listed, key=package_index.order)[-3:] == ["2026.10.26", NEWER, NIGHTLY]


def listed(name: str, version: str, python: str | None = None, tag: str = "py3-none-any", **more: object) -> dict:
    file = {"filename": f"{name}-{version}-{tag}.whl", "url": "x.whl", "hashes": {"sha256": "0" * 64}, **more}
    return file | ({"requires-python": python} if python else {})


@pytest.mark.parametrize(
    ("python", "fits"),
    [
        (None, True),
        (">=3.8", True),
        (">=3.99", False),
        (">3.99", False),
        ("<3", False),
        (">=3.8,<3.9", False),
        ("==3.*", True),
        ("~=2.7", False),
        (">=3.8, !=3.99.*", True),
        ("nonsense", True),  # forbids nothing, as in pip
    ],
)
def test_wheel_for_another_python_is_left_out(python, fits):
    text = json.dumps({"files": [listed("yt_dlp", "2098.1.1", python)]}).encode()
    assert bool(package_index.wheels(text, "yt-dlp", "https://a.example/")) == fits


def test_only_pure_wheels_of_the_project_are_taken():
    files = [
        listed("yt_dlp", "2098.01.02"),
        listed("YT.DLP", "2098.1.3"),
        listed("yt_dlp", "2098.1.4", tag="py2.py3-none-any"),
        listed("yt_dlp", "2098.1.5.dev1"),
        listed("yt_dlp", "2098.1.6rc1"),
        listed("yt_dlp", "2098.1.7", tag="cp311-cp311-linux_x86_64"),
        listed("yt_dlp", "2098.1.8", yanked="broken"),
        listed("other", "2098.1.9"),
        {"filename": "yt_dlp-2098.2.1.tar.gz", "url": "x", "hashes": {"sha256": "0" * 64}},
        {"filename": "yt_dlp-nonsense.whl", "url": "x", "hashes": {"sha256": "0" * 64}},
    ]
    found = package_index.wheels(json.dumps({"files": files}).encode(), "yt-dlp", "https://a.example/")
    assert [wheel.version for wheel in found] == ["2098.1.2", "2098.1.3", "2098.1.4", "2098.1.5.dev1"]
