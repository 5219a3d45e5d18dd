"""`service install` on Alpine's own root file system: what it makes, what it takes over, and what runs afterwards."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.alpine.conftest import Alpine
from tests.alpine.test_single_file import MEDIAFETCHER, health, processes_of
from tests.faults.program import free_port, until

pytestmark = [pytest.mark.alpine, pytest.mark.timeout(300)]

STATE, SCRIPT = "/var/lib/mediafetcher", "/etc/init.d/mediafetcher"


def run(alpine: Alpine, *argv: str) -> str:
    done = alpine.run(MEDIAFETCHER, *argv)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def user_of(alpine: Alpine) -> tuple[int, int]:
    line = next(
        line for line in alpine.inside("/etc/passwd").read_text().splitlines() if line.startswith("mediafetcher:")
    )
    return int(line.split(":")[2]), int(line.split(":")[3])


def owners(folder: Path) -> set[tuple[int, int]]:
    found = {(folder.stat().st_uid, folder.stat().st_gid)}
    for path in folder.rglob("*"):
        found.add((path.lstat().st_uid, path.lstat().st_gid))
    return found


def test_it_takes_over_what_root_had_and_the_service_user_goes_on_with_it(alpine, site):
    alpine.inside("/mnt/media").mkdir(parents=True)
    run(alpine, "get", site.url("/media/ok.mp4"))  # root began without a service
    assert (0, 0) in owners(alpine.inside(STATE))

    port = free_port()
    said = run(alpine, "service", "install", "--port", str(port), "--uid", "991")
    assert user_of(alpine) == (991, 991)
    assert owners(alpine.inside(STATE)) == {(991, 991)}
    assert alpine.inside(STATE).stat().st_mode & 0o777 == 0o700
    assert alpine.inside(SCRIPT).stat().st_mode & 0o777 == 0o755
    assert os.readlink(alpine.inside("/etc/runlevels/default/mediafetcher")) == SCRIPT
    assert alpine.inside("/etc/periodic/daily/mediafetcher-log").exists()
    assert 'host = "0.0.0.0"' in alpine.inside("/etc/mediafetcher/config.toml").read_text()
    for word in ("Created the user", f"Wrote {SCRIPT}", "belongs to mediafetcher", "next boot", "mediafetcher setup"):
        assert word in said, said

    server = alpine.start(MEDIAFETCHER, "serve", user="991:991", HOME=STATE)  # as the init script starts it
    try:
        until(lambda: health(port), 60, "it answers")
        for pid in processes_of(alpine):
            assert Path(f"/proc/{pid}").stat().st_uid == 991, Path(f"/proc/{pid}/cmdline").read_bytes()
        listed = [json.loads(line) for line in run(alpine, "list", "--json").splitlines()]
        assert [item["title"] for item in listed] == ["ok"]
        assert len(run(alpine, "setup").split()[0]) > 5
        run(alpine, "get", site.url("/media/h264_aac.mkv"))
        run(alpine, "backup", "/root/it.mfbackup")
        file = alpine.inside("/root/it.mfbackup").stat()
        assert (file.st_uid, file.st_mode & 0o777) == (0, 0o600)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
    assert server.returncode == 0
    run(alpine, "restore-backup", "/root/it.mfbackup")
    run(alpine, "check", "--read-data")
    assert owners(alpine.inside(STATE)) == {(991, 991)}  # what root typed left nothing of root's
    assert processes_of(alpine) == []


def test_it_can_be_repeated_and_undone(alpine):
    passwd = alpine.inside("/etc/passwd").read_text()
    run(alpine, "service", "install")
    script = alpine.inside(SCRIPT).read_text()
    said = run(alpine, "service", "install", "--port", "9999")
    config = alpine.inside("/etc/mediafetcher/config.toml")
    assert 'host = "0.0.0.0"\nport = 9999' in config.read_text()
    ours = config.read_text()
    config.write_text(f'{ours}public_url = "https://media.example.org"\n')
    assert "your own settings" in run(alpine, "service", "install", "--port", "8888")
    assert "9999" in config.read_text()
    config.write_text(ours)
    assert "Created the user" not in said
    assert alpine.inside(SCRIPT).read_text() == script
    said = run(alpine, "service", "uninstall")
    for path in (
        SCRIPT,
        "/etc/runlevels/default/mediafetcher",
        "/etc/periodic/daily/mediafetcher-log",
        "/etc/mediafetcher",
    ):
        assert not os.path.lexists(alpine.inside(path)), path
    assert alpine.inside(STATE).is_dir()
    assert STATE in said
    assert alpine.inside("/etc/passwd").read_text() != passwd  # the user owns the data that stays


def test_it_refuses_in_words(alpine):
    done = alpine.run(MEDIAFETCHER, "service", "install", user="65534:65534", HOME="/")
    assert done.returncode == 2
    assert "root" in done.stderr
    alpine.inside("/etc/init.d").mkdir(exist_ok=True)
    alpine.inside(SCRIPT).write_text("#!/sbin/openrc-run\n# mine\n")
    done = alpine.run(MEDIAFETCHER, "service", "install")
    assert done.returncode == 1
    assert "not created by MediaFetcher" in done.stderr
    assert alpine.inside(SCRIPT).read_text().endswith("# mine\n")
    alpine.inside("/usr/local/bin").chmod(0o777)
    done = alpine.run(MEDIAFETCHER, "service", "install")
    assert "can change" in done.stderr


def test_doctor_runs_there_too(alpine):
    run(alpine, "service", "install")
    done = alpine.run(MEDIAFETCHER, "doctor", "--json")
    found = {one["name"]: one["level"] for one in json.loads(done.stdout)["findings"]}
    assert (found["state_folder"], found["versions"]) == ("ok", "ok")
