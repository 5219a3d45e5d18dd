"""The page and the extension (as a temporary add-on) in a real Firefox, with one server for both."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import marionette
import pytest
from test_extension import CANARY, EXTENSION, Running, holding, node

from tests import places
from tests.waiting import eventually_blocking

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(marionette.program() is None, reason="there is no Firefox"),
]
PASSWORD = "a long enough password"
ENTER = "\ue007"
ADDON, UUID = "{5d3c1f0e-8a0b-4f53-9d6b-6f2f3a5b7c11}", "0f1f2f3f-4a4b-4c4d-8e8f-0a1b2c3d4e5f"
PAGES = f"moz-extension://{UUID}"
PREFS = {
    "extensions.webextensions.uuids": f'{{"{ADDON}":"{UUID}"}}',
    "extensions.webextOptionalPermissionPrompts": False,  # a prompt of the browser counts as accepted
    "network.dns.localDomains": "nas.test",
}
# A tab of the popup does not see the address of another tab, which a click on the toolbar would permit. So the test
# requests beforehand what the popup requests for the cookies.
_ALLOW = """document.body.append(Object.assign(document.createElement("button"), {
    id: "allow", textContent: "allow", onclick: () => browser.permissions.request({ origins: ["*://localhost/*"] })
}))"""


class World(NamedTuple):
    """A server with an account, its API, and a Firefox."""

    running: Running
    api: httpx.Client
    firefox: marionette.Firefox


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    folder = places.make("mf-system-")
    running = Running(folder)
    try:
        running.wait()
        headers = {"Authorization": f"Bearer {running.token()}"}
        with (
            httpx.Client(base_url=running.url, headers=headers, trust_env=False) as api,
            marionette.firefox(folder, **PREFS) as firefox,
        ):
            yield World(running, api, firefox)
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_page_signs_in_downloads_and_plays(world: World, site: Any) -> None:
    running, _, firefox = world
    firefox.go(running.url)
    firefox.type("[name=name]", "owner")
    firefox.type("[name=password]", "a wrong password")
    firefox.click("[type=submit]")
    firefox.until("document.querySelector('[role=alert]')?.textContent.includes('Incorrect')")
    firefox.look("document.querySelector('[name=password]').select()")
    firefox.type("[name=password]", PASSWORD)
    firefox.click("[type=submit]")
    firefox.until("document.querySelector('nav')")

    firefox.go(f"{running.url}/downloads")
    firefox.type("textarea[aria-label='Paste a link']", site.url("/media/ok.mp4") + ENTER)
    firefox.until("fetch('/api/items').then(answer => answer.json()).then(found => found.items.length)")
    firefox.go(f"{running.url}/library")
    firefox.click("[role=gridcell] a, [role=gridcell]")
    firefox.until("location.pathname.startsWith('/watch/')")
    firefox.until("(video => video && !video.paused && video.currentTime > 0.2)(document.querySelector('video'))")


def test_extension_pairs_sends_cookies_and_downloads(world: World, site: Any) -> None:
    running, api, firefox = world
    subprocess.run([node(), EXTENSION / "build.ts", "firefox"], check=True)
    offered = api.post("/api/devices").json()
    members = site.url("/members").replace("127.0.0.1", "localhost")
    origin = members.removesuffix("/members")
    firefox.call("Addon:Install", path=os.fspath(EXTENSION / "dist" / "firefox"), temporary=True)

    # Pairing, with the fingerprint of the page.
    firefox.go(f"{PAGES}/options.html")
    firefox.type("#code", offered["code"])
    firefox.until("!document.querySelector('#check').hidden")
    assert firefox.look("document.querySelector('#offered').textContent") == offered["fingerprint"]
    firefox.click("#form button")
    firefox.until("!document.querySelector('#paired').hidden")
    firefox.click("#test")
    firefox.until("document.querySelector('#status.good')")

    # A download waits for the cookies of the site, so the popup opens them. The download button comes first.
    firefox.go(f"{origin}/login?value={CANARY}")
    firefox.go(f"{origin}/media/ok.mp4")
    firefox.call("WebDriver:SwitchToWindow", handle=firefox.call("WebDriver:NewWindow", type="tab")["handle"])
    firefox.go(f"{PAGES}/popup.html")
    tab = firefox.look("browser.tabs.query({ index: 0 }).then(tabs => tabs[0].id)")
    firefox.look(_ALLOW)
    firefox.click("#allow")
    firefox.until(f"browser.tabs.get({tab}).then(tab => tab.url?.startsWith('{origin}'))")
    assert api.post("/api/downloads", json={"url": members}).status_code in (200, 201)
    eventually_blocking(lambda: waits(api), seconds=marionette.PATIENCE)
    firefox.go(f"{PAGES}/popup.html?tab={tab}")
    firefox.until("document.querySelector('.dot.on')")
    assert firefox.look("document.querySelector('#page button').id") == "download"
    firefox.until("document.querySelector('#cookies').open")

    # The popup counts the cookies first. A click sends them, and the download goes on.
    firefox.until("/^5 /.test(document.querySelector('#count').textContent)")
    firefox.click("#extract")
    firefox.until("document.querySelector('#status.good')")
    eventually_blocking(lambda: done(api, "/members"), seconds=marionette.PATIENCE)

    # The popup downloads the open page with the chosen quality.
    firefox.go(f"{PAGES}/popup.html?tab={tab}")
    firefox.until("document.querySelector('.dot.on')")
    assert firefox.look("document.querySelector('#cookies').open") is False  # no download waits for them
    firefox.click("#quality option[value=audio]")
    firefox.click("#download")
    firefox.until("document.querySelector('#status.good')")
    chosen = [
        one["id"] for one in api.get("/api/downloads").json()["downloads"] if one["url"] == f"{origin}/media/ok.mp4"
    ]
    assert [api.get(f"/api/downloads/{one}").json()["options"]["audio"] for one in chosen] == ["m4a"]
    running.stop()
    assert holding(running.shell.state, CANARY.encode()) == []


def waits(api: httpx.Client) -> bool:
    return any(one["state"] == "needs_action" for one in api.get("/api/downloads").json()["downloads"])


def done(api: httpx.Client, part: str) -> int | None:
    """The item of the download whose link has this part."""
    found = [one for one in api.get("/api/downloads").json()["downloads"] if part in one["url"]]
    assert not found or found[0]["state"] != "failed", found
    return found[0]["item"] if found and found[0]["state"] == "done" else None
