"""A backup made while everything is at work, put back elsewhere: whole, and the cookies only with the key (P18)."""

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import settings
from mediafetcher.db import embedded, engine
from tests.faults.program import until

ROUNDS = int(os.environ.get("MF_P18") or 1)
SITE = "example.org"
COOKIES = f"# Netscape HTTP Cookie File\n.{SITE}\tTRUE\t/\tFALSE\t0\tsession\tsecret-of-the-site\n"


def _give_cookies(server) -> None:
    head = {"Authorization": f"Bearer {server._token}"}
    answer = httpx.put(f"{server.url}/api/cookies/{SITE}", json={"text": COOKIES}, headers=head)
    assert answer.status_code == 200, answer.text


def _back_up(server, name: str, *more: str) -> Path:
    target = server.state.parent / name
    done = server.command("backup", str(target), "--json", *more)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["path"] == str(target)
    assert target.stat().st_mode & 0o777 == 0o600
    return target


@contextlib.contextmanager
def _kept_busy(server, urls: list[str]) -> Iterator[list[str]]:
    """While inside, something is always under way, however slow the machine is. Returns: the links that were added."""
    added: list[str] = []
    stop = threading.Event()

    def add() -> None:
        while not stop.wait(0.2):
            if sum(row["state"] != "done" for row in server.downloads()) < 4:
                added.append(urls.pop())
                server.submit(added[-1])

    adding = threading.Thread(target=add)
    adding.start()
    try:
        yield added
    finally:
        stop.set()
        adding.join()


def _put_back(server, file: Path) -> dict:
    done = server.command("restore-backup", str(file), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def _jar(server):
    """The cookies as the download of a link of the site would get them, on this installation's own key."""
    before = settings.get() if settings._current else None
    settings.use(settings.load({"state": str(server.state)}, {}))
    try:
        await engine.connect(embedded.Cluster(server.state).dsn)
        return await cookie_jars.jar_for(await engine.fetchval("select min(id) from account"), f"https://{SITE}/film")
    finally:
        await engine.close()
        settings._current = before


@pytest.mark.promise(18)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("round", range(ROUNDS))
async def test_a_backup_under_load_is_whole_elsewhere(program, films_site, folder, round):
    urls = films_site(10, slow=True)
    server = program().start()
    _give_cookies(server)
    for url in urls:
        server.submit(url)
    until(lambda: any(row["state"] == "done" for row in server.downloads()), 60, "something is stored")
    with _kept_busy(server, films_site(100, slow=True, first=10)) as later:
        plain = _back_up(server, "plain")
        assert any(row["state"] not in ("done", "failed") for row in server.downloads()), "it was made under load"
    keyed = _back_up(server, "keyed", "--with-key")
    server.kill()

    there = folder / "elsewhere"
    there.mkdir(mode=0o711)
    media = there / "media"
    shutil.copytree(server.state / "media", media, symlinks=True)
    second = program(media=media)
    second.state = there / "state"
    second.environment["MEDIAFETCHER_STATE"] = str(second.state)
    second._token = server._token

    said = _put_back(second, plain)
    assert (said["key"], said["kept"], said["missing"]) == (False, None, [])
    assert said["items"] >= 1
    second.start()
    assert second.command("store", "take").returncode == 0  # until then nothing is fetched
    assert await _jar(second) is None  # without the key no program opens them, this one neither
    rows = second.all_ended(120)  # downloads that waited or ran in the backup are resumed
    assert set(urls) <= {row["url"] for row in rows} <= {*urls, *later}
    assert {row["state"] for row in rows} == {"done"}, rows
    assert len(second.items()) == len(rows)
    done = second.command("check", "--read-data")
    assert done.returncode == 0, done.stdout
    assert second.command("restore-backup", str(keyed)).returncode == 75  # not under a running server
    second.stop()

    assert _put_back(second, keyed)["kept"].startswith("mediafetcher_before_")
    second.start()
    jar = await _jar(second)
    assert jar is not None
    assert "secret-of-the-site" in jar.text
    second.stop()
