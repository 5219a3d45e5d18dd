"""Jars with names and passwords, keys that do not open, and events that are too old."""

import time
from pathlib import Path

import pytest

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import credentials, proxy_auth, sessions, tokens, users
from mediafetcher.accounts.vault import cookie_formats, cookie_jars, encryption
from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.net import urls

COOKIES = cookie_formats.parse(".example.org\tTRUE\t/\tTRUE\t4102444800\tsid\tcanary")
LINK = "https://www.example.org/film"


@pytest.fixture
async def owner(database: str, state: Path) -> int:
    return int((await users.add("Ada", "a long enough password", admin=True))["id"])


async def _unreadable() -> None:
    await engine.execute("update cookie_jar set ciphertext = 'x'")


async def test_login_of_an_origin_replaces_the_one_before(owner: int) -> None:
    origin = "https://www.example.org"
    for word in ("first", "first", "second"):
        await cookie_jars.put_login(owner, urls.Login(origin, "ada", word))
    await cookie_jars.put_login(owner, urls.Login(f"{origin}:8443", "ada", "other"))
    found = await cookie_jars.login_for(owner, LINK)
    assert found is not None and (found.user, found.password) == ("ada", "second")
    acts = await engine.fetchval("select count(*) from audit_event where action = 'cookies_kept'")
    assert acts == 3  # the same login again is no change


@pytest.mark.parametrize(("user", "password"), [("", "word"), ("ada", ""), ("ada", "x" * 10_000)])
async def test_password_without_a_name_or_of_any_length_is_refused(owner: int, user: str, password: str) -> None:
    with pytest.raises(errors.Invalid):
        await cookie_jars.put_password(owner, "example.org", user, password)
    assert await cookie_jars.page(owner) == []


async def test_password_that_is_removed_leaves_the_cookies_of_its_jar(owner: int) -> None:
    await cookie_jars.put(owner, "example.org", COOKIES)
    for site in ("example.org", "example.net"):
        await cookie_jars.put_password(owner, site, "ada", "word")
    assert await cookie_jars.sites_with_password(owner) == {"example.org", "example.net"}
    for site in ("example.org", "example.net"):
        await cookie_jars.remove_password(owner, site)
        with pytest.raises(errors.NotFound):
            await cookie_jars.remove_password(owner, site)
    assert [(row["site"], row["cookies"]) for row in await cookie_jars.page(owner)] == [("example.org", 1)]
    with pytest.raises(errors.NotFound):
        await cookie_jars.remove(owner, "example.net")


async def test_jar_that_does_not_open_is_filled_again(owner: int) -> None:
    await cookie_jars.put(owner, "example.org", COOKIES)
    await _unreadable()
    await cookie_jars.put_password(owner, "example.org", "ada", "word")
    assert [row["cookies"] for row in await cookie_jars.page(owner)] == [0]
    found = await cookie_jars.login_for(owner, LINK)
    assert found is not None and found.password == "word"


async def test_key_opens_the_jars_only_if_it_is_theirs(owner: int) -> None:
    assert not await cookie_jars.can_decrypt()  # there is no key file yet
    encryption.encrypt(b"", "cookie_jar", 1)
    assert await cookie_jars.can_decrypt()
    await cookie_jars.put(owner, "example.org", COOKIES)
    assert await cookie_jars.can_decrypt()
    await _unreadable()
    assert not await cookie_jars.can_decrypt()


async def test_rotation_counts_what_others_sealed(owner: int) -> None:
    await cookie_jars.put(owner, "example.org", COOKIES)
    draft = settings.get().state / "key.draft"
    draft.write_text("old keys of a killed rotation")

    async def seal_again() -> tuple[int, int]:
        return 3, 1

    done = await cookie_jars.rotate(seal_again)
    assert (done["sealed"], done["lost"]) == (4, 1) and not draft.exists()


async def test_event_is_removed_after_a_year_of_clock_and_a_day_of_running(owner: int) -> None:
    await engine.execute("delete from audit_event")
    for _ in range(3):
        await audit.record("signed_in", owner)
    year = 366 * 86_400.0
    assert await audit.remove_old(time.time() + year) == 0  # the servers have not run for a day since
    await engine.execute("update audit_event set running_seconds = running_seconds - 90000 where id % 2 = 0")
    aged = await engine.fetchval("select count(*) from audit_event where id % 2 = 0")
    assert await audit.remove_old(time.time()) == 0
    assert await audit.remove_old(time.time() + year) == aged
    with pytest.raises(ValueError, match="unheard"):
        await audit.record("unheard")


async def test_events_of_an_action_have_a_limit(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    await engine.execute("delete from audit_event")
    for act in ("signed_in", "signed_out", "signed_in", "signed_in"):
        await audit.record(act, owner)
    monkeypatch.setattr(audit, "MOST", 2)
    assert await audit.remove_old(time.time()) == 1
    assert [row["act"] for row in await audit.page()] == ["signed_in", "signed_in", "signed_out"]


async def test_memory_of_identities_is_bounded(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_MOST", 1)
    monkeypatch.setattr(proxy_auth, "_MOST", 1)
    for address in ("192.0.2.1", "192.0.2.2"):
        _, secret = await sessions.sign_in("Ada", "a long enough password", address)
        assert await credentials.identity(secret, sessions.find)
        assert await proxy_auth.person("Ada", address)
    assert len(credentials._identities) == 1 and len(proxy_auth._seen) == 1
    proxy_auth.forget()


async def test_session_and_token_that_do_not_exist_cannot_be_ended(owner: int) -> None:
    with pytest.raises(errors.NotFound):
        await sessions.end(404, owner)
    with pytest.raises(errors.NotFound):
        await tokens.remove(404, owner)
