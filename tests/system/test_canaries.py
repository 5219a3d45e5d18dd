"""Every kind of secret, planted in the running program and looked for afterwards: in no dump of the database, no file
below the state folder, no log, no backup, no temporary file, and no command line or environment of any process.

Texts that must exist (a name, a site) are searched in the same way, so that a search without a result proves something.
"""

import base64
import contextlib
import json
import secrets
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from test_extension import Running, running_log

from mediafetcher.accounts.vault import encryption
from mediafetcher.db import embedded
from tests.receiver import Receiver
from tests.site import youtube
from tests.site.proxy import Proxy
from tests.waiting import eventually_blocking

RUN = secrets.token_hex(6)
MARK = f"Visible{RUN}"  # what is no secret, and is found
LATER = int(time.time()) + 86400


def canary(what: str) -> str:
    return f"canary-{what}-{RUN}"


class Planted:
    """The secrets by what they are, and where they were put."""

    def __init__(self, running: Running, site: Any) -> None:
        self.running, self.site = running, site
        self.secrets: dict[str, str] = {}
        self._clients = contextlib.ExitStack()
        self.browser = self.http(Origin=running.url)

    def http(self, **headers: str) -> httpx.Client:
        client = httpx.Client(base_url=self.running.url, headers=headers, trust_env=False, timeout=30)
        return self._clients.enter_context(client)

    def close(self) -> None:
        self._clients.close()

    def plant(self, what: str, value: str | None = None) -> str:
        self.secrets[what] = value or canary(what)
        return self.secrets[what]

    def people(self) -> None:
        code = self.plant("setup-code", self.running.shell("setup").stdout.strip())
        asked = {"code": code, "name": "owner", "password": self.plant("password")}
        assert self.browser.post("/api/setup", json=asked).status_code == 201
        self.plant("session", self.browser.cookies["mf_session"])
        said = {"name": "owner", "password": self.plant("wrong-password")}
        assert self.http().post("/api/session", json=said).status_code == 401
        said = {"name": self.plant("password-typed-as-name"), "password": "x"}
        assert self.http().post("/api/session", json=said).status_code == 401
        said = {"name": f"{MARK} bob", "password": self.plant("password-of-another")}
        bob = self.browser.post("/api/users", json=said).json()["id"]
        changed = {"password": self.plant("new-password")}
        assert self.browser.patch(f"/api/users/{bob}", json=changed).status_code == 200
        typed = self.running.shell("user", "add", "Carl", stdin=self.plant("password-at-the-terminal") + "\n")
        assert typed.returncode == 0, typed.stderr

    def programs(self) -> None:
        made = self.browser.post("/api/tokens", json={"name": "t", "scopes": ["read", "download"]}).json()
        token = self.plant("token", made["token"])
        typed = self.running.shell("token", "create", "--user", "owner")
        self.plant("token-of-the-command", typed.stdout.strip())
        for value, code in ((token, 200), (self.plant("wrong-token", "mf_" + canary("wrong-token")), 401)):
            client = self.http(Authorization=f"Bearer {value}")
            assert client.get("/api/items").status_code == code
            assert self.http().get(f"/api/items?token={value}&access_token={value}").status_code == 401
        basic = base64.b64encode(f"owner:{self.plant('basic')}".encode()).decode()
        assert self.http(Authorization=f"Basic {basic}").get("/api/items").status_code == 401
        assert self.http(Cookie=f"mf_session={self.plant('wrong-session')}").get("/api/items").status_code == 401

    def cookies(self) -> None:
        host = "127.0.0.1"
        jar = [
            f"{host}\tFALSE\t/\tFALSE\t{LATER}\tsid\tok",
            f"#HttpOnly_{host}\tFALSE\t/\tFALSE\t{LATER}\tlasting\t{self.plant('cookie')}",
        ]
        path = f"/api/cookies/{host}"
        bad = {"text": "\r\n".join([*jar, self.plant("bad-line")])}
        answer = self.browser.put(path, json=bad)
        assert answer.status_code == 400 and self.secrets["bad-line"] not in answer.text
        assert self.browser.put(path, json={"text": "\r\n".join(jar)}).json()["kept"] == 2
        form = json.dumps([{"name": "a", "value": self.plant("json-cookie"), "domain": f".{MARK.lower()}.test"}])
        assert self.browser.put(f"/api/cookies/{MARK.lower()}.test", json={"text": form}).json()["kept"] == 1
        assert self.browser.put(path, json={"txt": self.plant("misnamed-field")}).status_code == 400

    def device(self) -> None:
        code = self.browser.post("/api/devices").json()["code"]
        pairing = json.loads(encryption.from_base64url(code.removeprefix("mf1.")))
        self.plant("pairing-code", pairing["code"])
        key = X25519PublicKey.from_public_bytes(encryption.from_base64url(pairing["key"]))
        suite, device, token = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM), None, secrets.token_bytes(32)
        self.plant("device-token", encryption.to_base64url(token))

        def send(op: str, **fields: Any) -> int:
            plain = {
                "op": op, "device": device, "token": encryption.to_base64url(token),
                "nonce": encryption.to_base64url(secrets.token_bytes(16)), "time": time.time(), **fields,
            }  # fmt: skip
            box = encryption.to_base64url(suite.encrypt(json.dumps(plain).encode(), key, encryption.CALL))
            return self.http().post("/api/ext/send", json={"box": box}).status_code

        assert send("pair", code=pairing["code"], name=MARK) == 200
        device = self.browser.get("/api/devices").json()["devices"][0]["id"]
        good = {"name": "b", "value": self.plant("device-cookie"), "domain": "sent.test"}
        assert send("cookies", site="sent.test", cookies=[good]) == 200
        assert send("cookies", site="sent.test", cookies=[{"name": self.plant("bad-device-cookie")}]) == 200
        assert send("cookies", site=5, cookies=self.plant("cookies-of-no-shape")) == 200
        assert send("pair", code=self.plant("wrong-pairing-code"), name="x") == 403

    def targets(self, receiver: Receiver) -> None:
        path, password = self.plant("path-of-a-target"), self.plant("password-of-a-target")
        wish = {"url": f"webhook+http://u:{password}@{receiver.host}/{path}", "events": ["all"], "name": f"{MARK} hook"}
        made = self.browser.post("/api/notifications/targets", json=wish)
        assert made.status_code == 201, made.text
        self.plant("webhook-secret", made.json()["secret"])
        tested = self.browser.post(f"/api/notifications/targets/{made.json()['id']}/test").json()
        assert tested["ok"], tested
        for wrong in (f"dbus://{self.plant('wrong-target')}", f"ntfy://{self.plant('private-target')}@10.1.1.1/x"):
            refused = self.browser.post("/api/notifications/targets", json={"url": wrong, "events": ["all"]})
            assert refused.status_code in (400, 403) and "canary" not in refused.text

    def links(self) -> None:
        assert self.browser.post("/api/folders", json={"path": f"{MARK} folder"}).status_code == 201
        password = self.plant("password-of-a-link")
        made = self.browser.post("/api/shares", json={"folder": f"{MARK} folder", "password": password}).json()
        link = f"/s/{self.plant('link', made['url'].rpartition('/s/')[2])}"
        visitor = self.http()
        assert visitor.get(link).status_code == 401
        assert visitor.get(f"{link}/feed.xml", auth=("x", password)).status_code == 200
        assert visitor.get(link, auth=("x", self.plant("wrong-password-of-a-link"))).status_code == 401
        assert visitor.get(f"/s/{self.plant('wrong-link', secrets.token_urlsafe(32))}/media").status_code == 404

    def po_token(self, tube: youtube.YouTube) -> None:
        """A download whose media are requested with the token of a provider, which the program shows the state of."""
        self.plant("po-token", youtube.TOKEN)
        link = f"https://www.youtube.com/watch?v={youtube.VIDEO}"
        wish = {"url": link, "options": {"extractor_args": {"youtube": {"player_client": ["mweb"]}}}}
        path = f"/api/downloads/{self.browser.post('/api/downloads', json=wish).json()['id']}"
        ended = ("done", "failed", "needs_action")
        eventually_blocking(lambda: self.browser.get(path).json()["state"], lambda state: state in ended, seconds=60)
        assert self.browser.get(path).json()["state"] == "done", self.running.said()
        assert [query["pot"] for query in tube.media] == [[youtube.TOKEN]]
        state = self.browser.get("/api/ytdlp/token-provider").json()
        assert (state["state"], state["version"]) == ("available", "1.3.1")
        said = self.running.shell("ytdlp", "status")
        assert said.returncode == 0 and f"PO token provider: available ({state['url']})" in said.stdout, said
        assert youtube.TOKEN not in said.stdout + said.stderr

    def forms(self) -> dict[str, list[bytes]]:
        """Each secret as it is, in hex (as a dump shows bytes) and in base64."""
        return {
            what: [value.encode(), value.encode().hex().encode(), base64.b64encode(value.encode()).rstrip(b"=")]
            for what, value in self.secrets.items()
        }

    def found_in(self, data: bytes) -> set[str]:
        return {what for what, forms in self.forms().items() if any(form in data for form in forms)}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def tube(tmp_path: Path, media_corpus: Path) -> Iterator[youtube.YouTube]:
    with youtube.YouTube(tmp_path, (media_corpus / "ok.mp4").read_bytes()) as site:
        tmp_path.chmod(0o755)
        site.certificate.chmod(0o644)
        yield site


