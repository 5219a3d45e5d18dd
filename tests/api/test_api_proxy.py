"""Signing in by the header of a trusted proxy: who is believed, and who is not."""

from typing import Any

import httpx
import pytest

from mediafetcher.accounts.auth import proxy_auth, sessions, users
from mediafetcher.db import engine

PASSWORD = "a long enough password"
HEADER = "Remote-User"
SECRET = "a secret of the proxy"


async def restarted(web: Any, **changes: Any) -> None:
    await web.stop()
    web.stopping.clear()
    await web.start(**changes)


class Proxied:
    """The server, spoken to by a proxy that knows the secret."""

    def __init__(self, web: Any) -> None:
        self._web, self.url = web, web.url

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        return self._web.client(token, **{"X-MediaFetcher-Proxy-Secret": SECRET} | headers)

    def browser(self) -> httpx.AsyncClient:
        return self.client(Origin=self.url)


@pytest.fixture
async def behind(web: Any, alice: Any, bob: Any) -> Any:
    """The server behind a proxy at 127.0.0.1 that names users."""
    proxy_auth.forget()
    await restarted(web, trusted_proxies=("127.0.0.1",), proxy_user_header=HEADER, proxy_secret=SECRET)
    return Proxied(web)


async def who(client: httpx.AsyncClient, *headers: tuple[str, str]) -> str | None:
    user = (await client.get("/api/session", headers=list(headers))).json()["user"]
    return user and user["name"]


async def test_proxy_names_the_user(behind: Any) -> None:
    client = behind.client()
    assert await who(client) is None
    assert await who(client, (HEADER, "bob")) == "Bob"
    assert await who(client, ("remote-USER", "ALICE")) == "Alice"
    answer = await client.get("/api/items", headers={HEADER: "Bob"})
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert (await client.get("/api/users", headers={HEADER: "Bob"})).status_code == 403
    assert (await client.get("/api/users", headers={HEADER: "Alice"})).status_code == 200
    assert (await client.get("/api/session", headers={HEADER: "Bob"})).json()["proxy"] is True


async def test_user_without_an_account_is_refused(behind: Any, alice: Any) -> None:
    client = behind.client()
    for name in ("Eve", "Alice, Bob", "alice\tbob", "%41lice", "Alice;", "é", "x" * 5000):
        answer = await client.get("/api/items", headers=[(b"Remote-User", name.encode())])
        assert answer.status_code in (400, 401), name
    # The proxy's word counts, also where the browser still has another user's session.
    _, secret = await sessions.begin(alice.id, alice.name, admin=True, address="127.0.0.1")
    mixed = {HEADER: "Eve", "Cookie": f"mf_session={secret}"}
    assert (await client.get("/api/items", headers=mixed)).status_code == 401
    assert await engine.fetchval("select count(*) from account") == 2


async def test_a_second_header_that_a_caller_wrote_opens_nothing(behind: Any) -> None:
    client = behind.client()
    for pair in (("Alice", "Bob"), ("Bob", "Alice"), ("Bob", "Bob"), ("", "Alice")):
        answer = await client.get("/api/items", headers=[(HEADER, name) for name in pair])
        assert answer.status_code == 401, pair
    for other in ("Remote_User", "X-Remote-User", "Remote-Use", "X-Forwarded-User"):
        assert (await client.get("/api/items", headers={other: "Alice"})).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"proxy_user_header": HEADER, "trusted_proxies": ("10.9.8.7", "192.168.0.0/16")},
        {"proxy_user_header": None, "trusted_proxies": ("127.0.0.1",)},
        {"proxy_user_header": HEADER, "trusted_proxies": ("127.0.0.1",)},  # here only the secret proves who it is
        {"proxy_user_header": HEADER, "trusted_proxies": ("127.0.0.1",), "proxy_secret": SECRET},
    ],
)
async def test_header_of_an_untrusted_client_is_ignored(web: Any, alice: Any, changes: dict[str, Any]) -> None:
    await restarted(web, **changes)
    client = web.client()
    for more in ({}, {"X-Forwarded-For": "10.9.8.7"}, {"X-Forwarded-For": "10.9.8.7, 192.168.0.1"}):
        answer = await client.get("/api/items", headers={HEADER: "Alice"} | more)
        assert answer.status_code == 401
        assert await who(client, (HEADER, "Alice"), *more.items()) is None
        assert (await client.get("/media/1", headers={HEADER: "Alice"} | more)).status_code == 401


async def test_a_token_and_a_password_work_as_before(behind: Any, alice: Any, bob: Any) -> None:
    assert await who(behind.client(bob.token), (HEADER, "Alice")) == "Bob"  # the narrower of the two
    browser = behind.browser()
    assert (await browser.post("/api/session", json={"name": "Bob", "password": PASSWORD})).status_code == 201
    assert await who(browser) == "Bob"


async def test_changes_need_our_own_page_all_the_same(behind: Any) -> None:
    """A browser brings what the proxy asked for by itself, just as it brings a cookie."""
    client = behind.client(**{HEADER: "Alice"})
    for proof, status in (
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "chrome-extension://abc"}, 403),
        ({"Origin": behind.url}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
    ):
        answer = await client.post("/api/folders", json={"path": f"F{len(proof)}{status}"}, headers=proof)
        assert answer.status_code == status, proof


async def test_it_is_in_the_trail_once(behind: Any, bob: Any) -> None:
    client = behind.client(**{HEADER: "Bob"})
    for _ in range(3):
        await client.get("/api/items")
    await client.get("/api/items", headers={"X-Forwarded-For": "203.0.113.5"})
    rows = await engine.fetch(
        "select owner, address, facts->>'via' as via from audit_event where action = 'signed_in' order by id"
    )
    assert rows == [
        {"owner": bob.id, "address": "127.0.0.1", "via": "proxy"},
        {"owner": bob.id, "address": "203.0.113.5", "via": "proxy"},
    ]


async def test_removed_user_is_refused_at_once(behind: Any, bob: Any) -> None:
    client = behind.client(**{HEADER: "Bob"})
    assert (await client.get("/api/items")).status_code == 200
    await users.remove(bob.id)
    assert (await client.get("/api/items")).status_code == 401
