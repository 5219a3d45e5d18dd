"""Check the machine: the database's disk, free space, DNS, the clock, memory, the graphics card, versions."""

import asyncio
import ctypes
import os
import pwd
import shutil
import socket
import sys
import threading
import time
from pathlib import Path

from mediafetcher import __version__
from mediafetcher.core import bundle, errors
from mediafetcher.core.text import size
from mediafetcher.db import embedded, file_system
from mediafetcher.fetch.ytdlp import versions as ytdlp
from mediafetcher.media import ffmpeg
from mediafetcher.ops.doctor import container
from mediafetcher.ops.doctor.findings import Finding, Findings, note, ok, problem
from mediafetcher.sandbox import run_as
from mediafetcher.sandbox.libc import LIBC
from mediafetcher.sandbox.privilege_drop import Account

NAMES = ("example.org", "github.com")  # one of them is enough
_PATIENCE = 8.0  # seconds for a DNS query
_LEAST_DISK = 1 << 30
_LEAST_MEMORY = 512 << 20
_OLD_YTDLP = 90 * 86400  # seconds; sites change, and yt-dlp follows them


def state_folder(state: Path) -> Findings:
    """Check the database's folder: on a local disk, with enough space."""
    there = next(path for path in (state, *state.parents) if path.exists())
    if name := file_system.network_file_system(there):
        yield problem(
            "database_on_network",
            f"The state folder {state} is on {name}, a network file system. A database gets corrupted there.",
            "mediafetcher --state /var/lib/mediafetcher serve    # or mount a local disk at that path",
        )
    else:
        yield ok("state_folder", f"The state folder {state} is on a local disk.")
    free = shutil.disk_usage(there).free
    if free < _LEAST_DISK:
        yield problem(
            "disk",
            f"Only {size(free)} free on the disk of {state}.",
            f"df -h {there}",
            "on the Proxmox host: pct resize CTID rootfs +8G",
        )
    else:
        yield ok("disk", f"{size(free)} free on that disk.")


def names() -> Findings:
    """Check whether DNS works."""
    resolved: list[str] = []

    def ask(name: str) -> None:
        try:
            socket.getaddrinfo(name, 443)
            resolved.append(name)
        except OSError:
            pass

    asking = [threading.Thread(target=ask, args=(name,), daemon=True) for name in NAMES]
    deadline = time.monotonic() + _PATIENCE
    for thread in asking:
        thread.start()
    while not resolved and any(thread.is_alive() for thread in asking) and time.monotonic() < deadline:
        time.sleep(0.02)
    if resolved:
        yield ok("dns", "DNS works.")
        return
    servers = [line.split()[1] for line in _lines("/etc/resolv.conf") if line.startswith("nameserver ")]
    said = f"name servers: {', '.join(servers)}" if servers else "/etc/resolv.conf lists no name server"
    yield problem(
        "dns",
        f"DNS does not work ({said}).",
        "echo 'nameserver 192.168.1.1' >/etc/resolv.conf",
        "on the Proxmox host: pct set CTID --nameserver 192.168.1.1",
    )


def clock(now: float, newest: float) -> Findings:
    """`now` and `newest` are seconds since 1970; `newest` is the youngest time that must have passed already."""
    if now < newest - 3600:
        behind = int((newest - now) / 3600)
        yield problem(
            "clock", f"The clock is {behind} hours behind the newest file of this installation.", _keep_clock()
        )
    elif not _synchronised():
        yield note("clock", f"The clock is not synchronized ({_utc(now)}).", _keep_clock())
    else:
        yield ok("clock", f"The clock is synchronized ({_utc(now)}).")


def _utc(moment: float) -> str:
    return time.strftime("%F %T UTC", time.gmtime(moment))


def _keep_clock() -> str:
    """Return the advice for the clock. A container has its host's clock."""
    if container.is_container():
        return "on the host: timedatectl set-ntp true"
    return (
        "timedatectl set-ntp true"
        if Path("/run/systemd/system").is_dir()
        else "rc-update add ntpd && rc-service ntpd start"
    )


