"""PATCH /api/settings: limits that users change while it runs, kept in the database, below environment and flags."""

import dataclasses
from typing import Any

import pytest

from mediafetcher.core import settings
from mediafetcher.db import engine, runtime_settings
from tests.site import youtube


async def test_a_limit_is_changed_kept_and_taken_back(web: Any, alice: Any) -> None:
    before = settings.get().max_height
    answer = await alice.http.patch(
        "/api/settings", json={"max_height": 720, "max_downloads": 5, "rate_limit": 200_000}
    )
    assert answer.status_code == 200
    assert (answer.json()["max_height"], answer.json()["max_downloads"], answer.json()["rate_limit"]) == (
        720,
        5,
        200_000,
    )
    assert (await alice.http.get("/api/settings")).json() == answer.json()
    settings.use(settings._start)  # another start, another machine
    assert settings.get().max_height == before
    await runtime_settings.apply()
    assert (settings.get().max_height, settings.get().max_downloads) == (720, 5)
    answer = await alice.http.patch("/api/settings", json={"max_height": None})
    assert answer.json()["max_height"] == before
    assert await engine.fetchval("select count(*) from setting") == 2


async def test_state_of_the_token_provider_is_shown_to_administrators(web: Any, alice: Any, bob: Any) -> None:
    path = "/api/ytdlp/token-provider"
    assert (await alice.http.get(path)).json()["state"] == "off"
    with youtube.Provider() as provider:
        settings.use(dataclasses.replace(settings.get(), po_token_provider=provider.url))
        found = (await alice.http.get(path)).json()
        assert found == {"state": "available", "url": provider.url, "version": "1.3.1", "reason": None}
        assert (await bob.http.get(path)).status_code == 403
    found = (await alice.http.get(path)).json()
    assert found["state"] == "unavailable" and found["reason"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_height": 10},
        {"max_downloads": 0},
        {"max_downloads": "many"},
        {"host": "0.0.0.0"},
        {"trash_days": -1},
        {"proxy": "gopher://x:70"},
    ],
)
async def test_invalid_value_is_refused_and_changes_nothing(web: Any, alice: Any, wrong: dict[str, Any]) -> None:
    answer = await alice.http.patch("/api/settings", json={"max_conversions": 3} | wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert await engine.fetchval("select count(*) from setting") == 0


async def test_value_of_the_environment_stays(web: Any, alice: Any) -> None:
    settings.use(dataclasses.replace(settings.get(), max_downloads=2, pinned=frozenset({"max_downloads"})))
    answer = await alice.http.patch("/api/settings", json={"max_downloads": 9})
    assert (answer.status_code, answer.json()["code"]) == (409, "pinned_setting")
    assert (await alice.http.get("/api/settings")).json()["pinned"] == ["max_downloads"]
    await engine.execute("insert into setting (name, value) values ('max_downloads', '9')")
    await runtime_settings.apply()
    assert settings.get().max_downloads == 2


async def test_only_for_administrators(web: Any, bob: Any) -> None:
    assert (await bob.http.patch("/api/settings", json={"max_downloads": 1})).status_code == 403


async def test_the_proxy_is_not_shown(web: Any, alice: Any) -> None:
    answer = await alice.http.patch("/api/settings", json={"proxy": "socks5://u:canary@127.0.0.1:1080"})
    assert "canary" not in answer.text


async def test_changed_limits_reach_the_children(web: Any, alice: Any) -> None:
    await alice.http.get("/api/system")
    children = (await alice.http.get("/api/system")).json()["children"]
    assert set(children) == {"cpu", "memory", "groups"}
    assert set(children["groups"]) == {"fetch", "convert", "database"}
    assert children["groups"]["database"]["running"] >= 1 and children["groups"]["database"]["memory"] > 1 << 20


async def test_old_name_in_a_change_is_refused_with_the_new_one(alice) -> None:
    answer = await alice.http.patch("/api/settings", json={"jobs": 4})
    assert answer.status_code == 400 and "`max_downloads`" in answer.json()["detail"], answer.text
