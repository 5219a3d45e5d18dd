"""Every refusal has the same shape, names what is wrong, and shows nothing of the inside."""

import base64
import json
import logging
from typing import Any

import pytest

from mediafetcher.api import problems
from mediafetcher.db import engine
from mediafetcher.library.catalog import queries

JSON = {"Content-Type": "application/json"}
BAD = [
    ("POST", "/api/downloads", b"", 400, "invalid"),
    ("POST", "/api/downloads", b"{", 400, "invalid"),
    ("POST", "/api/downloads", b"[]", 400, "invalid"),
    ("POST", "/api/downloads", b"null", 400, "invalid"),
    ("POST", "/api/downloads", b"{}", 400, "invalid"),
    ("POST", "/api/downloads", b'{"url": 1}', 400, "invalid"),
    ("POST", "/api/downloads", b'{"url": "http://site.test/", "more": 1}', 400, "invalid"),
    ("POST", "/api/downloads", b'{"url": "http://site.test/", "options": {"exec": "rm"}}', 400, "invalid"),
    ("POST", "/api/downloads", b'{"url": "file:///etc/passwd"}', 400, "unsupported_scheme"),
    ("POST", "/api/downloads", b'{"url": "-o /tmp/x"}', 400, "invalid_url"),
    ("POST", "/api/downloads", b"\xff\xfe", 400, "invalid"),
    ("POST", "/api/folders", b'{"path": "a\\u0000b"}', 400, "invalid"),
    ("POST", "/api/folders", b'{"path": "\\ud800"}', 400, "invalid"),
    ("POST", "/api/folders", b'{"path": "../x"}', 400, "invalid"),
    ("PUT", "/api/items/1/position", b'{"position": -1}', 400, "invalid"),
    ("PUT", "/api/items/1/position", b'{"position": 1e400}', 400, "invalid"),
    ("PATCH", "/api/items/1", b"{}", 400, "invalid"),
    ("PATCH", "/api/downloads/1", b'{"priority": 99999999999999999999}', 400, "invalid"),
    ("GET", "/api/items/99999999999999999999", b"", 400, "invalid"),
    ("GET", "/api/items/-1", b"", 404, "not_found"),
    ("GET", "/api/items?limit=0", b"", 400, "invalid"),
    ("GET", "/api/items?limit=100000", b"", 400, "invalid"),
    ("GET", "/api/items?limit=abc", b"", 400, "invalid"),
    ("GET", "/api/items?sort=evil", b"", 400, "invalid"),
    ("GET", "/api/items?cursor=nonsense", b"", 400, "invalid"),
    ("GET", "/api/downloads?cursor=nonsense", b"", 400, "invalid"),
    ("GET", "/api/downloads?state=nonsense", b"", 400, "invalid"),
    ("GET", "/api/downloads/12345", b"", 404, "not_found"),
    ("DELETE", "/api/downloads/12345", b"", 404, "not_found"),
    ("POST", "/api/items", b'{"item": 99999999999999999999, "folder": ""}', 400, "invalid"),
    ("DELETE", "/api/trash", b'{"items": [99999999999999999999]}', 400, "invalid"),
]


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


