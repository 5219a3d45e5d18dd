"""The page and the extension (as a temporary add-on) in a real Firefox, with one server for both."""

import functools
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
    "full-screen-api.transition-duration.enter": "0 0",
    "full-screen-api.transition-duration.leave": "0 0",
    "full-screen-api.warning.timeout": 0,
    "extensions.webextensions.uuids": f'{{"{ADDON}":"{UUID}"}}',
    "extensions.webextOptionalPermissionPrompts": False,  # a prompt of the browser counts as accepted
    "network.dns.localDomains": "nas.test",
}
BOX = 'textarea[aria-label="Paste a link"]'
GRID = "document.querySelector('[role=grid]')?.parentElement"
# A card that is seen whole, so that a click does not scroll it.
SEEN = """[...document.querySelectorAll('[role=gridcell]')].map(cell => [cell, cell.getBoundingClientRect()])
    .find(([_, { top, bottom }]) => top > 250 && bottom < innerHeight)?.[0]"""
PLAYS = "(video => video && !video.paused && video.currentTime > 0.2)(document.querySelector('video'))"
OFFLINE = "[...document.querySelectorAll('[role=status]')].some(one => one.textContent.includes('reach the server'))"
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


def test_page_signs_in_and_a_pasted_link_becomes_a_moving_picture(world: World, site: Any) -> None:
    running, _, firefox = world
    firefox.go(running.url)
    firefox.type("[name=name]", "owner")
    firefox.type("[name=password]", "a wrong password")
    firefox.click("[type=submit]")
    firefox.until("document.querySelector('[role=alert]')?.textContent.includes('Incorrect')")
    firefox.look("document.querySelector('[name=password]').select()")
    sign_in(firefox)

    # A link in the clipboard, on a page without a box for it: paste, Enter, Play.
    firefox.type(BOX, site.url("/media/ok.mp4"))
    firefox.press("a", control=True)
    firefox.press("x", control=True)
    firefox.click("nav a[href='/trash']")
    firefox.until("location.pathname === '/trash' && document.activeElement.tagName !== 'TEXTAREA'")
    firefox.press("v", control=True)
    firefox.until(f"document.querySelector('[role=dialog] {BOX}') === document.activeElement")
    firefox.until("document.activeElement.value.endsWith('/media/ok.mp4')")
    firefox.press(ENTER)
    firefox.click("//*[contains(., 'Ready to watch')]//button[normalize-space() = 'Play']")
    firefox.until("location.pathname.startsWith('/watch/')")
    firefox.until(PLAYS)


def test_next_item_plays_in_full_screen_and_the_player_goes_on_in_a_corner(world: World, site: Any) -> None:
    _, api, firefox = world
    films(api, site)
    home(world, "/library?sort=title&kind=video")
    firefox.click("[role=gridcell] a, [role=gridcell]")
    firefox.until("location.pathname.startsWith('/watch/')")
    firefox.until(PLAYS)
    first = firefox.look("location.pathname")
    firefox.press("f")
    firefox.until("document.fullscreenElement?.hasAttribute('data-player')")
    firefox.press("n")
    firefox.until(f"location.pathname.startsWith('/watch/') && location.pathname !== '{first}'")
    firefox.until(PLAYS)
    assert firefox.look("document.fullscreenElement.contains(document.querySelector('video'))")
    firefox.press("f")
    firefox.until("document.fullscreenElement === null")

    firefox.look("document.querySelector('video').loop = true")  # the file is short
    firefox.click("nav a[href='/trash']")
    firefox.until("document.querySelector('[data-player=mini]')")
    firefox.until(PLAYS)


SHOWN_CAPTIONS = "[...document.querySelector('video').textTracks].filter(one => one.mode === 'showing').length"
WIDTH = "document.querySelector('[data-slot=player]').clientWidth"


def test_captions_and_theatre_answer_their_keys(world: World, site: Any) -> None:
    _, api, firefox = world
    wish = {"url": site.url("/page/subtitles"), "options": {"subtitles": ["hu", "fr"], "keep_original": True}}
    assert api.post("/api/downloads", json=wish).is_success
    item = eventually_blocking(functools.partial(done, api, "/page/subtitles"), seconds=marionette.PATIENCE)
    home(world, f"/watch/{item}")
    firefox.until("document.querySelector('video')?.textTracks.length === 2")
    assert firefox.look(SHOWN_CAPTIONS) == 0
    firefox.press("c")
    firefox.until(f"{SHOWN_CAPTIONS} === 1")
    firefox.press("c")
    firefox.until(f"{SHOWN_CAPTIONS} === 0")
    narrow = firefox.look(WIDTH)
    firefox.press("t")
    firefox.until(f"{WIDTH} > {narrow}")
    firefox.press("t")
    firefox.until(f"{WIDTH} === {narrow}")


