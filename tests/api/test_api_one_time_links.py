"""/open: a one-time link signs in one browser of this machine, once, within a minute, and no other."""

import asyncio
import logging
import os
import socket
import subprocess
from typing import Any

import httpx
import pytest

from mediafetcher.accounts.auth import one_time_links, users
from mediafetcher.db.tables import AuditEvent, Session, User

PASSWORD = "a long enough password"


async def made(owner: int) -> str:
    return await one_time_links.create(owner, os.geteuid())


async def opened(client: httpx.AsyncClient, secret: str, **headers: str) -> httpx.Response:
    return await client.get("/open", params={"link": secret}, headers=headers)


async def refused(client: httpx.AsyncClient, secret: str, **headers: str) -> bool:
    answer = await opened(client, secret, **headers)
    assert "set-cookie" not in answer.headers
    return answer.status_code == 403 and answer.json()["code"] == "one_time_link"


async def who(client: httpx.AsyncClient) -> str | None:
    user = (await client.get("/api/session")).json()["user"]
    return user and user["name"]


async def test_link_signs_in_and_leads_to_a_clean_address(web: Any, alice: Any) -> None:
    browser = web.client()
    answer = await opened(browser, await made(alice.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert await who(browser) == "Alice"


async def test_link_that_was_used_is_refused_and_audited(web: Any, alice: Any) -> None:
    secret = await made(alice.id)
    await opened(web.client(), secret)
    second = web.client()
    assert await refused(second, secret)
    assert await who(second) is None
    actions = [row["action"] for row in await AuditEvent.select(AuditEvent.action).order_by(AuditEvent.id)]
    assert actions[-3:] == ["link_made", "signed_in", "link_refused"]


async def test_link_after_a_minute_is_refused(web: Any, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_time_links.LIFETIME == 60
    monkeypatch.setattr(one_time_links, "LIFETIME", 0.0)
    assert await refused(web.client(), await made(alice.id))


async def test_unknown_links_are_refused_and_guesses_are_limited(web: Any, alice: Any) -> None:
    for secret in ("", "x", "é" * 200, "a" * 3000):
        assert await refused(web.client(), secret)
    answers = [(await opened(web.client(), f"guess-{number}")).status_code for number in range(12)]
    assert answers[0] == 403 and answers[-1] == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_link_through_a_proxy_is_refused(web: Any, alice: Any, headers: dict[str, str]) -> None:
    secret = await made(alice.id)
    assert await refused(web.client(), secret, **headers)
    assert (await opened(web.client(), secret)).status_code == 303  # the right browser can still use it


async def test_link_with_loopback_as_trusted_proxy_is_refused(web: Any, alice: Any) -> None:
    await web.stop()
    web.stopping.clear()
    await web.start(trusted_proxies=("127.0.0.1",))
    assert await refused(web.client(), await made(alice.id))
    assert await refused(web.client(), await made(alice.id), **{"X-Forwarded-For": "127.0.0.1"})


@pytest.mark.parametrize("host", [socket.gethostname(), "nas.lan", "203.0.113.9", "127.0.0.1.nas.lan"])
async def test_link_under_another_host_is_refused(web: Any, alice: Any, host: str) -> None:
    await web.stop()
    web.stopping.clear()
    await web.start(host_names=("nas.lan", "127.0.0.1.nas.lan"))
    assert await refused(web.client(), await made(alice.id), Host=host)


async def test_link_under_a_foreign_host_is_refused_as_every_request(web: Any, alice: Any) -> None:
    answer = await opened(web.client(), await made(alice.id), Host="evil.example")
    assert answer.status_code == 421 and "set-cookie" not in answer.headers


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
async def test_link_in_the_hands_of_another_user_of_the_machine_is_refused(web: Any, alice: Any) -> None:
    secret = await made(alice.id)
    script = (
        "import sys, urllib.request, urllib.error\n"
        "try: print(urllib.request.urlopen(sys.argv[1]).status)\n"
        "except urllib.error.HTTPError as error: print(error.code, error.headers.get('set-cookie'))\n"
    )
    address = f"{web.url}/open?link={secret}"
    argv = ["/usr/bin/python3", "-c", script, address]
    done = await asyncio.to_thread(
        subprocess.run, argv, user=65534, group=65534, extra_groups=(), env={}, cwd="/", capture_output=True, text=True
    )
    assert done.stdout.strip() == "403 None", done.stderr
    assert (await opened(web.client(), secret)).status_code == 303


async def test_head_and_post_do_not_use_the_link_up(web: Any, alice: Any) -> None:
    secret = await made(alice.id)
    browser = web.browser()
    assert (await browser.head("/open", params={"link": secret})).status_code == 405
    assert (await browser.post("/open", params={"link": secret})).status_code == 405
    assert (await opened(browser, secret)).status_code == 303


async def test_second_link_in_the_same_browser_keeps_its_session(web: Any, alice: Any) -> None:
    browser = web.client()
    await opened(browser, await made(alice.id))
    again = await opened(browser, await made(alice.id))
    assert again.status_code == 303 and "set-cookie" not in again.headers
    assert await Session.count().where(Session.owner == alice.id) == 1


async def test_link_ends_the_session_of_another_user_in_that_browser(web: Any, alice: Any, bob: Any) -> None:
    browser = web.browser()
    await browser.post("/api/session", json={"name": "Bob", "password": PASSWORD})
    assert (await opened(browser, await made(alice.id))).status_code == 303
    assert await who(browser) == "Alice"
    assert await Session.count().where(Session.owner == bob.id) == 0


async def test_page_that_a_link_opened_stays_known_after_a_new_sign_in(web: Any, alice: Any) -> None:
    browser = web.browser()
    await opened(browser, await made(alice.id))
    first = await Session.select(Session.id).where(Session.owner == alice.id).first()
    assert (await browser.post("/api/session", json={"name": "Alice", "password": PASSWORD})).status_code == 201
    second = await Session.select(Session.id).where(Session.owner == alice.id).first()
    assert second != first and second["id"] in one_time_links.opened_sessions


async def test_only_the_newest_links_are_kept(web: Any, alice: Any) -> None:
    links = [await made(alice.id) for _ in range(40)]
    assert await refused(web.client(), links[0])
    assert (await opened(web.client(), links[-1])).status_code == 303


async def test_used_link_in_a_browser_is_a_page_in_its_language(web: Any, alice: Any) -> None:
    for language, title in (("en", "no longer"), ("fr-CA", "ne peut plus"), ("de", "nicht mehr")):
        answer = await opened(web.client(), "used", Accept="text/html,*/*", **{"Accept-Language": language})
        assert answer.status_code == 403 and title in answer.text
        assert "no-referrer" in answer.headers["referrer-policy"]


async def test_secret_is_in_no_log_and_no_table(
    web: Any, alice: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = await made(alice.id)
    await opened(web.client(), secret)
    await refused(web.client(), secret)
    captured = capfd.readouterr()
    ours = [str(vars(record)) for record in caplog.records if record.name.startswith("mf")]
    assert ours and secret not in "".join(ours) + captured.out + captured.err
    for table in (AuditEvent, Session, User):
        assert secret not in str(await table.select())


async def test_first_run_of_a_signed_in_owner_needs_no_code(web: Any, state: Any) -> None:
    owner = await users.local_owner()
    browser = web.browser()
    await opened(browser, await made(owner["id"]))
    session = (await browser.get("/api/session")).json()
    assert session["user"]["name"] == "owner" and session["setup"] is True
    assert (await browser.get("/api/items")).status_code == 200
    answer = await browser.post("/api/setup", json={"name": "Ann", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert await who(browser) == "Ann"
    assert await Session.count() == 1
    fresh = web.browser()
    assert (await fresh.post("/api/session", json={"name": "ann", "password": PASSWORD})).status_code == 201


async def test_first_run_without_a_link_still_needs_the_code(web: Any, state: Any) -> None:
    await users.local_owner()
    for body in ({"name": "Eve", "password": PASSWORD}, {"name": "Eve", "password": PASSWORD, "code": ""}):
        answer = await web.browser().post("/api/setup", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "setup_code")
