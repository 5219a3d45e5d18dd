"""Programs that read bytes of other sites reach only their own files, though they run as the same account."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.sandbox import landlock, process, seccomp

pytestmark = [
    pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock"),
    pytest.mark.skipif(not seccomp.available(), reason="seccomp filters are not known for this machine"),
]

# Says of each act whether it went well: what a flaw in a parser would try.
_TRY = """
import json, os, socket, sys
given = json.loads(sys.argv[1])
def local(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)
acts = {
    "read own": lambda: open(given["source"]).read(),
    "write own": lambda: open(given["target"], "w").write("made"),
    "run a program": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
    "change what it reads": lambda: open(given["source"], "a"),
    "read the key": lambda: open(given["key"]).read(),
    "read what others fetch": lambda: os.listdir(given["other"]),
    "leave something": lambda: open(os.path.join(given["other"], "new"), "w"),
    "move something in": lambda: os.link(given["target"], os.path.join(given["other"], "linked")),
    "remove something": lambda: os.unlink(given["key"]),
    "read our memory": lambda: open("/proc/%d/environ" % given["server"]).read(),
    "end us": lambda: os.kill(given["server"], 0),
    "read settings": lambda: os.listdir("/etc"),
    "ask the database": lambda: local(given["socket"]),
    "reach the network": lambda: socket.create_connection(("127.0.0.1", given["port"]), 5).close(),
}
said = {}
for name, act in acts.items():
    try:
        act()
        said[name] = True
    except OSError as error:
        said[name] = False
print(json.dumps(said))
"""
_OWN = {"read own", "write own"}


@pytest.fixture
def place(tmp_path: Path):
    """A state folder as an installation has it, all of it of the account that the child runs as."""
    account = process.service_account()
    given = {name: str(tmp_path / name) for name in ("source", "target", "key", "other", "socket")}
    (tmp_path / "other").mkdir()
    for name in ("source", "target", "key", "other/film"):
        (tmp_path / name).write_text(name)
    with socket.socket(socket.AF_UNIX) as database, socket.socket() as port:
        database.bind(given["socket"])
        database.listen()
        port.bind(("127.0.0.1", 0))
        port.listen()
        if account:
            tmp_path.chmod(0o711)
            for path in tmp_path.rglob("*"):
                os.chown(path, account.uid, account.gid)
        asleep = ["/bin/sleep", "300"]  # another program of the same account
        who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        with subprocess.Popen(asleep, **who) as server:
            yield given | {"server": server.pid, "port": port.getsockname()[1]}
            server.kill()


async def _said(given: dict, alone: process.Ruleset | None) -> dict[str, bool]:
    argv = [sys.executable, "-c", _TRY, json.dumps(given)]
    async with await process.start(argv, reach=[Path(given["source"])], alone=alone) as running:
        lines = [line async for line in running]
        assert await running.wait() == 0, running.stderr_tail
    return json.loads(lines[0])


async def test_penned_in_it_has_its_own_and_nothing_else(place):
    """S14. The same is tried without it first: else the refusals would prove nothing."""
    open_ = await _said(place, None)
    assert [name for name, went in open_.items() if not went and name != "remove something"] == []
    Path(place["key"]).write_text("key")
    python = (Path(sys.prefix), Path(sys.base_prefix), Path(place["source"]))
    said = await _said(place, process.Ruleset(python, (Path(place["target"]),)))
    assert {name for name, went in said.items() if went} == _OWN
    assert Path(place["target"]).read_text() == "made"


async def test_missing_path_is_no_hindrance(tmp_path):
    alone = process.Ruleset((tmp_path / "gone",), (tmp_path / "gone too",))
    async with await process.start(["/bin/echo", "fine"], alone=alone) as running:
        assert [line async for line in running] == [b"fine"]
