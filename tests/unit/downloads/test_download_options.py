"""The options of a download, each from the wish to what lies in the library."""

import asyncio
import base64
import json
import socket
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, preview, queries, requeue
from mediafetcher.downloads.worker import active, runner
from mediafetcher.fetch.options import Options, Playlist
from mediafetcher.library.catalog import folders
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.library.storage import blob_store
from mediafetcher.media import probe
from tests.site.proxy import Proxy
from tests.waiting import eventually


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0, live_outage_seconds=2.0))


async def _work() -> int:
    """Do everything that is due. Returns: how many."""
    done = 0
    while claim := await leases.claim():
        await runner.run(claim)
        done += 1
    return done


async def _run(owner: int, url: str, options: Options | None = None, **more) -> dict:
    row = await lifecycle.submit(owner, url, options=options, **more)
    await runner.run(await leases.claim())
    return await queries.get(row["id"], owner)


async def _item(row: dict) -> dict:
    assert row["state"] == "done", row
    return await item_queries.get(row["item"], row["owner"])


def _file(item: dict, name: str | None = None):
    return blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), name or item["media"]["ext"])


async def _lines(row: dict) -> list[str]:
    return [line["message"] for line in await log.read(row["id"], row["owner"])]


# ---- subtitles, chapters, pictures ------------------------------------------------------------------------


async def test_subtitles_of_every_kind_become_webvtt_beside_the_film(owner, site):
    wish = Options(subtitles=("en", "fr", "es", "hu", "de", "it", "pt", "nl"))
    row = await _run(owner, site.url("/page/subtitles"), wish)
    item = await _item(row)
    assert item["subtitles"] == ["de", "en-GB", "es", "fr", "hu"]
    words = {"de": "Guten Tag", "en-GB": "Hello", "es": "Bonjour à tous", "fr": "Bonjour à tous", "hu": "Szia"}
    for language, said in words.items():
        text = _file(item, f"{language}.vtt").read_text()
        assert text.startswith("WEBVTT") and said in text and "00:00.500 --> " in text
    lines = await _lines(row)
    assert any("no subtitles in nl" in line for line in lines), lines
    assert any("could not download subtitles pt" in line for line in lines), lines


async def test_subtitles_in_charsets_of_old_are_readable(owner, site):
    """One by its language, one as the server says."""
    item = await _item(await _run(owner, site.url("/page/charsets"), Options(subtitles=("all",))))
    for language, said in {"ru": "Привет, как дела?", "zh": "你好,世界", "xx": "Здравей, свят"}.items():
        assert said in _file(item, f"{language}.vtt").read_text()


async def test_subtitles_come_later_for_a_film_that_is_there(owner, site):
    plain = await _item(await _run(owner, site.url("/page/subtitles")))
    assert plain["subtitles"] == []
    item = await _item(await _run(owner, site.url("/page/subtitles"), Options(subtitles=("fr",))))
    assert item["media"]["sha256"] == plain["media"]["sha256"] and item["subtitles"] == ["fr"]


async def test_subtitles_and_chapters_inside_the_file(owner, site):
    item = await _item(await _run(owner, site.url("/media/h264_subs_chap.mkv"), Options(subtitles=("all",))))
    assert item["subtitles"] == ["hun"]
    assert "Wörld" in _file(item, "hun.vtt").read_text()
    assert [(chapter["start"], chapter["title"]) for chapter in item["chapters"]] == [(0, "Intro"), (2, "Rest")]


async def test_chapters_of_the_site(owner, site):
    item = await _item(await _run(owner, site.url("/page/chapters")))
    titles = [(chapter["start"], chapter["title"]) for chapter in item["chapters"]]
    assert titles == [(0, "Begin"), (1, "Middle"), (3, "Last")]
    assert "chapters" not in (await item_queries.page(owner))["items"][0]


async def test_a_song_has_the_picture_of_its_page(owner, site):
    row = await _run(owner, site.url("/page/sound"))
    item = await _item(row)
    assert item["media"]["kind"] == "audio/mpeg" and item["poster"] and row["poster"], await _lines(row)
    assert _file(item, "poster.jpg").read_bytes().startswith(b"\xff\xd8")


