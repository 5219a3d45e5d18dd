"""Every behaviour of the fixture site and every file of the corpus, through the real program; and what is stored
after it, played by a real Chromium.
"""

import asyncio
import itertools
import os
import shutil
import subprocess
import urllib.parse
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.downloads import leases, lifecycle, log
from mediafetcher.downloads import queries as download_queries
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch import prefork
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import queries
from mediafetcher.library.storage import blob_store, mount
from tests.factories import add_user
from tests.site import Site, behaviours, media
from tests.site.expected import CASES, Case
from tests.waiting import eventually

_AT_ONCE = 3
_PLAYER = """<!doctype html><meta charset="utf-8"><script>
const site = %r, films = %s;
const once = (film, name) => new Promise((good, bad) => {
  film.addEventListener(name, good, {once: true});
  film.addEventListener("error", () => bad(new Error("error " + (film.error || {}).message)), {once: true});
  setTimeout(() => bad(new Error("no " + name)), 30000);
});
const until = async (check, what) => {
  for (let turn = 0; turn < 600; turn++) {
    if (check()) return;
    await new Promise((good) => setTimeout(good, 50));
  }
  throw new Error(what);
};
async function play([path, picture, seconds]) {
  const film = document.createElement(picture ? "video" : "audio");
  film.muted = true;
  film.preload = "auto";
  document.body.append(film);
  const loaded = once(film, "loadeddata");
  film.src = site + path;
  await loaded;
  if (picture && !(film.videoWidth > 0 && film.videoHeight > 0)) throw new Error("no picture");
  if (Math.abs(film.duration - seconds) > 1) throw new Error("lasts " + film.duration + " and not " + seconds);
  film.play();
  await until(() => film.currentTime > 0.1, "time stands still");
  const half = seconds / 2, sought = once(film, "seeked");
  film.pause();
  film.currentTime = half;
  await sought;
  if (Math.abs(film.currentTime - half) > 0.5) throw new Error("sought " + half + ", is at " + film.currentTime);
  film.play();
  await until(() => film.currentTime > half + 0.05 || film.ended, "time stands still after seeking");
  film.remove();
}
addEventListener("load", async () => {
  const worker = async () => {
    while (films.length) {
      const film = films.shift();
      const said = await play(film).then(() => "fine", (error) => String(error.message));
      await fetch(site + "/report?" + new URLSearchParams({film: film[0], said}), {mode: "no-cors"});
    }
  };
  await Promise.all([worker(), worker(), worker()]);
});
</script><body></body>"""


@pytest.fixture
async def owner(database: str, state: Path, media_online: Path) -> AsyncIterator[int]:
    settings.use(
        replace(
            settings.get(),
            shutdown_seconds=2.0,
            retry_seconds=0.0,
            max_downloads_per_site=10,
            live_outage_seconds=2.0,
        )
    )
    await prefork.open()
    yield await add_user("ada", admin=True)
    await prefork.close()


async def _walk(owner: int, site: Site, paths: list[str], options: Options | None = None) -> list[tuple[dict, str]]:
    """Try each link once, some at a time. Returns: (its row, the decision)."""
    rows = [await lifecycle.submit(owner, site.url(path), options=options) for path in paths]
    claims = [await leases.claim() for _ in rows]
    assert sorted(claim.id for claim in claims if claim) == sorted(row["id"] for row in rows)
    await asyncio.gather(*(runner.run(claim) for claim in claims if claim))
    found = []
    for row in rows:
        lines = [line["message"] for line in await log.read(row["id"], owner)]
        decisions = [line.removeprefix("conversion: ").partition(" ")[0] for line in lines if "conversion: " in line]
        if any("already in the library" in line for line in lines):
            decisions = ["known"]
        found.append((await download_queries.get(row["id"], owner), decisions[0] if decisions else ""))
        if found[-1][0]["state"] not in lifecycle.ENDED:
            await lifecycle.cancel(row["id"], owner)
    return found


def _alike(cases: list[Case]) -> Iterator[list[Case]]:
    """The links that are walked together: under the same limits, a few at a time."""
    for _, group in itertools.groupby(cases, key=lambda case: case[3:]):
        together = list(group)
        yield from (together[start : start + _AT_ONCE] for start in range(0, len(together), _AT_ONCE))


# Not what a site does, each with a test where it is made: killed children, conversions, a site that rests, ...
MADE_BY_US = {"crashed", "transcode_failed", "bad_clip", "site_paused", "tool_killed", "parser_failed"}
MADE_BY_US |= {"unexpected_error", "runs_alone", "kills_server", "proxy_failed"}
MADE_BY_US |= {"not_a_list", "cut_at_origin", "password_required", "untrusted_certificate", "unusual_extension"}
MADE_BY_US |= {"live_not_ended"}


