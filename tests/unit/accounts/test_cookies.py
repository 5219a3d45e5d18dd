"""Jars: what is taken in, what goes out to whom, and that nothing of it lies about."""

from pathlib import Path
from typing import Any

import pytest

from mediafetcher.accounts.auth import users
from mediafetcher.accounts.vault import cookie_formats, cookie_jars, encryption
from mediafetcher.core import errors
from mediafetcher.db import engine

LATER = 4_102_444_800  # the year 2100: a constant, since it stands in the names of tests
LINES = [
    "# Netscape HTTP Cookie File",
    "# a word",
    "",
    f".example.org\tTRUE\t/\tTRUE\t{LATER}\tsid\tcanary-1",
    f"#HttpOnly_www.example.org\tFALSE\t/deep\tFALSE\t{LATER}.5\thidden\tcanary=2; x",
    "example.org\tFALSE\t/\tFALSE\t0\tsession\tcanary-3",
    ".example.org\tTRUE\t/\tFALSE\t0\tempty\t",
]


@pytest.fixture
async def owner(database: str, state: Path) -> int:
    return int((await users.add("Alice", "a long enough password", admin=True))["id"])


def names(found: list[cookie_formats.Cookie]) -> list[str]:
    return [cookie.name for cookie in found]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\ufeff\r\n"])
@pytest.mark.parametrize("header", [True, False])
def test_netscape_text_is_read_however_it_was_saved(end: str, start: str, header: bool) -> None:
    found = cookie_formats.parse(start + end.join(LINES[0 if header else 3 :]))
    assert names(found) == ["sid", "hidden", "session", "empty"]
    sid, hidden, session, empty = found
    assert (sid.domain, sid.host_only, sid.secure, sid.http_only, sid.expires) == (
        "example.org",
        False,
        True,
        False,
        LATER,
    )
    assert (hidden.domain, hidden.host_only, hidden.http_only, hidden.path) == ("www.example.org", True, True, "/deep")
    assert hidden.value == "canary=2; x"
    assert session.expires is None
    assert empty.value == ""


def test_spaces_instead_of_tabs_are_read() -> None:
    assert cookie_formats.parse(LINES[3].replace("\t", "    "))[0].value == "canary-1"


def test_empty_value_whose_tab_was_trimmed_is_read() -> None:
    (cookie,) = cookie_formats.parse(f".example.org\tTRUE\t/\tTRUE\t{LATER}\tsid")
    assert (cookie.name, cookie.value) == ("sid", "")


def test_variants_of_exports_are_read() -> None:
    assert cookie_formats.parse("  " + LINES[3])[0].domain == "example.org"
    assert cookie_formats.parse("   # a word\n" + LINES[3])[0].name == "sid"
    one = {"name": "a", "value": "canary", "domain": ".example.org"}
    for expires, kept in (
        (LATER * 1000, LATER), (LATER + 0.5, LATER), (str(LATER), LATER), (-1, None), (0, None), (None, None),
        (1e300, None),
    ):  # fmt: skip
        (cookie,) = cookie_formats.from_objects([one | {"expires": expires}])
        assert cookie.expires == kept, expires
    with pytest.raises(errors.BadCookies):
        cookie_formats.from_objects([one | {"expires": "tomorrow"}])
    state = '{"cookies": [{"name": "a", "value": "1", "domain": "example.org", "expires": -1}], "origins": []}'
    assert names(cookie_formats.parse(state)) == ["a"]  # as browsers that are driven by programs save it


def test_json_of_the_usual_exports_is_read() -> None:
    text = (
        '[{"domain": ".example.org", "expirationDate": 4000000000.5, "hostOnly": false, "httpOnly": true, "name": "a",'
        ' "path": "/", "sameSite": "lax", "secure": true, "session": false, "storeId": "0", "value": "canary"},'
        ' {"domain": "example.org", "name": "b", "value": "1", "session": true}]'
    )
    for form in (text, f'{{"cookies": {text}}}', "\ufeff" + text):
        first, second = cookie_formats.parse(form)
        assert (first.name, first.http_only, first.host_only, first.expires) == ("a", True, False, 4000000000)
        assert (second.host_only, second.expires, second.path) == (True, None, "/")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n".join([*LINES, "not a cookie canary"]), "Line 8"),
        (LINES[3] + "\r\n.example.org\tTRUE\t/\tcanary", "Line 2"),
        (f".example.org\tMAYBE\t/\tTRUE\t{LATER}\tsid\tcanary", "Line 1"),
        (".example.org\tTRUE\t/\tTRUE\tcanary\tsid\tcanary", "Line 1"),
        (f".example.org\tTRUE\t/\tTRUE\t{LATER}\tsid\tcanary\x00", "Line 1"),
        ('[{"name": "a", "value": "canary"}]', "Cookie 1"),
        ('[{"name": "a", "value": "canary", "domain": "x.org"}, 5]', "Cookie 2"),
        ('[{"name": "a", "value": "can\\nary", "domain": "x.org"}]', "Cookie 1"),
        ('[{"name": "a", "value": "canary", ', "line 1"),
        ('{"cookies": "canary"}', "must be a list of cookies"),
    ],
)
def test_a_bad_line_is_named_without_its_value(text: str, place: str) -> None:
    with pytest.raises(errors.BadCookies) as caught:
        cookie_formats.parse(text)
    assert place in caught.value.detail
    assert "canary" not in caught.value.detail and "can" not in caught.value.detail.split("cookie")[0].lower()