# ---- parts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "options", "length", "exact"),
    [
        ("/media/ok.mp4", Options(start=1, end=3), 2.0, False),  # copied: from the key picture before
        ("/media/vp9_opus.webm", Options(start=1, end=3), 2.0, True),
        ("/media/ok.mp4", Options(end=1.5), 1.5, True),
        ("/media/ok.mp4", Options(start=3, end=60), 1.0, False),
        ("/media/a.mp3", Options(start=1, end=3), 2.0, True),
        ("/media/ok.mp4", Options(start=1, end=3, audio="m4a"), 2.0, True),
    ],
)
async def test_a_part_is_cut_here(owner, site, path, options, length, exact):
    item = await _item(await _run(owner, site.url(path), options))
    found = await probe.probe(_file(item))
    assert probe.is_playable(found)
    assert found.duration == pytest.approx(length, abs=0.2 if exact else 1.2)
    assert found.duration >= length - 0.2


async def test_a_part_has_its_own_chapters_and_subtitles(owner, site):
    item = await _item(await _run(owner, site.url("/page/chapters"), Options(start=2, end=4)))
    assert [(chapter["start"], chapter["title"]) for chapter in item["chapters"]] == [(0, "Middle"), (1, "Last")]
    spoken = await _item(await _run(owner, site.url("/page/subtitles"), Options(start=1.8, subtitles=("fr", "en"))))
    for language in ("fr", "en-GB"):
        text = _file(spoken, f"{language}.vtt").read_text()
        assert "00:00.200 --> 00:01.200" in text and text.count("-->") == 1


async def test_a_part_behind_the_end(owner, site):
    row = await _run(owner, site.url("/media/ok.mp4"), Options(start=60, end=70))
    assert (row["state"], row["error"]["code"]) == ("failed", "bad_clip")


# ---- marks -----------------------------------------------------------------------------------------------


