"""Text and files of other sites, in a real browser: titles and names stay text, kept files stay media."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Tab, tab
from shelf import add_download, add_item

from mediafetcher.accounts.auth import sessions, tokens
from mediafetcher.api.static import page
from mediafetcher.db import engine

pytestmark = [
    pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium"),
    pytest.mark.timeout(240),
]

CORPUS = [
    "<script>alert('own')</script>",
    "<img src=x onerror=alert('own')>",
    "<svg/onload=alert('own')>",
    '"><img src=x onerror=alert(`own`)>',
    "'-alert('own')-'",
    "javascript:alert('own')",
    "</title><script>alert('own')</script>",
    "</script><script>alert('own')</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert('own')}",
    "<iframe srcdoc=\"<script>parent.alert('own')</script>\">",
    "<a href=javascript:alert('own')>click</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert('own')>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<style>*{display:none}</style>",
    "\u202eright to left <b>bold</b>",
    "%3Cscript%3Ealert('own')%3C/script%3E",
    "<x onclick=alert('own') style=position:fixed;inset:0>",
]
LINKS = [
    "javascript:alert('own')",
    "data:text/html,<script>alert('own')</script>",
    "vbscript:x",
    "https://site.test/ok",
]


@pytest.fixture
async def browser(web: Any, alice: Any, tmp_path: Path) -> AsyncIterator[Tab]:
    """Alice in a Chromium."""
    _, secret = await sessions.begin(alice.id, alice.name, admin=True, address="127.0.0.1", agent=CORPUS[0])
    async with tab(tmp_path / "profile") as opened:
        await opened.send(
            "Network.setCookie", name="mf_session", value=secret, url=web.url, httpOnly=True, sameSite="Lax"
        )
        yield opened


async def plant(alice: Any, tmp_path: Path) -> list[int]:
    """The corpus in every place where text of other sites may stand."""
    made = []
    for number, text in enumerate(CORPUS):
        item = await add_item(alice.id, tmp_path, title=text, folder=text.replace("/", "|"))
        link = LINKS[number % len(LINKS)]
        query = "update library_item set uploader = $2, site = $2, source_url = $3 where id = $1"
        await engine.execute(query, item, text, link)
        download = await add_download(alice.id, "needs_action", f"https://site.test/{number}?{text}")
        query = (
            "update download set title = $2, site = $2, error_code = 'login_required', error_message = $2 where id = $1"
        )
        await engine.execute(query, download, text)
        await engine.execute(
            "insert into device (owner, name, hash) values ($1, $2, sha256($2::text::bytea))", alice.id, text[:90]
        )
        await tokens.create(alice.id, text[:90], ["read"])
        made.append(item)
    trashed = await add_item(alice.id, tmp_path, title=CORPUS[1], data=b"other bytes" * 100)
    await engine.execute("update library_item set trashed_at = now() where id = $1", trashed)
    return made


@pytest.mark.skipif(not (page.built_page() / "index.html").is_file(), reason="the page is not built yet")
async def test_text_of_a_site_stays_text(web: Any, alice: Any, browser: Tab, tmp_path: Path) -> None:
    made = await plant(alice, tmp_path)
    newest = range(len(CORPUS) - 8, len(CORPUS))
    pages = {"/": newest[-3:], "/library": newest, "/trash": [1], "/settings": []}
    pages |= {f"/watch/{item}": [number] for number, item in enumerate(made[:4])}
    shown = set()
    for path, expected in pages.items():
        await browser.go(web.url + path)
        await browser.until("document.readyState === 'complete' && document.body.innerText.length > 60")
        words = json.dumps([CORPUS[number] for number in expected])
        await browser.until(f"{words}.every(text => document.body.innerText.includes(text))")
        text = await browser.look(
            "document.body.innerText + [...document.querySelectorAll('[title]')].map(e => e.title)"
        )
        shown |= {number for number, words in enumerate(CORPUS) if words in text}
        # One such link is ours and meant for the bookmarks; a click on it does nothing.
        hrefs = await browser.look(
            "[...document.querySelectorAll('a[href]')].map(a => [a.protocol, a.target, a.rel])"
            ".filter(([protocol]) => protocol !== 'javascript:' || location.pathname !== '/settings')"
        )
        for protocol, target, rel in hrefs:
            assert protocol in ("http:", "https:"), path
            assert target != "_blank" or "noopener" in rel, path
        planted = "script:not([src]), iframe, base, meta[http-equiv=refresh], math, [onerror], [onload], [onclick], x"
        assert await browser.look(f"document.body.querySelectorAll({json.dumps(planted)}).length") == 0, path
        assert await browser.look("location.origin") == web.url
    assert browser.dialogs == []
    assert len(shown) >= len(CORPUS) / 2, [CORPUS[number] for number in set(range(len(CORPUS))) - shown]


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg"><script>
document.documentElement.setAttribute('ran', 'yes'); alert('own'); fetch('/api/items')
</script></svg>"""
HTML = b"<!doctype html><body><script>document.documentElement.setAttribute('ran', 'yes'); alert('own')</script>"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image/svg+xml", SVG),
        ("text/html", HTML),
        ("video/mp4", HTML),
        ("image/png", SVG),
        ("application/xhtml+xml", SVG),
    ],
)
async def test_a_kept_file_never_runs(
    web: Any, alice: Any, browser: Tab, tmp_path: Path, kind: str, data: bytes
) -> None:
    item = await add_item(alice.id, tmp_path, data=data)
    await engine.execute("update media_file set kind = $1", kind)
    await browser.go(f"{web.url}/media/{item}")
    await asyncio.sleep(0.5)  # what must not happen announces nothing
    assert browser.dialogs == []
    assert await browser.look("document.documentElement.getAttribute('ran')") is None
    # Inside a page of the program it may be shown as a picture at the most, and does not run there either.
    await browser.go(f"{web.url}/api/health")
    script = f"""new Promise(done => {{
        const frame = document.createElement('iframe'); frame.src = '/media/{item}';
        frame.onload = () => done('loaded');
        document.documentElement.append(frame); setTimeout(() => done('silent'), 500) }})"""
    await browser.look(script)
    assert browser.dialogs == []


async def test_this_browser_would_have_run_it(browser: Tab, tmp_path: Path) -> None:
    """The same bytes without our headers: what the tests above look for does happen."""
    (tmp_path / "bad.svg").write_bytes(SVG)
    await browser.go(f"file://{tmp_path}/bad.svg")
    await browser.until("document.documentElement.getAttribute('ran') === 'yes'")
    assert browser.dialogs == ["own"]
