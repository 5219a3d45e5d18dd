"""Listening sockets: one port, on this machine alone by default; PostgreSQL on a private socket."""

import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_canaries import descendants
from test_extension import Running

from mediafetcher.db import embedded


@pytest.fixture
def running(folder: Path) -> Iterator[Running]:
    server = Running(folder)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def listening(*options: str) -> list[tuple[str, set[int]]]:
    """Read what `ss` shows: address, and the processes that hold it."""
    said = subprocess.run(["ss", "-Hlnp", *options], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in said.splitlines()]
    return [(row[3], {int(pid) for pid in re.findall(r"pid=(\d+)", " ".join(row))}) for row in rows]


@pytest.mark.timeout(180)
@pytest.mark.skipif(not shutil.which("ss"), reason="there is no ss (iproute2)")
def test_one_port_listens(running: Running) -> None:
    ours = {running.process.pid} | descendants(running.process.pid)
    assert len(ours) > 3  # PostgreSQL is among them
    tcp = [address for address, holders in listening("-t") if holders & ours]
    assert tcp == [f"127.0.0.1:{running.port}"]
    assert [address for address, holders in listening("-u") if holders & ours] == []
    socket = embedded.Cluster(running.shell.state).socket
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    control = [path for path in running.shell.state.iterdir() if stat.S_ISSOCK(path.lstat().st_mode)]
    assert control and all(stat.S_IMODE(path.lstat().st_mode) == 0o600 for path in control)
