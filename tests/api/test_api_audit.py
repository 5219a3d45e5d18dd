"""The trail: each act is done once, and its row is there with who, from where, and what; no secret in any."""

import os
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from test_api_cookies import TEXT, Extension

from mediafetcher.accounts import audit
from mediafetcher.accounts.auth import first_run, one_time_links, users
from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.db import engine
from mediafetcher.fetch import gateway

PASSWORD = "a long enough password"
CANARY = "canary-4b81"


class Scene:
    """Alice in a browser, Bob, and a paired device of Alice's."""

    def __init__(self, web: Any, alice: Any, bob: Any, browser: httpx.AsyncClient) -> None:
        self.web, self.alice, self.bob, self.browser = web, alice, bob, browser

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.browser.post(path, json=body)


async def sign_in_wrongly(scene: Scene) -> None:
    await scene.web.client().post("/api/session", json={"name": "bob", "password": CANARY})


async def sign_in(scene: Scene) -> None:
    await scene.web.client().post("/api/session", json={"name": "bob", "password": PASSWORD})


async def sign_out(scene: Scene) -> None:
    await scene.browser.delete("/api/session")


async def end_a_session(scene: Scene) -> None:
    await sign_in(scene)
    theirs = scene.web.browser()
    await theirs.post("/api/session", json={"name": "bob", "password": PASSWORD})
    other = [one["id"] for one in (await theirs.get("/api/sessions")).json()["sessions"] if not one["current"]]
    assert (await theirs.delete(f"/api/sessions/{other[0]}")).status_code == 204


async def guess_ones_own_password(scene: Scene) -> None:
    wrong = {"password": "the new password", "old_password": CANARY}
    assert (await scene.browser.patch(f"/api/users/{scene.alice.id}", json=wrong)).status_code == 401


async def make_a_token(scene: Scene) -> None:
    await scene.post("/api/tokens", name="t", scopes=["read"])


async def end_a_token(scene: Scene) -> None:
    made = (await scene.post("/api/tokens", name="t", scopes=["read"])).json()["id"]
    await scene.browser.delete(f"/api/tokens/{made}")


async def add_a_person(scene: Scene) -> None:
    await scene.post("/api/users", name="Carl", password=CANARY * 2)


async def remove_a_person(scene: Scene) -> None:
    await scene.browser.delete(f"/api/users/{scene.bob.id}")


async def set_a_password(scene: Scene) -> None:
    await scene.browser.patch(f"/api/users/{scene.bob.id}", json={"password": CANARY * 2})


async def make_an_administrator(scene: Scene) -> None:
    await scene.browser.patch(f"/api/users/{scene.bob.id}", json={"admin": True})


async def give_a_quota(scene: Scene) -> None:
    await scene.browser.patch(f"/api/users/{scene.bob.id}", json={"quota": 5000})


async def keep_cookies(scene: Scene) -> None:
    await scene.browser.put("/api/cookies/example.org", json={"text": TEXT})


async def keep_a_password(scene: Scene) -> None:
    await scene.browser.patch("/api/sites/example.org", json={"account": {"user": "me", "password": "x"}})


async def forget_a_password(scene: Scene) -> None:
    await keep_a_password(scene)
    await scene.browser.patch("/api/sites/example.org", json={"account": None})


async def forget_cookies(scene: Scene) -> None:
    await keep_cookies(scene)
    await scene.browser.delete("/api/cookies/example.org")


async def rotate(scene: Scene) -> None:
    await cookie_jars.rotate()


async def offer(scene: Scene) -> None:
    await scene.browser.post("/api/devices")


async def pair(scene: Scene) -> Extension:
    extension = Extension(scene.web, (await scene.browser.post("/api/devices")).json()["code"])
    await extension.pair()
    return extension


async def pair_wrongly(scene: Scene) -> None:
    extension = Extension(scene.web, (await scene.browser.post("/api/devices")).json()["code"])
    assert (await extension.send("pair", code=CANARY, name="x"))["code"] == "pairing_code"


async def pretend_to_be_a_device(scene: Scene) -> None:
    extension = await pair(scene)
    extension.token = secrets.token_bytes(32)
    assert (await extension.send("state"))["code"] == "not_paired"


