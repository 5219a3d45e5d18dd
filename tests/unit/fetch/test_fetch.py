"""The program that fetches, against a real site: what it brings, what it refuses, what it leaves."""

import asyncio
import hashlib
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, collect
from mediafetcher.fetch.options import Options
from mediafetcher.media import probe
from mediafetcher.sandbox import process, work_folders
from tests.site import Site
from tests.site.behaviours import free_box
from tests.waiting import eventually

COOKIES = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tok\n"

pytestmark = pytest.mark.usefixtures("warm")


@pytest.fixture
def folder(state: Path) -> Path:
    return settings.get().work / "1"


async def bring(url: str, folder: Path, options: Options | None = None, cookies: str | None = None, report=None):
    """Look and download. Returns: (info, result)."""
    async with client.Fetch(url, options or Options(), folder, cookies) as source:
        info = await source.info()
        return info, await source.download(report or (lambda *_: None))


def digest(path: Path, tail: bytes = b"") -> str:
    return hashlib.sha256(path.read_bytes() + tail).hexdigest()


@pytest.mark.parametrize(
    ("path", "title", "action"),
    [
        ("/media/ok.mp4", "ok", "none"),
        ("/media/vp9_opus.webm", "vp9_opus", "both"),
        ("/media/a.mp3", "a", "none"),
        ("/noname/ok.mp4", "ok", "none"),
        ("/norange/ok.mp4", "ok", "none"),
        ("/redirect?to=/media/ok.mp4", "ok", "none"),
        ("/setcookie", "ok", "none"),
        ("/hls/mux/i.m3u8", "i", "remux"),
        ("/hls/fmp4/i.m3u8", "i", "remux"),
        ("/hls/aes/i.m3u8", "i", "remux"),
        ("/hls/master.m3u8", "master", "none"),
        ("/dash/m.mpd", "m", "none"),
        ("/page/video", "Fixture video", "none"),
        ("/page/og", "OG title", "none"),
        ("/page/jsonld", "Linked title", "none"),
        ("/page/hls", "Fixture hls", "none"),
        ("/page/multi", "Fixture multi", "none"),
        ("/page/script", "<script>alert(1)</script>", "none"),
    ],
)
async def test_fetched_file_has_its_facts(site, folder, path, title, action):
    info, result = await bring(site.url(path), folder)
    assert info.title == title
    assert info.site == "127.0.0.1" and info.source_key
    assert probe.decide(await probe.probe(result.file)).action == action
    assert result.size == result.file.stat().st_size
    assert result.file.parent == folder


async def test_nothing_is_downloaded_before_it_is_asked_for(site, folder):
    async with client.Fetch(site.url("/page/og"), Options(), folder) as source:
        info = await source.info()
        assert info.thumbnail == site.url("/media/cover.jpg")
    assert site.asked("/media/ok.mp4") == []
    assert list(folder.iterdir()) == []


async def test_the_bytes_are_the_sites(site, folder, media_corpus):
    seen: list[tuple] = []
    _, result = await bring(site.url("/media/ok.mp4"), folder, report=lambda *given: seen.append(given))
    assert digest(result.file) == digest(media_corpus / "ok.mp4")
    assert seen[-1][0] == result.size == seen[-1][1]


async def test_the_highest_picture_that_is_wanted(site, folder):
    _, high = await bring(site.url("/hls/master.m3u8"), folder)
    assert (await probe.probe(high.file)).video.height == 360
    _, low = await bring(site.url("/hls/master.m3u8"), folder, Options(max_height=180))
    assert (await probe.probe(low.file)).video.height == 180