def test_the_lists_are_long_enough_and_name_what_there_is() -> None:
    assert len({case.path for case in CASES}) == len(CASES) >= 50
    assert len(media.ACTIONS) >= 90
    walked = {case.path.strip("/").partition("/")[0].partition("?")[0] for case in CASES}
    # Links that need more than themselves (cookies, a browser, time, files of a film) or a server meanwhile.
    others = {"login", "challenge", "elsewhere", "hang", "secret", "texts", "api", "slow-list"}
    others |= {"gzipbomb", "endless-page"}
    # Those of test_recordings.py, test_one_clock.py and test_cut_at_origin.py.
    others |= {"basic", "channel", "publish"}  # test_basic_auth.py; tests/unit/subscriptions
    others |= {"said", "shorts"}  # test_described.py
    others |= {"dash-live"}  # test_dash_live.py
    others |= {"odd", "refuses-head", "film"}  # test_odd_sources.py; test_links.py; test_streams.py
    others |= {"broadcast", "clock", "parts", "periods", "radio", "unsized"}
    assert behaviours.TABLE.keys() - walked == others
    codes = {case.what for case in CASES if case.state != "done"}
    kinds = {kind.code for kind in _leaves(errors.FetchProblem)}
    assert kinds - codes <= MADE_BY_US, kinds - codes


def _leaves(kind: type[errors.Problem]) -> list[type[errors.Problem]]:
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in _leaves(child)] if below else [kind]


@pytest.mark.timeout(300)
async def test_every_behaviour_of_a_site_ends_as_it_must(owner: int, site: Site) -> None:
    usual, wrong = settings.get(), []
    for group in _alike(CASES):
        settings.use(replace(usual, stall_seconds=group[0].patience, max_file_size=group[0].largest))
        for case, (row, decision) in zip(group, await _walk(owner, site, [case.path for case in group]), strict=True):
            ended = (row["state"], decision if row["state"] == "done" else (row["error"] or {}).get("code"))
            if ended != (case.state, case.what):
                wrong.append((case.path, ended, (case.state, case.what)))
            assert row["error"] is None or (row["error"]["message"].strip() and "\n" not in row["error"]["message"])
    assert wrong == [], "\n".join(map(str, wrong))
    assert site.asked("/secret") == []


@pytest.mark.timeout(400)
async def test_every_file_is_decided_rightly_and_what_is_stored_plays(owner: int, site: Site, tmp_path: Path) -> None:
    wrong: list[tuple] = []
    films: dict[str, tuple[str, dict]] = {}
    names = sorted(media.ACTIONS)
    for start in range(0, len(names), _AT_ONCE):
        group = names[start : start + _AT_ONCE]
        found = await _walk(owner, site, [f"/media/{name}" for name in group])
        for name, (row, decision) in zip(group, found, strict=True):
            decision = "reject" if row["state"] != "done" and decision in ("", "reject") else decision
            if decision != media.ACTIONS[name] or (row["state"] == "done") != (decision != "reject"):
                wrong.append((name, row["state"], decision, media.ACTIONS[name], row["error"]))
            elif row["state"] == "done":
                _shelve(films, name, await queries.get(row["item"], owner))
    assert wrong == []
    part = Options(start=1, end=3)
    for row, decision in await _walk(owner, site, ["/media/ok.mp4", "/media/vp9_opus.webm", "/media/a.mp3"], part):
        assert row["state"] == "done" and decision in ("none", "both"), row
        _shelve(films, f"a part of {row['title']}", await queries.get(row["item"], owner))
    # One film came with damaged pictures, and is kept as its site has it: only decoding all of it would tell.
    del films[next(path for path, (name, _) in films.items() if name == "corrupt_mdat.mp4")]
    if shutil.which("chromium"):
        assert await _played(films, tmp_path) == {}


def _shelve(films: dict[str, tuple[str, dict]], name: str, item: dict) -> None:
    path = blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])
    films[f"/media/store/{path.parent.name}/{path.name}"] = (name, item)


async def _played(films: dict[str, tuple[str, dict]], folder: Path) -> dict[str, str]:
    """Play stored files in Chromium. Returns: what is wrong with which."""
    with Site(mount.root()) as shelf:
        rows = [[path, item["media"]["video_codec"] is not None, item["duration"]] for path, (_, item) in films.items()]
        page = folder / "player.html"
        page.write_text(_PLAYER % (shelf.url(""), rows.__repr__().replace("True", "true").replace("False", "false")))
        command = [
            "chromium",
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--mute-audio",
            "--disable-dev-shm-usage",
        ]
        command += ["--autoplay-policy=no-user-gesture-required", f"--user-data-dir={folder}/profile"]
        command += ["--disable-background-networking", "--no-first-run", page.as_uri()]
        browser = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:

            def reported() -> bool:
                assert browser.poll() is None
                return len(shelf.asked("/report?")) >= len(films)

            await eventually(reported, seconds=200)
        finally:
            os.killpg(browser.pid, 9)
            browser.wait()
        said = [dict(urllib.parse.parse_qsl(entry["path"].partition("?")[2])) for entry in shelf.asked("/report?")]
    return {films[report["film"]][0]: report["said"] for report in said if report["said"] != "fine"}
