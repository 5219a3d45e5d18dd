"""/api/notifications: the inbox, targets, and what others may not see."""

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from mediafetcher.core import settings
from mediafetcher.fetch import gateway
from mediafetcher.notifications import event_types, inbox
from tests.receiver import Receiver, delivering
from tests.waiting import eventually

TARGETS = "/api/notifications/targets"


@pytest.fixture
def receiver(web: Any) -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


async def test_a_target_is_added_shown_tested_changed_and_removed(alice: Any, receiver: Receiver) -> None:
    url = f"webhook+http://{receiver.host}/canary?key=canary"
    made = await alice.http.post(TARGETS, json={"url": url, "events": ["download.done"], "name": "Home"})
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    id = made.json()["id"]
    shown = await alice.http.get(TARGETS)
    assert "canary" not in shown.text and made.json()["secret"] not in shown.text
    target = shown.json()["targets"][0]
    assert (target["id"], target["kind"], target["name"]) == (id, "webhook", "Home")
    tested = await alice.http.post(f"{TARGETS}/{id}/test")
    assert tested.json() == {"ok": True, "answer": "ok"} and len(receiver.accepted) == 1
    quiet = {"start": "22:00", "end": "07:00", "timezone": None}
    changed = await alice.http.patch(f"{TARGETS}/{id}", json={"events": ["all"], "quiet": quiet, "language": "de"})
    assert changed.json()["events"] == sorted(event_types.ALL)
    assert (changed.json()["quiet"], changed.json()["language"]) == (quiet, "de")
    cleared = await alice.http.patch(f"{TARGETS}/{id}", json={"quiet": None})
    assert (cleared.json()["quiet"], cleared.json()["language"]) == (None, "de")
    assert (await alice.http.delete(f"{TARGETS}/{id}")).status_code == 204
    assert (await alice.http.get(TARGETS)).json() == {"targets": []}
    await gateway.close()


async def test_wrong_targets_are_refused_in_words(alice: Any) -> None:
    cases = {
        "dbus://": (400, "unsupported_target"),
        "webhook+http://192.168.7.7/": (403, "target_not_allowed"),
    }
    for url, (status, code) in cases.items():
        answer = await alice.http.post(TARGETS, json={"url": url, "events": ["all"]})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    wrong = [{"events": []}, {"events": ["x"]}, {"quiet": {"start": "25:00", "end": "07:00"}}]
    wrong += [{"quiet": {"start": "22:00", "end": "07:00", "timezone": "../../etc/passwd"}}, {"language": "xx"}]
    for body in wrong:
        answer = await alice.http.post(TARGETS, json={"url": "ntfy://topic", "events": ["all"]} | body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), body


async def test_a_user_has_a_bounded_number_of_targets(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediafetcher.notifications.targets.MAX_TARGETS", 1)
    body = {"url": "webhook+http://127.0.0.1:9/", "events": ["all"]}
    assert (await alice.http.post(TARGETS, json=body)).status_code == 201
    full = await alice.http.post(TARGETS, json=body)
    assert (full.status_code, full.json()["code"]) == (409, "too_many_targets")
    await gateway.close()


async def test_the_inbox_is_ones_own(alice: Any, bob: Any) -> None:
    await inbox.record(alice.id, event_types.IMPORT_DONE, {"added": 1, "failed": 0})
    await inbox.record(alice.id, event_types.IMPORT_DONE, {"added": 2, "failed": 0})
    listed = (await alice.http.get("/api/notifications?limit=1")).json()
    assert (listed["unread"], listed["notifications"][0]["data"]["added"]) == (2, 2)
    older = (await alice.http.get(f"/api/notifications?before={listed['next']}")).json()
    assert [row["data"]["added"] for row in older["notifications"]] == [1] and older["next"] is None
    hers = listed["notifications"][0]["id"]
    assert (await bob.http.post("/api/notifications/read", json={"ids": [hers]})).status_code == 204
    assert (await bob.http.get("/api/notifications")).json() == {"notifications": [], "next": None, "unread": 0}
    assert (await alice.http.post("/api/notifications/read", json={"ids": [hers]})).status_code == 204
    assert (await alice.http.get("/api/notifications?unread=true")).json()["unread"] == 1
    assert (await alice.http.post("/api/notifications/read", json={})).status_code == 204
    assert (await alice.http.get("/api/notifications")).json()["unread"] == 0


async def test_an_open_page_hears_of_a_notification(alice: Any, bob: Any) -> None:
    async with alice.http.stream("GET", "/api/events") as stream, asyncio.timeout(30):
        lines = stream.aiter_lines()
        async for line in lines:
            if line == "event: snapshot":
                break
        await inbox.record(bob.id, event_types.IMPORT_DONE, {"added": 1, "failed": 0})
        await inbox.record(alice.id, event_types.IMPORT_DONE, {"added": 1, "failed": 0})
        async for line in lines:
            if line == "event: notification":
                break
        assert await anext(lines) == 'data: {"unread":1}'


async def test_a_delivery_answers_on_the_target(alice: Any, receiver: Receiver) -> None:
    settings.use(dataclasses.replace(settings.get(), retry_seconds=0.05))
    receiver.behave = lambda request: 500 if len(receiver.requests) < 1 else 200
    body = {"url": f"webhook+http://{receiver.host}/", "events": ["import.done"]}
    assert (await alice.http.post(TARGETS, json=body)).status_code == 201
    async with delivering():
        await inbox.record(alice.id, event_types.IMPORT_DONE, {"added": 1, "failed": 0})
        await asyncio.to_thread(receiver.wait, 1)

        async def told() -> list[dict[str, Any]]:
            return list((await alice.http.get(TARGETS)).json()["targets"][0]["answers"])

        answers = await eventually(told)
    assert [(one["state"], one["answer"], one["type"]) for one in answers] == [("delivered", "ok", "import.done")]
    await gateway.close()
