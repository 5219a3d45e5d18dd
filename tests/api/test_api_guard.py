"""The checks that every request must pass: Host, origin, kind and size of its body; and whose address counts."""

import asyncio
import itertools
from typing import Any

import pytest

from mediafetcher.accounts.auth import sessions

HOSTS = {
    "127.0.0.1": True,
    "127.0.0.1:8787": True,
    "localhost": True,
    "LOCALHOST:1234": True,
    "localhost.": True,
    "192.168.1.20": True,
    "192.168.1.20:8787": True,
    "10.0.0.1": True,
    "[::1]": True,
    "[::1]:8787": True,
    "[fe80::1]:80": True,
    "evil.example": False,
    "evil.example:8787": False,
    "127.0.0.1.evil.example": False,
    "127.0.0.1.nip.io": False,
    "localhost.evil.example": False,
    "notlocalhost": False,
    "localhostx": False,
    "local host": False,
    "localhost:99999": False,
    "localhost:80:80": False,
    "localhost:abc": False,
    "user@localhost": False,
    "localhost/evil": False,
    "localhost#x": False,
    "[::1": False,
    "[evil]": False,
    "2130706433": False,
    "0x7f000001": False,
    "127.1": False,
    "*": False,
    "null": False,
}


@pytest.mark.parametrize(("host", "ours"), HOSTS.items())
async def test_unknown_hosts_are_refused(web: Any, host: str, ours: bool) -> None:
    for path in ("/api/health", "/media/1", "/"):
        answer = await web.client().get(path, headers={"Host": host})
        if ours:
            assert answer.status_code in (200, 401)
        else:
            # A text that is not even a host name may be refused by the HTTP parser already.
            assert answer.status_code in (421, 400)
            assert "x-content-type-options" in answer.headers or answer.status_code == 400


METHODS = (
    ("POST", "/api/folders", '{"path": "A"}'),
    ("PUT", "/api/items/999/position", '{"position": 1}'),
    ("PATCH", "/api/folders/999", '{"path": "B"}'),
    ("DELETE", "/api/trash", '{"items": [999]}'),
)
PROOFS = {
    "same-origin": {"Sec-Fetch-Site": "same-origin"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "our origin": {"Origin": "ours"},
    "nothing": {},
}
KINDS = ("application/json", "text/plain")


@pytest.mark.parametrize(
    ("method", "proof", "with_cookie", "kind"),
    [
        pytest.param(*cell, id=f"{cell[0][0]}-{cell[1]}-{'cookie' if cell[2] else 'none'}-{cell[3]}")
        for cell in itertools.product(METHODS, PROOFS, (True, False), KINDS)
    ],
)
async def test_changes_need_our_own_page(
    web: Any, alice: Any, method: tuple[str, str, str], proof: str, with_cookie: bool, kind: str
) -> None:
    headers = {"Content-Type": kind} | PROOFS[proof]
    if headers.get("Origin"):
        headers["Origin"] = web.url
    if with_cookie:
        _, secret = await sessions.begin(alice.id, alice.name, admin=True, address="127.0.0.1")
        headers["Cookie"] = f"mf_session={secret}"
    verb, path, body = method
    answer = await web.client().request(verb, path, content=body, headers=headers)
    if proof == "cross-site" or (proof == "nothing" and with_cookie):
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    elif kind != "application/json":
        assert (answer.status_code, answer.json()["code"]) == (415, "not_json")
    elif not with_cookie:
        assert answer.status_code == 401
    else:
        assert answer.status_code in (200, 201, 204, 404)


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "same-origin, cross-site"}, True),
        ({"Sec-Fetch-Site": ""}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "http://127.0.0.1"}, True),
        ({"Origin": ""}, True),
    ],
)
async def test_origins_of_the_page_are_recognised(signed_in: Any, headers: dict[str, str], refused: bool) -> None:
    del signed_in.headers["Origin"]
    answer = await signed_in.post("/api/folders", json={"path": "A"}, headers=headers)
    assert answer.status_code == (403 if refused else 201)


async def test_a_token_needs_no_proof(alice: Any) -> None:
    answer = await alice.http.post("/api/folders", json={"path": "A"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 201


async def test_other_site_cannot_sign_a_visitor_in(web: Any, alice: Any) -> None:
    said = {"name": "Alice", "password": "a long enough password"}
    answer = await web.client().post("/api/session", json=said, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


async def test_large_bodies_are_refused(web: Any, alice: Any) -> None:
    big = b'{"path": "' + b"x" * (2 << 20) + b'"}'
    answer = await alice.http.post("/api/folders", content=big, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_body_that_does_not_say_its_size_is_cut(web: Any, alice: Any) -> None:
    """1 GB is announced as pieces; the server answers after the first MiB and stops reading."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(
        f"POST /api/folders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    piece, sent = b"10000\r\n" + b" " * 65536 + b"\r\n", 0
    answered = asyncio.create_task(reader.readuntil(b"\r\n"))
    while not answered.done() and sent < 1 << 30:
        try:
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), 5)
        except (ConnectionError, TimeoutError):
            break
        sent += 65536
        await asyncio.sleep(0)
    writer.close()
    assert sent < 64 << 20
    if answered.done() and not answered.exception():
        assert answered.result().startswith(b"HTTP/1.1 413")
    else:
        answered.cancel()


async def test_forwarded_addresses_count_only_from_a_configured_proxy(web: Any, alice: Any) -> None:
    client = web.client()
    codes = []
    for number in range(11):
        answer = await client.post(
            "/api/session",
            json={"name": f"nobody{number}", "password": "wrong"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )
        codes.append(answer.status_code)
    assert codes == [401] * 10 + [429]
    assert int(answer.headers["retry-after"]) in range(1, 62)


async def test_a_browser_under_an_unknown_name_gets_a_page_and_an_administrator_allows_the_name(
    web: Any, alice: Any
) -> None:
    stranger = {"Host": "nas.lan:8787", "Accept": "text/html,*/*"}
    answer = await web.client().get("/", headers=stranger)
    assert answer.status_code == 421 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "host_names = [&quot;nas.lan&quot;]" in answer.text and "default-src 'none'" in str(answer.headers)
    hostile = await web.client().get("/", headers=stranger | {"Host": "<script>alert(1)</script>"})
    assert "<script" not in hostile.text
    german = await web.client().get("/", headers=stranger | {"Accept-Language": "de-DE,de;q=0.9,fr;q=0.5"})
    assert '<html lang="de">' in german.text and "kennt den Namen" in german.text
    assert "<style>" in german.text and "style-src 'sha256-" in german.headers["content-security-policy"]
    assert (await web.client().get("/api/health", headers=stranger)).json()["code"] == "wrong_host"
    for bad in ("http://nas.lan", "nas.lan:80", "a b"):
        assert (await alice.http.patch("/api/settings", json={"host_names": [bad]})).status_code == 400
    changed = await alice.http.patch("/api/settings", json={"host_names": ["nas.lan", "tv.home"]})
    assert changed.json()["host_names"] == ["nas.lan", "tv.home"]
    assert (await web.client().get("/api/health", headers=stranger)).status_code == 200
    await alice.http.patch("/api/settings", json={"host_names": None})
    assert (await web.client().get("/api/health", headers=stranger)).status_code == 421
