"""The built page through the real server: whole, packed, cached, and with the page's own policy."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from serving import Server

from mediafetcher.api.static import page as site

SCRIPT = "console.log('a page')\n" * 1000


@pytest.fixture
async def page(
    _fresh: None, database: str, state: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    root = tmp_path / "dist"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Page</title>")
    (root / "assets/app-1.js").write_text(SCRIPT)
    (root / "assets/app-1.js.br").write_bytes(b"packed")
    (root / "empty.txt").write_text("")
    monkeypatch.setattr(site, "built_page", lambda: root)  # where the build lies, nothing else

    server = Server()
    await server.start()
    yield server.client(**{"Accept-Encoding": "identity"})
    await server.stop()


async def test_page_files_are_served(page: Any) -> None:
    answer = await page.get("/watch/12?t=3")
    assert answer.text == "<!doctype html><title>Page</title>"
    assert answer.headers["content-security-policy"] == site.CSP
    answer = await page.get("/assets/app-1.js")
    assert (answer.text, answer.headers["content-length"]) == (SCRIPT, str(len(SCRIPT)))
    assert (await page.get("/empty.txt")).content == b""
    head = await page.head("/assets/app-1.js")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(SCRIPT)))


async def test_compressed_files_are_served(page: Any) -> None:
    async with page.stream("GET", "/assets/app-1.js", headers={"Accept-Encoding": "br"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (raw, answer.headers["content-encoding"], answer.headers["vary"]) == (b"packed", "br", "accept-encoding")


async def test_hashed_files_are_cached(page: Any) -> None:
    first = await page.get("/")
    again = await page.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in (await page.get("/assets/app-1.js")).headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/assets/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd.txt", "/assets/x.js"]
)
async def test_nothing_outside_is_served(page: Any, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    answer = await page.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text