async def test_only_the_sound(site, folder):
    _, result = await bring(site.url("/hls/master.m3u8"), folder, Options(audio="m4a"))
    facts = await probe.probe(result.file)
    assert facts.video is None and facts.audio[0].codec == "aac"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/status/404/x", errors.Gone),
        ("/status/410/x", errors.Gone),
        ("/status/401/x", errors.LoginRequired),
        ("/status/403/x", errors.SiteForbidden),
        ("/status/429/x", errors.RateLimited),
        ("/status/451/x", errors.GeoBlocked),
        ("/status/500/x", errors.ServerError),
        ("/flaky/1/ok.mp4", errors.ServerError),
        ("/loop", errors.Unsupported),
        ("/page/none", errors.Unsupported),
        ("/members", errors.SiteForbidden),
        ("/lie/ok.mp4", errors.TooLarge),
        ("/redirect?to=http://127.0.0.2:1/film.mp4", errors.BlockedAddress),
        ("/redirect?to=http://169.254.169.254/latest", errors.BlockedAddress),
        ("/redirect?to=http://[::ffff:127.0.0.1]/film.mp4", errors.BlockedAddress),
        ("/redirect?to=file:///etc/passwd", errors.Hostile),
        ("/page/private", errors.BlockedAddress),
    ],
)
async def test_refused_link_has_its_error(site, folder, path, kind):
    with pytest.raises(errors.Problem) as caught:
        await bring(site.url(path), folder)
    assert type(caught.value) is kind, (caught.value, caught.value.facts)
    assert "\n" not in caught.value.detail and caught.value.detail.strip()


async def test_loopback_by_its_other_name(site, folder):
    """Without IPv6 the name cannot even be resolved."""
    with pytest.raises((errors.BlockedAddress, errors.Network)):
        await bring(site.url("/redirect?to=http://[::1]/film.mp4"), folder)


async def test_the_site_says_when_to_come_back(site, folder):
    with pytest.raises(errors.RateLimited) as caught:
        await bring(site.url("/status/429/x"), folder)
    assert caught.value.facts["retry_after"] == 7


async def test_redirects_in_a_circle_end_soon(site, folder):
    with pytest.raises(errors.Unsupported):
        await bring(site.url("/loop"), folder)
    assert len(site.log) <= 12


@pytest.mark.parametrize(
    "name", ["file.m3u8", "filekey.m3u8", "map.m3u8", "concat.m3u8", "subfile.m3u8", "private.m3u8", "file.mpd"]
)
@pytest.mark.promise(21)
async def test_playlists_that_reach_for_more(site, folder, name):
    with pytest.raises(errors.FetchProblem) as caught:
        await bring(site.url(f"/evil/{name}"), folder)
    assert caught.value.retry == "never"
    assert site.asked("/secret") == []
    for path in work_folders.of_child(folder).iterdir():
        assert b"root:" not in path.read_bytes()


async def test_our_own_port_is_never_reached(site, folder):
    settings.use(replace(settings.get(), port=site.port))
    with pytest.raises(errors.BlockedAddress):
        await bring(site.url("/media/ok.mp4"), folder)
    assert site.log == []


async def test_other_ports_of_an_exception_stay_closed(site, folder):
    settings.use(replace(settings.get(), allow_hosts=("127.0.0.1:1",)))
    with pytest.raises(errors.BlockedAddress):
        await bring(site.url("/media/ok.mp4"), folder)


async def test_a_page_that_says_it_is_a_film(site, folder):
    _, result = await bring(site.url("/htmlvideo/x.mp4"), folder)
    assert probe.decide(await probe.probe(result.file)).reason == "it is a web page"


async def test_cookies_go_to_their_site_and_into_no_file(site, folder):
    with pytest.raises(errors.SiteForbidden):
        await bring(site.url("/members"), folder)
    _, result = await bring(site.url("/members"), folder, cookies=COOKIES)
    assert result.size
    assert site.asked("/auth/ok.mp4")[-1]["cookie"] == "sid=ok"
    for path in [*folder.rglob("*"), *work_folders.of_child(folder).rglob("*")]:
        assert b"sid" not in path.read_bytes()


async def test_cookies_stay_at_home_on_a_redirect(site, folder):
    settings.use(replace(settings.get(), allow_hosts=("127.0.0.1", "localhost")))
    elsewhere = site.url("/media/ok.mp4", host="localhost")
    await bring(site.url(f"/redirect?to={elsewhere}"), folder, cookies=COOKIES)
    there = [entry for entry in site.log if (entry["host"] or "").startswith("localhost")]
    here = [entry for entry in site.log if (entry["host"] or "").startswith("127.0.0.1")]
    assert there and all(entry["cookie"] is None for entry in there)
    assert here[0]["cookie"] == "sid=ok"


