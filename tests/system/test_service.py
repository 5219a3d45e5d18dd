"""The files for a service manager, judged by the manager's own tools; and that it hears when we are ready."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mediafetcher.core import bundle, errors, settings
from mediafetcher.ops.service import install, units
from mediafetcher.sandbox import privilege_drop
from tests.faults.program import free_port

REPOSITORY = Path(__file__).parents[2]
PLAN = units.Plan(("/bin/true",), "root", "root", Path("/var/lib/mediafetcher"), Path("/mnt/media"))
ODD = units.Plan(("/bin/true", "-m", "it"), "root", "root", Path("/srv/100% mine"), Path("/mnt/media"), own_state=True)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
@pytest.mark.parametrize("plan", [PLAN, ODD])
def test_systemd_takes_the_unit(plan, tmp_path):
    unit = tmp_path / f"{units.NAME}.service"
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


def test_service_started_in_a_folder_of_others_imports_nothing_from_it(tmp_path):
    for name in ("json", "argparse", "mediafetcher"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')")
    done = subprocess.run([*install._program(), "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", [units.systemd(PLAN), units.systemd(ODD), units.openrc(PLAN), units.openrc(ODD)])
def test_service_starts_in_the_root_folder(text):
    assert "WorkingDirectory=/\n" in text or "\ndirectory=/\n" in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files that others may not change")
@pytest.mark.parametrize("spoil", ["owner", "mode", "file", "link"])
def test_program_that_others_can_change_is_refused(spoil):
    with tempfile.TemporaryDirectory(prefix="mf-program-", dir="/opt") as name:
        program = Path(name) / "lib"
        program.mkdir(mode=0o755)
        program.parent.chmod(0o755)
        (program / "main.py").write_text("")
        assert install.unsafe_place([program]) is None
        if spoil == "owner":
            os.chown(program.parent, 65534, 65534)
        elif spoil == "mode":
            (program / "main.py").chmod(0o666)
        elif spoil == "file":
            os.chown(program / "main.py", 65534, 65534)
        else:
            (program / "other.py").symlink_to("main.py")
            os.lchown(program / "other.py", 65534, 65534)
        assert install.unsafe_place([program]) is not None


def test_checkout_of_another_user_is_refused_by_the_install(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(bundle, "PACKAGE", tmp_path)
    tmp_path.chmod(0o777)
    account = privilege_drop.Account(os.geteuid(), os.getegid())
    with pytest.raises(errors.UsageError, match="can be changed by others"):
        install._check_reach((sys.executable, "-P"), account)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as the service user")
def test_service_that_cannot_write_its_media_folder_is_not_started(tmp_path):
    media = Path(tempfile.mkdtemp(prefix="mf-media-", dir="/tmp"))
    said: list[str] = []
    try:
        chosen = settings.Settings(state=tmp_path)
        account = privilege_drop.Account(65534, 65534)
        assert not install._prepare_media(media, chosen, account, said.append)
        assert any(f"chown -R 65534:65534 {media}" in line for line in said), said
        os.chown(media, 65534, 65534)
        assert install._prepare_media(media, chosen, account, said.append)
        assert list(media.iterdir()) == []
    finally:
        shutil.rmtree(media)