DEEP = b"[" * 100_000 + b"]" * 100_000
MANY = json.dumps({"items": list(range(100_000))}).encode()
CURSORS = [
    _cursor("[" * 50_000 + "]" * 50_000),
    _cursor('{"a":' * 20_000 + "1" + "}" * 20_000),
    _cursor("[[[[1]]], [2]]"),
    _cursor('[{"a": 1}, {"b": 2}]'),
    _cursor("[1e400, 99999999999999999999999]"),
    _cursor('["9999-12-31T23:59:59+23:59", 1]'),
    _cursor('["0001-01-01T00:00:00+23:59", 9223372036854775808]'),
    "9" * 5000,
]
BAD += [
    *(
        (method, path, body % DEEP, 400, "invalid")
        for method, path, body in (
            ("POST", "/api/downloads", b"%s"),
            ("POST", "/api/downloads", b'{"url": %s}'),
            ("POST", "/api/downloads", b'{"url": "http://site.test/", "options": %s}'),
            ("POST", "/api/session", b"%s"),
            ("POST", "/api/ext/send", b"%s"),
            ("PUT", "/api/cookies/site.test", b'{"cookies": %s}'),
            ("PATCH", "/api/settings", b'{"max_downloads": %s}'),
            ("DELETE", "/api/trash", b'{"items": %s}'),
            ("POST", "/api/tokens", b'{"name": "a", "scopes": %s}'),
        )
    ),
    ("GET", "/api/trash/deletion?items=" + ",".join(["1"] * 3000), b"", 404, "not_found"),
    *(
        (method, path, body, 400, "invalid")
        for method, path, body in (
            ("POST", "/api/items/trash", MANY),
            ("POST", "/api/items/restore", MANY),
            ("POST", "/api/items/move", MANY[:-1] + b', "folder": "A"}'),
            ("POST", "/api/items/copy", MANY[:-1] + b', "folder": "A"}'),
            ("GET", "/api/trash/deletion?items=" + "9" * 6000, b""),
            ("GET", "/api/items?limit=" + "9" * 6000, b""),
        )
    ),
]
PAGES = ("/api/items?", "/api/items?sort=title&", "/api/items?sort=-size&", "/api/trash?", "/api/downloads?")
PAGES += ("/api/audit?",)


@pytest.mark.parametrize("cursor", CURSORS, ids=range(len(CURSORS)))
async def test_cursor_of_another_user_is_refused(alice: Any, cursor: str) -> None:
    if len(cursor) > 12_000:
        cursor = cursor[:4] * 2500  # what fits into a request's first line: nested 7,500 deep
    for path in PAGES:
        answer = await alice.http.get(f"{path}cursor={cursor}")
        # A key of another list may fit this one by chance.
        assert answer.status_code == 200 or (answer.status_code, answer.json()["code"]) == (400, "invalid"), path


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), BAD)
async def test_problems_have_one_shape(alice: Any, method: str, path: str, body: bytes, status: int, code: str) -> None:
    answer = await alice.http.request(method, path, content=body, headers=JSON)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), said
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(said) == {"type", "title", "status", "detail", "code", "request_id"}
    assert said["status"] == status
    assert said["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text


async def test_searches_of_any_kind_answer(alice: Any) -> None:
    for query in ("'", '"', "\\", "a:*", "!", "&|", "%00", "%F0%9F%98%80", "a" * 2000, "(((", "-", "%ff"):
        answer = await alice.http.get(f"/api/items?q={query}")
        assert answer.status_code in (200, 400), query


async def test_an_error_of_ours_shows_nothing(
    alice: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        await engine.fetch("select secret_column from nowhere")

    monkeypatch.setattr(queries, "get", broken)
    monkeypatch.setattr(queries, "kept", broken)
    with caplog.at_level(logging.ERROR):
        answer = await alice.http.get("/api/items/1")
    assert answer.status_code == 500
    said = answer.json()
    assert said["code"] == "internal"
    assert "secret_column" not in answer.text
    assert "secret_column" in caplog.text  # the log has it
    record = next(record for record in caplog.records if record.message == "request failed")
    assert record.__dict__["fields"]["request"] == said["request_id"]
    assert (await alice.http.get("/media/1")).json()["code"] == "internal"


async def test_without_the_database(web: Any, alice: Any, database: str) -> None:
    await engine.close()
    try:
        for path in ("/api/health", "/api/session", "/api/items"):
            answer = await alice.http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_away"), path
            assert answer.headers["retry-after"]
    finally:
        await engine.connect(database)
    assert (await alice.http.get("/api/health")).status_code == 200


def test_every_problem_has_a_status_that_http_knows() -> None:
    from mediafetcher.core import errors

    for code in errors.all_codes():
        assert problems.body(errors.by_code(code)())
