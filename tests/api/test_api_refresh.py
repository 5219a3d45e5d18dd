"""Metadata of items read again, by the API and by the command, from the site to what users see."""

import json

from shelf import add_item

from mediafetcher.cli.commands import library
from mediafetcher.cli.parser import parser
from mediafetcher.db import engine
from tests.site.described import KINDS


class _Instance:
    async def ensure_jobs(self) -> None:
        """The server of the test works already."""


class _Out:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    error = line


async def _item(alice, site, tmp_path) -> int:
    """An item from a page that says much, of which nothing is known yet."""
    item = await add_item(alice.id, tmp_path)
    await engine.execute("update library_item set source_url = $2 where id = $1", item, site.url(KINDS["video"].path))
    return item


async def test_refresh_over_http_gives_the_item_what_its_site_says(web, alice, bob, site, tmp_path):
    item = await _item(alice, site, tmp_path)
    before = (await alice.http.get(f"/api/items/{item}")).json()
    assert (before["published_at"], before["channel"], before["tags"]) == (None, None, [])
    assert (await bob.http.post(f"/api/items/{item}/refresh-metadata")).status_code == 404
    answer = await alice.http.post(f"/api/items/{item}/refresh-metadata", timeout=120)
    assert answer.status_code == 200, answer.text
    expected = KINDS["video"].expected
    assert answer.json()["description"] == expected["description"]
    assert answer.json()["channel"]["name"] == expected["channel_name"]
    assert answer.json()["published_at"] is not None
    assert (await alice.http.get(f"/api/items/{item}")).json() == answer.json()
    listed = await alice.http.get("/api/items", params={"channel": expected["channel_name"]})
    assert [one["id"] for one in listed.json()["items"]] == [item]


async def test_refresh_by_command_names_what_was_read(web, alice, site, tmp_path):
    item = await _item(alice, site, tmp_path)
    out = _Out()
    asked = parser().parse_args(["refresh-metadata", "--missing", "--json", "--user", "alice"])
    assert await library.refresh_metadata(_Instance(), asked, out, None) == 0
    [line] = [json.loads(line) for line in out.lines]
    assert (line["item"], line["result"]) == (item, "read")
    assert (await alice.http.get(f"/api/items/{item}")).json()["channel"] is not None
    again = _Out()
    assert await library.refresh_metadata(_Instance(), asked, again, None) == 0
    assert again.lines == []  # nothing is missing any more
