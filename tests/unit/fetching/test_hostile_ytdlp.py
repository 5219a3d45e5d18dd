"""A yt-dlp that is not what it says, run as a download runs it: the worst that a flaw in the real one could become.

It goes around Python, whose gate it would not meet, and has the same account as everything else.
"""

import json
import os
import socket
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, prefork
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.options import Options
from mediafetcher.fetch.ytdlp import updater
from mediafetcher.sandbox import landlock, process, seccomp, work_folders

pytestmark = [
    pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock"),
    pytest.mark.skipif(not seccomp.available(), reason="seccomp filters are not known for this machine"),
]

_OURS = {"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONDONTWRITEBYTECODE": "1"}
_HOSTILE = """
import ctypes, json, os
here, wanted = json.loads({paths!r}), {{}}
libc = ctypes.CDLL(None, use_errno=True)

def opened(path, flags=os.O_RDONLY):
    number = libc.open(path.encode(), flags | os.O_CLOEXEC, 0o600)
    return number >= 0

def connected(path):
    number = libc.socket(1, 1, 0)
    address = b"\\x01\\x00" + path.encode() + b"\\x00"
    return number >= 0 and libc.connect(number, address, len(address)) == 0

said = {{name: opened(path) for name, path in here["files"].items()}}
said |= {{name: connected(path) for name, path in here["sockets"].items()}}
said["write beside"] = opened(here["beside"], os.O_CREAT | os.O_WRONLY)
said["trace"] = libc.ptrace(16, here["server"], 0, 0) == 0  # PTRACE_ATTACH
said["end the server"] = libc.kill(here["server"], 0) == 0
said["run a shell"] = os.access("/bin/sh", os.X_OK) and opened("/bin/sh")
said["own folder"] = opened("mine", os.O_CREAT | os.O_WRONLY)
with open("said.json", "w") as file:
    json.dump(said, file)
os._exit(0)
"""


@pytest.fixture
def hostile(state: Path, tmp_path: Path):
    """-> its folder, and where it finds what it may not have: all there, and open to its account."""
    chosen = settings.get()
    other = chosen.fetch / "7"
    files = {
        "key": chosen.state / "key",
        "other download": other / "media.mp4",
        "settings": chosen.state / "config.toml",
    }
    sockets = {"database": chosen.state / "d.sock", "our server": chosen.state / "c.sock"}
    process.give(other)
    account = process.service_account()
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
    named = {
        "files": {name: str(path) for name, path in files.items()},
        "sockets": {name: str(path) for name, path in sockets.items()},
        "beside": str(other / "planted"),
        "server": os.getpid(),
    }
    package = tmp_path / "ytdlp" / "yt_dlp"
    package.mkdir(parents=True)
    tmp_path.chmod(0o755)
    (package / "__init__.py").write_text(_HOSTILE.format(paths=json.dumps(named)))
    yield package.parent
    for one in listening:
        one.close()


async def test_it_gets_at_its_own_folder_and_nothing_else(hostile: Path, state: Path, unused_tcp_port: int) -> None:
    folder = process.give(settings.get().work / "1")
    link = f"http://127.0.0.1:{unused_tcp_port}/film.mp4"
    async with client.Fetch(link, Options(), folder, trial=Trial(hostile, ())) as source:
        with pytest.raises(errors.Crashed):
            await source.info()
    said = json.loads((work_folders.of_child(folder) / "said.json").read_text())
    assert {name for name, went in said.items() if went} == {"own folder", "run a shell"}, said
    assert len(said) == 10


async def test_nor_does_it_when_it_is_looked_at_before_it_is_used(hostile: Path, state: Path) -> None:
    folder = process.give(settings.get().work / "1")
    (folder / "yt_dlp").mkdir()
    code = (hostile / "yt_dlp" / "__init__.py").read_text().replace("said.json", str(folder / "said.json"))
    (folder / "yt_dlp" / "__init__.py").write_text(code.replace('"mine"', repr(str(folder / "mine"))))
    account = process.service_account()
    for path in [folder / "yt_dlp", folder / "yt_dlp" / "__init__.py"]:
        os.chown(path, *((account.uid, account.gid) if account else (-1, -1)))
    with pytest.raises(errors.UpdateRefused):
        await updater._load(folder, "2026.01.01")
    said = json.loads((folder / "said.json").read_text())
    assert {name for name, went in said.items() if went} == {"own folder", "run a shell"}, said


async def test_nor_does_the_warm_program_that_has_it_in_memory(hostile: Path, state: Path) -> None:
    """It forks for every download, so the folders of downloads are open to it; nothing else is."""
    await prefork.open()
    try:
        work = process.give(settings.get().fetch)
        limits = process.Limits(data=1 << 30)
        assert await prefork.take(work / "1", process.environment(work, **_OURS), limits, str(hostile)) is None
    finally:
        await prefork.close()
    said = json.loads((work / "said.json").read_text())
    may = {"own folder", "run a shell", "other download", "write beside"}
    assert {name for name, went in said.items() if went} == may, said


async def test_without_the_kernel_it_would_have_it_all(hostile: Path, state: Path) -> None:
    """What the refusals above are worth: the same program, as an ordinary one of the same account."""
    folder = process.give(settings.get().work / "1")
    argv = [*client.command()[:-2], "-c", f"exec(open({str(hostile / 'yt_dlp' / '__init__.py')!r}).read())"]
    async with await process.start(argv, cwd=folder, reach=[hostile]) as running:
        assert await running.wait() == 0, running.stderr_tail
    said = json.loads((folder / "said.json").read_text())
    assert all(said[name] for name in ("key", "other download", "settings", "database", "our server", "write beside"))
