"""The same single file where there is a C library and a Python already, which must not matter to it."""

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.alpine.conftest import BUILT
from tests.faults.program import free_port, until
from tests.receiver import Receiver

pytestmark = [
    pytest.mark.alpine,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/lib64/ld-linux-x86-64.so.2").exists(), reason="there is no glibc here"),
    pytest.mark.skipif(not BUILT.exists(), reason="dist/mediafetcher is not there: run scripts/build first"),
]


@pytest.fixture
def here():
    """The environment of the started file: nothing of this machine's Python, and places of its own."""
    place = Path("/tmp") / f"mf-debian-{os.getpid()}"  # a short path that the service account may pass through
    place.mkdir(mode=0o711)
    (program := place / "mediafetcher").write_bytes(BUILT.read_bytes())
    program.chmod(0o755)
    given = {"PATH": "/nowhere", "HOME": str(place), "MF_RUNTIME_DIR": str(place / "unpacked")}
    given |= {"MEDIAFETCHER_STATE": str(place / "state"), "MEDIAFETCHER_ALLOW_HOSTS": "127.0.0.1"}
    yield program, given | {"MEDIAFETCHER_MIN_FREE": "0"}
    shutil.rmtree(place)


def test_it_fetches_and_serves_on_debian_too(here, site):
    program, given = here
    links = [site.url(f"/media/{name}") for name in ("ok.mp4", "vp9_opus.webm", "h264_aac.mkv")]
    done = subprocess.run([program, "get", "--json", *links], env=given, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in done.stdout.splitlines():
        got = json.loads(line)
        media = got["item"]["media"]
        assert (got["state"], media["kind"], media["video_codec"]) == ("done", "video/mp4", "h264")
        assert hashlib.sha256(Path(got["path"]).read_bytes()).hexdigest() == media["sha256"]
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([program, "serve", "--port", str(port)], env=given, **quiet)
    try:
        until(lambda: _healthy(port), 60, "it answers")
        maps = Path(f"/proc/{server.pid}/maps").read_text().splitlines()
        libraries = {line.split()[-1] for line in maps if ".so" in line}
        # Who the machine's users are is asked of what its nsswitch.conf names.
        names = re.compile(r"/lib(nss_\w+|cap)\.so[.\d]*$")
        foreign = {
            path for path in libraries if not path.startswith(given["MF_RUNTIME_DIR"]) and not names.search(path)
        }
        assert libraries and not foreign, foreign
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_it_notifies_through_every_allowed_service(here):
    """Each plugin of Apprise is in the file, and one of them and a webhook deliver."""
    program, given = here
    order = {"kind": "every plugin", "url": "", "secret": "", "messages": [], "way": {"port": 9, "token": "x"}}
    child = [program, "--module", "mediafetcher.notifications.child"]
    loaded = subprocess.run(
        child, env=given, input=json.dumps(order) + "\n", capture_output=True, text=True, timeout=120
    )
    assert loaded.stdout == '[0, "ok"]\n', loaded.stdout + loaded.stderr

    def typed(*words: str) -> str:
        done = subprocess.run([program, *words], env=given, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    user = ["user", "add", "ada", "--admin"]
    subprocess.run([program, *user], env=given, input="a long enough password\n", text=True, check=True, timeout=120)
    with Receiver() as receiver:
        for url in (f"json://{receiver.host}/", f"webhook+http://{receiver.host}/"):
            made = json.loads(typed("notify", "add", url, "--event", "all", "--json"))
            assert json.loads(typed("notify", "test", str(made["id"]), "--json")) == {"answer": "ok"}
        assert [request.json["type"] for request in receiver.accepted] == ["info", "test"]