def test_cookies_are_returned_unchanged() -> None:
    found = cookie_formats.parse("\n".join(LINES))
    assert cookie_formats.parse(cookie_formats.netscape(found)) == found


@pytest.mark.parametrize("name", ["", "a b.org", "../x", "example.org/x", "-x.org", "x" * 64 + "..org"])
def test_invalid_site_is_refused(name: str) -> None:
    with pytest.raises(errors.Invalid):
        cookie_formats.site_name(name)


def test_sites_have_one_name() -> None:
    assert cookie_formats.site_name(" WWW.Example.ORG. ") == "example.org"
    assert cookie_formats.site_name("bücher.example") == "xn--bcher-kva.example"
    assert cookie_formats.site_name("[::1]") == "::1"
    assert cookie_formats.site_name("localhost") == "localhost"


def test_below_a_plain_name_is_nothing() -> None:
    assert cookie_formats.belongs("nas", "nas") and cookie_formats.belongs("a.example.org", "example.org")
    assert not cookie_formats.belongs("example.org", "org") and not cookie_formats.belongs(
        "notexample.org", "example.org"
    )


async def test_a_jar_is_kept_listed_without_values_and_lent_to_its_site_only(owner: int) -> None:
    kept = await cookie_jars.put(owner, "www.example.org", cookie_formats.parse("\n".join(LINES)))
    assert kept == {"site": "example.org", "kept": 4, "left_out": 0}
    (shown,) = await cookie_jars.page(owner)
    assert (shown["site"], shown["cookies"], shown["succeeded_at"], shown["failure"]) == ("example.org", 4, None, None)
    assert "canary" not in repr(shown)
    for url in ("https://example.org/x", "https://video.example.org:444/x"):
        jar = await cookie_jars.jar_for(owner, url)
        assert jar is not None and "canary-1" in jar.text and "canary" not in repr(jar)
    for url in ("https://notexample.org/", "https://example.org.evil.test/", "https://org/"):
        assert await cookie_jars.jar_for(owner, url) is None


async def test_cookies_of_other_sites_and_old_ones_are_left_out(owner: int) -> None:
    text = "\n".join(
        [
            f".example.org\tTRUE\t/\tTRUE\t{LATER}\tgood\t1",
            f".other.org\tTRUE\t/\tTRUE\t{LATER}\tother\t1",
            f".notexample.org\tTRUE\t/\tTRUE\t{LATER}\talike\t1",
            f".org\tTRUE\t/\tTRUE\t{LATER}\tabove\t1",
            ".example.org\tTRUE\t/\tTRUE\t1000000000\told\t1",
        ]
    )
    assert await cookie_jars.put(owner, "example.org", cookie_formats.parse(text)) == {
        "site": "example.org",
        "kept": 1,
        "left_out": 4,
    }
    with pytest.raises(errors.BadCookies):
        await cookie_jars.put(owner, "third.org", cookie_formats.parse(text))


async def test_the_nearest_jar_serves_and_short_addresses_are_known(owner: int) -> None:
    one = f".example.org\tTRUE\t/\tTRUE\t{LATER}\twide\t1"
    two = f".video.example.org\tTRUE\t/\tTRUE\t{LATER}\tnear\t1"
    await cookie_jars.put(owner, "example.org", cookie_formats.parse(one))
    await cookie_jars.put(owner, "video.example.org", cookie_formats.parse(two))
    near = await cookie_jars.jar_for(owner, "https://a.video.example.org/")
    assert near is not None and near.site == "video.example.org" and "wide" not in near.text
    await cookie_jars.put(owner, "youtube.com", cookie_formats.parse(one.replace("example.org", "youtube.com")))
    short = await cookie_jars.jar_for(owner, "https://youtu.be/abc")
    assert short is not None and short.site == "youtube.com"


