"""A followed source that moved: its new link is named, and following it doubles nothing."""

from dataclasses import replace

import pytest

from mediafetcher.cli.commands import following
from mediafetcher.cli.parser import parser
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.fetch import prefork
from mediafetcher.net import urls
from mediafetcher.subscriptions import checks, subscriptions
from tests.factories import add_user
from tests.site.channels import Channel


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    settings.use(replace(settings.get(), shutdown_seconds=2.0, retry_seconds=0.0))
    await prefork.open()
    yield
    await prefork.close()


@pytest.fixture
async def owner(database) -> int:
    return await add_user("ada")


async def _checked(id: int, owner: int) -> dict:
    await engine.execute("update subscription set next_check_at = now() where id = $1", id)
    claimed = await checks.claim(id)
    assert claimed is not None and await checks.run(claimed)
    return await subscriptions.get(id, owner)


async def test_permanent_redirect_names_the_new_link_which_keeps_the_memory(owner, site):
    site.channels["one"] = Channel()
    site.channels["one"].publish(1, 2)
    id = (await subscriptions.follow(owner, site.url("/channel/one"), backfill="all"))["id"]
    assert (await _checked(id, owner))["moved_to"] is None
    site.channels["three"], site.channels["two"] = site.channels["one"], Channel(moved_to="/channel/three")
    site.channels["one"] = Channel(moved_to="/channel/two", redirect=308)
    site.channels["three"].publish(3)
    found = await _checked(id, owner)
    assert found["moved_to"] == site.url("/channel/three") and found["error"] is None
    assert found["counts"]["queued"] == 3
    found = await subscriptions.change(id, owner, url=found["moved_to"])
    assert (found["url"], found["moved_to"]) == (site.url("/channel/three"), None)
    found = await _checked(id, owner)
    assert found["moved_to"] is None and found["counts"]["queued"] == 3


async def test_redirect_for_a_time_is_no_move(owner, site):
    site.channels["two"] = Channel()
    site.channels["one"] = channel = Channel(moved_to="/channel/two", redirect=302)
    id = (await subscriptions.follow(owner, site.url("/channel/one")))["id"]
    assert (await _checked(id, owner))["moved_to"] is None
    channel.redirect = 301
    assert (await _checked(id, owner))["moved_to"] == site.url("/channel/two")
    channel.moved_to = ""
    assert (await _checked(id, owner))["moved_to"] is None


async def test_new_address_of_a_feed_names_the_new_link(owner, site):
    site.channels["one"] = channel = Channel(new_address="/channel/two?a=1&amp;b=2")
    channel.publish(1)
    id = (await subscriptions.follow(owner, site.url("/channel/one")))["id"]
    assert (await _checked(id, owner))["moved_to"] == site.url("/channel/two?a=1&b=2")
    channel.new_address = "/channel/one"
    assert (await _checked(id, owner))["moved_to"] is None


@pytest.mark.parametrize(
    ("target", "moved"),
    [
        ("https://b.test/feed", "https://b.test/feed"),
        ("https://ada:secret@b.test/feed", "https://b.test/feed"),
        ("https://a.test/feed", None),
        ("http://www.a.test/feed/", None),
        ("http://a.test/feed?page=2", "http://a.test/feed?page=2"),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("no link", None),
    ],
)
def test_link_moved_only_if_it_names_another_place(target, moved):
    assert urls.moved("http://a.test/feed", target) == moved


class _Instance:
    async def ensure_jobs(self) -> None:
        """Downloads are no part of these tests."""


class _Out:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


async def test_command_names_the_new_link_and_follows_it(owner, site):
    site.channels["one"], site.channels["two"] = Channel(moved_to="/channel/two"), Channel()
    id = (await subscriptions.follow(owner, site.url("/channel/one")))["id"]

    async def call(*words: str) -> str:
        asked = parser().parse_args(["following", *words, "--user", "ada"])
        out = _Out()
        assert await following.following(_Instance(), asked, out, None) == 0
        return "\n".join(out.lines)

    new = site.url("/channel/two")
    assert f"moved to {new} (follow it with `following move {id}`)" in await call("check", str(id))
    assert "moved to" not in await call("move", str(id))
    assert (await subscriptions.get(id, owner))["url"] == new
    with pytest.raises(errors.InvalidState):
        await call("move", str(id))
    site.channels["three"] = Channel()
    await call("move", str(id), site.url("/channel/three"))
    assert (await subscriptions.get(id, owner))["url"] == site.url("/channel/three")


async def test_feed_whose_films_have_new_addresses_doubles_nothing(owner, site):
    site.channels["one"] = channel = Channel()
    channel.publish(1, 2, published=1_700_000_000.0)
    id = (await subscriptions.follow(owner, site.url("/channel/one"), backfill="all"))["id"]
    await _checked(id, owner)
    await engine.execute("update subscription_entry set site_key = null where title = 'Film 1'")  # earlier versions
    await _checked(id, owner)
    channel.films = [replace(film, path=f"/film/one/{film.number}") for film in channel.films]
    channel.publish(3, published=1_700_000_000.0)
    found = await _checked(id, owner)
    assert found["counts"]["queued"] == 3


async def test_feed_that_repeats_its_ids_loses_no_entry(owner, site):
    site.channels["one"] = channel = Channel()
    channel.publish(1, 2)
    channel.films = [replace(film, number=7, path=f"/film/one/{film.number}") for film in channel.films]
    id = (await subscriptions.follow(owner, site.url("/channel/one"), backfill="all"))["id"]
    assert (await _checked(id, owner))["counts"]["queued"] == 2
    channel.films = [replace(channel.films[0], title="Another", path="/film/one/9")]
    assert (await _checked(id, owner))["counts"]["queued"] == 3
