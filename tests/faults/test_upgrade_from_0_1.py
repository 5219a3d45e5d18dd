"""An installation of version 0.1.0 under today's program: nothing is lost, and its old names still work."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mediafetcher.accounts.vault import encryption
from mediafetcher.core import errors
from mediafetcher.core.renamed_settings import NEW_NAMES
from tests import postgres
from tests.faults.program import TLS, Program, settings_alone, until
from tests.faults.version_0_1 import OLD_NAMES, USERS, WARNING, Old
from tests.site import Site

JAR = "# Netscape HTTP Cookie File\nlocalhost\tFALSE\t/\tFALSE\t0\tsid\tok\n"


@pytest.fixture
def old(folder: Path) -> Old:
    return Old(folder / "old")


@pytest.fixture
def site(old: Old, tmp_path: Path) -> Iterator[Site]:
    """The site of its downloads, which is reachable again."""
    old.films(tmp_path)
    with Site(tmp_path, host="127.0.0.1") as running:
        yield running


def _as_user(server: Program, name: str) -> dict[str, Any]:
    """Sign in with the password of a user. Returns: the pages of the library, the trash and the downloads."""
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}, verify=TLS) as browser:
        signed_in = browser.post("/api/session", json={"name": name, "password": USERS[name]})
        assert signed_in.status_code == 201, signed_in.text
        library = {item["title"]: item for item in browser.get("/api/items?limit=200").json()["items"]}
        for item in library.values():
            data = browser.get(f"/media/{item['id']}").content
            assert hashlib.sha256(data).hexdigest() == item["media"]["sha256"]
            assert browser.get(f"/media/{item['id']}/poster").status_code == 200
        return library | {"trash": browser.get("/api/trash").json()["items"]}


def _reports(text: str, name: str) -> int:
    """Count the lines that name an old setting and the new one instead."""
    new = NEW_NAMES[name.removeprefix("MEDIAFETCHER_").lower()]
    lines = [line.replace("old=", "").replace("new=", "").lower().split() for line in text.splitlines()]
    return sum(name.lower() in words and any(new in word for word in words) for words in lines)


@pytest.mark.promise(17)
@pytest.mark.timeout(180)
def test_installation_of_0_1_under_todays_program_keeps_everything(shared: postgres.Postgres, program, old, site):
    old.move_to(shared, site)
    server = old.run_by(program(), database_url=shared.dsn).start()

    owner, anna = _as_user(server, "owner"), _as_user(server, "anna")
    assert {title: owner[title]["folder"] for title in ("film-0", "film-1", "film-3")} == {
        "film-0": "",
        "film-1": "Été/Concerts",
        "film-3": "Été",
    }
    assert [item["title"] for item in owner["trash"]] == ["film-2"] and owner["film-1"]["position"] == 0.5
    assert (anna["film-0"]["folder"], anna["film-4"]["folder"], anna["trash"]) == ("", "Own", [])
    assert owner["film-0"]["media"]["ref_count"] == anna["film-0"]["media"]["ref_count"] == 2
    share = old.facts["facts"]["share"].rpartition("/")[2]
    assert httpx.get(f"{server.url}/s/{share}", verify=TLS).status_code == 200
    settings = server.ask("GET", "/settings").json()
    assert (settings["max_downloads_per_site"], settings["trash_days"]) == (4, 365)  # changed on the page

    def states() -> dict[int, str]:
        return {row["id"]: row["state"] for row in server.downloads()}

    # The queued downloads are done: two need the cookies that 0.1.0 encrypted, and a third those that it asked for.
    parked, failed = old.facts["facts"]["parked"], old.facts["facts"]["failed"]
    until(lambda: {9, 11} <= {id for id, state in states().items() if state == "done"}, 60, "what waited is done")
    assert (states()[parked], states()[failed]) == ("needs_action", "failed")
    assert server.ask("PUT", "/cookies/localhost", {"text": JAR}).status_code == 200
    until(lambda: states()[parked] == "done", 60, "done with its cookies")
    until(lambda: "film-7" in _as_user(server, "anna"), 60, "the other user's is done too")
    refused = server.ask("POST", "/downloads", {"url": site.url("/media/never.mp4")})
    assert refused.json()["code"] == "never_again"
    server.assert_clean()


def test_every_old_name_is_reported_once_in_log_doctor_and_settings(shared: postgres.Postgres, program, old):
    old.move_to(shared)
    server = old.run_by(program(), database_url=shared.dsn)
    said = server.command("settings")
    assert said.returncode == 0 and "max_downloads = 2" in said.stdout and "heartbeat_seconds = 0.5" in said.stdout
    server.start()
    examined = server.command("doctor")
    reports = {"log": server.log.read_text(), "settings": said.stderr, "doctor": examined.stdout}
    for place, text in reports.items():
        for name in OLD_NAMES:
            assert _reports(text, name) == 1, (place, name, text)
    assert examined.stdout.count(WARNING) == said.stderr.count(WARNING) == len(OLD_NAMES)


@pytest.mark.parametrize("extra", ["max_downloads = 3", "max_attempts = 9"])
def test_old_and_new_name_with_two_values_are_refused_by_every_command(old, program, extra: str):
    server = old.run_by(program())
    config = old.state / "config.toml"
    config.write_text(f"{config.read_text()}{extra}\n")
    for command in (("settings",), ("serve",), ("list",), ("doctor",)):
        done = server.command(*command)
        assert done.returncode == 2 and f"Keep {extra.split()[0]} alone" in done.stderr, done


def test_old_name_as_flag_or_in_the_api_is_refused_with_the_new_one(shared: postgres.Postgres, program, old):
    old.move_to(shared)
    server = old.run_by(program(), database_url=shared.dsn).start()
    for name, new in NEW_NAMES.items():
        answer = server.ask("PATCH", "/settings", {name: 3})
        assert answer.status_code == 400 and f"`{name}` is now `{new}`" in answer.json()["detail"], answer.text
        if name != "live_max":  # also an option of `get`
            done = server.command("serve", f"--{name.replace('_', '-')}", "3")
            assert done.returncode == 2 and new in done.stderr, done


@pytest.mark.promise(17)
@pytest.mark.timeout(180)
def test_backup_of_0_1_is_restored_with_its_key_and_its_downloads(shared: postgres.Postgres, program, old, site):
    fresh = old.folder / "fresh"
    fresh.mkdir(mode=0o711)
    shutil.copytree(old.state / "media", fresh / "media")
    old.move_to(shared, site)  # for the addresses in config.toml
    shared.empty()
    shutil.copy(old.state / "config.toml", fresh)
    old.state = fresh
    with psycopg.connect(shared.admin_dsn, autocommit=True) as connection:
        connection.execute("alter role media createdb")
    server = old.run_by(program(), database_url=shared.dsn, media=fresh / "media")
    done = server.command("restore-backup", str(old.folder / "old.mfbackup"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"] == 6
    assert server.command("store", "take").returncode == 0
    server.start()
    assert {"film-0", "film-1", "film-3"} <= set(_as_user(server, "owner"))
    assert {"film-0", "film-4"} <= set(_as_user(server, "anna"))
    assert [row["state"] for row in server.downloads() if row["id"] == old.facts["facts"]["parked"]] == ["needs_action"]
    # Its site has another port than the backup says, so a download of today proves that its cookies are readable.
    id = server.submit(site.url("/auth/film-5.mp4"))
    until(lambda: server.download(id)["state"] == "done", 60, "done with the cookies of the backup")
    assert server.command("check", "--read-data").returncode == 0


@pytest.mark.timeout(180)
def test_worker_with_the_settings_of_0_1_registers_and_downloads(shared: postgres.Postgres, program, old, site, worker):
    old.move_to(shared, site)
    server = old.run_by(program(), database_url=shared.dsn, jobs=1)  # one slot, and that is taken
    state = old.folder / "worker"
    state.mkdir(mode=0o711)
    for name in ("config.toml", "key"):
        shutil.copy(old.state / name, state)
    server.start()
    given = {"state": state, "media": old.state / "media", "database_url": shared.dsn, "beat_seconds": 0.5}
    second = worker("worker", shared.dsn, old.state / "media", environment=settings_alone(**given)).ready()
    assert {name: _reports(second.words, name) for name in OLD_NAMES} == dict.fromkeys(OLD_NAMES, 1)
    until(lambda: len(server.ask("GET", "/system").json()["workers"]) == 2, 30, "it is registered")
    ids = [server.submit(site.url(f"/slow/4/film-{number}.mp4")) for number in (5, 6, 7)]
    own = (state / "instance").read_text().strip()
    held = "select count(*) from download where starts_with(worker_id, %s)"
    until(lambda: shared.fetch(held, own)[0][0] > 0, 60, "it works on a download")
    until(lambda: all(server.download(id)["state"] == "done" for id in ids), 60, "all are done")
    assert second.stop() == 0


_ANY_TIME = "from mediafetcher.accounts.vault import devices; devices.WINDOW = 10 ** 12"


def _opened(token: str, nonce: str, box: str) -> dict[str, Any]:
    """Decrypt an answer as the extension does."""
    secret, sealed = encryption.from_base64url(token), encryption.from_base64url(box)
    key = HKDF(hashes.SHA256(), 32, encryption.from_base64url(nonce), b"mediafetcher reply v1").derive(secret)
    return json.loads(AESGCM(key).decrypt(sealed[:12], sealed[12:], None))


def test_extension_of_0_1_pairs_sends_and_reads_the_answers(shared: postgres.Postgres, program, old):
    """The requests are those that the extension sent. They are replayed, so their time is not compared."""
    old.move_to(shared)
    with psycopg.connect(shared.dsn, autocommit=True) as connection:
        connection.execute("update pairing_code set expires_at = now() + interval '4 minutes'")
    server = old.run_by(program(), database_url=shared.dsn).start(before=_ANY_TIME)
    extension, answers = old.facts["extension"], {}
    for request in extension["sent"]:
        answer = httpx.post(f"{server.url}/api/ext/send", json=request["body"], headers=request["headers"], verify=TLS)
        assert answer.status_code == 200, (request["op"], answer.text)
        answers[request["op"]] = _opened(extension["token"], request["nonce"], answer.json()["box"])
    assert answers["pair"] == {"device": extension["device"], "name": answers["pair"]["name"]}
    state, parked = answers["state"], old.facts["facts"]["parked"]
    assert state["folders"] == ["Été", "Été/Concerts"] and state["running"] == 2
    assert {row["title"] for row in state["done"]} == {"film-0", "film-1", "film-2", "film-3"}
    (waiting,) = state["parked"]
    assert (waiting["id"], waiting["site"], waiting["code"]) == (parked, "localhost", "site_forbids")
    assert waiting["url"].endswith("/auth/film-5.mp4") and waiting["title"] is None
    assert (answers["cookies"]["kept"], answers["cookies"]["resumed"]) == (1, 1)
    assert answers["download"]["state"] == "queued" and server.download(answers["download"]["id"])["folder"] == "Sent"
    devices = shared.fetch("select id, name from device order by id")
    assert devices == [(1, "Old browser"), (2, "Old browser")]

    def refused(request: dict[str, Any]) -> str:
        return httpx.post(f"{server.url}/api/ext/send", json=request["body"], verify=TLS).json()["code"]

    # Codes that it acts on: it keeps a link and sends it again, or asks to be paired again.
    assert refused(extension["sent"][1]) == "replayed" and refused(extension["sent"][0]) == "pairing_code"
    assert shared.fetch("delete from device where id = %s", extension["device"]) == []
    assert refused(extension["sent"][1]) == "not_paired"


def test_every_error_code_of_0_1_still_exists(old):
    kinds: list[type[errors.Problem]] = [errors.Problem]
    codes = set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        codes.add(kind.code)
    assert set(old.facts["error_codes"]) <= codes
