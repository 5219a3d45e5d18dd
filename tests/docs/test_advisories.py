"""`scripts/check --advisories`: a known weakness fails, a silent source is said and is no success."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEAKNESS = {"id": "PYSEC-2026-1", "summary": "Reads along.", "fixed_in": ["1.1"], "withdrawn": None}


@pytest.fixture
def index() -> Iterator[tuple[str, dict[str, list[dict]]]]:
    """A package index on loopback. Returns: its address, and the weaknesses by `name/version`."""
    told: dict[str, list[dict]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = told.get(self.path.removeprefix("/pypi/").removesuffix("/json"))
            self.send_response(404 if known is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"info": {}, "vulnerabilities": known}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/pypi", told
        server.shutdown()


def _check(root: Path, index: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/lib/advisories.py"), "--index", index, "--root", str(root)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT)})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text(
        "tiny==1.0 \\\n    --hash=sha256:00\nother==2.0 ; x \\\n    --hash=sha256:00\n"
    )
    (tmp_path / "requirements-dev.lock").write_text("-r requirements.lock\ntool==3 --hash=sha256:00\n")
    return tmp_path


def test_weakness_of_a_locked_release_is_named(root, index):
    address, told = index
    told |= {"tiny/1.0": [WEAKNESS, WEAKNESS | {"id": "GONE", "withdrawn": "2026"}], "other/2.0": [], "tool/3": []}
    done = _check(root, address)
    assert done.returncode == 1
    assert done.stdout == "tiny 1.0: PYSEC-2026-1 Reads along. (fixed in: 1.1)\n"


def test_no_weakness_is_a_success(root, index):
    address, told = index
    told |= {"tiny/1.0": [], "other/2.0": [], "tool/3": []}
    done = _check(root, address)
    assert (done.returncode, done.stderr) == (0, "")


def test_source_that_is_silent_is_said_and_is_no_success(root, index, unused_tcp_port):
    address, told = index
    told |= {"tiny/1.0": []}  # the others are unknown to it
    for silent in (address, f"http://127.0.0.1:{unused_tcp_port}"):
        done = _check(root, silent)
        assert done.returncode == 3
        assert done.stderr.startswith("! Not checked: ")
        assert len(done.stderr.splitlines()) == 1
