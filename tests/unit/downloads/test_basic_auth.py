"""HTTP Basic authentication: a name and password in a link are kept in the vault, and go to one origin only."""

import pytest

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, nodes, queries
from mediafetcher.downloads.wait_reasons import WaitReasons
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import gateway
from mediafetcher.fetch.options import Options
from mediafetcher.net import urls
from mediafetcher.subscriptions import checks, listing, subscriptions
from tests.factories import add_user
from tests.site.proxy import Proxy

SECRET = "s:cret"


@pytest.fixture
async def owner(database, media_online) -> int:
    return await add_user("ada")


def _with_login(url: str) -> str:
    return url.replace("//", "//me:s%3Acret@")


async def _run(owner: int, url: str, options: Options | None = None) -> dict:
    row = await lifecycle.submit(owner, url, options=options)
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
    other = await add_user("bob")
    assert (await _run(other, url))["error"]["code"] == "password_required"
    assert (await _run(owner, url + "?again"))["state"] == "done"


async def test_redirect_to_another_host_does_not_get_them(owner, site):
    row = await _run(owner, _with_login(site.url("/basic/to/localhost/ok.mp4")))
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    assert [entry for entry in site.asked("/media/") if entry["host"].startswith("localhost")]
    assert not [entry for entry in site.asked("/media/") if entry["authorization"]]


def _without_them(site, path: str) -> None:
    """Check that the target of the redirect was requested, and never with the name and password."""
    assert site.asked(path) and not [entry for entry in site.asked(path) if entry["authorization"]]


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_redirect_to_another_host_through_a_proxy_does_not_get_them(owner, site, kind):
    with Proxy(kind) as proxy:
        url = _with_login(site.url("/basic/to/localhost/ok.mp4"))
        row = await _run(owner, url, Options(proxy=proxy.url))
        assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
        assert len(proxy.asked) >= 2
    _without_them(site, "/media/")


@pytest.mark.skipif(not gateway.available(), reason="no curl_cffi, or a kernel without seccomp")
async def test_redirect_to_another_host_of_an_imitated_browser_does_not_get_them(owner, site):
    row = await _run(owner, _with_login(site.url("/basic/to/localhost/ok.mp4")), Options(impersonate=True))
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    assert all(entry["browser"] for entry in site.asked("/basic/"))
    _without_them(site, "/media/")


@pytest.mark.skipif(not gateway.available(), reason="no curl_cffi, or a kernel without seccomp")
async def test_link_with_a_login_is_fetched_by_an_imitated_browser(owner, site):
    row = await _run(owner, _with_login(site.url("/basic/ok.mp4")), Options(impersonate=True))
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))


async def test_followed_list_behind_a_login_is_read_with_it(owner, site):
    url = site.url("/basic/feed")
    followed = await subscriptions.follow(owner, _with_login(url))
    assert followed["url"] == url
    shown = await subscriptions.preview(owner, url)
    assert shown["listed"] == 3
    claimed = await checks.claim(followed["id"])
    assert claimed and await checks.run(claimed)
    await cookie_jars.remove(owner, "127.0.0.1")
    with pytest.raises(errors.PasswordRequired):
        await listing.read(owner, url, Options())


async def test_preview_of_a_list_behind_a_login_uses_the_login_of_the_link(owner, site):
    url = site.url("/basic/feed")
    assert (await subscriptions.preview(owner, _with_login(url)))["listed"] == 3
    assert await cookie_jars.login_for(owner, url) is None


@pytest.mark.parametrize(
    ("url", "waits"),
    [
        ("https://www.nas.example/a", True),
        ("https://www.nas.example:8443/a", True),  # a jar does not say which port
        ("https://media.www.nas.example/a", False),
        ("https://example/a", False),
    ],
)
async def test_login_that_no_machine_decrypts_delays_downloads_of_its_host_alone(owner, url, waits):
    await cookie_jars.put_login(owner, urls.Login("https://www.nas.example", "me", SECRET))
    await lifecycle.submit(owner, url)
    reasons = WaitReasons((await WaitReasons.now())._limits, await cookie_jars.hosts())
    reason = reasons.checks["cookies"]({"owner": owner, "site": urls.site(url)})
    assert (reason is not None) == waits
    nodes._has_cookies = False
    try:
        assert (await leases.claim() is None) == waits
    finally:
        nodes._has_cookies = True


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