# ---- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["traversal", "unicode", "long", "latin2"])
async def test_titles_are_never_names(site, folder, kind):
    info, result = await bring(site.url(f"/page/{kind}"), folder)
    assert result.file.name == "media.mp4"
    assert 0 < len(info.title) <= 300 and info.title.isprintable()


STRANGE = ["film.desktop", "mov\u202e4pm.exe", "-rf.mp4", "%0a" + "f" * 230 + ".mp4", "a.mp4.vbs"]


@pytest.mark.parametrize("name", STRANGE)
async def test_a_files_name_and_ending_are_ours(state, folder, tmp_path, media_corpus, name):
    """S13. The name that a server gives a file is never a name here, and an ending that could be run is none."""
    served = tmp_path / "served"
    served.mkdir()
    shutil.copyfile(media_corpus / "ok.mp4", served / name)
    with Site(served) as site:
        try:
            _, result = await bring(site.url(f"/noname/{quote(name)}"), folder)
            assert result.file == folder / f"media{result.file.suffix}"
        except errors.FetchProblem:
            pass  # an ending that yt-dlp does not trust: refused, with a code
    places = (folder, work_folders.of_child(folder))
    written = {path.name for place in places for path in place.iterdir() if not path.name.startswith(".")}
    assert all(re.fullmatch(r"media\.(mp4|unknown_video|bin)(\.part)?", one) for one in written), written
    assert {path.name for path in folder.parent.iterdir()} == {folder.name}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to drop to")
async def test_written_files_belong_to_the_service_account(site, folder):
    _, result = await bring(site.url("/media/ok.mp4"), folder)
    account = process.service_account()
    assert account and account.uid != 0
    assert {path.stat().st_uid for path in (work_folders.of_child(folder), result.file)} == {account.uid}
    assert folder.stat().st_uid == 0


async def test_a_name_that_is_not_ours_is_not_trusted(site, folder):
    async with client.Fetch(site.url("/media/ok.mp4"), Options(), folder) as source:
        await source.info()
        (work_folders.of_child(folder) / "media.link").symlink_to("/etc/passwd")
        for name in ("../../etc/passwd", "/etc/passwd", "other.mp4", "media.link"):
            with pytest.raises(errors.Hostile):
                collect.take(folder, name)


# ---- broken connections ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("/cut/50000/ok.mp4", True),
        ("/drop/50000/ok.mp4", True),
        ("/drop1/99999/ok.mp4", True),
        ("/untagged/60000/ok.mp4", True),
        ("/wrong-place/60000/ok.mp4", True),
        ("/changing/60000/ok.mp4", False),
    ],
)
@pytest.mark.promise(14)
async def test_a_broken_connection_never_gives_a_mixture(site, folder, media_corpus, path, whole):
    _, result = await bring(site.url(path), folder)
    tail = b"" if whole else free_box("second version")
    assert digest(result.file) == digest(media_corpus / "ok.mp4", tail)


@pytest.mark.promise(14)
async def test_a_line_that_always_breaks_early_brings_the_file_all_the_same(site, folder, media_corpus):
    """Each connection gives 9,000 bytes, fewer than are read at once; yt-dlp tries eleven times an attempt."""
    url, had = site.url("/drop/9000/ok.mp4"), 0
    for _ in range(4):
        try:
            _, result = await bring(url, folder)
            break
        except errors.Network:
            now = (work_folders.of_child(folder) / "media.mp4.part").stat().st_size
            assert now >= had + 10 * 9000
            had = now
    assert digest(result.file) == digest(media_corpus / "ok.mp4")


@pytest.mark.promise(14)
async def test_the_next_attempt_goes_on_where_the_last_was_cut(site, folder, media_corpus):
    url = site.url("/slow/60/ok.mp4")
    async with client.Fetch(url, Options(), folder) as source:
        await source.info()
        reached = asyncio.Event()
        at_work = asyncio.create_task(source.download(lambda done, *_: done > 60_000 and reached.set()))
        await asyncio.wait_for(reached.wait(), 20)
        await source._child.kill()
        with pytest.raises(errors.Crashed):
            await at_work
    had = (work_folders.of_child(folder) / "media.mp4.part").stat().st_size
    site.reset()
    _, result = await bring(url, folder)
    assert digest(result.file) == digest(media_corpus / "ok.mp4")
    assert site.log[-1]["range"] == f"bytes={had}-" and site.log[-1]["if_range"]


