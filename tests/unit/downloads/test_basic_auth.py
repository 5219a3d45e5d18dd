"""HTTP Basic authentication: a name and password in a link are kept in the vault, and go to one origin only."""

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.net import urls

SECRET = "s:cret"


@pytest.fixture
async def owner(database, media_online) -> int:
    return await engine.fetchval("insert into account (name) values ('ada') returning id")


def _with_login(url: str) -> str:
    return url.replace("//", "//me:s%3Acret@")


async def _run(owner: int, url: str) -> dict:
    row = await lifecycle.submit(owner, url)
    await runner.run(await leases.claim())
    return await queries.get(row["id"], owner)


async def test_link_with_name_and_password_is_fetched_and_does_not_show_them(owner, site):
    url = site.url("/basic/ok.mp4")
    row = await _run(owner, _with_login(url))
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    assert row["url"] == url
    shown = await engine.fetch("select d::text as row from download d union all select s::text from source s")
    shown += await engine.fetch("select a::text as row from audit_event a union all select j::text from cookie_jar j")
    said = str(shown) + str(await log.read(row["id"], owner))
    assert "cret" not in said
    assert await engine.fetchval("select count(*) from source where key not like $1", f"{owner}:%") == 0


async def test_link_without_them_uses_the_stored_ones_of_its_user(owner, site):
    url = site.url("/basic/ok.mp4")
    assert (await _run(owner, url))["error"]["code"] == "password_required"
    await cookie_jars.put_login(owner, urls.Login(urls.origin(url), "me", SECRET))
    other = await engine.fetchval("insert into account (name) values ('bob') returning id")
    assert (await _run(other, url))["error"]["code"] == "password_required"
    assert (await _run(owner, url + "?again"))["state"] == "done"


async def test_redirect_to_another_host_does_not_get_them(owner, site):
    row = await _run(owner, _with_login(site.url("/basic/to/localhost/ok.mp4")))
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    assert [entry for entry in site.asked("/media/") if entry["host"].startswith("localhost")]
    assert not [entry for entry in site.asked("/media/") if entry["authorization"]]


async def test_login_of_a_host_keeps_its_cookies_and_those_of_the_site_above(owner):
    cookie = cookie_formats.Cookie("sid", "1", "example.org")
    await cookie_jars.put(owner, "example.org", [cookie])
    login = urls.Login("https://media.example.org", "me", SECRET)
    await cookie_jars.put_login(owner, login)
    assert (await cookie_jars.jar_for(owner, "https://media.example.org/a")).site == "example.org"
    await cookie_jars.put(owner, "media.example.org", [cookie_formats.Cookie("a", "2", "media.example.org")])
    assert await cookie_jars.login_for(owner, "https://media.example.org/a") == login
    assert await cookie_jars.login_for(owner, "http://media.example.org/a") is None
    assert await cookie_jars.login_for(owner, "https://media.example.org:8443/a") is None


@pytest.mark.parametrize("link", ["https://:x@example.org/", "https://a%00b:x@example.org/", "https://a:b@/"])
def test_link_with_a_login_that_is_not_valid_is_refused(link):
    with pytest.raises(errors.InvalidUrl):
        urls.split_login(link)
