"""A yt-dlp that is not what it says, run as a download runs it: the worst that a flaw in the real one could become.

It goes around Python, whose hooks it would not meet, and has the same account as everything else. Each mode of a fetch
is attacked, on a kernel with all that confines children and on one without (`MF_WITHOUT`), as root and as an ordinary
user.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, gateway, prefork
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.options import Options
from mediafetcher.fetch.ytdlp import updater
from mediafetcher.sandbox import landlock, process, seccomp, work_folders
from tests import places
from tests.unit.fetch.hostile_child import FOUND
from tests.unit.sandbox.test_child_files import ORDINARY

pytestmark = [
    pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock"),
    pytest.mark.skipif(not seccomp.available(), reason="seccomp filters are not known for this machine"),
]

_ROOT = Path(__file__).parents[3]
_OURS = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
_HOSTILE = """
import ctypes, json, os, sys
here = json.loads({paths!r})
libc = ctypes.CDLL(None, use_errno=True)

def opened(path, flags=os.O_RDONLY):
    return libc.open(path.encode(), flags | os.O_CLOEXEC, 0o600) >= 0

def connected(path):
    number = libc.socket(1, 1, 0)
    address = b"\\x01\\x00" + path.encode() + b"\\x00"
    return number >= 0 and libc.connect(number, address, len(address)) == 0

def reached(address, port):
    number = libc.socket(2, 1, 0)
    place = b"\\x02\\x00" + port.to_bytes(2, "big") + bytes(int(part) for part in address.split(".")) + bytes(8)
    return number >= 0 and libc.connect(number, place, len(place)) == 0

def listened():
    number = libc.socket(2, 1, 0)
    return number >= 0 and libc.bind(number, b"\\x02\\x00" + bytes(14), 16) == 0

def survivor():
    pid = libc.fork()
    if pid == 0:
        libc.setsid()
        for number in range(1, 32):
            libc.signal(number, ctypes.c_void_p(1))
        while True:
            libc.sleep(1000)
    return pid > 0

def attack():
    said = {{name: opened(path) for name, path in here["files"].items()}}
    said |= {{name: connected(path) for name, path in here["sockets"].items()}}
    said |= {{name: reached(*place) for name, place in here["places"].items()}}
    said["write beside"] = opened(here["beside"], os.O_CREAT | os.O_WRONLY)
    said["trace"] = libc.ptrace(16, here["server"], 0, 0) == 0  # PTRACE_ATTACH
    said["end the server"] = libc.kill(here["server"], 0) == 0
    said["run a shell"] = os.access("/bin/sh", os.X_OK) and opened("/bin/sh")
    said["own folder"] = opened("mine", os.O_CREAT | os.O_WRONLY)
    said["datagrams"] = libc.socket(2, 2, 0) >= 0
    said["IPv6"] = libc.socket(10, 1, 0) >= 0
    said["ask for addresses"] = libc.socket(16, 3, 0) >= 0
    said["outlive the server"] = libc.prctl(1, 0, 0, 0, 0) == 0
    said["leave its session"] = libc.setsid() >= 0
    said["leave its group"] = libc.setpgid(0, 1) == 0
    said["other namespaces"] = libc.unshare(0x10000000) == 0
    said["outlive the download"] = survivor()
    said["listen"] = listened()
    with open("said.json", "w") as file:
        json.dump(said, file)

if here["late"]:
    found(live=True)
attack()
os._exit(0)
"""
MAY = {"own folder", "run a shell"}
OF_LANDLOCK = {  # rights of files alone do not refuse these
    *("key", "other download", "settings", "write beside", "database password", "control secret"),
}
OF_THE_NETWORK = {"our port", "a private address"}


@pytest.fixture
def hostile(state: Path, tmp_path: Path):
    """-> writes it; it knows where it finds what it may not have: all there, and open to its account."""
    chosen = settings.get()
    other = chosen.fetch / "7"
    files = {
        "key": chosen.state / "key",
        "other download": other / "media.mp4",
        "settings": chosen.state / "config.toml",
        "database password": chosen.state / "postgres.secret",
        "control secret": chosen.state / "control.secret",
    }
    sockets = {"database": chosen.state / "d.sock", "our server": chosen.state / "c.sock"}
    chosen.fetch.mkdir(mode=0o711)
    process.give(other)
    account = process.service_account()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.2", 0)) as private:
        listening = []
        for path in files.values():
            path.write_text("secret")
        for path in sockets.values():
            listening.append(socket.socket(socket.AF_UNIX))
            listening[-1].bind(str(path))
            listening[-1].listen()
        if account:
            for path in (*files.values(), *sockets.values()):
                os.chown(path, account.uid, account.gid)
        settings.use(replace(chosen, port=server.getsockname()[1]))
        named: dict[str, Any] = {
            "files": {name: str(path) for name, path in files.items()},
            "sockets": {name: str(path) for name, path in sockets.items()},
            "places": {"our port": server.getsockname(), "a private address": private.getsockname()},
            "beside": str(other / "planted"),
            "server": os.getpid(),
            "late": False,
        }
        tmp_path.chmod(0o755)

        def write(**more: Any) -> Path:
            package = tmp_path / "ytdlp" / "yt_dlp"
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").write_text(FOUND + _HOSTILE.format(paths=json.dumps(named | more)))
            return package.parent

        yield write
        for one in listening:
            one.close()


@pytest.fixture(params=["", "namespace", "landlock", "namespace,landlock"], ids=lambda left_out: left_out or "all")
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """The features that this kernel is said not to have."""
    monkeypatch.setenv("MF_WITHOUT", request.param)
    gateway.kind.cache_clear()
    gateway.available.cache_clear()
    yield request.param
    monkeypatch.undo()
    gateway.kind.cache_clear()
    gateway.available.cache_clear()


def went(folder: Path) -> set[str]:
    said = json.loads((folder / "said.json").read_text())
    assert len(said) == 23
    return {name for name, well in said.items() if well}


def processes_in(folder: Path) -> list[str]:
    """Find the processes that still run below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


