"""A walk over the table of all routes: who gets in, what the answers carry, and whose things are seen."""

import re
from pathlib import Path
from typing import Any

import pytest
from shelf import add_download, add_item

from mediafetcher.accounts.auth import credentials, tokens
from mediafetcher.api import request_guard
from mediafetcher.api.app import ROUTES, Route
from mediafetcher.db import engine
from mediafetcher.library.catalog import lists
from mediafetcher.subscriptions import subscriptions

BODIES: dict[str, Any] = {
    "/api/downloads": {"url": "http://site.test/x"},
    "/api/downloads/{id:int}": {"priority": 1},
    "/api/downloads/{id:int}/cancel": {"keep": False},
    "/api/cookies/{site:str}": {"text": ".en\tTRUE\t/\tTRUE\t0\tsid\t1"},
    "/api/devices": None,
    "/api/ext/send": {"box": "AAAA"},
    "/api/folders": {"path": "A"},
    "/api/folders/{id:int}": {"path": "B"},
    "/api/items": {"item": 1, "folder": "A"},
    "/api/items/{id:int}": {"title": "B"},
    "/api/items/{id:int}/position": {"position": 1},
    "/api/downloads/actions": {"action": "pause", "ids": [1]},
    "/api/downloads/order": {"ids": [1]},
    "/api/items/{id:int}/watched": {"watched": True},
    "/api/items/move": {"items": [1], "folder": "A"},
    "/api/items/watched": {"items": [1], "watched": True},
    "/api/items/copy": {"items": [1], "folder": "A"},
    "/api/items/trash": {"items": [1]},
    "/api/items/restore": {"items": [1]},
    "/api/folders/{id:int}/copy": {"path": "C"},
    "/api/sources/never": {"url": "http://site.test/never"},
    "/api/users": {"name": "New", "password": "a long enough password"},
    "/api/users/{id:int}": {"admin": False},
    "/api/tokens": {"name": "t", "scopes": ["read"]},
    "/api/session": {"name": "x", "password": "y"},
    "/api/preferences": {"theme": "dark"},
    "/api/shares": {"item": 999_999},
    "/api/subscriptions": {"url": "http://site.test/followed"},
    "/api/subscriptions/preview": {"url": "http://site.test/followed"},
    "/api/subscriptions/import": {"content": '{"subscriptions":[{"url":"http://site.test/list"}]}'},
    "/api/subscriptions/{id:int}": {"title": "B"},
    "/api/presets/{name:str}": {"options": {}},
    "/api/export/preview": {"layout": "show"},
    "/api/export/trees/{id:int}": {"tagged": False},
    "/api/sites/{site:str}": {"pause_seconds": 5},
    "/api/notifications/read": {"ids": [1]},
    "/api/notifications/targets": {"url": "dbus://", "events": ["all"]},
    "/api/notifications/targets/{id:int}": {"enabled": False},
    "/api/setup": {"code": "x", "name": "x", "password": "y"},
}


_WORDS = {"browser": "firefox"}


def fill(route: Route, id: int = 1) -> str:
    return re.sub(
        r"\{(\w+):(int|str)\}", lambda match: str(id) if match[2] == "int" else _WORDS.get(match[1], "en"), route.path
    )


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


async def call(client: Any, route: Route, id: int = 1) -> Any:
    body = BODIES.get(route.path) if route.method in ("POST", "PUT", "PATCH") else None
    if route.path == "/api/events":
        async with client.stream("GET", route.path) as answer:
            if answer.status_code != 200:
                await answer.aread()
            return answer
    return await client.request(route.method, fill(route, id), json=body)


def require_headers(answer: Any) -> None:
    for name in request_guard.HEADERS:
        assert name in answer.headers, f"{answer.request.url} lacks {name}"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
    if answer.request.url.path.startswith("/api"):
        assert answer.headers["cache-control"] == "no-store"


async def test_without_signing_in_only_the_open_routes_answer(web: Any) -> None:
    stranger = web.client()
    for route in ROUTES:
        answer = await call(stranger, route)
        require_headers(answer)
        if route.who.local:
            assert answer.status_code == 200, named(route)  # test_api_metrics.py tries them from elsewhere
        elif route.who.open:
            assert answer.json().get("code") != "not_signed_in" if answer.content else True, named(route)
        else:
            assert answer.status_code == 401, named(route)
            assert answer.json()["code"] == "not_signed_in"


async def test_the_open_routes_are_these() -> None:
    assert {named(route) for route in ROUTES if route.who.open} == {
        "GET /api/health",
        "GET /api/session",
        "POST /api/session",
        "DELETE /api/session",
        "POST /api/setup",
        "POST /api/ext/send",  # sealed: it carries its own proof
    }


@pytest.mark.parametrize("secret", ["mf_" + "x" * 43, "mf_", "Bearer", "😀"])
async def test_a_wrong_token_opens_nothing(web: Any, alice: Any, secret: str) -> None:
    answer = await web.client().get("/api/items", headers={"Authorization": f"Bearer {secret}".encode()})
    assert answer.status_code == 401


async def test_a_token_in_the_address_is_not_looked_at(web: Any, alice: Any) -> None:
    for name in ("token", "access_token", "mf_session"):
        answer = await web.client().get(f"/api/items?{name}={alice.token}")
        assert answer.status_code == 401


