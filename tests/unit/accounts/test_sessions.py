"""Sessions and tokens: only hashes are kept, ends are seen at once, times are the database's."""

import asyncio
import hashlib

import pytest

from mediafetcher.accounts.auth import credentials, sessions, tokens, users
from mediafetcher.core import clock, errors
from mediafetcher.db import engine

PASSWORD = "a long enough password"


@pytest.fixture
async def ada(database: str) -> int:
    return int((await users.add("Ada", PASSWORD, admin=True))["id"])


async def test_session_begins_and_ends(ada: int) -> None:
    person, secret = await sessions.sign_in(" ada ", PASSWORD, "192.0.2.7", "a browser")
    assert (person.id, person.name, person.admin, person.scopes) == (ada, "Ada", True, frozenset(credentials.SCOPES))
    assert len(secret) >= 43  # 256 bits
    row = await engine.fetchrow("select hash, address, agent, expires_at - now() as left from session")
    assert row["hash"] == hashlib.sha256(secret.encode()).digest()
    assert (row["address"], row["agent"]) == ("192.0.2.7", "a browser")
    assert 29.9 < row["left"].total_seconds() / 86400 <= 30
    assert await credentials.identity(secret, sessions.find) == person
    await sessions.end(person.session or 0, ada)
    assert await credentials.identity(secret, sessions.find) is None


async def test_a_session_ends_by_itself_and_use_prolongs_it(ada: int) -> None:
    _, secret = await sessions.sign_in("Ada", PASSWORD, "192.0.2.7")
    await engine.execute(
        "update session set last_seen_at = now() - interval '1 day', expires_at = now() + interval '1 s'"
    )
    assert await credentials.identity(secret, sessions.find)
    assert await engine.fetchval("select expires_at > now() + interval '29 days' from session")
    credentials.forget()
    await engine.execute("update session set expires_at = now() - interval '1 s'")
    assert await credentials.identity(secret, sessions.find) is None


async def test_a_new_password_ends_the_sessions(ada: int) -> None:
    one, first = await sessions.sign_in("Ada", PASSWORD, "x")
    _, second = await sessions.sign_in("Ada", PASSWORD, "x")
    await users.set_password(ada, "another long password", keep_session=one.session)
    assert await credentials.identity(first, sessions.find)
    assert await credentials.identity(second, sessions.find) is None
    with pytest.raises(errors.WrongCredentials):
        await sessions.sign_in("Ada", PASSWORD, "x")


