"""What a service manager is given, judged by the manager's own tools; and that it hears when we are ready."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.ops.service import units
from tests.faults.program import free_port

REPOSITORY = Path(__file__).parents[2]
PLAN = units.Plan(("/bin/true",), "root", "root", Path("/var/lib/mediafetcher"), Path("/mnt/media"))
ODD = units.Plan(("/bin/true", "-m", "it"), "root", "root", Path("/srv/100% mine"), Path("/mnt/media"), own_state=True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
@pytest.mark.parametrize("plan", [PLAN, ODD])
def test_systemd_takes_the_unit(plan, tmp_path):
    unit = tmp_path / "mediafetcher.ops.service"
    unit.write_text(units.systemd(plan))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "mediafetcher" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_scripts_are_good_shell():
    for text in (units.openrc(PLAN), units.openrc(ODD), units.rotate_script()):
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_the_log_is_rotated_and_no_line_is_lost(tmp_path):
    log = tmp_path / "mediafetcher.log"
    script = units.rotate_script().replace(str(units.LOG), str(log))

    def rotate() -> None:
        subprocess.run(["sh"], input=script, text=True, check=True)

    log.write_text("small\n")
    rotate()
    assert log.read_text() == "small\n"
    for turn in range(6):
        log.write_bytes(b"%d\n" % turn + bytes(11 << 20))
        rotate()
        assert log.stat().st_size == 0
    kept = {path.name: subprocess.check_output(["gzip", "-dc", path]).split(b"\n")[0] for path in tmp_path.glob("*.gz")}
    assert kept == {f"mediafetcher.log.{n}.gz": b"%d" % (6 - n) for n in range(1, 5)}


def test_it_tells_the_service_manager_when_it_is_ready_and_when_it_stops(folder):
    address = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(60)
        given = {"MEDIAFETCHER_STATE": str(folder / "state"), "MEDIAFETCHER_PORT": str(free_port())}
        environment = os.environ | given | {"NOTIFY_SOCKET": str(address)}
        argv = [sys.executable, "-m", "mediafetcher", "serve"]
        process = subprocess.Popen(argv, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
        try:
            assert manager.recv(100) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert manager.recv(100) == b"STOPPING=1"
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
