"""The whole program with two users: one source in flight is one download, and each has a library of their own."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.faults.program import ENDED, REPOSITORY, TLS, Program, until


class Guest:
    """A second user of the program."""

    def __init__(self, program: Program, name: str) -> None:
        self.program, self.name = program, name
        add = [sys.executable, "-m", "mediafetcher", "user", "add", name]
        word = "correct horse battery staple\n"
        subprocess.run(add, cwd=REPOSITORY, env=program.environment, input=word, text=True, check=True, timeout=60)
        self.token = re.search(r"mf_\S+", program.command("token", "create", "--user", name).stdout)[0]

    def ask(self, method: str, path: str, json: object = None) -> httpx.Response:
        head = {"Authorization": f"Bearer {self.token}"}
        return httpx.request(method, f"{self.program.url}/api{path}", json=json, headers=head, timeout=30, verify=TLS)


@pytest.fixture
def program(folder: Path):
    folder.chmod(0o711)
    running = Program(folder, allow="127.0.0.1", trash_days=30)
    yield running.start()
    running.end()


@pytest.mark.timeout(300)
def test_one_source_in_flight_is_one_download_for_two_users(program, site):
    guest = Guest(program, "guest")
    program.submit(site.url("/slow/60/ok.mp4?alone=1"))
    program.all_ended(60)
    alone = len(site.log)  # what one download asks the site for
    link = site.url("/slow/60/ok.mp4")
    first = program.submit(link)
    theirs = guest.ask("POST", "/downloads", {"url": link}).json()["id"]
    second = program.submit(link, "Also here")
    assert {program.download(first)["state"], program.download(second)["state"]} <= {"queued", "running"}
    program.all_ended(60)
    row = until(
        lambda: (row := guest.ask("GET", f"/downloads/{theirs}").json())["state"] in ENDED and row, 60, "the guest's"
    )
    assert row["state"] == "done" and len(site.log) == 2 * alone
    items = [program.download(first)["item"], program.download(second)["item"], row["item"]]
    assert len(set(items)) == 3
    size = row["size"]
    said = program.ask("GET", "/system").json()
    # Four entries of the same bytes; two of the downloads fetched nothing.
    assert said["saved"] == {"bytes": 3 * size, "downloads": 2}
    assert said["usage"] == {"items": 3, "bytes": size, "charged": (size + 1) // 2, "quota": None}
    instant = guest.ask("POST", "/downloads", {"url": link, "folder": "Again"}).json()
    assert (instant["state"], instant["attempt"]) == ("done", 0) and len(site.log) == 2 * alone
    assert program.ask("GET", "/system").json()["saved"] == {"bytes": 4 * size, "downloads": 3}
    meaning = guest.ask("GET", f"/items/{row['item']}/deletion").json()
    assert meaning == {"items": 1, "holders": 4, "frees": 0, "trash": True}
    program.assert_clean()


@pytest.mark.timeout(300)
def test_user_is_removed_during_their_downloads(program, site):
    guest = Guest(program, "guest")
    shared = site.url("/media/ok.mp4")
    program.submit(shared)
    program.all_ended(60)
    assert guest.ask("POST", "/downloads", {"url": shared}).json()["state"] == "done"
    running = guest.ask("POST", "/downloads", {"url": site.url("/slow/2/ok.mp4")}).json()["id"]
    until(lambda: guest.ask("GET", f"/downloads/{running}").json()["stage"] == "download", 60, "it is being fetched")
    done = program.command("user", "remove", "guest")
    assert done.returncode == 0 and "with 1 item." in done.stdout, done.stdout + done.stderr
    assert guest.ask("GET", "/items").status_code == 401
    (item,) = program.items()
    assert item["media"]["ref_count"] == 1
    refused = program.command("user", "remove", "owner")
    assert refused.returncode == 1 and "[last_admin]" in refused.stderr
    program.assert_clean()
