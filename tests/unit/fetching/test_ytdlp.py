"""The managed yt-dlp, from an index of our own: proved before it is used, taken back, refused where it was changed."""

import asyncio
import dataclasses
import io
import zipfile
from pathlib import Path

import pytest

from mediafetcher.base import errors, settings
from mediafetcher.fetching import fetch, renew, warm, wheels, ytdlp
from mediafetcher.fetching.options import Options
from tests.index import BROKEN, BROKEN_DOWNLOAD, NEWER, NIGHTLY, Index, wheel


@pytest.fixture(scope="module")
def newer() -> bytes:
    return wheel(NEWER)


@pytest.fixture
def index(state):
    found = Index()
    settings.use(dataclasses.replace(settings.get(), ytdlp_index=found.url))
    ytdlp.news.latest.clear()
    ytdlp.news.error = None
    yield found
    found.server.shutdown()
    found.server.server_close()


async def bring(site, number: int) -> int:
    async with fetch.Fetch(site.url("/media/ok.mp4"), Options(), settings.get().work / str(number)) as source:
        await source.info()
        return (await source.download()).size


async def test_a_newer_one_is_used_without_a_restart_and_who_runs_goes_on_and_back_it_goes(index, newer, site):
    """The whole life of an update, in one test since each takes seconds."""
    index.put("2020.1.1", b"older")
    index.put(NEWER, newer)
    await warm.open()
    try:
        async with fetch.Fetch(site.url("/media/ok.mp4"), Options(), settings.get().work / "1") as running:
            await running.info()
            first = warm._pool._program
            both = await asyncio.gather(renew.update(), renew.update())  # at once: one update
            assert [status.version for status in both] == [NEWER, NEWER]
            assert await bring(site, 2)
            assert warm._pool._program is not first
            assert warm._pool._program.ytdlp == str(ytdlp.root() / NEWER)
            maps = Path(f"/proc/{warm._pool._program.pid}/cmdline").read_bytes()
            assert NEWER.encode() in maps
            assert (await running.download()).size
        status = ytdlp.status()
        assert (status.version, status.previous, status.managed, status.latest) == (NEWER, ytdlp.bundled(), True, NEWER)
        assert not list(ytdlp.root().glob(".new-*")) and not list(settings.get().work.glob("smoke-*"))
        assert all(not path.stat().st_mode & 0o022 for path in (ytdlp.root() / NEWER).rglob("*"))
        assert ytdlp.rollback().version == ytdlp.bundled()
        assert await bring(site, 3)
        assert warm._pool._program.ytdlp == ""
        assert ytdlp.rollback().version == NEWER
    finally:
        await warm.close()
    # A program that is newer than what was fetched uses its own.
    ytdlp.keep(ytdlp.Kept(ytdlp.Version("2020.1.1")))
    (ytdlp.root() / "2020.1.1").mkdir()
    assert ytdlp.folder() is None
    ytdlp.tidy()
    assert [path.name for path in ytdlp.root().iterdir()] == ["current.json"]


async def test_a_tampered_one_is_refused(index, newer):
    """S27: one byte differs from what the index names."""
    name = index.put(NEWER, newer)
    spot = len(newer) // 2
    index.bytes[name] = newer[:spot] + bytes([newer[spot] ^ 1]) + newer[spot + 1 :]
    with pytest.raises(errors.UpdateRefused, match="not those"):
        await renew.update()
    assert ytdlp.status().version == ytdlp.bundled()
    assert "not those" in (ytdlp.status().error or "")
    assert not [path for path in ytdlp.root().glob("*") if path.is_dir()]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("raise ImportError('it is not finished')", "it is not finished"),
        (BROKEN_DOWNLOAD, "cannot fetch a film"),
        ("__version__ = '2098.1.1'", "says that it is"),
    ],
)
async def test_one_that_does_not_work_is_refused_and_the_old_one_stays(index, extra, words):
    index.put(BROKEN, wheel(BROKEN, extra))
    with pytest.raises(errors.UpdateRefused, match=words):
        await renew.update()
    assert ytdlp.folder() is None
    assert not [path for path in ytdlp.root().glob("*") if path.is_dir()]


async def test_nightly_is_asked_for(index):
    index.put(NEWER, b"")
    index.put(NIGHTLY, b"")
    assert wheels.newest(index.url, "yt-dlp").version == NEWER
    assert wheels.newest(index.url, "yt-dlp", development=True).version == NIGHTLY
    assert (await renew.look("nightly")).channel == "stable"
    assert ytdlp.news.latest["nightly"] == NIGHTLY


async def test_nothing_newer_changes_nothing(index):
    index.put("2020.1.1", b"")
    assert (await renew.update()).managed is False
    with pytest.raises(errors.NothingBefore):
        ytdlp.rollback()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/simple", "file:///etc", "nonsense"])
async def test_an_index_that_is_away_is_said_so(state, address):
    settings.use(dataclasses.replace(settings.get(), ytdlp_index=address))
    with pytest.raises(errors.IndexAway):
        await renew.update()
    assert ytdlp.status().error


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil.py", "yt_dlp/../../evil.py", "yt_dlp/a\\..\\b.py"])
def test_a_wheel_that_leads_elsewhere_is_refused(tmp_path, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("yt_dlp/__init__.py", "")
        archive.writestr(name, "evil")
    with pytest.raises(errors.UpdateRefused):
        wheels.unpack(out.getvalue(), tmp_path / "x", "yt_dlp")
    assert not list(tmp_path.rglob("evil*"))


def test_versions_sort_by_their_numbers():
    listed = ["2026.1.1", NIGHTLY, "2026.10.26", "2026.10.26.dev0", "2026.10.3", NEWER]
    assert sorted(listed, key=wheels.order)[-3:] == ["2026.10.26", NEWER, NIGHTLY]