async def remove_a_device(scene: Scene) -> None:
    extension = await pair(scene)
    await scene.browser.delete(f"/api/devices/{extension.device}")


Done = Callable[[Scene], Awaitable[Any]]
ALICE, BOB, NOBODY = "Alice", "Bob", None


# act, what does it, whose row it is, facts that it has
async def change_a_limit(scene: Scene) -> None:
    await scene.alice.http.patch("/api/settings", json={"max_height": 720})


async def take_back_ytdlp(scene: Scene) -> None:
    await scene.alice.http.post("/api/ytdlp", json={"action": "rollback"})


async def decide_who_owns_the_store(scene: Scene) -> None:
    await scene.post("/api/store", decision="take")


async def add_a_target(scene: Scene) -> int:
    url = f"webhook+http://127.0.0.1:9/{CANARY}"
    made = await scene.post("/api/notifications/targets", url=url, events=["all"])
    await gateway.close()
    return int(made.json()["id"])


async def change_a_target(scene: Scene) -> None:
    await scene.browser.patch(f"/api/notifications/targets/{await add_a_target(scene)}", json={"enabled": False})


async def remove_a_target(scene: Scene) -> None:
    await scene.browser.delete(f"/api/notifications/targets/{await add_a_target(scene)}")


async def make_a_link(scene: Scene, **given: Any) -> dict[str, Any]:
    await scene.browser.post("/api/folders", json={"path": "Films"})
    made: dict[str, Any] = (await scene.post("/api/shares", folder="Films", **given)).json()
    return made


async def end_a_link(scene: Scene) -> None:
    await scene.browser.delete(f"/api/shares/{(await make_a_link(scene))['id']}")


async def open_a_link(scene: Scene) -> None:
    assert (await scene.web.client().get((await make_a_link(scene))["url"])).status_code == 200


async def guess_the_password_of_a_link(scene: Scene) -> None:
    made = await make_a_link(scene, password=PASSWORD)
    assert (await scene.web.client().get(made["url"], auth=("x", CANARY))).status_code == 401


async def make_a_one_time_link(scene: Scene) -> None:
    await one_time_links.create(scene.alice.id, os.geteuid())


async def open_an_unknown_one_time_link(scene: Scene) -> None:
    assert (await scene.web.client().get("/open", params={"link": CANARY})).status_code == 403


DONE: list[tuple[str, Done, str | None, dict[str, Any]]] = [
    ("signed_in", sign_in, BOB, {}),
    ("sign_in_failed", sign_in_wrongly, BOB, {}),
    ("password_refused", guess_ones_own_password, ALICE, {}),
    ("signed_out", sign_out, ALICE, {}),
    ("signed_out", end_a_session, BOB, {}),
    ("token_made", make_a_token, ALICE, {"named": "t", "scopes": ["read"]}),
    ("token_removed", end_a_token, ALICE, {"named": "t"}),
    ("user_added", add_a_person, ALICE, {"added": "Carl", "admin": False}),
    ("user_removed", remove_a_person, ALICE, {"removed": "Bob"}),
    ("password_set", set_a_password, ALICE, {"changed": "Bob"}),
    ("admin_set", make_an_administrator, ALICE, {"changed": "Bob", "admin": True}),
    ("quota_set", give_a_quota, ALICE, {"changed": "Bob", "quota": 5000}),
    ("cookies_kept", keep_cookies, ALICE, {"site": "example.org", "count": 1}),
    ("cookies_removed", forget_cookies, ALICE, {"site": "example.org"}),
    ("password_kept", keep_a_password, ALICE, {"site": "example.org"}),
    ("password_forgotten", forget_a_password, ALICE, {"site": "example.org"}),
    ("key_rotated", rotate, NOBODY, {"sealed": 0, "lost": 0, "devices": 0}),
    ("pairing_offered", offer, ALICE, {}),
    ("pairing_failed", pair_wrongly, NOBODY, {}),
    ("device_paired", pair, ALICE, {"named": "Firefox"}),
    ("device_refused", pretend_to_be_a_device, NOBODY, {}),
    ("settings_changed", change_a_limit, ALICE, {"names": ["max_height"]}),
    ("store_decided", decide_who_owns_the_store, ALICE, {"decision": "take"}),
    ("ytdlp_changed", take_back_ytdlp, ALICE, {"action": "rollback"}),
    ("target_added", add_a_target, ALICE, {"kind": "webhook"}),
    ("target_changed", change_a_target, ALICE, {"names": ["enabled"]}),
    ("target_removed", remove_a_target, ALICE, {}),
    ("share_made", make_a_link, ALICE, {"item": None}),
    ("share_revoked", end_a_link, ALICE, {}),
    ("share_opened", open_a_link, ALICE, {}),
    ("share_password_refused", guess_the_password_of_a_link, ALICE, {}),
    ("device_removed", remove_a_device, ALICE, {"named": "Firefox"}),
    ("link_made", make_a_one_time_link, ALICE, {}),
    ("link_refused", open_an_unknown_one_time_link, NOBODY, {}),
]