def test_refused_link_stays_in_the_box_with_its_reason(world: World, site: Any) -> None:
    _, api, firefox = world
    link = site.url("/media/never.mp4")
    assert api.post("/api/sources/never", json={"url": link}).is_success
    home(world, "/downloads")
    firefox.until(f"document.querySelector({BOX!r})")
    firefox.type(BOX, link)
    firefox.press(ENTER)
    firefox.until(f"document.querySelector('[role=alert]')?.textContent.includes('{link}')")
    assert firefox.look(f"document.querySelector({BOX!r}).value") == link
    firefox.press("a", control=True)
    firefox.press("\ue017")  # Delete: the next test begins with an empty box


def test_back_restores_the_place_in_the_library(world: World, site: Any) -> None:
    _, api, firefox = world
    films(api, site)
    home(world, "/library?sort=title")
    firefox.until(f"{GRID} && {GRID}.scrollHeight > {GRID}.clientHeight + 300")
    firefox.look(f"{GRID}.scrollTo(0, 250)")
    firefox.until(f"{GRID}.scrollTop === 250")
    firefox.until(f"(cell => cell && (cell.id = 'chosen'))({SEEN})")
    firefox.click("#chosen")
    firefox.until("location.pathname.startsWith('/watch/')")
    firefox.call("WebDriver:Back")
    firefox.until(f"location.pathname === '/library' && {GRID}?.scrollTop === 250")


def test_stopped_server_is_said_and_nothing_typed_is_lost(world: World) -> None:
    running, _, firefox = world
    home(world, "/")
    firefox.until("document.body.innerText.includes('Connected')")
    firefox.type(BOX, "https://site.test/typed")
    running.stop()
    firefox.until(OFFLINE)
    firefox.click("nav a[href='/library']")
    firefox.until(f"location.pathname === '/library' && {OFFLINE}")
    running.start()
    running.wait()
    firefox.until(f"!({OFFLINE})")
    firefox.click("nav a[href='/']")
    firefox.until(f"document.querySelector({BOX!r})?.value === 'https://site.test/typed'")


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

    # The popup counts the cookies first. A click sends them, and the download continues.
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

    # A refused link says why.
    assert api.post("/api/sources/never", json={"url": f"{origin}/media/refused.mp4"}).is_success
    firefox.look(f"browser.tabs.update({tab}, {{ url: '{origin}/media/refused.mp4' }}).then(() => true)")
    firefox.until(f"browser.tabs.get({tab}).then(tab => tab.url?.endsWith('/refused.mp4'))")
    firefox.go(f"{PAGES}/popup.html?tab={tab}")
    firefox.until("document.querySelector('.dot.on')")
    firefox.click("#download")
    firefox.until("/blocked/.test(document.querySelector('#status.bad')?.textContent)")
    running.stop()
    assert holding(running.shell.state, CANARY.encode()) == []


def sign_in(firefox: marionette.Firefox) -> None:
    firefox.type("[name=password]", PASSWORD)
    firefox.click("[type=submit]")
    firefox.until("document.querySelector('nav')")


def home(world: World, path: str) -> None:
    """Open a page of the server, signed in."""
    firefox = world.firefox
    firefox.go(world.running.url + path)
    firefox.until("document.querySelector('nav, [name=name]')")
    if firefox.look("document.querySelector('[name=name]') !== null"):
        firefox.type("[name=name]", "owner")
        sign_in(firefox)


def films(api: httpx.Client, site: Any) -> None:
    """Three films in the library, and more entries of one of them, in folders."""
    for name in ("ok.mp4", "h264_baseline.mp4", "h264_mp3.mp4"):
        assert api.post("/api/downloads", json={"url": site.url(f"/media/{name}")}).is_success
        eventually_blocking(functools.partial(done, api, name), seconds=marionette.PATIENCE)
    for number in range(40):
        answer = api.post("/api/downloads", json={"url": site.url("/media/ok.mp4"), "folder": f"Folder {number}"})
        assert answer.is_success


def waits(api: httpx.Client) -> bool:
    return any(one["state"] == "needs_action" for one in api.get("/api/downloads").json()["downloads"])


def done(api: httpx.Client, part: str) -> int | None:
    """The item of the download whose link has this part."""
    found = [one for one in api.get("/api/downloads").json()["downloads"] if part in one["url"]]
    assert not found or found[0]["state"] != "failed", found
    return found[0]["item"] if found and found[0]["state"] == "done" else None