def _synchronised() -> bool:
    """Return whether the kernel's clock is synchronised: adjtimex(2) without changes; 5 is TIME_ERROR."""
    return 0 <= int(LIBC.adjtimex(ctypes.create_string_buffer(512))) < 5


def newest_time(state: Path) -> float:
    """Return the newest time stamp in the state folder and of the program."""
    times = [0.0]
    for path in (
        Path(sys.executable) if bundle.root() else Path(__file__),
        state / "lock",
        state / "logs" / "postgres.log",
        state / "control.sock",
    ):
        if path.exists():
            times.append(path.stat().st_mtime)
    return max(times)


def memory() -> Findings:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        for line in _lines(path):
            if line.strip().isdigit():
                total = min(total, int(line))
    if total < _LEAST_MEMORY:
        yield problem(
            "memory",
            f"Only {size(total)} of memory. MediaFetcher needs {size(_LEAST_MEMORY)}.",
            "on the Proxmox host: pct set CTID -memory 1024",
        )
    else:
        yield ok("memory", f"{size(total)} of memory.")


def graphics(account: Account, folder: Path = Path("/dev/dri")) -> Findings:
    """Check the render node for hardware encoding, and the service user's access to it."""
    nodes = sorted(folder.glob("renderD*"))
    if not nodes:
        yield note(
            "graphics",
            "No GPU found. Videos are converted by the CPU, which is slower.",
            "on the Proxmox host: pct set CTID -dev0 /dev/dri/renderD128,gid=104    # ID of the group "
            "'render' in this container",
        )
        return
    groups = _groups(account)
    for node in nodes:
        status = node.stat()
        shift = 6 if status.st_uid == account.uid else 3 if status.st_gid in groups else 0
        if account.uid == 0 or (status.st_mode >> shift) & 0o6 == 0o6:
            yield ok("graphics", f"GPU {node} is usable.")
            continue
        lines = [f"addgroup {run_as.name(account.uid)} $(stat -c %G {node})    # then restart the service"]
        if status.st_gid in (0, container.UNMAPPED):
            lines = [f"on the Proxmox host: pct set CTID -dev0 {node},gid={account.gid}"]
        yield problem("graphics", f"The user {run_as.name(account.uid)} has no access to GPU {node}.", *lines)


def _groups(account: Account) -> set[int]:
    try:
        return set(os.getgrouplist(pwd.getpwuid(account.uid).pw_name, account.gid))
    except KeyError:
        return {account.gid}


def versions(now: float) -> Findings:
    found = {"MediaFetcher": __version__, "kernel": os.uname().release}
    try:
        embedded.programs()
        found["PostgreSQL"] = embedded.VERSION
    except errors.Problem as absent:
        yield problem("postgresql", absent.detail, "scripts/run    # installs it")
    used = ytdlp.status().version
    found["yt-dlp"] = used
    try:
        found["FFmpeg"] = asyncio.run(ffmpeg.version())
    except Exception as error:  # every reason why programs cannot be started is a finding
        why = getattr(error, "detail", str(error)).rstrip(".")
        yield problem(
            "ffmpeg", f"Cannot start FFmpeg: {why}.", "mediafetcher service install    # creates a dedicated user"
        )
    yield ok("versions", ", ".join(f"{name} {version}" for name, version in found.items()) + ".")
    yield from _age(used, now)


def _age(version: str, now: float) -> list[Finding]:
    try:
        made = time.mktime(time.strptime(".".join(version.split(".")[:3]), "%Y.%m.%d"))
    except ValueError:
        return []
    if now - made < _OLD_YTDLP:
        return []
    days = int((now - made) / 86400)
    return [
        note(
            "ytdlp_old",
            f"yt-dlp {version} is {days} days old. Sites may have changed since then.",
            "mediafetcher ytdlp update",
        )
    ]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