async def test_another_user_has_another_jar(owner: int) -> None:
    bob = (await users.add("Bob", "a long enough password"))["id"]
    await cookie_jars.put(owner, "example.org", cookie_formats.parse(LINES[3]))
    assert await cookie_jars.page(bob) == []
    assert await cookie_jars.jar_for(bob, "https://example.org/") is None
    with pytest.raises(errors.NotFound):
        await cookie_jars.remove(bob, "example.org")
    await cookie_jars.remove(owner, "example.org")
    assert await cookie_jars.jar_for(owner, "https://example.org/") is None


async def test_swapped_rows_do_not_open(owner: int) -> None:
    bob = (await users.add("Bob", "a long enough password"))["id"]
    await cookie_jars.put(owner, "example.org", cookie_formats.parse(LINES[3]))
    await cookie_jars.put(bob, "example.org", cookie_formats.parse(LINES[5]))
    await engine.execute(
        "update cookie_jar a set ciphertext = b.ciphertext from cookie_jar b where b.id <> a.id and b.site = a.site"
    )
    assert await cookie_jars.jar_for(owner, "https://example.org/") is None
    assert await cookie_jars.jar_for(bob, "https://example.org/") is None


async def test_how_a_fetch_ended_is_noted_and_renewed_cookies_are_kept(owner: int) -> None:
    await cookie_jars.put(owner, "example.org", cookie_formats.parse(LINES[3]))
    with pytest.raises(errors.LoginRequired):
        async with cookie_jars.borrow(owner, "https://example.org/"):
            raise errors.LoginRequired()
    (shown,) = await cookie_jars.page(owner)
    assert shown["failure"] == "login_required" and shown["failed_at"] is not None
    foreign = f".ads.test\tTRUE\t/\tTRUE\t{LATER}\tad\t1"
    async with cookie_jars.borrow(owner, "https://example.org/") as jar:
        assert jar is not None
        jar.returned = "\n".join([LINES[3].replace("canary-1", "renewed"), foreign])
    (shown,) = await cookie_jars.page(owner)
    assert shown["failure"] is None and shown["succeeded_at"] is not None and shown["cookies"] == 1
    again = await cookie_jars.jar_for(owner, "https://example.org/")
    assert again is not None and "renewed" in again.text and "ads.test" not in again.text


async def test_cookies_sent_during_a_fetch_are_not_overwritten(owner: int) -> None:
    await cookie_jars.put(owner, "example.org", cookie_formats.parse(LINES[3]))
    async with cookie_jars.borrow(owner, "https://example.org/") as jar:
        assert jar is not None
        await cookie_jars.put(owner, "example.org", cookie_formats.parse(LINES[3].replace("canary-1", "newer")))
        jar.returned = LINES[3].replace("canary-1", "older")
    now = await cookie_jars.jar_for(owner, "https://example.org/")
    assert now is not None and "newer" in now.text


async def test_rotation_encrypts_every_jar_again(owner: int) -> None:
    for number in range(5):
        line = LINES[3].replace("example", f"site{number}")
        await cookie_jars.put(owner, f"site{number}.org", cookie_formats.parse(line))
    await engine.execute("update cookie_jar set ciphertext = 'damaged' where site = 'site4.org'")
    before: dict[str, Any] = {row["site"]: row["ciphertext"] for row in await engine.fetch("select * from cookie_jar")}
    assert await cookie_jars.rotate() == {"sealed": 4, "lost": 1, "devices": 0}
    assert len(encryption._keys().vault) == 1
    for row in await engine.fetch("select * from cookie_jar where site <> 'site4.org'"):
        assert row["ciphertext"] != before[row["site"]]
        assert await cookie_jars.jar_for(owner, f"https://{row['site']}/") is not None
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt(before[row["site"]], "cookie_jar", owner, row["site"], row["id"])


def test_cookies_of_frames_in_other_pages_are_not_the_users() -> None:
    own = {"name": "sid", "value": "ok", "domain": "site.example"}
    framed = own | {"value": "framed", "partitionKey": {"topLevelSite": "https://other.test"}}
    itself = own | {"value": "itself", "partitionKey": {"topLevelSite": "https://site.example:8443"}}
    for given, kept in (
        ([own, framed], ["ok"]),
        ([framed, own, itself], ["ok"]),
        ([framed, itself], ["itself"]),
        ([framed], []),
        ([own | {"partitionKey": None}, framed | {"partitionKey": "https://other.test"}], ["ok"]),
    ):
        found = cookie_formats.of_site(cookie_formats.from_objects(given), "site.example")
        assert [cookie.value for cookie in found] == kept
