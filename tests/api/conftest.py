"""The real server for the tests of the API: Granian on a free port, a database of its own, and users."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from serving import Server

from mediafetcher.accounts.auth import credentials, tokens, users
from mediafetcher.library.storage import mount

PASSWORD = "a long enough password"


class Person:
    """A user with a token of all scopes that the user may have."""

    def __init__(self, row: dict[str, Any], token: str, client: httpx.AsyncClient) -> None:
        self.id, self.name, self.token, self.http = row["id"], row["name"], token, client


@pytest.fixture
def _fresh() -> None:
    credentials.forget()


@pytest.fixture
async def web(_fresh: None, database: str, state: Any) -> AsyncIterator[Server]:
    await mount.prepare()
    running = Server()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def person(web: Server) -> Callable[..., Awaitable[Person]]:
    async def make(name: str, admin: bool = False) -> Person:
        row = await users.add(name, PASSWORD, admin=admin)
        scopes = credentials.SCOPES if admin else credentials.USER_SCOPES
        made = await tokens.create(row["id"], "test", scopes)
        return Person(row, made["token"], web.client(made["token"]))

    return make


@pytest.fixture
async def alice(person: Callable[..., Awaitable[Person]]) -> Person:
    return await person("Alice", admin=True)


@pytest.fixture
async def bob(alice: Person, person: Callable[..., Awaitable[Person]]) -> Person:
    return await person("Bob")


@pytest.fixture
async def signed_in(web: Server, alice: Person) -> httpx.AsyncClient:
    """Alice in a browser."""
    browser = web.browser()
    answer = await browser.post("/api/session", json={"name": "alice", "password": PASSWORD})
    assert answer.status_code == 201
    return browser