async def test_token_scopes_limit_routes(web: Any, alice: Any, tmp_path: Path) -> None:
    """Each token opens exactly the routes that name one of its scopes."""
    await add_item(alice.id, tmp_path)
    for scope in credentials.SCOPES:
        made = await tokens.create(alice.id, scope, [scope])
        client = web.client(made["token"])
        for route in ROUTES:
            if route.who.open or route.who.local or named(route).startswith("DELETE"):
                continue
            answer = await call(client, route, 999_999)
            require_headers(answer)
            allowed = scope in route.who.scopes
            assert (answer.status_code == 403) != allowed, f"{scope} on {named(route)}: {answer.status_code}"
            assert answer.status_code < 500, named(route)


async def test_rows_of_another_user_look_absent(alice: Any, bob: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, folder="Films")
    download = await add_download(alice.id)
    folder = (await alice.http.get("/api/folders")).json()["folders"][0]["id"]
    token = (await alice.http.get("/api/tokens")).json()["tokens"][0]["id"]
    session = await engine.fetchval(
        "insert into session (owner, hash, expires_at) values ($1, 'x', now() + interval '1 day') returning id",
        alice.id,
    )
    own = {"items": item, "media": item, "downloads": download, "folders": folder, "tokens": token, "sessions": session}
    own["users"] = alice.id
    made = await alice.http.post("/api/sources/never", json={"url": "http://site.test/hers"})
    assert made.status_code == 200
    own["sources"] = await engine.fetchval("select source from blocked_source where owner = $1", alice.id)
    own["devices"] = await engine.fetchval(
        "insert into device (owner, hash) values ($1, sha256('x')) returning id", alice.id
    )
    own["targets"] = await engine.fetchval(
        "insert into notification_target (owner, kind, label, ciphertext)"
        " values ($1, 'webhook', 'x', 'x') returning id",
        alice.id,
    )
    own["shares"] = await engine.fetchval(
        "insert into share (owner, hash, item) values ($1, 'x', $2) returning id", alice.id, item
    )
    own["subscriptions"] = (await subscriptions.follow(alice.id, "http://site.test/channel"))["id"]
    own["lists"] = await lists.save(alice.id, "http://site.test/list", "A list", "site.test", [])
    tried = 0
    for route in ROUTES:
        if "{id:int}" not in route.path or route.who.admin:
            continue
        noun = fill(route).split("/")[2] if route.path.startswith("/api") else "media"
        noun = "targets" if "/targets/" in route.path else noun
        client = bob.http
        answer = await call(client, route, own[noun])
        # Bob's token has no scope admin, so his own account needs his session; what is his stays hidden either way.
        assert answer.status_code == (403 if "admin" in route.who.scopes else 404), named(route)
        tried += 1
    assert tried >= 18
    copied = await bob.http.post("/api/items", json={"item": item, "folder": ""})
    assert copied.status_code == 404
    assert (await bob.http.get("/api/items")).json()["items"] == []
    assert (await bob.http.request("DELETE", "/api/trash", json={"items": [item]})).json() == {"purged": 0}
    assert (await alice.http.get(f"/api/items/{item}")).status_code == 200


async def test_account_of_another_user_looks_absent(web: Any, alice: Any, bob: Any) -> None:
    browser = web.browser()
    await browser.post("/api/session", json={"name": "Bob", "password": "a long enough password"})
    token = (await alice.http.get("/api/tokens")).json()["tokens"][0]["id"]
    session = await engine.fetchval(
        "insert into session (owner, hash, expires_at) values ($1, 'x', now() + interval '1 day') returning id",
        alice.id,
    )
    assert (await browser.delete(f"/api/tokens/{token}")).status_code == 404
    assert (await browser.delete(f"/api/sessions/{session}")).status_code == 404
    assert (await browser.patch(f"/api/users/{alice.id}", json={"password": "another password"})).status_code == 404
    assert (await browser.get("/api/users")).status_code == 403
    assert (await browser.patch(f"/api/users/{bob.id}", json={"admin": True})).status_code == 403


async def test_unknown_addresses_and_methods(web: Any, alice: Any) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/api/items/abc", "/api/items/1/2/3", "/media", "/media/x", "/a.png"):
        answer = await alice.http.get(path)
        require_headers(answer)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = await alice.http.put("/api/items", json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    for path in ("/media/1", "/", "/library"):
        answer = await alice.http.post(path, json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_head_is_get_without_the_body(web: Any, alice: Any) -> None:
    for path in ("/api/health", "/api/items", "/api/events", "/api/nothing", "/"):
        got, head = None, await alice.http.head(path)
        if path != "/api/events":
            got = await alice.http.get(path)
            assert head.status_code == got.status_code, path
        assert head.content == b""
        require_headers(head)


async def test_no_secret_reaches_the_log(web: Any, alice: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Canaries in every place where a secret may stand, through every route."""
    canary = "canary-7f3a9c"
    caplog.set_level("DEBUG")
    headers = [
        {"Authorization": f"Bearer mf_{canary}"},
        {"Authorization": f"Basic {canary}"},
        {"Cookie": f"mf_session={canary}", "Origin": web.url},
    ]
    for route in ROUTES:
        for sent in headers:
            path = f"{fill(route)}?token={canary}"
            body = {"name": "x", "password": canary, "code": canary, "url": f"http://u:{canary}@site.test/?k={canary}"}
            answer = await web.client().request(route.method, path, json=body, headers=sent)
            assert answer.status_code < 500
    made = await alice.http.post("/api/tokens", json={"name": "t", "scopes": ["read"]})
    await alice.http.post("/api/users", json={"name": "New", "password": canary * 2})
    ours = [record for record in caplog.records if not record.name.startswith(("http", "asyncio"))]
    logged = "\n".join(f"{record.getMessage()} {getattr(record, 'fields', '')} {record.exc_text}" for record in ours)
    assert "user_added" in logged  # something was logged at all
    assert canary not in logged
    assert made.json()["token"] not in logged