MODES: dict[str, dict[str, Any]] = {
    "plain": {},
    "impersonating": {"options": Options(impersonate=True)},
    "local": {"allow_hosts": ("nas.local",)},
    "proxy": {"options": Options(proxy="http://127.0.0.2:1")},
    "live": {"late": True},
    "playlist": {"mode": "list"},
    "preview": {"mode": "preview"},
}


async def _through(source: client.Fetch) -> None:
    await source.look()
    await source.download()


async def attacked(hostile, name: str) -> Path:
    """Fetch with it in this mode. Returns: the child's folder."""
    mode = MODES[name]
    settings.use(replace(settings.get(), allow_hosts=mode.get("allow_hosts", ())))
    folder = settings.get().work / "1"
    trial = Trial(hostile(late=mode.get("late", False)), ())
    link, options = "http://example.org/film.mp4", mode.get("options", Options())
    async with client.Fetch(link, options, folder, trial=trial, mode=mode.get("mode", "media")) as source:
        with pytest.raises(errors.Crashed):
            await _through(source)
    return work_folders.of_child(folder)


@pytest.mark.parametrize("mode", MODES)
async def test_fetch_gets_at_its_own_folder_and_nothing_else(hostile, mode):
    folder = await attacked(hostile, mode)
    assert went(folder) == MAY
    assert processes_in(folder) == []


@pytest.mark.parametrize("mode", ["plain", "impersonating"])
async def test_fetch_on_a_kernel_that_lacks_walls_gets_at_what_these_kept(hostile, without, mode):
    if mode == "impersonating" and without == "namespace,landlock":
        assert not gateway.available()  # no fetch pretends then
        return
    folder = await attacked(hostile, mode)
    expected = set(MAY)
    if "landlock" in without:
        expected |= OF_LANDLOCK | ({"listen"})
    if without == "namespace,landlock":
        expected |= OF_THE_NETWORK
    assert went(folder) == expected
    assert processes_in(folder) == []


async def test_check_of_a_new_version_gets_at_its_own_folder_and_nothing_else(hostile, state: Path) -> None:
    folder = process.give(settings.get().fetch / "1")
    (folder / "yt_dlp").mkdir()
    code = (hostile() / "yt_dlp" / "__init__.py").read_text().replace("said.json", str(folder / "said.json"))
    (folder / "yt_dlp" / "__init__.py").write_text(code.replace('"mine"', repr(str(folder / "mine"))))
    account = process.service_account()
    for path in [folder / "yt_dlp", folder / "yt_dlp" / "__init__.py"]:
        os.chown(path, *((account.uid, account.gid) if account else (-1, -1)))
    with pytest.raises(errors.UpdateRefused):
        await updater._load(folder, "2026.01.01")
    assert went(folder) == MAY


async def test_warm_program_gets_at_folders_of_children_and_nothing_else(hostile, state: Path) -> None:
    """It forks for every download, so the folders of children are open to it; nothing else is."""
    await prefork.open()
    try:
        work = process.give(settings.get().fetch)
        limits = process.Limits(data=1 << 30)
        admitted = await gateway.admit([], [])
        env = process.environment(work, **_OURS)
        assert await prefork.take(work / "1", env, limits, admitted.gateway, str(hostile())) is None
        await admitted.close()
    finally:
        await prefork.close()
    # It may start processes, which cannot leave its group; it signals its own, where the kernel knows the difference.
    more = {"other download", "write beside", "outlive the download"}
    assert went(work) - {"end the server"} == MAY | more
    assert processes_in(work) == []


async def test_ordinary_program_of_the_same_account_has_it_all(hostile, state: Path) -> None:
    """Proof that the refusals above mean something: the same code, not confined."""
    folder = process.give(settings.get().fetch / "1")
    code = (hostile() / "yt_dlp" / "__init__.py").read_text().replace("= survivor()", "= False")
    (hostile() / "yt_dlp" / "__init__.py").write_text(code)
    path = str(settings.get().state.parent / "ytdlp" / "yt_dlp" / "__init__.py")
    argv = [*client.command()[:-2], "-c", f"exec({code!r})"]
    async with await process.start(argv, cwd=folder, reach=[Path(path)]) as running:
        assert await running.wait() == 0, running.stderr_tail
    assert went(folder) >= OF_LANDLOCK | OF_THE_NETWORK | {"database", "our server", "outlive the server", "datagrams"}


def _again(user: int, before: list[str], which: str) -> None:
    """Run these tests as another user, in a folder of that user."""
    place = places.make("mf-user-")  # short: sockets lie in it
    os.chown(place, user, user)
    env = {"PATH": os.environ["PATH"], "HOME": str(place), "TMPDIR": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={place / 'b'}", "-k", which]
    given: dict[str, Any] = {} if before else {"user": user, "group": user, "extra_groups": []}
    try:
        done = subprocess.run(
            [*before, *argv, __file__], env=env, cwd=_ROOT, capture_output=True, check=False, timeout=600, **given
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert done.returncode == 0, done.stdout.decode()[-4000:] + done.stderr.decode()[-1000:]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.timeout(600)
def test_all_of_it_as_an_ordinary_user():
    _again(ORDINARY, [], "nothing_else or walls")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make such a namespace")
@pytest.mark.timeout(600)
def test_all_of_it_as_root_of_an_unprivileged_container():
    inside = [sys.executable, "-P", "-s", str(Path(__file__).with_name("container_root.py"))]
    _again(100_000, inside, "nothing_else and (plain or impersonating or warm or check)")
