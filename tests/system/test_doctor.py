"""`doctor` finds faults that were really made: the program itself, in a mount namespace of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mediafetcher.ops.doctor import container, database, machine
from mediafetcher.sandbox.privilege_drop import Account
from tests import postgres
from tests.faults.program import free_port, until

REPOSITORY = Path(__file__).parents[2]
OTHER = 12345

root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts are made by root")
strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


class Doctor:
    """`doctor --json` after some lines of shell, with errors planted into its system calls."""

    def __init__(self, folder: Path) -> None:
        self.state, self.media = folder / "state", folder / "nas"
        folder.chmod(0o755)
        for path in (self.state, self.media):
            path.mkdir()

    def __call__(self, prepare: str = "true", *inject: str, path: Path | None = None) -> dict[str, dict]:
        command = [sys.executable, "-m", "mediafetcher", "doctor", "--json"]
        if inject:
            only = ["-P", str(path)] if path else []
            rules = [word for rule in inject for word in ("-e", f"inject={rule}")]
            command = ["strace", "-f", "-qq", "-o", "/dev/null", *only, *rules, *command]
        script = f'{prepare} && exec "$@"'
        inside = ["unshare", "--mount", "sh", "-c", script, "-"] if os.geteuid() == 0 else ["sh", "-c", script, "-"]
        given = {
            "MEDIAFETCHER_STATE": str(self.state),
            "MEDIAFETCHER_MEDIA": str(self.media),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            [*inside, *command], cwd=REPOSITORY, env=given, capture_output=True, text=True, timeout=60
        )
        assert done.returncode in (0, 1), done.stderr
        found = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
        assert (done.returncode == 1) == any(one["level"] == "problem" for one in found.values())
        assert list(self.media.iterdir()) == []
        return found

    @property
    def tmpfs(self) -> str:
        """A share: another file system."""
        return f"mount -t tmpfs -o size=64m,mode=0755 share {self.media}"


@pytest.fixture
def doctor() -> Iterator[Doctor]:
    """On a disk: a folder in memory is below a mount point, and disappears with another `/dev`."""
    folder = Path(tempfile.mkdtemp(prefix="mf-system-", dir="/tmp"))
    try:
        yield Doctor(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def level(found: dict[str, dict], name: str) -> str:
    return found[name]["level"] if name in found else "absent"


@root
def test_a_good_share_is_good(doctor):
    found = doctor(f"mount -t tmpfs -o size=6g share {doctor.media}")
    for name in ("state_folder", "media_folder", "write", "rename", "link", "sync_folder", "remove", "versions"):
        assert level(found, name) == "ok", found
    assert "media_full" not in found


@root
@pytest.mark.parametrize(("mode", "owner", "wanted"), [("700", 0, "ok"), ("755", 0, "note"), ("700", OTHER, "note")])
def test_recovery_data_that_others_can_read_is_named(doctor, mode, owner, wanted):
    folders = f"{doctor.media}/.mediafetcher/backups {doctor.media}/.mediafetcher/journal"
    found = doctor(f"{doctor.tmpfs} && mkdir -p {folders} && chmod {mode} {folders} && chown {owner} {folders}")
    assert level(found, "recovery_readable") == wanted, found["recovery_readable"]


@root
def test_a_share_that_is_not_mounted(doctor):
    found = doctor()
    assert level(found, "not_mounted") == "problem"
    assert any(line.startswith("mount ") for line in found["not_mounted"]["do"])
    assert "write" not in found  # nothing is written below a bare mount point


@root
def test_a_share_that_is_read_only(doctor):
    found = doctor(f"{doctor.tmpfs} && mount -o remount,ro {doctor.media}")
    assert level(found, "read_only") == "problem"
    assert any("pct set" in line for line in found["read_only"]["do"])


@root
def test_share_of_another_owner_is_reported(doctor):
    os.chown(doctor.state, OTHER, OTHER)
    found = doctor(doctor.tmpfs)
    assert level(found, "not_writable") == "problem"
    assert f"({OTHER}:{OTHER}) has no permission to write" in found["not_writable"]["what"]
    assert f"chown -R {OTHER}:{OTHER} {doctor.media}    # here, or on the NAS" in found["not_writable"]["do"]
    found = doctor(f"{doctor.tmpfs} && chown {OTHER}:{OTHER} {doctor.media}")
    assert level(found, "write") == "ok"


@root
@strace
def test_a_share_that_squashes_root(doctor):
    found = doctor(doctor.tmpfs, "mkdir:error=EACCES:when=1+")
    assert level(found, "root_squash") == "problem"
    assert any("service install" in line for line in found["root_squash"]["do"])


@root
@strace
@pytest.mark.parametrize(
    ("rule", "name", "wanted"),
    [
        ("link,linkat:error=EPERM", "link", "note"),
        ("rename:error=EIO", "rename", "problem"),
        ("fsync:error=EIO", "write", "problem"),
        ("unlink:error=EACCES", "remove", "problem"),
    ],
)
def test_a_share_that_cannot_do_what_the_store_needs(doctor, rule, name, wanted):
    found = doctor(doctor.tmpfs, rule)
    assert level(found, name) == wanted, found
    assert level(found, "media_folder") == "ok"


@root
@strace
def test_a_database_on_a_share(doctor):
    nfs = "statfs:poke_exit=@arg2=6969000000000000"
    found = doctor(doctor.tmpfs, nfs, path=doctor.state)
    assert level(found, "database_on_network") == "problem", found
    assert "NFS" in found["database_on_network"]["what"]


@root
def test_a_full_disk(doctor):
    found = doctor(f"mount -t tmpfs -o size=8m small {doctor.state}")
    assert level(found, "disk") == "problem"
    assert any("pct resize" in line for line in found["disk"]["do"])


@root
def test_names_that_are_found_and_not(doctor, tmp_path):
    (tmp_path / "hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in machine.NAMES))
    found = doctor(f"mount --bind {tmp_path}/hosts /etc/hosts")
    assert level(found, "dns") == "ok"
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    (tmp_path / "none").write_text("")
    found = doctor(f"mount --bind {tmp_path}/hosts /etc/hosts && mount --bind {tmp_path}/none /etc/resolv.conf")
    assert level(found, "dns") == "problem"
    assert "lists no name server" in found["dns"]["what"]
    assert any("--nameserver" in line for line in found["dns"]["do"])


@root
def test_a_graphics_card_that_the_service_may_not_use(doctor):
    os.chown(doctor.state, OTHER, OTHER)
    make = "mount -t tmpfs -o mode=0755 dev /dev/dri && mknod -m 0660 /dev/dri/renderD128 c 226 128"
    if not Path("/dev/dri").exists():
        make = f"mount -t tmpfs -o mode=0755 dev /dev && mkdir /dev/dri && mknod /dev/null c 1 3 && {make}"
    found = doctor(make)
    assert level(found, "graphics") == "problem"
    assert any(f"-dev0 /dev/dri/renderD128,gid={OTHER}" in line for line in found["graphics"]["do"])
    found = doctor(f"{make} && chown {OTHER} /dev/dri/renderD128")
    assert level(found, "graphics") == "ok"


@root
def test_a_share_whose_owner_the_container_does_not_have(doctor):
    """A user namespace as an unprivileged container has it: our root is one number of the host, and no other exists."""
    inside = [sys.executable, "-m", "mediafetcher", "doctor", "--json"]
    owned = f"mount -t tmpfs share {doctor.media} && chown {OTHER} {doctor.media}"
    script = f'{owned} && exec unshare --user --map-root-user "$@"'
    given = {
        "MEDIAFETCHER_STATE": str(doctor.state),
        "MEDIAFETCHER_MEDIA": str(doctor.media),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "-", *inside],
        cwd=REPOSITORY,
        env=given,
        capture_output=True,
        text=True,
    )
    found = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    assert level(found, "unmapped_owner") == "problem", found
    assert any("pct set CTID -mp0" in line for line in found["unmapped_owner"]["do"])


def test_a_database_of_ones_own():
    """Each way to be shut out of it, really met, has a line of its own."""

    def said(dsn: str):
        return next(iter(database.external(dsn)))

    with postgres.running("18") as server:
        assert (said(server.dsn).level, said(server.socket_dsn).level) == ("ok", "ok")
        for wrong, line in (
            (server.dsn.replace(":an%20external", ":another"), "\\password media"),
            (server.dsn.replace("/mediafetcher", "/films"), "createdb --owner=media films"),
            (server.dsn.replace(f":{server.port}", f":{free_port()}"), "systemctl start postgresql"),
        ):
            found = said(wrong)
            assert found.level == "problem" and any(line in one for one in found.do), found
            assert "external" not in found.what  # the password stays where it was
        hba = server.folder / "data" / "pg_hba.conf"
        hba.write_text("local all all scram-sha-256\n")
        with psycopg.connect(server.admin_dsn, autocommit=True) as administrator:
            administrator.execute("select pg_reload_conf()")
        until(lambda: any("pg_hba.conf" in line for line in said(server.dsn).do), 20, "it is shut out")


def test_a_clock_that_is_behind_what_was_written():
    def said(now: float, newest: float) -> str:
        return next(iter(machine.clock(now, newest))).level

    assert said(1_000_000_000, 1_700_000_000) == "problem"
    assert said(1_700_000_000, 1_699_999_000) in ("ok", "note")


def test_an_old_ytdlp_is_worth_a_note():
    made = 1_700_000_000.0  # 2023-11-14
    assert machine._age("2023.11.14", made + 10 * 86400) == []
    assert machine._age("2023.11.14.1", made + 100 * 86400)[0].level == "note"


def test_the_numbers_of_a_container_on_its_host():
    given = container.read_map("         0     100000      1000\n      1000       1000          1\n")
    assert container.shifted(given)
    assert [container.on_host(number, given) for number in (0, 999, 1000, 1001)] == [100000, 100999, 1000, None]
    assert not container.shifted(container.read_map("0 0 4294967295"))


def test_little_memory_is_no_crash_without_a_cgroup():
    assert [one.name for one in machine.memory()] == ["memory"]


def test_a_card_of_an_ordinary_user(tmp_path):
    assert next(iter(machine.graphics(Account(1, 1), tmp_path))).level == "note"