@pytest.mark.parametrize(("act", "do", "whose", "facts"), DONE, ids=[f"{one[0]}-{one[1].__name__}" for one in DONE])
async def test_an_act_and_its_row(
    web: Any, alice: Any, bob: Any, signed_in: Any, act: str, do: Done, whose: str | None, facts: dict[str, Any]
) -> None:
    await engine.execute("delete from audit_event")
    await do(Scene(web, alice, bob, signed_in))
    rows = [row for row in await audit.page() if row["act"] == act]
    assert rows, await audit.page()
    row = rows[0]
    assert row["person"] == whose
    assert row["address"] == (None if act in ("key_rotated", "link_made") else "127.0.0.1")
    assert row["facts"].items() >= facts.items()
    assert CANARY not in repr(await audit.page()) and PASSWORD not in repr(await audit.page())


async def test_the_first_run_and_its_row(web: Any) -> None:
    code = await first_run.prepare()
    said = {"name": "Ada", "password": PASSWORD}
    await web.client().post("/api/setup", json={"code": CANARY} | said)
    await web.client().post("/api/setup", json={"code": code} | said)
    rows = [(row["act"], row["person"], row["address"]) for row in reversed(await audit.page())]
    here = "127.0.0.1"
    assert rows == [("setup_failed", None, here), ("setup_completed", "Ada", here), ("signed_in", "Ada", here)]
    assert CANARY not in repr(await audit.page()) and code not in repr(await audit.page())


def test_the_table_is_the_whole_of_it() -> None:
    tried = {act for act, *_ in DONE} | {"setup_failed", "setup_completed"}
    assert set(audit.ACTIONS) == tried


async def test_unlisted_action_is_refused(database: str) -> None:
    with pytest.raises(ValueError):
        await audit.record("something")


async def test_the_trail_for_administrators_page_by_page(web: Any, alice: Any, bob: Any) -> None:
    for name in ("t1", "t2", "t3"):
        await alice.http.post("/api/tokens", json={"name": name, "scopes": ["read"]})
    first = (await alice.http.get("/api/audit?act=token_made&limit=2")).json()
    assert [event["facts"]["named"] for event in first["events"]] == ["t3", "t2"]
    assert set(first["events"][0]) == {"id", "at", "act", "person", "address", "facts"}
    rest = (await alice.http.get(f"/api/audit?act=token_made&limit=200&cursor={first['next']}")).json()
    assert rest["events"][0]["facts"]["named"] == "t1" and rest["next"] is None
    assert len((await alice.http.get("/api/audit?limit=200")).json()["events"]) > len(rest["events"])
    assert (await bob.http.get("/api/audit")).status_code == 403
    for wrong in ("act=nothing", "limit=0", "limit=201", "cursor=x"):
        assert (await alice.http.get(f"/api/audit?{wrong}")).json()["code"] == "invalid"


async def test_the_newest_first(database: str) -> None:
    for name in ("Ada", "Bob", "Carl"):
        await users.add(name, PASSWORD)
    assert [row["facts"]["added"] for row in await audit.page(2)] == ["Carl", "Bob"]
    assert await audit.page(10, act="signed_in") == []
