"""Links for others: what they open, what they do not, and that players and podcast programs get what they need."""

import asyncio
import base64
import io
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from chromium import tab
from shelf import ALL, FILM, add_file, add_item
from test_api_routes import call, fill, named

from mediafetcher.accounts.auth import credentials
from mediafetcher.api.app import ROUTES
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, trash
from mediafetcher.media import ffmpeg
from tests.site import Site

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
ATOM = "{http://www.w3.org/2005/Atom}"


async def share(person: Any, **body: Any) -> str:
    """Make a link of this user. Returns: its path."""
    made = await person.http.post("/api/shares", json=body)
    assert made.status_code == 201, made.text
    assert set(made.json()) == {"id", "url", "expires_at"}
    return "/s/" + made.json()["url"].rpartition("/s/")[2]


def require_private(answer: Any, caching: str = "private, no-store") -> None:
    assert answer.headers["x-robots-tag"].startswith("noindex")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == caching
    assert "set-cookie" not in answer.headers
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_link_of_an_item_opens_page_bytes_feed_and_list(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, title='A <film> & "more"')
    path = await share(alice, item=item, days=7)
    visitor = web.client()
    page = await visitor.get(path)
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'src="{path}/media"' in page.text and "<script" not in page.text
    assert "A &lt;film&gt; &amp; &quot;more&quot;" in page.text and "<film>" not in page.text
    whole = await visitor.get(f"{path}/media")
    assert whole.content == ALL and whole.headers["content-type"] == "video/mp4"
    part = await visitor.get(f"{path}/media.mp4", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, ALL[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(ALL)}"
    assert part.headers["access-control-allow-origin"] == "*"  # Chromium plays a film as a page without an origin
    feed, listed = await visitor.get(f"{path}/feed.xml"), await visitor.get(f"{path}/list.m3u8")
    for answer in (page, whole, part):
        require_private(answer)
    for answer in (feed, listed):
        require_private(answer, "private, no-cache")
    for answer in (page, feed, listed):
        assert int(answer.headers["content-length"]) == len(answer.content)
        head = await visitor.head(answer.request.url.path)
        assert (head.status_code, head.content) == (200, b"")
    assert listed.text.splitlines() == [
        "#EXTM3U", '#EXTINF:12,A <film> & "more"', f"{web.url}{path}/media.mp4"
    ]  # fmt: skip
    rows = (await alice.http.get("/api/shares")).json()["shares"]
    assert (rows[0]["item"], rows[0]["password"], rows[0]["expired"]) == (item, False, False)
    assert rows[0]["uses"] >= 4 and rows[0]["last_used_at"]
    assert path.removeprefix("/s/") not in (await alice.http.get("/api/shares")).text
    acts = {row["action"] for row in await engine.fetch("select * from audit_event")}
    assert {"share_made", "share_opened"} <= acts


async def test_a_link_of_a_folder_opens_what_is_in_it_and_below(web: Any, alice: Any, tmp_path: Path) -> None:
    inside = await add_item(alice.id, tmp_path, folder="Films")
    below = await add_item(alice.id, tmp_path, b"other", "Below", folder="Films/Short")
    outside = await add_item(alice.id, tmp_path, b"outside", "Outside", folder="Elsewhere")
    path = await share(alice, folder="Films")
    visitor = web.client()
    page = (await visitor.get(path)).text
    assert "A film" in page and "Below" in page and "Outside" not in page
    assert (await visitor.get(f"{path}?item={below}")).status_code == 200
    assert (await visitor.get(f"{path}/media/{inside}")).content == ALL
    assert (await visitor.get(f"{path}/media/{below}.mp4")).content == b"other"
    for wrong in ("media", f"media/{outside}", f"media/{outside}/poster", "media/999999", "media/99999999999999999"):
        assert (await visitor.get(f"{path}/{wrong}")).status_code == 404, wrong
    assert (await visitor.get(f"{path}?item={outside}")).status_code == 404
    await engine.execute("update library_item set folder = null where id = $1", inside)
    assert (await visitor.get(f"{path}/media/{inside}")).status_code == 404
    single = await share(alice, item=below)
    for wrong in (f"media/{inside}", f"media/{below}", f"media/{outside}"):
        assert (await visitor.get(f"{single}/{wrong}")).status_code == 404, wrong


async def from_channel(item: int, channel: str, name: str, site: str = "site.test") -> None:
    """Give an item the channel that a site would name."""
    await engine.execute(
        "with said as (insert into source_metadata (facts, channel, channel_name, channel_site)"
        " values ('{}', $2, $3, $4) returning id)"
        " update library_item set metadata = (select id from said), channel = $2, channel_site = $4 where id = $1",
        item, channel, name, site,
    )  # fmt: skip


async def test_a_link_of_a_channel_or_a_search_opens_what_is_of_it(
    web: Any, alice: Any, bob: Any, tmp_path: Path
) -> None:
    first = await add_item(alice.id, tmp_path, title="Cats at dawn")
    second = await add_item(alice.id, tmp_path, b"second", "Dogs at dawn")
    other_site = await add_item(alice.id, tmp_path, b"third", "Cats elsewhere")
    theirs = await add_item(bob.id, tmp_path, b"theirs", "Cats of Bob")
    for item, site in ((first, "site.test"), (second, "site.test"), (other_site, "other.test"), (theirs, "site.test")):
        await from_channel(item, "UC1", "The Channel", site)
    visitor = web.client()
    for wish, inside, outside in (
        ({"channel": "UC1"}, (first, second), (other_site, theirs)),
        ({"channel": "The Channel", "site": "other.test"}, (other_site,), (first, second, theirs)),
        ({"q": "cats"}, (first, other_site), (second, theirs)),
    ):
        path = await share(alice, **wish)
        feed = ElementTree.fromstring((await visitor.get(f"{path}/feed.xml")).content)
        assert feed.findtext("channel/title") == ("cats" if "q" in wish else "The Channel")
        urls = sorted(one.get("url") for one in feed.iter("enclosure"))
        assert urls == sorted(f"{web.url}{path}/media/{item}.mp4" for item in inside), wish
        listed = (await visitor.get(f"{path}/list.m3u8")).text.splitlines()
        assert sorted(line for line in listed if line[0] != "#") == urls
        assert (await visitor.get(f"{path}?item={inside[0]}")).status_code == 200
        part = await visitor.get(f"{path}/media/{inside[0]}", headers={"Range": "bytes=1-3"})
        assert part.status_code == 206 and len(part.content) == 3
        for wrong in (*(f"/media/{item}" for item in outside), "/media", *(f"?item={item}" for item in outside)):
            assert (await visitor.get(path + wrong)).status_code == 404, (wish, wrong)
    later = await add_item(alice.id, tmp_path, b"later", "More cats")
    assert f"/media/{later}." in (await visitor.get(f"{path}/feed.xml")).text
    rows = (await alice.http.get("/api/shares")).json()["shares"]
    assert [(row["title"], row["channel"], row["site"], row["q"]) for row in rows] == [
        ("cats", None, None, "cats"),
        ("The Channel", "UC1", "other.test", None),
        ("The Channel", "UC1", "site.test", None),
    ]  # fmt: skip
    for wrong, status in (
        ({"channel": "UC2"}, 404), ({"channel": "UC1", "site": "third.test"}, 404), ({"q": "  "}, 400),
        ({"q": "x" * 501}, 400), ({"q": "cats", "channel": "UC1"}, 400), ({"channel": ""}, 404),
    ):  # fmt: skip
        assert (await alice.http.post("/api/shares", json=wrong)).status_code == status, wrong


@pytest.mark.parametrize("way", ["bearer", "mf_bearer", "cookie", "query", "basic"])
async def test_the_secret_of_a_link_opens_no_other_route(web: Any, alice: Any, tmp_path: Path, way: str) -> None:
    item = await add_item(alice.id, tmp_path, folder="Films")
    secrets = [(await share(alice, **what)).removeprefix("/s/") for what in ({"item": item}, {"folder": "Films"})]
    for secret in secrets:
        basic = base64.b64encode(f"Alice:{secret}".encode()).decode()
        headers = {
            "bearer": {"Authorization": f"Bearer {secret}"},
            "mf_bearer": {"Authorization": f"Bearer mf_{secret}"},
            "cookie": {"Cookie": f"mf_session={secret}", "Origin": web.url},
            "query": {},
            "basic": {"Authorization": f"Basic {basic}"},
        }[way]
        client = web.client(**headers, Via="1.1 test")
        for route in ROUTES:
            if route.who.open:
                continue
            if way == "query":
                answer = await client.request(
                    route.method, f"{fill(route, item)}?token={secret}&secret={secret}&s={secret}"
                )
            else:
                answer = await call(client, route, item)
            # A body that is none is refused before the sender is identified.
            assert answer.status_code in (401, 400, 415), f"{named(route)}: {answer.status_code}"
    assert (await alice.http.get(f"/api/items/{item}")).status_code == 200


async def test_addresses_around_a_link_open_nothing(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    path = await share(alice, item=item)
    visitor = web.client()
    for wrong in (
        "/media/1/../../../etc/passwd", "/api/items", "/feed.xml/x", "/list.m3u", "/media.exe",
        "/media/poster.png",
        "/media/subtitles/..%2f..", "/media/subtitles/en", "/media/poster", "//media", "/mediaX", "/settings",
    ):  # fmt: skip
        assert (await visitor.get(path + wrong)).status_code == 404, wrong
    for wrong in ("/s/", f"{path[:-1]}", f"{path}x", f"/s/{path[3:].swapcase()}"):
        answer = await visitor.get(wrong, headers={"Accept": "*/*"})
        assert answer.status_code == 404, wrong
    for method in ("POST", "PUT", "DELETE"):
        assert (await visitor.request(method, path)).status_code in (403, 405)


async def test_a_link_ends_by_time_by_hand_and_with_its_item(web: Any, alice: Any, bob: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    paths = [await share(alice, item=item, days=1) for _ in range(3)]
    visitor = web.client()
    rows = (await alice.http.get("/api/shares")).json()["shares"]
    ends = datetime.fromisoformat(rows[0]["expires_at"]) - datetime.fromisoformat(rows[0]["created_at"])
    assert 86_390 < ends.total_seconds() < 86_410
    await engine.execute("update share set expires_at = now() - interval '1 second' where id = $1", rows[2]["id"])
    assert (await visitor.get(paths[0])).status_code == 404
    assert (await bob.http.delete(f"/api/shares/{rows[1]['id']}")).status_code == 404
    assert (await alice.http.delete(f"/api/shares/{rows[1]['id']}")).status_code == 204
    assert (await visitor.get(f"{paths[1]}/media")).status_code == 404
    assert (await visitor.get(f"{paths[2]}/media")).status_code == 200
    await trash.trash(item, alice.id)
    for name in ("", "/media", "/feed.xml", "/list.m3u8"):
        assert (await visitor.get(paths[2] + name)).status_code == 404
    page = await visitor.get(paths[2], headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.status_code == 404 and "pris fin" in page.text


async def test_the_page_says_who_shares_and_when_it_ends(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    paths = [await share(alice, item=item), await share(alice, item=item, days=1)]
    await engine.execute("update share set expires_at = '2027-08-06 12:00+00' where expires_at is not null")
    await engine.execute("update library_item set published_at = '2026-11-27 01:00+00'")
    visitor = web.client()
    endless, ending = [(await visitor.get(path)).text for path in paths]
    assert "Shared with you by Alice" in ending and "Somebody · 27 November 2026" in ending
    assert "This link ends on 6 August 2027." in ending and "This link ends" not in endless
    french = (await visitor.get(paths[1], headers={"Accept-Language": "fr"})).text
    assert "Ce lien prend fin le 6 août 2027." in french and "27 novembre 2026" in french
    german = (await visitor.get(paths[1], headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})).text
    assert '<html lang="de">' in german and "Dieser Link endet am 6. August 2027." in german
    assert "27. November 2026" in german and "Geteilt von Alice" in german
    ended = await visitor.get("/s/" + "a" * 32, headers={"Accept": "text/html", "Accept-Language": "de"})
    assert "Diesen Link gibt es nicht" in ended.text


async def test_every_use_of_a_link_is_in_the_audit_trail(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    path = await share(alice, item=item, password="open sesame")
    visitor = web.client()
    await visitor.get(path, auth=("x", "wrong"))
    for _ in range(3):
        await visitor.get(path, auth=("x", "open sesame"))
    id = (await alice.http.get("/api/shares")).json()["shares"][0]["id"]
    await alice.http.delete(f"/api/shares/{id}")
    rows = await engine.fetch(
        "select action, facts::text as facts from audit_event where action like 'share%' order by id"
    )
    assert [row["action"] for row in rows] == [
        "share_made", "share_password_refused", "share_opened", "share_revoked"
    ]  # fmt: skip
    assert all(json.loads(row["facts"])["share"] == id for row in rows)


async def test_unshareable_target_is_refused(alice: Any, bob: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, folder="Films")
    folder = (await alice.http.get("/api/folders")).json()["folders"][0]["id"]
    for person, body, status in (
        (bob, {"item": item}, 404), (bob, {"folder": folder}, 404), (bob, {"folder": "Films"}, 404),
        (alice, {}, 400), (alice, {"item": item, "folder": folder}, 400), (alice, {"item": item, "days": 0}, 400),
        (alice, {"item": item, "days": 1e9}, 400), (alice, {"item": item, "password": "x"}, 400),
        (alice, {"folder": "Nowhere"}, 404), (alice, {"item": 10**30}, 400),
    ):  # fmt: skip
        answer = await person.http.post("/api/shares", json=body)
        assert answer.status_code == status, (body, answer.text)


async def test_a_password_is_asked_for_and_guesses_are_limited(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    path = await share(alice, item=item, password="open sesame")
    visitor = web.client()
    for name in ("", "/media", "/feed.xml", "/list.m3u8"):
        asked = await visitor.get(path + name)
        assert (asked.status_code, asked.json()["code"]) == (401, "share_password")
        assert asked.headers["www-authenticate"].startswith("Basic ")
        assert (await visitor.get(path + name, auth=("anybody", "open sesame"))).status_code == 200
    assert (await visitor.get(path, headers={"Authorization": "Basic !!"})).status_code in (401, 429)
    statuses = [(await visitor.get(path, auth=("x", f"wrong {number}"))).status_code for number in range(12)]
    assert statuses[0] == 401 and statuses[-1] == 429
    assert "open sesame" not in str(await engine.fetch("select * from share"))


async def test_an_address_that_tries_many_secrets_is_slowed_down(web: Any, alice: Any) -> None:
    visitor = web.client()
    statuses = [(await visitor.get(f"/s/{credentials.new()[0]}")).status_code for _ in range(12)]
    assert statuses[:10] == [404] * 10 and statuses[-1] == 429


async def test_the_secret_is_in_no_log_and_no_table(
    web: Any, alice: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    item = await add_item(alice.id, tmp_path)
    path = await share(alice, item=item)
    secret = path.removeprefix("/s/")
    (tmp_path / "x").write_bytes(b"")
    for name in ("", "/media", "/feed.xml", "/list.m3u8", "/media/poster", "/wrong"):
        await web.client().get(path + name)
    ours = [record for record in caplog.records if not record.name.startswith(("http", "asyncio"))]
    logged = "\n".join(f"{record.getMessage()} {getattr(record, 'fields', '')} {record.exc_text}" for record in ours)
    assert "share_made" in logged and secret not in logged
    for table in ("share", "audit_event", "rate_limit_bucket"):
        assert secret not in str(await engine.fetch(f"select * from {table}"))


# ---- feeds -----------------------------------------------------------------------------------------------


async def test_a_feed_follows_rss_and_the_rules_of_podcasts(web: Any, alice: Any, tmp_path: Path) -> None:
    """The required elements of RSS 2.0, and of Apple's requirements for podcasts."""
    for number in range(3):
        title = f"Film {number} & <more>\x0b \U0001f3ac"
        await add_item(alice.id, tmp_path, ALL + bytes([number]), title, folder="Films")
    await engine.execute("update media_file set poster = true where id = (select max(id) from media_file)")
    path = await share(alice, folder="Films")
    answer = await web.client().get(f"{path}/feed.xml")
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    root = ElementTree.parse(io.BytesIO(answer.content)).getroot()
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root.find("channel")
    assert channel is not None
    for name in ("title", "link", "description", "language", f"{ITUNES}author", f"{ITUNES}explicit"):
        assert channel.findtext(name), name
    assert channel.findtext(f"{ITUNES}explicit") in ("true", "false")
    assert channel.find(f"{ITUNES}category").get("text")
    assert channel.find(f"{ITUNES}image").get("href").endswith((".jpg", ".png"))
    assert channel.find(f"{ATOM}link").get("href") == f"{web.url}{path}/feed.xml"
    assert parsedate_to_datetime(channel.findtext("lastBuildDate"))
    found = channel.findall("item")
    assert len(found) == 3 and len({one.findtext("guid") for one in found}) == 3
    dates = [parsedate_to_datetime(one.findtext("pubDate")) for one in found]
    assert dates == sorted(dates, reverse=True)
    for one in found:
        assert one.findtext("title").startswith("Film") and one.find("guid").get("isPermaLink") == "false"
        assert re.fullmatch(r"\d+", one.findtext(f"{ITUNES}duration"))
        enclosure = one.find("enclosure")
        assert enclosure.get("url").startswith(f"{web.url}{path}/media/") and enclosure.get("url").endswith(".mp4")
        assert enclosure.get("type") == "video/mp4"
        got = await web.client().get(enclosure.get("url"), headers={"Range": "bytes=0-"})
        assert (got.status_code, len(got.content)) == (206, int(enclosure.get("length")))
        head = await web.client().head(enclosure.get("url"))  # podcast directories ask so
        assert head.headers["accept-ranges"] == "bytes" and head.headers["content-length"] == enclosure.get("length")


async def test_a_feed_that_has_not_changed_is_not_sent_again(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, folder="Films")
    path = await share(alice, folder="Films")
    visitor = web.client()
    for name in ("feed.xml", "list.m3u8"):
        first = await visitor.get(f"{path}/{name}")
        known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        again = await visitor.get(f"{path}/{name}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        require_private(again, "private, no-cache")
        head = await visitor.head(f"{path}/{name}")
        assert head.headers["etag"] == first.headers["etag"]
        await alice.http.patch(f"/api/items/{item}", json={"title": f"Renamed for {name}"})
        changed = await visitor.get(f"{path}/{name}", headers=known)
        assert changed.status_code == 200 and f"Renamed for {name}" in changed.text
    rows = (await alice.http.get("/api/shares")).json()["shares"]
    assert rows[0]["uses"] == 4  # neither HEAD nor 304


async def test_a_feed_has_what_the_source_says(web: Any, alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, folder="Films")
    facts = {"description": "x" * 5000, "language": "de", "age_limit": 18}
    await engine.execute(
        "with said as (insert into source_metadata (facts) values ($2::jsonb) returning id)"
        " update library_item set metadata = (select id from said) where id = $1",
        item,
        json.dumps(facts),
    )
    text = (await web.client().get(f"{await share(alice, folder='Films')}/feed.xml")).text
    assert "<language>de</language>" in text and text.count("<itunes:explicit>true</itunes:explicit>") == 2
    assert f"<description>{'x' * 3999}…</description>" in text


async def test_the_guid_of_an_item_stays_when_the_link_changes(web: Any, alice: Any, tmp_path: Path) -> None:
    await add_item(alice.id, tmp_path, folder="Films")
    feeds = []
    for _ in range(2):
        text = (await web.client().get(f"{await share(alice, folder='Films')}/feed.xml")).text
        feeds.append(re.findall(r"<guid[^>]*>([^<]+)", text))
    assert feeds[0] == feeds[1]


async def test_addresses_in_a_feed_are_the_public_ones(database: str, state: Path, tmp_path: Path) -> None:
    from serving import Server

    from mediafetcher.accounts.auth import users
    from mediafetcher.feeds import shares
    from mediafetcher.library.storage import mount

    await mount.prepare()
    owner = (await users.add("Ada", "a long enough password"))["id"]
    item = await add_item(owner, tmp_path)
    secret = (await shares.make(owner, item=item))["secret"]
    running = Server()
    await running.start(public_url="https://media.example.org/")
    try:
        text = (await running.client().get(f"/s/{secret}/list.m3u8")).text
    finally:
        await running.stop()
    assert f"https://media.example.org/s/{secret}/media.mp4" in text


async def test_a_real_player_plays_the_list(web: Any, alice: Any, media_corpus: Path) -> None:
    """mpv of Debian, without a screen or a loudspeaker."""
    film = media_corpus / "ok.mp4"
    await add_file(alice.id, film, folder="Films")
    path = await share(alice, folder="Films")
    await play(f"{web.url}{path}/list.m3u8")
    rows = (await alice.http.get("/api/shares")).json()["shares"]
    assert rows[0]["uses"] >= 2  # the list, and the film


async def play(url: str) -> None:
    """Play the beginning in mpv, then a piece from the middle, which needs Range."""
    if (mpv := os.environ.get("MF_MPV") or shutil.which("mpv")) is None:
        pytest.skip("mpv is not installed. As root, type: apt-get install --no-install-recommends mpv")
    command = [mpv, "--no-config", "--vo=null", "--ao=null", "--untimed", "--frames=20", "--msg-level=all=info"]
    for more in ([], ["--start=50%"]):
        done = await asyncio.to_thread(
            subprocess.run, [*command, *more, url], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr


async def enclosure(web: Any, alice: Any, film: Path, facts: items.MediaFacts = FILM) -> str:
    """Returns: the address of the one enclosure of a feed."""
    await add_file(alice.id, film, folder="Films", facts=facts)
    text = (await web.client().get(f"{await share(alice, folder='Films')}/feed.xml")).text
    (found,) = re.findall(r'<enclosure url="([^"]+)"', text)
    return found


async def test_an_enclosure_plays_in_a_real_player(web: Any, alice: Any, media_corpus: Path) -> None:
    await play(await enclosure(web, alice, media_corpus / "ok.mp4"))


_PLAY = """(async () => {
  const film = document.querySelector("video, audio");
  const once = (name) => new Promise((good, bad) => {
    film.addEventListener(name, good, {once: true});
    film.addEventListener("error", () => bad(new Error(film.error.message)), {once: true});
    setTimeout(() => bad(new Error("no " + name)), 20000);
  });
  film.muted = true;
  if (film.readyState < 1) await once("loadedmetadata");
  const moved = once("seeked");
  film.currentTime = film.duration / 2;
  await moved;
  await film.play();
  if (film.currentTime < film.duration / 2) await once("timeupdate");
  return film.currentTime >= film.duration / 2;
})()"""
_OPEN_ENCLOSURE = """(() => {
  const player = new Audio("%s");
  player.preload = "metadata";
  document.body.append(player);
  return true;
})()"""


async def test_the_page_plays_and_seeks_in_chromium(web: Any, alice: Any, media_corpus: Path, tmp_path: Path) -> None:
    item = await add_file(alice.id, media_corpus / "ok.mp4")
    path = await share(alice, item=item)
    async with tab(tmp_path / "profile") as page:
        await page.go(web.url + path)
        await page.until("document.querySelector('video') !== null")
        assert await page.look(_PLAY) is True
        assert await page.look("[document.scripts.length, document.cookie]") == [0, ""]
        style = await page.look("getComputedStyle(document.body).maxWidth")
    assert style != "none"  # its style is allowed by its own policy


async def test_an_enclosure_plays_and_seeks_in_an_audio_element_of_chromium(
    web: Any, alice: Any, tmp_path: Path, site: Site
) -> None:
    """As a podcast program in a browser does: a page of another site, without an account."""
    sound = tmp_path / "sound.m4a"
    made = "-f lavfi -i anoisesrc=d=240:a=0.1 -c:a aac -b:a 256k -movflags +faststart".split()  # noqa: SIM905
    await asyncio.to_thread(subprocess.run, [ffmpeg.path(), "-v", "error", *made, sound], check=True, timeout=60)
    facts = items.MediaFacts("audio/mp4", ".m4a", 240.0, None, None, None, "aac")
    url = await enclosure(web, alice, sound, facts)
    async with tab(tmp_path / "profile") as page:
        await page.go(site.url("/robots.txt"))
        await page.until(f"location.origin + '/' === '{site.url('/')}'")
        assert await page.look(_OPEN_ENCLOSURE % url) is True
        assert await page.look(_PLAY, clicked=True) is True
    parts = [one for one in page.answers if one["url"] == url]
    assert len(parts) >= 2 and all(one["status"] == 206 for one in parts)
    named = [{name.lower(): value for name, value in one["headers"].items()} for one in parts]
    begins = [one["content-range"].removeprefix("bytes ").partition("-")[0] for one in named]
    assert begins[0] == "0" and int(begins[-1]) > 0