async def test_memory_spares_the_database_and_forgets_on_time(ada: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = [0.0], 0
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    _, secret = await sessions.begin(ada, "Ada", admin=True, address="x")

    async def find(hashed: bytes) -> credentials.UserIdentity | None:
        nonlocal asked
        asked += 1
        return await sessions.find(hashed)

    for moment in (0, 1, 14.9, 15.1, 16):
        now[0] = moment
        assert await credentials.identity(secret, find)
    assert asked == 2


async def test_a_look_up_under_way_does_not_bring_back_what_ended(ada: int) -> None:
    person, secret = await sessions.begin(ada, "Ada", admin=True, address="x")
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(hashed: bytes) -> credentials.UserIdentity | None:
        found = await sessions.find(hashed)
        looked.set()
        await go_on.wait()
        return found

    asking = asyncio.create_task(credentials.identity(secret, slow))
    await looked.wait()
    await sessions.end(person.session or 0, ada)
    go_on.set()
    await asking
    assert await credentials.identity(secret, sessions.find) is None


async def test_token_begins_and_ends(ada: int) -> None:
    made = await tokens.create(ada, "a script", ["download", "read", "read"], days=1)
    person = await credentials.identity(made["token"], tokens.find)
    assert person is not None
    assert (person.id, person.scopes, person.token) == (ada, frozenset(("read", "download")), made["id"])
    row = (await tokens.page(ada))[0]
    assert (row["name"], row["scopes"]) == ("a script", ["read", "download"])
    assert row["last_used_at"] is not None
    credentials.forget()
    await engine.execute("update token set expires_at = now() - interval '1 s'")
    assert await credentials.identity(made["token"], tokens.find) is None


async def test_token_loses_the_rights_of_its_user(ada: int) -> None:
    bob = (await users.add("Bob", PASSWORD, admin=True))["id"]
    made = await tokens.create(bob, "t", ["read", "admin"])
    await users.set_admin(bob, admin=False)
    person = await credentials.identity(made["token"], tokens.find)
    assert person is not None
    assert person.scopes == {"read"}
    with pytest.raises(errors.Forbidden):
        await tokens.create(bob, "t", ["admin"])
    await users.remove(bob)
    assert await credentials.identity(made["token"], tokens.find) is None


@pytest.mark.promise(16)
async def test_secrets_made_by_a_clock_that_was_ahead_last_no_longer_than_asked_for(ada: int) -> None:
    await sessions.begin(ada, "Ada", admin=True, address="192.0.2.1")
    await tokens.create(ada, "a script", ["read"], days=1)
    ahead = "interval '10 years'"
    await engine.execute(f"update session set last_seen_at = now() + {ahead}, expires_at = expires_at + {ahead}")
    await engine.execute(f"update token set created_at = created_at + {ahead}, expires_at = expires_at + {ahead}")
    await sessions.correct_times()
    await tokens.correct_times()
    left = "select extract(epoch from expires_at - now())::float8 / 86400 from "
    assert 29.9 < await engine.fetchval(left + "session") <= 30
    assert 0.9 < await engine.fetchval(left + "token") <= 1


async def _guess(name: str, address: str, count: int) -> None:
    for _ in range(count):
        with pytest.raises((errors.WrongCredentials, errors.TooManyRequests)):
            await sessions.sign_in(name, "a wrong password", address)


async def test_guesses_of_others_do_not_block_a_known_address(ada: int) -> None:
    await sessions.sign_in("Ada", PASSWORD, "192.0.2.1")
    await _guess("Ada", "198.51.100.7", 12)
    await _guess("Grace", "192.0.2.1", 12)  # another name from the same address
    await sessions.sign_in("Ada", PASSWORD, "192.0.2.1")
    with pytest.raises(errors.TooManyRequests):
        await sessions.sign_in("Ada", PASSWORD, "203.0.113.9")
    await _guess("Ada", "192.0.2.1", 12)  # guesses from there count too
    with pytest.raises(errors.TooManyRequests):
        await sessions.sign_in("Ada", PASSWORD, "192.0.2.1")


async def test_all_spellings_of_a_name_share_the_tries_of_its_account(ada: int) -> None:
    await engine.execute("update account set name = 'admin' where id = $1", ada)
    spellings = ["admin", "ADMIN", " Admin "]
    if await engine.fetchval("select lower('admİn') = 'admin'"):  # the locale of the server decides
        spellings.append("admİn")
    for number, name in enumerate(spellings * 3):
        await _guess(name, f"192.0.2.{number}", 1)
    await _guess("admin", "192.0.2.100", 10 - 3 * len(spellings) if len(spellings) == 3 else 0)
    for number, name in enumerate(spellings):
        with pytest.raises(errors.TooManyRequests):
            await sessions.sign_in(name, "a wrong password", f"192.0.2.{200 + number}")


async def test_present_password_has_tries_of_its_own(ada: int) -> None:
    await _guess("Ada", "198.51.100.7", 12)
    await users.require_password(ada, PASSWORD, "192.0.2.1")
    for _ in range(10):
        with pytest.raises(errors.WrongCredentials):
            await users.require_password(ada, "a wrong password", "192.0.2.1")
    with pytest.raises(errors.TooManyRequests):
        await users.require_password(ada, PASSWORD, "192.0.2.1")


@pytest.mark.promise(16)
async def test_sessions_outlive_a_clock_that_was_ahead(ada: int) -> None:
    _, secret = await sessions.begin(ada, "Ada", admin=True, address="192.0.2.1")
    await engine.execute("update session set expires_at = expires_at - interval '10 years'")  # as a clock ahead sees it
    assert await credentials.identity(secret, sessions.find) is None
    await sessions.begin(ada, "Ada", admin=True, address="192.0.2.1")
    await engine.execute("update session set expires_at = expires_at + interval '10 years' where expires_at < now()")
    assert await credentials.identity(secret, sessions.find) is not None
    await engine.execute("update session set expires_at = now() - interval '1 minute'")
    await sessions.correct_times()
    assert await engine.fetchval("select count(*) from session") == 0
