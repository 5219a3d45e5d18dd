"""A booted Alpine with OpenRC, in an emulated machine: installed, started at boot, brought back, reset, switched off.

Takes some minutes, so it runs only where MF_BOOT=1 is set (`scripts/faults` does that).
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.alpine.conftest import BUILT
from tests.faults.program import free_port, until

pytestmark = [pytest.mark.alpine, pytest.mark.timeout(1800)]

NAME, PASSWORD = "owner", "correct horse battery staple"
QEMU = "qemu-system-x86_64"


class Machine:
    """The emulated machine: a root shell on its serial line, its port 8787 forwarded to a port of this machine."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._asked = 0
        self._folder = folder
        self._disk = folder / "disk.raw"
        self._kernel, self._initrd = (next((root / "boot").glob(f"{name}*")) for name in ("vmlinuz", "initramfs"))
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, self._disk, "3G"], check=True, capture_output=True)
        self.log = folder / "serial.log"
        self._start()

    def _start(self) -> None:
        # Emulated by default: inside another virtual machine, KVM may be there and still not run anything.
        accelerator = os.environ.get("MF_ACCEL", "tcg,thread=multi")
        net = f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:8787"
        self.process = subprocess.Popen(
            [
                *(QEMU, "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", "1536"),
                *("-display", "none", "-no-user-config"),
                *("-kernel", self._kernel, "-initrd", self._initrd),
                *("-append", "root=/dev/vda rootfstype=ext4 rw modules=ext4,virtio_blk console=ttyS0 quiet"),
                *("-drive", f"file={self._disk},format=raw,if=virtio"),
                *("-netdev", net, "-device", "virtio-net-pci,netdev=net"),
                *("-chardev", f"socket,id=line,path={self._folder}/line,server=on,wait=off", "-serial", "chardev:line"),
                *("-monitor", f"unix:{self._folder}/monitor,server=on,wait=off"),
            ],
            stdin=subprocess.DEVNULL,
        )
        self._line = self._connect("line")
        self._wait_for_shell()

    def _connect(self, name: str) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)

        def connected() -> bool:
            try:
                line.connect(str(self._folder / name))
            except OSError:
                return False
            return True

        until(connected, 30, f"{QEMU} opens its {name}")
        return line

    def _wait_for_shell(self) -> None:
        """Ask until a shell answers: the kernel's own words come on the same line."""
        end = time.monotonic() + 600
        while time.monotonic() < end:
            if self._ask("export PATH=$PATH:/usr/local/bin; stty -echo", 5) is not None:
                return
        raise AssertionError(f"no shell: {self.log.read_text(errors='replace')[-3000:]}")

    def _ask(self, command: str, seconds: float) -> tuple[int, str] | None:
        self._asked += 1  # earlier questions may still be answered
        done = re.compile(rb"<<%d:(\d+)>>" % self._asked)
        self._line.sendall(f'\n{command}; echo "<<{self._asked}:$?"">>"\n'.encode())
        self._line.settimeout(0.5)
        heard, end = b"", time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                part = self._line.recv(65536)
            except TimeoutError:
                continue
            with self.log.open("ab") as log:
                log.write(part)
            heard += part
            if found := done.search(heard):
                return int(found[1]), heard[: found.start()].decode("utf-8", "replace").replace("\r", "")
        return None

    def __call__(self, command: str, seconds: float = 300) -> str:
        """Run a line of shell that succeeds. Returns: what it said."""
        done = self._ask(command, seconds)
        assert done is not None, f"no answer: {command}"
        assert done[0] == 0, f"{command}: {done[1]}"
        return done[1]

    def reset(self) -> None:
        """The reset button: nothing is written any more."""
        with self._connect("monitor") as monitor:
            monitor.recv(4096)
            monitor.sendall(b"system_reset\n")
            monitor.recv(4096)
        self._wait_for_shell()

    def health(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._line.close()


@pytest.fixture
def machine(alpine_root: Path) -> Iterator[Machine]:
    if not os.environ.get("MF_BOOT"):
        pytest.skip("takes minutes: set MF_BOOT=1")
    if not shutil.which(QEMU):
        pytest.skip(f"{QEMU} is not installed (Debian: qemu-system-x86)")
    with tempfile.TemporaryDirectory(prefix="mf-boot-", dir="/tmp") as scratch:
        folder, root = Path(scratch), Path(scratch) / "root"
        subprocess.run(["cp", "-a", f"{alpine_root}/.", root], check=True)
        (root / ".dockerenv").unlink(missing_ok=True)  # else OpenRC takes it for a container
        inittab = (root / "etc/inittab").read_text()
        # Its own boot script leaves the disk read-only, and there is no line for it in this fstab.
        writable = "::sysinit:/bin/mount -o remount,rw /"
        (root / "etc/inittab").write_text(f"{writable}\n{inittab}\nttyS0::respawn:/bin/sh\n")
        (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILT, root / "usr/local/bin/mediafetcher")
        started = Machine(folder, root)
        shutil.rmtree(root)
        try:
            yield started
        finally:
            started.end()


def test_the_service_through_boot_kill_reset_and_power_off(machine):
    said = machine("mediafetcher service install")
    assert "MediaFetcher was started" in said, said
    until(machine.health, 300, "it answers after the install")
    code = machine("mediafetcher setup 2>/dev/null").split()[-1]
    answer = httpx.post(
        f"{machine.url}/api/setup", json={"code": code, "name": NAME, "password": PASSWORD}, timeout=120
    )
    assert answer.status_code == 201, answer.text
    assert "root" not in machine("ps -o user,args | grep '[p]ostgres: '")
    assert "started" in machine("rc-service mediafetcher status")

    main = "$(pgrep -f 'mediafetcher.elf serve' | head -1)"
    before = machine(f"echo {main}").split()[-1]
    machine(f"kill -9 {before}")
    until(lambda: machine(f"echo now {main}").split()[-1] not in (before, "now"), 200, "another one runs")
    until(machine.health, 200, "it answers again")

    machine.reset()
    until(machine.health, 400, "it is started at boot, and recovers")
    signed = httpx.post(f"{machine.url}/api/session", json={"name": NAME, "password": PASSWORD}, timeout=120)
    assert signed.status_code == 201, signed.text
    machine("mediafetcher check --read-data")
    machine("mediafetcher service uninstall")
    assert not machine.health()
    machine("mediafetcher service install")
    until(machine.health, 300, "it is back")
    machine._line.sendall(b"\npoweroff\n")
    machine.process.wait(300)
