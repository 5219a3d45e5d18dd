"""Wishes over HTTP: a preview, a download with subtitles and chapters, its log, a list, all of one user."""

from typing import Any

import pytest

from mediafetcher.downloads import leases
from mediafetcher.downloads.worker import runner
from mediafetcher.library.storage import mount
from tests.site import Site


@pytest.fixture(autouse=True)
async def _online(web: Any) -> None:
    await mount.refresh()


async def test_from_the_preview_to_the_subtitles(alice: Any, bob: Any, site: Site) -> None:
    link = site.url("/page/subtitles")
    seen = (await alice.http.post("/api/preview", json={"url": link})).json()
    assert (seen["kind"], seen["title"], seen["item"], seen["entries"]) == ("media", "Fixture subtitles", None, [])
    asked = {"url": link, "options": {"subtitles": ["fr"], "start": 0.4}}
    row = (await alice.http.post("/api/downloads", json=asked)).json()
    assert row["options"] == asked["options"] and (row["kind"], row["children"]) == ("media", None)
    await runner.run(await leases.claim())
    row = (await alice.http.get(f"/api/downloads/{row['id']}")).json()
    item = (await alice.http.get(f"/api/items/{row['item']}")).json()
    assert (item["subtitles"], item["chapters"]) == (["fr"], [])
    text = await alice.http.get(f"/media/{row['item']}/subtitles/fr")
    assert text.headers["content-type"] == "text/vtt" and "Bonjour" in text.text
    lines = (await alice.http.get(f"/api/downloads/{row['id']}/log")).json()["lines"]
    assert [set(line) for line in lines] == [{"at", "level", "message"}] * len(lines) and len(lines) >= 4
    for path in (f"/api/downloads/{row['id']}/log", f"/media/{row['item']}/subtitles/fr"):
        assert (await bob.http.get(path)).status_code == 404


async def test_a_list_and_its_entries(alice: Any, site: Site) -> None:
    seen = (await alice.http.post("/api/preview", json={"url": site.url("/list/3")})).json()
    assert (seen["kind"], seen["count"]) == ("playlist", 3)
    asked = {"url": site.url("/list/3"), "options": {"playlist": {"items": [1, 3], "folder": True}}}
    row = (await alice.http.post("/api/downloads", json=asked)).json()
    await runner.run(await leases.claim())
    rows = (await alice.http.get("/api/downloads")).json()["downloads"]
    assert [entry["parent"] for entry in rows if entry["kind"] == "media"] == [row["id"]] * 2
    gone = (await alice.http.post(f"/api/downloads/{row['id']}/cancel")).json()
    assert (gone["state"], gone["children"]) == ("cancelled", {"total": 2, "done": 0, "failed": 2})


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [("{site}/status/404/x", 422, "gone"), ("ftp://x/y", 400, "unsupported_scheme"), ("nonsense", 400, "invalid_url")],
)
async def test_a_preview_that_finds_nothing(alice: Any, site: Site, url: str, status: int, code: str) -> None:
    answer = await alice.http.post("/api/preview", json={"url": url.format(site=site.url(""))})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_option_given_as_null_or_false_wins_over_presets(alice: Any, site: Site) -> None:
    link, sound = site.url("/media/ok.mp4"), {"audio": "m4a", "sponsorblock": True}
    assert (await alice.http.put("/api/presets/sound", json={"options": sound})).status_code == 200
    await alice.http.patch("/api/sites/127.0.0.1", json={"preset": "sound"})

    async def options(**asked: Any) -> Any:
        answer = await alice.http.post("/api/downloads", json={"url": link, **asked})
        assert answer.status_code == 201, answer.text
        await alice.http.post(f"/api/downloads/{answer.json()['id']}/cancel")
        return answer.json()["options"]

    assert await options() == sound
    assert await options(options={"audio": None}) == {"sponsorblock": True}
    assert await options(options={"audio": None, "sponsorblock": False}, preset="sound") == {}
    assert await options(preset="") == {}
    followed = await alice.http.post(
        "/api/subscriptions", json={"url": link, "preset": "sound", "options": {"audio": None}}
    )
    assert followed.json()["options"] == {"audio": None}