@pytest.fixture
def through(tube: youtube.YouTube) -> Iterator[dict[str, Any]]:
    """Settings with a proxy that leads to `tube` by its names, and with a PO token provider."""
    with Proxy("http") as proxy, youtube.Provider() as provider:
        proxy.names = dict.fromkeys(youtube.NAMES, "127.0.0.1")
        proxy.ports[443] = tube.port
        named = {"proxy": proxy.url, "proxy_resolves_names": True, "ca_file": tube.certificate}
        yield named | {"po_token_provider": provider.url}


@pytest.fixture
def running(folder: Path, monkeypatch: pytest.MonkeyPatch, through: dict[str, Any]) -> Iterator[Running]:
    (folder / "tmp").mkdir(mode=0o1777)
    (folder / "tmp").chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("SOMEBODYS_SECRET", canary("environment"))
    server = Running(folder, **through)
    try:
        server.wait()
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # gone meanwhile


def below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file, with its name as a part of what is looked at."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file() or path.name == "media":
            continue
        yield path, str(path).encode() + b"\n" + read(path)


def descendants(top: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        text = read(stat).decode(errors="replace")
        if text:
            parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    found, more = set(), {top}
    while more:
        found |= more
        more = {pid for pid, parent in parents.items() if parent in more} - found
    return found - {top}


def dumped(dsn: str) -> bytes:
    pg_dump = str(embedded.programs() / "pg_dump")
    return subprocess.run([pg_dump, "--inserts", "--dbname", dsn], check=True, capture_output=True).stdout


def unpacked(backup: Path, folder: Path) -> bytes:
    """All that a backup holds, the dump in it as SQL."""
    with tarfile.open(backup) as archive:
        archive.extractall(folder)  # ours: made a moment ago (Debian's Python 3.11.2 knows no filter=)
    everything = [read(path) for path in folder.iterdir()]
    command = [str(embedded.programs() / "pg_restore"), "--file=-", str(folder / "database.dump")]
    return b"\n".join([*everything, subprocess.run(command, check=True, capture_output=True).stdout])


@pytest.fixture
def planted(running: Running, site: Any) -> Iterator[Planted]:
    with contextlib.closing(Planted(running, site)) as secrets_of_all_kinds:
        yield secrets_of_all_kinds


@pytest.mark.timeout(300)
def test_no_secret_is_found_anywhere(
    planted: Planted, running: Running, site: Any, folder: Path, receiver: Receiver, tube: youtube.YouTube
) -> None:
    planted.people()
    planted.programs()
    planted.cookies()
    planted.device()
    planted.targets(receiver)
    planted.links()
    planted.po_token(tube)
    # A download that has the cookies, long enough to look while it runs.
    link = site.url("/auth/h264_aac.mkv?rate=50")
    made = planted.browser.post("/api/downloads", json={"url": link}).json()["id"]
    eventually_blocking(
        lambda: [one for one in site.log if planted.secrets["cookie"] in (one["cookie"] or "")], seconds=60
    )

    children = descendants(running.process.pid)
    assert len(children) >= 3  # PostgreSQL and the fetch child at least
    for process in Path("/proc").glob("[0-9]*"):
        shown = read(process / "cmdline") + read(process / "environ")
        assert planted.found_in(shown) == set(), shown
        if int(process.name) in children:
            assert canary("environment").encode() not in shown, read(process / "cmdline")
    assert [path for path, data in below(running.shell.state / "work") if planted.found_in(data)] == []

    path = f"/api/downloads/{made}"
    eventually_blocking(
        lambda: planted.browser.get(path).json()["state"] in ("done", "failed", "needs_action"), seconds=60
    )
    assert planted.browser.get(path).json()["state"] == "done", running.said()
    (jar,) = [one for one in planted.browser.get("/api/cookies").json()["cookies"] if one["site"] == "127.0.0.1"]
    assert jar["succeeded_at"] is not None and jar["failure"] is None

    dump = dumped(embedded.Cluster(running.shell.state).dsn)
    assert planted.found_in(dump) == set()
    assert MARK.encode() in dump and MARK.lower().encode() in dump
    backup = folder / "all.mfbackup"
    done = running.shell("backup", str(backup))
    assert done.returncode == 0, done.stderr
    (folder / "unpacked").mkdir()
    held = unpacked(backup, folder / "unpacked")
    assert MARK.encode() in held
    assert planted.found_in(held) == set()
    running.stop()

    key = json.loads((running.shell.state / "key").read_text())
    for what, value in (("device-key", key["devices"]), *((f"vault-{n}", one) for n, one in key["vault"].items())):
        planted.plant(what, value)
        planted.plant(f"{what}-raw", base64.b64decode(value).hex())
    assert planted.found_in(dump) == planted.found_in(held) == set()
    logged = running_log(folder).encode() + b"".join(read(path) for path in (running.shell.state / "logs").iterdir())
    assert b"signed_in" in logged
    assert planted.found_in(logged) == set()
    found = {
        (str(path), what)
        for path, data in below(folder)
        for what in planted.found_in(data)
        if path != running.shell.state / "key"
    }
    assert found == set()
    assert any(MARK.encode() in data for path, data in below(running.shell.state) if "postgres" in str(path).lower())
