"""The first run, signing in and out, sessions, tokens and users over HTTP."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from shelf import add_item

from mediafetcher.accounts.auth import first_run, preferences, users
from mediafetcher.api import responses
from mediafetcher.api.routes import account
from mediafetcher.core import settings
from mediafetcher.db import engine

PASSWORD = "a long enough password"


# ---- the first run ---------------------------------------------------------------------------------------


async def test_the_first_run(web: Any) -> None:
    code = await first_run.prepare()
    file = settings.get().state / "setup-code"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() == code
    browser = web.browser()
    assert (await browser.get("/api/session")).json()["setup"] is True
    said = {"name": "Ada", "password": PASSWORD}
    for wrong in ("", "AAAA-AAAA-AAAA-AAAA", code[:-1]):
        answer = await browser.post("/api/setup", json={"code": wrong} | said)
        assert (answer.status_code, answer.json()["code"]) == (403, "setup_code")
    answer = await browser.post("/api/setup", json={"code": code, "name": "Ada", "password": "12345678"})
    assert (answer.status_code, answer.json()["code"]) == (400, "weak_password")
    answer = await browser.post("/api/setup", json={"code": code.lower()} | said)
    assert answer.status_code == 201
    assert answer.json()["user"] == {"id": answer.json()["user"]["id"], "name": "Ada", "admin": True}
    assert (await browser.get("/api/session")).json()["user"]["name"] == "Ada"
    assert not file.exists()
    for again in (code, "wrong"):
        answer = await browser.post("/api/setup", json={"code": again} | said)
        assert (answer.status_code, answer.json()["code"]) == (409, "setup_closed")
    assert await first_run.prepare() is None


async def test_twenty_first_runs_at_once_make_one_administrator(web: Any) -> None:
    code = await first_run.prepare()
    client = web.client()
    answers = await asyncio.gather(
        *(
            client.post("/api/setup", json={"code": code, "name": f"Person {number}", "password": PASSWORD})
            for number in range(20)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await engine.fetchval("select count(*) from account") == 1


async def test_first_run_takes_over_the_local_user(web: Any) -> None:
    local = await users.local_owner()
    code = await first_run.prepare()
    answer = await web.client().post("/api/setup", json={"code": code, "name": "Ada", "password": PASSWORD})
    assert answer.json()["user"] == {"id": local["id"], "name": "Ada", "admin": True}
    assert (await users.local_owner())["name"] == "Ada"


async def test_guessing_the_code_is_limited(web: Any) -> None:
    code = await first_run.prepare()
    client = web.client()
    said = {"name": "Ada", "password": PASSWORD}
    codes = [(await client.post("/api/setup", json={"code": "x"} | said)).status_code for _ in range(11)]
    assert codes == [403] * 10 + [429]
    assert (await client.post("/api/setup", json={"code": code} | said)).status_code == 429


# ---- signing in ------------------------------------------------------------------------------------------


async def test_session_cookie_has_its_attributes(web: Any, alice: Any) -> None:
    answer = await web.browser().post("/api/session", json={"name": "ALICE", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("mf_session=")
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in flags  # plain http


async def test_the_cookie_is_secure_behind_https(web: Any, alice: Any, database: str, state: Path) -> None:
    from serving import Server

    await web.stop()  # there is one application in a process, which runs once at a time
    other = Server()
    await other.start(trusted_proxies=("127.0.0.1",))
    answer = await other.client().post(
        "/api/session",
        json={"name": "alice", "password": PASSWORD},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"},
    )
    await other.stop()
    assert "secure" in answer.headers["set-cookie"].lower()
    assert await engine.fetchval("select address from session order by id desc limit 1") == "198.51.100.7"


async def test_a_new_id_at_each_sign_in_and_the_old_one_is_dead(web: Any, signed_in: httpx.AsyncClient) -> None:
    old = signed_in.cookies["mf_session"]
    await signed_in.post("/api/session", json={"name": "alice", "password": PASSWORD})
    new = signed_in.cookies["mf_session"]
    assert new != old

    async def status(secret: str) -> int:
        answer = await web.client().get("/api/items", headers={"Cookie": f"mf_session={secret}"})
        return answer.status_code

    assert (await status(old), await status(new)) == (401, 200)
    assert (await signed_in.delete("/api/session")).status_code == 204
    assert await status(new) == 401


async def test_a_chosen_id_is_not_adopted(web: Any, alice: Any) -> None:
    browser = web.browser()
    browser.cookies.set("mf_session", "chosen by somebody else")
    answer = await browser.post("/api/session", json={"name": "alice", "password": PASSWORD})
    assert "chosen" not in answer.headers["set-cookie"]


async def test_no_secret_is_kept(web: Any, alice: Any, signed_in: httpx.AsyncClient) -> None:
    kept = ""
    for table in ("account", "session", "token", "audit_event"):
        kept += str(await engine.fetch(f"select t::text from {table} t"))
    for secret in (signed_in.cookies["mf_session"], alice.token, PASSWORD):
        assert secret not in kept
        assert secret.encode().hex() not in kept


async def test_wrong_credentials_say_nothing_more(web: Any, alice: Any) -> None:
    said = [
        ("Alice", "wrong password"),
        ("Nobody", "wrong password"),
        ("Alice", ""),
        ("Alice", "x" * 5000),
    ]
    answers = [await web.client().post("/api/session", json={"name": n, "password": p}) for n, p in said]
    shapes = {(a.status_code, a.json()["code"], a.json()["detail"]) for a in answers}
    assert shapes == {(401, "wrong_credentials", "Incorrect name or password.")}


async def test_tries_are_limited_for_the_account_from_wherever(web: Any, alice: Any) -> None:
    client = web.client()
    wrong = {"name": "Alice", "password": "wrong password"}
    codes = [(await client.post("/api/session", json=wrong)).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    right = await client.post("/api/session", json={"name": "alice", "password": PASSWORD})
    assert right.status_code == 429


async def test_signing_in_rightly_is_not_limited(web: Any, alice: Any) -> None:
    client = web.client(Origin=web.url)
    for _ in range(15):
        answer = await client.post("/api/session", json={"name": "alice", "password": PASSWORD})
        assert answer.status_code == 201


# ---- sessions, tokens, users -----------------------------------------------------------------------------


async def test_sessions_are_listed_and_ended(web: Any, signed_in: httpx.AsyncClient) -> None:
    phone = web.client(Origin=web.url, **{"User-Agent": "a phone"})
    await phone.post("/api/session", json={"name": "alice", "password": PASSWORD})
    listed = (await signed_in.get("/api/sessions")).json()["sessions"]
    responses.fit(account.OpenSessions, {"sessions": listed})
    assert sorted((entry["agent"] == "a phone", entry["current"]) for entry in listed) == [(False, True), (True, False)]
    other = next(entry["id"] for entry in listed if not entry["current"])
    assert (await signed_in.delete(f"/api/sessions/{other}")).status_code == 204
    assert (await phone.get("/api/items")).status_code == 401
    assert (await signed_in.get("/api/items")).status_code == 200


async def test_tokens_are_made_listed_and_ended(web: Any, signed_in: httpx.AsyncClient) -> None:
    made = await signed_in.post("/api/tokens", json={"name": "a script", "scopes": ["read"], "days": 1})
    assert made.status_code == 201
    token = made.json()["token"]
    assert token.startswith("mf_")
    listed = (await signed_in.get("/api/tokens")).json()["tokens"]
    entry = next(entry for entry in listed if entry["id"] == made.json()["id"])
    assert (entry["name"], entry["scopes"], "token" in entry) == ("a script", ["read"], False)
    script = web.client(token)
    assert (await script.get("/api/items")).status_code == 200
    assert (await script.get("/api/tokens")).status_code == 403  # it cannot make itself a better one
    assert (await signed_in.delete(f"/api/tokens/{entry['id']}")).status_code == 204
    assert (await script.get("/api/items")).status_code == 401


@pytest.mark.parametrize(
    "said",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "days": -1},
        {"name": "x", "scopes": ["read"], "days": 1e12},
        {"scopes": ["read"]},
    ],
)
async def test_bad_tokens_are_refused(signed_in: httpx.AsyncClient, said: dict[str, Any]) -> None:
    answer = await signed_in.post("/api/tokens", json=said)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_users_are_made_changed_and_removed(web: Any, signed_in: httpx.AsyncClient) -> None:
    made = await signed_in.post("/api/users", json={"name": "Carl", "password": PASSWORD})
    assert made.status_code == 201
    carl = made.json()["id"]
    again = await signed_in.post("/api/users", json={"name": "CARL", "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    names = [user["name"] for user in (await signed_in.get("/api/users")).json()["users"]]
    assert names == ["Alice", "Carl"]
    theirs = web.browser()
    await theirs.post("/api/session", json={"name": "Carl", "password": PASSWORD})
    assert (await theirs.get("/api/users")).status_code == 403
    answer = await signed_in.patch(f"/api/users/{carl}", json={"password": "the new password", "admin": True})
    assert answer.json()["admin"] is True
    assert (await theirs.get("/api/items")).status_code == 401  # a new password ends the sessions
    assert (await signed_in.delete(f"/api/users/{carl}")).status_code == 204
    answer = await theirs.post("/api/session", json={"name": "Carl", "password": "the new password"})
    assert answer.status_code == 401


async def test_usage_and_quota_of_users_are_shown(
    signed_in: httpx.AsyncClient, alice: Any, bob: Any, tmp_path: Path
) -> None:
    await add_item(alice.id, tmp_path)
    await add_item(bob.id, tmp_path)
    rows = {row["name"]: row for row in (await signed_in.get("/api/users")).json()["users"]}
    assert rows["Bob"]["usage"] == rows["Alice"]["usage"] == {"items": 1, "bytes": 10240, "charged": 5120}
    assert rows["Bob"]["quota"] is None
    path = f"/api/users/{bob.id}"
    assert (await signed_in.patch(path, json={"quota": 5120})).json()["quota"] == 5120
    assert (await bob.http.get("/api/system")).json()["usage"]["quota"] == 5120
    answer = await bob.http.post("/api/downloads", json={"url": "http://site.test/more"})
    assert (answer.status_code, answer.json()["code"]) == (409, "quota_exceeded")
    assert (await signed_in.patch(path, json={"quota": -1})).status_code == 400
    assert (await signed_in.patch(path, json={})).json()["quota"] == 5120
    assert (await signed_in.patch(path, json={"quota": None})).json()["quota"] is None
    assert (await bob.http.post("/api/downloads", json={"url": "http://site.test/more"})).status_code == 201
    assert (await signed_in.delete(path)).status_code == 204
    assert (await signed_in.get("/api/items")).json()["items"][0]["media"]["ref_count"] == 1


@pytest.mark.parametrize("end", [True, False])
async def test_password_change_ends_tokens_and_devices_if_asked(
    signed_in: httpx.AsyncClient, alice: Any, end: bool
) -> None:
    made = await signed_in.post("/api/tokens", json={"name": "script", "scopes": ["read"]})
    head = {"Authorization": f"Bearer {made.json()['token']}"}
    await engine.execute("insert into device (owner, name, hash) values ($1, 'browser', sha256('secret'))", alice.id)
    said = {"password": "the new password", "old_password": PASSWORD} | ({"end_tokens": True} if end else {})
    answer = await signed_in.patch(f"/api/users/{alice.id}", json=said)
    assert answer.status_code == 200
    async with httpx.AsyncClient(base_url=signed_in.base_url) as script:
        assert (await script.get("/api/items", headers=head)).status_code == (401 if end else 200)
    assert await engine.fetchval("select count(*) from device") == (0 if end else 1)
    assert (await signed_in.get("/api/items")).status_code == 200  # this browser stays signed in


async def test_ones_own_password_needs_the_old_one(signed_in: httpx.AsyncClient, alice: Any) -> None:
    path = f"/api/users/{alice.id}"
    for said in ({}, {"old_password": "wrong"}):
        answer = await signed_in.patch(path, json={"password": "the new password"} | said)
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    answer = await signed_in.patch(path, json={"password": "the new password", "old_password": PASSWORD})
    assert answer.status_code == 200
    assert (await signed_in.get("/api/items")).status_code == 200  # this session stays


_QUALITY = {"download_quality": "huge"}


async def test_preferences_of_each_user_are_changed_one_by_one(signed_in: httpx.AsyncClient, bob: Any) -> None:
    path = "/api/preferences"
    assert (await signed_in.get(path)).json() == {}
    chosen = {
        "theme": "dark",
        "language": "de",
        "volume": 0.5,
        "muted": True,
        "rate": 1.5,
        "captions": "",
        "sort": "title",
        "download_folder": "Music/Live",
        "download_quality": "720",
        "download_preset": "Phone",
    }
    assert (await signed_in.patch(path, json=chosen)).json() == chosen
    assert (await signed_in.patch(path, json={"rate": 2, "theme": None})).json() == {
        **{name: value for name, value in chosen.items() if name != "theme"},
        "rate": 2,
    }
    assert (await signed_in.get(path)).json()["rate"] == 2
    assert await preferences.get(bob.id) == {}
    for wrong in ({"theme": "pink"}, {"volume": 2}, {"language": "<b>"}, {"sort": "random"}, {"unknown": 1}, _QUALITY):
        assert (await signed_in.patch(path, json=wrong)).status_code == 400, wrong
    await engine.execute('update account set preferences = preferences || \'{"rate": 99, "newer": 1}\'')
    found = (await signed_in.get(path)).json()  # what this version does not know is not passed on
    assert "rate" not in found and "newer" not in found and found["sort"] == "title"


async def test_the_last_administrator_stays(signed_in: httpx.AsyncClient, alice: Any) -> None:
    for answer in (
        await signed_in.patch(f"/api/users/{alice.id}", json={"admin": False}),
        await signed_in.delete(f"/api/users/{alice.id}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
