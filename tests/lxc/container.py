"""A real unprivileged LXC container with a booted Alpine and OpenRC, as a home lab has it on Proxmox.

Its network holds nothing but loopback: `lxc.net.0.type` is `empty`, because with `none` the container's own network
script would change the addresses of this machine. The fixture site runs in that network.
"""

import ctypes
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.alpine.conftest import BUILT
from tests.faults.program import until
from tests.site import Site

SHIFT = 100_000  # the container's root is this user here
PORT = 8787
_SITE_PORT = 8899
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_UNUSED = ("hwclock", "modules", "quicksand-guest-agent")  # services of the machine that the root file system was for
_CONFIG = """\
lxc.uts.name = mediafetcher
lxc.rootfs.path = dir:{root}
lxc.net.0.type = empty
lxc.idmap = u 0 {shift} 65536
lxc.idmap = g 0 {shift} 65536
lxc.mount.auto = proc:mixed sys:ro cgroup:mixed
lxc.mount.entry = {media} mnt/media none bind,create=dir 0 0
lxc.tty.max = 0
lxc.pty.max = 64
lxc.apparmor.profile = unchanged
lxc.log.level = INFO
"""


class Container:
    """One container. Calling it runs a line of shell inside, as root there."""

    def __init__(self, folder: Path, alpine_root: Path, corpus: Path) -> None:
        self.name = f"mf-{os.getpid()}"
        self.root = folder / "root"
        self.media = folder / "media"  # a share of the host, at /mnt/media inside
        self._folder = folder
        self._corpus = corpus
        self._lxc = folder / "lxc"
        self._site: Site | None = None
        _make_root(self.root, alpine_root)
        self.media.mkdir()
        (self._lxc / self.name).mkdir(parents=True)
        (self._lxc / self.name / "config").write_text(_CONFIG.format(root=self.root, media=self.media, shift=SHIFT))
        for path in (folder, self.media, self._lxc, self._lxc / self.name):
            path.chmod(0o755)

    def _command(self, tool: str, *more: str) -> list[str]:
        return [f"lxc-{tool}", "-P", str(self._lxc), "-n", self.name, *more]

    def start(self) -> str:
        """Boot, until OpenRC has started its default runlevel. Returns: why LXC cannot run it, or an empty text."""
        log = self._folder / "lxc.log"
        done = subprocess.run(self._command("start", "-o", str(log)), capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            errors = [line for line in log.read_text().splitlines() if " ERROR " in line]
            return f"LXC cannot run an unprivileged container here: {errors[:1] or done.stderr}"
        until(self._is_booted, 60, "OpenRC has booted")
        return ""

    def _is_booted(self) -> bool:
        line = "[ $(rc-status -r) = default ] && [ ! -e /run/openrc/rc.starting ]"
        return self.attach("sh", "-c", line).returncode == 0

    def stop(self, *, hard: bool = False) -> None:
        """Shut down in order; `hard`: kill everything at once, as when the host loses its power."""
        self.end_site()
        more = ("-k",) if hard else ("-t", "60", "--nokill")
        done = subprocess.run(self._command("stop", *more), capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr

    @property
    def running(self) -> bool:
        said = subprocess.run(self._command("info", "-s", "-H"), capture_output=True, text=True, timeout=20).stdout
        return said.strip() != "STOPPED"

    @property
    def pid(self) -> int:
        """The first process of the container, as this machine sees it."""
        return int(subprocess.check_output(self._command("info", "-p", "-H"), text=True, timeout=20))

    def attach(self, *argv: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program inside."""
        given = self._command("attach", "--clear-env", "--", "env", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        return subprocess.run(
            [*given, *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds
        )

    def __call__(self, line: str, seconds: float = 120) -> str:
        """Run a line of shell inside that succeeds. Returns: what it printed."""
        done = self.attach("sh", "-c", line, seconds=seconds)
        assert done.returncode == 0, f"{line}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    def is_ready(self) -> bool:
        """Whether the service answers."""
        done = self.attach("wget", "-q", "-T", "5", "-O", "-", f"http://127.0.0.1:{PORT}/api/health", seconds=20)
        return done.returncode == 0 and json.loads(done.stdout)["status"] == "ok"

    def processes(self, user: int) -> dict[int, str]:
        """The processes of an account of the container: numbers as this machine sees them, command lines."""
        space = os.readlink(f"/proc/{self.pid}/ns/pid")
        return {number: command for number, owner, command in _in_space(space) if owner == SHIFT + user}

    def start_site(self) -> Site:
        """Run the fixture site in the container's network, until the container stops."""
        if self._site is None:
            site = Site(self._corpus, port=_SITE_PORT)
            with ThreadPoolExecutor(1) as another_thread:  # a thread is in a network, not the process
                another_thread.submit(_enter_network, self.pid).result()
                self._site = another_thread.submit(site.__enter__).result()
        return self._site

    def end_site(self) -> None:
        if self._site:
            self._site.__exit__()
            self._site = None

    def end(self) -> None:
        """Kill it and leave nothing of it."""
        self.end_site()
        if self.running:
            subprocess.run(self._command("stop", "-k"), capture_output=True, timeout=60)
        until(lambda: not self.running, 30, "the container is gone")


def _enter_network(pid: int) -> None:
    """Move the calling thread into the network of a process."""
    with open(f"/proc/{pid}/ns/net", "rb") as network:
        if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def _in_space(space: str) -> Iterator[tuple[int, int, str]]:
    """The processes in a namespace of processes: number, user, command line."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if command and os.readlink(entry / "ns/pid") == space:
                # Its folder in /proc belongs to root if it may not be dumped.
                status = (entry / "status").read_text()
                yield int(entry.name), int(status.partition("\nUid:\t")[2].split()[0]), command
        except OSError:
            continue


def _make_root(root: Path, alpine_root: Path) -> None:
    """An Alpine of its own, owned by the container's root, with the single file in /usr/local/bin."""
    subprocess.run(["cp", "-a", f"{alpine_root}/.", root], check=True)
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(BUILT, root / "usr/local/bin/mediafetcher")
    (root / ".dockerenv").unlink(missing_ok=True)
    (root / "etc/network/interfaces").write_text("auto lo\niface lo inet loopback\n")
    inittab = (root / "etc/inittab").read_text().splitlines(keepends=True)
    (root / "etc/inittab").write_text("".join(line for line in inittab if "getty" not in line))
    for name in _UNUSED:
        (root / "etc/runlevels/boot" / name).unlink(missing_ok=True)
    _shift(root)
    for parent, folders, files in os.walk(root):
        for name in (*folders, *files):
            _shift(Path(parent, name))


def _shift(path: Path) -> None:
    status = path.lstat()
    os.lchown(path, SHIFT + status.st_uid, SHIFT + status.st_gid)
    if not path.is_symlink():  # the change of the owner took setuid and setgid away
        path.chmod(status.st_mode & 0o7777)


def missing() -> str:
    """Why such a container cannot run here; empty: it can."""
    lacking = [name for name in ("lxc-start", "lxc-stop", "lxc-info", "lxc-attach") if not shutil.which(name)]
    return f"not installed: {', '.join(lacking)} (Debian: lxc)" if lacking else ""