async def test_a_stream_that_was_killed_begins_again(site, folder, media_corpus):
    """The parts that yt-dlp keeps of a stream in pieces cannot be trusted after a kill."""
    place = work_folders.make(folder)
    whole = (media_corpus / "hls/mux/s000.ts").read_bytes()
    (place / "media.mp4.part").write_bytes(whole)
    (place / "media.mp4.ytdl").write_bytes(b"")
    (place / "media.mp4.part-Frag1").write_bytes(whole)
    for path in place.iterdir():
        path.chmod(0o666)
    info, result = await bring(site.url("/hls/mux/i.m3u8"), folder)
    facts = await probe.probe(result.file)
    assert facts.duration == pytest.approx(info.duration, abs=0.3)


async def test_claim_of_more_than_a_server_sends_costs_one_more_request(site, folder, media_corpus):
    _, result = await bring(site.url("/longer/ok.mp4"), folder)
    assert digest(result.file) == digest(media_corpus / "ok.mp4") and not result.bounded
    assert len(site.asked("/longer/")) == 2


async def test_silence_ends_it(site, folder):
    settings.use(replace(settings.get(), stall_seconds=1.0))
    with pytest.raises(errors.Stalled):
        await bring(site.url("/stall/50000/ok.mp4"), folder)


@pytest.mark.promise(21)
async def test_an_endless_body_meets_the_limit(site, folder):
    settings.use(replace(settings.get(), max_file_size=3 << 20))
    with pytest.raises(errors.TooLarge):
        await bring(site.url("/endless/64/x.mp4"), folder)
    assert 0 < work_folders.written(folder) <= (3 << 20) + 4096  # with its notes


async def test_too_little_space_is_reported_before_the_disk_is_full(site, folder):
    settings.use(replace(settings.get(), min_free=1 << 60))
    with pytest.raises(errors.MediaFull):
        await bring(site.url("/media/ok.mp4"), folder)
    assert not list(folder.glob("media.*")) and not list(work_folders.of_child(folder).glob("media.*"))


async def test_a_dead_port(folder, unused_tcp_port):
    with pytest.raises(errors.Network):
        await bring(f"http://127.0.0.1:{unused_tcp_port}/x.mp4", folder)


# ---- ends ------------------------------------------------------------------------------------------------


async def test_cancelling_ends_the_group(site, folder):
    begun = asyncio.Event()
    pids: list[int] = []

    async def work() -> None:
        async with client.Fetch(site.url("/slow/20/ok.mp4"), Options(), folder) as source:
            await source.info()
            pids.append(source._child.pid)
            await source.download(lambda *_: begun.set())

    at_work = asyncio.create_task(work())
    await asyncio.wait_for(begun.wait(), 20)
    at_work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(at_work, 5)
    with pytest.raises(ProcessLookupError):
        os.killpg(pids[0], 0)


@pytest.mark.cold  # with a group of its own
async def test_a_child_that_is_killed_is_said_so(site, folder):
    async with client.Fetch(site.url("/hang/30/x"), Options(), folder) as source:
        looking = asyncio.create_task(source.info())
        await eventually(lambda: site.log)
        os.killpg(source._child.pid, 9)
        with pytest.raises(errors.Crashed):
            await looking


async def test_the_command_line_and_environment_hold_nothing(site, folder):
    async with client.Fetch(site.url("/hang/30/canary-url"), Options(), folder, COOKIES) as source:
        looking = asyncio.create_task(source.info())
        await eventually(lambda: site.log)
        for name in ("cmdline", "environ"):
            held = Path(f"/proc/{source._child.pid}/{name}").read_bytes()
            assert b"canary-url" not in held and b"sid" not in held
        looking.cancel()


async def test_five_hundred_chapters_in_japanese_arrive(site, folder):
    async with client.Fetch(site.url("/page/many-chapters"), Options(), folder) as source:
        info = await source.info()
    assert len(info.chapters) == 500
    assert info.chapters[-1][1] == "章" * 190 + " 499"
