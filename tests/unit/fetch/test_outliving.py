"""Nothing outlives the server: not even a child that ignores signals and tries to leave copies of itself."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediafetcher.sandbox import seccomp
from tests import places
from tests.unit.sandbox.test_child_files import ORDINARY
from tests.waiting import eventually_blocking

pytestmark = pytest.mark.skipif(not seccomp.available(), reason="seccomp filters are not known for this machine")
_DRIVER = Path(__file__).with_name("outlive_driver.py")
_ROOT = Path(__file__).parents[3]


def parents() -> dict[int, int]:
    """Each living process and its parent."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            found[int(entry.name)] = int(parent)
    return found


def family(pid: int) -> set[int]:
    known = parents()
    found, fresh = {pid}, {pid}
    while fresh := {child for child, parent in known.items() if parent in fresh} - found:
        found |= fresh
    return found


def below(folder: Path) -> set[int]:
    found = set()
    for pid in parents():
        try:
            if Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(folder):
                found.add(pid)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("without", ["", "namespace,landlock"])
@pytest.mark.parametrize("user", ["root", "ordinary"])
@pytest.mark.parametrize("kind", ["cold", "prefork", "impersonating", "proxy", "list", "live", "alone"])
def test_server_killed_leaves_no_process(kind, user, without):
    if user == "root" and os.geteuid() != 0:
        pytest.skip("not root")
    if kind == "impersonating" and without:
        pytest.skip("no fetch impersonates a browser without a wall around its network")
    place = places.make("mf-outlive-")
    place.chmod(0o711)
    number = ORDINARY if user == "ordinary" and os.geteuid() == 0 else os.geteuid()
    os.chown(place, number, number)
    ready = place / "fetch" / "1" / "ready"
    server = subprocess.Popen(
        [sys.executable, "-P", "-s", str(_DRIVER), kind, str(place)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), "MF_WITHOUT": without, "TMPDIR": str(place)},
        user=number,
        group=number,
        extra_groups=[],
        stderr=subprocess.PIPE,
    )
    try:
        eventually_blocking(lambda: ready.exists() or server.poll() is not None, seconds=120)
        assert ready.exists(), server.stderr and server.stderr.read().decode()[-2000:]
        time.sleep(0.3)
        before = family(server.pid)
        assert len(before) > 1
        server.send_signal(signal.SIGKILL)
        server.wait()
        eventually_blocking(lambda: (before & parents().keys()) | below(place), lambda left: not left, seconds=5)
    finally:
        server.kill()
        server.communicate()
        for pid in below(place):
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(place, ignore_errors=True)
