"""Links to plain files: used once, refused without a page, and named by their server."""

import hashlib

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, preview, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import client
from mediafetcher.fetch.child.network import content_disposition
from mediafetcher.fetch.options import Options, Playlist
from tests.site.links import NAMES
from tests.unit.downloads.test_download_options import _file, _item, _ready, _run, _work  # noqa: F401


def _digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---- used once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/once/0/ok.mp4", "/redirect?to=/once/0/ok.mp4", "/once/60000/ok.mp4"])
async def test_link_that_works_once_is_fetched_whole(owner, site, media_corpus, path):
    item = await _item(await _run(owner, site.url(path)))
    assert _digest(_file(item)) == _digest(media_corpus / "ok.mp4")
    asked = [entry for entry in site.asked("/once/") if entry["path"].startswith("/once/")]
    assert [entry["status"] for entry in asked if not entry["range"]] == [200]


async def test_preview_does_not_use_up_a_link_that_works_once(owner, site):
    url = site.url("/once/0/ok.mp4")
    found = await preview.preview(owner, url)
    assert (found["kind"], found["title"]) == ("media", "ok")
    assert [entry["method"] for entry in site.asked("/once/")] == ["HEAD"]
    await _item(await _run(owner, url))


@pytest.mark.parametrize(("path", "kind"), [("/refuses-head/ok.mp4", "media"), ("/rss", "playlist")])
async def test_preview_asks_for_what_head_does_not_tell(owner, site, path, kind):
    assert (await preview.preview(owner, site.url(path)))["kind"] == kind


async def test_link_without_a_type_is_requested_once(owner, site, media_corpus):
    item = await _item(await _run(owner, site.url("/noname/ok.mp4")))
    assert _digest(_file(item)) == _digest(media_corpus / "ok.mp4")
    assert len(site.asked("/noname/")) == 1


async def test_link_that_works_once_is_resumed_by_the_next_attempt(state, site, media_corpus):
    folder = settings.get().work / "1"
    url = site.url("/once/0/long.webm")
    with pytest.raises(_Cut):
        await _fetch_part(client.Fetch(url, Options(rate_limit=64 << 10), folder), 100_000)
    async with client.Fetch(url, Options(), folder) as again:
        info = await again.info()
        result = await again.download()
    assert _digest(result.file) == _digest(media_corpus / "long.webm")
    assert info.title == "long" and [entry["status"] for entry in site.asked("/once/")] == [200, 206]


async def _fetch_part(source: client.Fetch, size: int) -> None:
    async with source:
        await source.info()
        await source.download(_cut_after(size))


class _Cut(Exception):
    """The first attempt ends."""


def _cut_after(size: int):
    def report(done, total, speed, eta) -> None:
        if done >= size:
            raise _Cut

    return report


# ---- from a page -----------------------------------------------------------------------------------------


async def test_file_refused_without_a_referer_is_requested_from_its_own_site(owner, site):
    await _item(await _run(owner, site.url("/guarded/own/ok.mp4")))
    assert [entry["referer"] for entry in site.asked("/guarded/")] == [None, site.url("/")]


async def test_wished_referer_is_sent_to_the_site_of_the_link(owner, site):
    row = await _run(owner, site.url("/guarded/page/ok.mp4"))
    assert (row["state"], row["error"]["code"]) == ("needs_action", "site_forbids")
    await _item(await _run(owner, site.url("/guarded/page/a.mp3"), Options(referer=site.url("/guarded/page/films"))))


async def test_films_of_a_page_as_a_list_are_fetched_from_it(owner, site):
    row = await lifecycle.submit(owner, site.url("/guarded/page/films"), options=Options(playlist=Playlist()))
    await _work()
    children = await engine.fetch("select state, title from download where parent = $1", row["id"])
    assert [child["state"] for child in children] == ["done", "done"], [dict(child) for child in children]


async def test_refusal_that_names_the_referer_says_so(owner, site):
    row = await _run(owner, site.url("/guarded/told/ok.mp4"))
    assert (row["state"], row["error"]["code"]) == ("failed", "referer_required")


@pytest.mark.parametrize("wrong", ["ftp://x/", "page", "https://a:b@host/", "https://host/ x", "http://h/\r\nX: y"])
def test_referer_that_is_no_page_is_refused(wrong):
    with pytest.raises(ValueError, match="referer"):
        Options(referer=wrong)


# ---- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["extended", "latin1-bytes", "utf8", "folders", "controls", "none"])
async def test_name_that_a_server_sends_is_the_title(owner, site, kind):
    row = await _run(owner, site.url(f"/named/{kind}/ok.mp4"))
    assert (row["state"], row["title"]) == ("done", NAMES[kind][1])


@pytest.mark.parametrize("kind", sorted(NAMES.keys() - {"none", "controls"}))
def test_content_disposition_is_read_as_servers_send_it(kind):
    sent, title = NAMES[kind]
    assert content_disposition.title(sent.decode("latin-1")) == title


@pytest.mark.parametrize(
    "header", ["", ";", "filename*=", "attachment; filename*=x''%ff", 'a; filename="' + "\\" * 9000]
)
def test_broken_content_disposition_is_no_error(header):
    assert isinstance(content_disposition.title(header), str)


async def test_title_of_a_list_wins_over_the_name_of_the_file(owner, site):
    row = await lifecycle.submit(owner, site.url("/named/extended/ok.mp4"))
    await engine.execute("update download set title = 'Episode 7' where id = $1", row["id"])
    await runner.run(await leases.claim())
    assert (await queries.get(row["id"], owner))["title"] == "Episode 7"