def test_marks_are_asked_for_where_they_are_known(site):
    """In a process of its own, as the real one: yt-dlp's settings are of the process."""
    code = (
        "import json, sys, yt_dlp\n"
        "from mediafetcher.fetch.child import sidecars\n"
        "client = yt_dlp.YoutubeDL({'quiet': True, 'cachedir': False})\n"
        "found = {'id': 'dQw4w9WgXcQ', 'extractor_key': 'Youtube', 'duration': 4.0}\n"
        "other = {'id': 'dQw4w9WgXcQ', 'extractor_key': 'Generic', 'duration': 4.0}\n"
        "print(json.dumps([sidecars.marks(client, entry, sys.argv[1]) for entry in (found, other)]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, site.url("/")], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [[[1.5, 2.5, "Sponsor"]], []]
    [asked] = site.log
    assert "dQw4w9WgXcQ" not in asked["path"]


# ---- how it travels --------------------------------------------------------------------------------------


async def test_the_rate_is_shared_by_the_slots(owner, site, media_corpus):
    size = (media_corpus / "ok.mp4").stat().st_size
    settings.use(replace(settings.get(), rate_limit=3 * size // 2, max_downloads=3))
    began = asyncio.get_running_loop().time()
    await _item(await _run(owner, site.url("/media/ok.mp4")))
    assert asyncio.get_running_loop().time() - began > 1.2  # 2 s at half a file a second, less what is buffered


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_proxy_of_the_user_is_used(owner, site, kind):
    with Proxy(kind) as proxy:
        await _item(await _run(owner, site.url("/page/og"), Options(proxy=proxy.url)))
        assert set(proxy.asked) == {f"127.0.0.1:{site.port}"}


@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("path", ["http://127.0.0.2:1/film.mp4", "{site}/redirect?to=http://127.0.0.2:1/film.mp4"])
async def test_a_proxy_is_no_way_to_private_addresses(owner, site, kind, path):
    with Proxy(kind) as proxy:
        settings.use(replace(settings.get(), allow_hosts=(f"127.0.0.1:{site.port}", f"127.0.0.1:{proxy.port}")))
        row = await _run(owner, path.format(site=site.url("")), Options(proxy=proxy.url))
        assert (row["state"], row["error"]["code"]) == ("failed", "blocked_address")
        assert not [asked for asked in proxy.asked if asked.startswith("127.0.0.2")]


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_proxy_asked_for_the_address_that_was_checked(owner, site, kind):
    """A name could mean a private address for the proxy."""
    with Proxy(kind) as proxy:
        chosen = replace(settings.get(), allow_hosts=(f"localhost:{site.port}",), proxy=proxy.url)
        settings.use(chosen)
        await _item(await _run(owner, f"http://localhost:{site.port}/media/ok.mp4"))
        assert set(proxy.asked) == {f"127.0.0.1:{site.port}"}
        assert {entry["host"] for entry in site.log} == {f"localhost:{site.port}"}  # the name is kept


async def test_proxy_that_resolves_names_given_names_if_an_administrator_said_so(owner, site):
    with Proxy("http") as proxy:
        proxy.names["behind.example"] = "127.0.0.1"
        link = f"http://behind.example:{site.port}/media/ok.mp4"
        places = (f"127.0.0.1:{proxy.port}",)
        settings.use(replace(settings.get(), allow_hosts=places, proxy=proxy.url, proxy_resolves_names=True))
        await _item(await _run(owner, link))
        assert set(proxy.asked) == {f"behind.example:{site.port}"}
        private = await _run(owner, f"http://127.0.0.2:{site.port}/media/ok.mp4")
        assert private["error"]["code"] == "blocked_address"
        proxy.asked.clear()
        own = await _run(owner, link + "?own", Options(proxy=proxy.url))  # never a user's own choice
        assert own["state"] != "done" and proxy.asked == []


async def test_proxy_without_a_listener_is_reported(owner, site):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.use(replace(settings.get(), proxy=f"http://127.0.0.1:{closed.getsockname()[1]}"))
        row = await _run(owner, site.url("/media/ok.mp4"))
        assert row["error"]["code"] == "proxy_failed"


async def test_a_private_proxy_is_taken_from_the_settings_alone(owner, site):
    with Proxy("http") as proxy:
        settings.use(replace(settings.get(), allow_hosts=(f"127.0.0.1:{site.port}",)))
        row = await _run(owner, site.url("/media/ok.mp4"), Options(proxy=proxy.url))
        assert (row["state"], row["error"]["code"]) == ("failed", "blocked_address") and proxy.asked == []
        settings.use(replace(settings.get(), proxy=proxy.url))
        await _item(await _run(owner, site.url("/media/ok.mp4?2")))
        assert proxy.asked


# ---- live ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "options", "seconds"),
    [
        ("/live.m3u8", Options(), 2),
        ("/live.m3u8", Options(live_max=1), 1),
        ("/live-gone.m3u8", Options(), 2),
    ],
)
async def test_a_live_stream_is_recorded(owner, site, path, options, seconds):
    row = await _run(owner, site.url(path), options)
    item = await _item(row)
    assert item["duration"] == pytest.approx(seconds, abs=0.5)
    assert probe.is_playable(await probe.probe(_file(item)))
    again = await lifecycle.submit(owner, site.url(path), options=options)
    assert again["state"] == "queued"  # tomorrow it is another one


async def test_a_live_stream_with_its_sound_apart_is_recorded_in_step(owner, site):
    item = await _item(await _run(owner, site.url("/live-split/master.m3u8"), Options(live_max=3)))
    facts = await probe.probe(_file(item))
    assert probe.is_playable(facts) and facts.video and facts.audio
    assert item["duration"] == pytest.approx(3, abs=0.5)
    pieces = [{entry["path"] for entry in site.asked(f"/hls/{name}/")} for name in ("v180", "aud")]
    assert [path.rpartition("/")[2] for path in sorted(pieces[0])] == [
        path.rpartition("/")[2] for path in sorted(pieces[1])
    ]
    only = await _item(await _run(owner, site.url("/live-split/master.m3u8?2"), Options(live_max=2, audio="m4a")))
    assert only["media"]["kind"] == "audio/mp4"


async def test_live_dash_without_a_template_is_refused_in_words(owner, site):
    row = await _run(owner, site.url("/live-open.mpd"))
    assert (row["state"], row["error"]["code"]) == ("failed", "live_unsupported")


async def test_live_streams_get_the_cookies_of_their_site_alone(owner, site):
    await cookie_jars.put(owner, "127.0.0.1", cookie_formats.parse("127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tok\n"))
    await _item(await _run(owner, site.url("/live.m3u8"), Options(live_max=1)))
    assert site.asked("/hls/mux/s0")[0]["cookie"] == "sid=ok"


@pytest.mark.parametrize("path", ["/upcoming/1/ok.mp4", "/live-empty.m3u8", "/refuses/404/begins"])
async def test_a_stream_that_has_not_begun_waits_without_a_slot(owner, site, path):
    row = await _run(owner, site.url(path))
    assert (row["state"], row["error"]["code"], row["stage"]) == ("scheduled", "live_not_started", None)
    assert active.all_active() == []
    if path.endswith("begins"):
        begins = await engine.fetchval("select extract(epoch from run_after - now())::float8 from download")
        assert begins == pytest.approx(7200, abs=60)
        assert await requeue.promote_scheduled() == 0
        assert (await lifecycle.retry(row["id"], owner))["state"] == "queued"  # a user need not wait
    else:
        await lifecycle.cancel(row["id"], owner)


async def test_scheduled_download_runs_at_its_time(owner, site):
    row = await _run(owner, site.url("/upcoming/1/ok.mp4"))
    assert await requeue.promote_scheduled() == 1
    assert (await queries.get(row["id"]))["state"] == "queued"
    assert await _work() == 1
    await _item(await queries.get(row["id"]))


# ---- lists -----------------------------------------------------------------------------------------------


async def test_a_list_becomes_a_download_for_each_entry(owner, site):
    wish = Options(max_height=720, playlist=Playlist(limit=3, folder=True))
    row = await _run(owner, site.url("/list/5"), wish, folder="Feeds")
    assert (row["kind"], row["state"], row["title"]) == ("playlist", "expanded", "A list: of 5/all")
    assert row["children"] == {"total": 3, "done": 0, "failed": 0}
    assert await requeue.promote_scheduled() == 0 and await _work() == 3
    entries, _ = await queries.page(owner)
    mine = [entry for entry in entries if entry["parent"] == row["id"]]
    assert [entry["title"] for entry in reversed(mine)] == ["Part 1", "Part 2", "Part 3"]
    assert {entry["folder"] for entry in mine} == {"Feeds/A list: of 5-all"}
    assert mine[0]["options"] == {"max_height": 720}
    assert await requeue.promote_scheduled() == 1
    row = await queries.get(row["id"])
    assert (row["state"], row["children"]) == ("done", {"total": 3, "done": 3, "failed": 0})
    assert (await item_queries.page(owner))["items"][0]["folder"] == "Feeds/A list: of 5-all"


async def test_some_of_a_list(owner, site):
    row = await _run(owner, site.url("/list/5"), Options(playlist=Playlist(items=(2, 5))))
    links = [entry["url"] for entry in (await queries.page(owner))[0] if entry["parent"] == row["id"]]
    assert sorted(links) == [site.url("/same-name/2/ok.mp4"), site.url("/same-name/5/ok.mp4")]


async def test_list_whose_entries_are_all_queued_adds_none(owner, site):
    await _run(owner, site.url("/list/2"), Options(playlist=Playlist()))
    await engine.execute("update download set run_after = now() + interval '1 hour'")
    before = await engine.fetchval("select count(*) from download")
    again = await _run(owner, site.url("/list/2?again"), Options(playlist=Playlist()))
    assert again["children"]["total"] == 0
    assert await engine.fetchval("select count(*) from download") == before + 1
    lines = [line["message"] for line in await log.read(again["id"], owner)]
    assert "0 downloads added to the queue, 2 already there" in lines


async def test_list_whose_folder_cannot_be_made_goes_to_the_chosen_one(owner, site):
    above = "/".join(str(level) for level in range(folders._DEEPEST))
    row = await _run(owner, site.url("/list/2"), Options(playlist=Playlist(folder=True)), folder=above)
    entries = [entry for entry in (await queries.page(owner))[0] if entry["parent"] == row["id"]]
    assert {entry["folder"] for entry in entries} == {above}


async def test_a_list_that_is_cancelled_takes_its_entries_along(owner, site):
    row = await _run(owner, site.url("/list/4"), Options(playlist=Playlist()))
    await runner.run(await leases.claim())
    assert (await lifecycle.cancel(row["id"], owner))["state"] == "cancelled"
    states = await engine.fetch("select state, count(*) as n from download group by 1 order by 1")
    assert states == [{"state": "cancelled", "n": 4}, {"state": "done", "n": 1}]


async def test_a_list_can_be_cancelled_while_it_is_looked_at(owner, site):
    row = await lifecycle.submit(owner, site.url("/slow-list/4"), options=Options(playlist=Playlist()))
    at_work = asyncio.create_task(runner.run(await leases.claim()))
    await eventually(lambda: site.log, seconds=20)
    await lifecycle.cancel(row["id"], owner)
    for found, order in await leases.heartbeat():
        found.request_stop(order)
    await at_work
    assert await engine.fetch("select kind, state from download") == [{"kind": "playlist", "state": "cancelled"}]


async def test_a_list_where_one_video_was_asked_for(owner, site):
    row = await _run(owner, site.url("/list/4"))
    assert (row["state"], row["error"]["code"]) == ("failed", "is_playlist")
    assert (await _item(await _run(owner, site.url("/list/1"))))["media"]["height"] == 180


async def test_a_list_asks_for_the_quota(owner, site):
    row = await lifecycle.submit(owner, site.url("/list/4"), options=Options(playlist=Playlist()))
    await engine.execute("update account set quota = 0")
    await runner.run(await leases.claim())
    row = await queries.get(row["id"])
    assert (row["state"], row["error"]["code"]) == ("failed", "quota_exceeded")
    assert await engine.fetchval("select count(*) from download") == 1


async def test_one_video_where_a_list_was_expected(owner, site):
    row = await _run(owner, site.url("/media/ok.mp4"), Options(playlist=Playlist()))
    assert row["children"]["total"] == 1
    assert await _work() == 1
    assert (await item_queries.page(owner))["items"][0]["title"] == "ok"


# ---- before and after ------------------------------------------------------------------------------------


async def test_a_preview_says_what_a_link_is(owner, site):
    film = await preview.preview(owner, site.url("/page/chapters"))
    assert (film["kind"], film["title"], film["duration"], film["item"]) == ("media", "Linked title", 4, None)
    assert base64.b64decode(film["poster"]).startswith(b"\xff\xd8\xff")
    spoken = await preview.preview(owner, site.url("/page/subtitles"))
    assert (spoken["poster"], "fr" in spoken["subtitles"]) == (None, True)
    assert (await preview.preview(owner, site.url("/hls/master.m3u8")))["heights"] == (360, 180)
    done = await _run(owner, site.url("/page/chapters"))
    assert (await preview.preview(owner, site.url("/page/chapters")))["item"] == done["item"]
    many = await preview.preview(owner, site.url("/list/7"))
    assert (many["kind"], many["count"], len(many["entries"])) == ("playlist", 7, 7)
    assert many["entries"][6] == {
        "index": 7, "title": "Part 7", "url": site.url("/same-name/7/ok.mp4"), "duration": None,
    }  # fmt: skip
    assert (await preview.preview(owner, site.url("/live.m3u8")))["kind"] == "live"
    with pytest.raises(errors.Gone):
        await preview.preview(owner, site.url("/status/404/x"))
    assert list(settings.get().work.iterdir()) == []


async def test_the_log_is_short_bounded_and_without_secrets(owner, site):
    await cookie_jars.put(owner, "127.0.0.1", cookie_formats.parse("127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tcanary\n"))
    row = await _run(owner, site.url("/page/og?token=canary"))
    lines = await _lines(row)
    assert lines[0].startswith("attempt 1: http") and "conversion: none" in lines and lines[-1] == "finished: done"
    assert "canary" not in str(lines)
    download = active.register(row["id"], owner, 1)
    for number in range(log.LINES + 50):
        download.log(f"line {number}\nforged" + "x" * 1000)
    await log.write(download)
    active.unregister(download)
    lines = await _lines(row)
    assert len(lines) == log.LINES and lines[-1].startswith(f"line {log.LINES + 49}\\nforged")
    assert max(map(len, lines)) <= 300
    with pytest.raises(errors.NotFound):
        await log.read(row["id"], owner + 1)


@pytest.mark.parametrize(
    "wish",
    [
        {"subtitles": ["../../x"]},
        {"subtitles": ["en"] * 21},
        {"start": 5, "end": 5},
        {"start": -1},
        {"start": 1, "keep_original": True},
        {"proxy": "ftp://x:1"},
        {"proxy": "http://name:secret@proxy:1"},
        {"proxy": "http://proxy"},
        {"live_max": 0},
        {"live_max": 1_000_000},
        {"playlist": {"limit": 0}},
        {"playlist": {"items": []}},
        {"playlist": {"items": [0]}},
        {"playlist": {"more": 1}},
    ],
)
def test_wishes_that_make_no_sense_are_refused(wish):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wish, Options)


def test_option_that_changes_the_result_changes_its_key():
    wishes = [
        Options(), Options(start=1), Options(start=1, end=2), Options(subtitles=("en",)), Options(sponsorblock=True),
        Options(subtitles=("en",), auto_subtitles=True), Options(playlist=Playlist()),
        Options(playlist=Playlist(limit=2)),
    ]  # fmt: skip
    assert len({wish.recipe() for wish in wishes}) == len(wishes)
    assert Options(proxy="http://a:1", rate_limit=5000, live_max=5).recipe() == Options().recipe()
