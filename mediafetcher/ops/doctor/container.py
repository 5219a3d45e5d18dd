"""Detect an LXC container, whose user ids are shifted, and print commands for its host."""

import os
from dataclasses import dataclass
from pathlib import Path

_ALL = 4294967295
UNMAPPED = 65534  # how an id that the container does not map looks


@dataclass(frozen=True)
class Map:
    """A range of ids: `inside` .. `inside + count` are `outside` .. on the host."""

    inside: int
    outside: int
    count: int


def read_map(text: str) -> list[Map]:
    """Parse the lines of /proc/self/uid_map."""
    return [Map(*(int(part) for part in line.split())) for line in text.splitlines() if line.strip()]


def maps() -> list[Map]:
    try:
        return read_map(Path("/proc/self/uid_map").read_text())
    except (OSError, ValueError, TypeError):
        return [Map(0, 0, _ALL)]


def shifted(given: list[Map] | None = None) -> bool:
    """Return whether user ids differ on the host (an unprivileged container)."""
    return any(one.inside != one.outside or one.count < _ALL for one in (maps() if given is None else given))


def on_host(number: int, given: list[Map] | None = None) -> int | None:
    """Return the host's id for an id in the container; None if it has none."""
    for one in maps() if given is None else given:
        if one.inside <= number < one.inside + one.count:
            return one.outside + number - one.inside
    return None


def is_container() -> bool:
    """Return whether this is a container, by its ids or by the environment of its first process."""
    if shifted():
        return True
    try:
        return b"container=" in Path("/proc/1/environ").read_bytes() or Path("/run/.containerenv").exists()
    except OSError:
        return False


def host_lines(media: Path, uid: int, gid: int) -> tuple[str, ...]:
    """Return the commands for a Proxmox host that give this container a share writable for the service user."""
    outside_uid, outside_gid = on_host(uid), on_host(gid)
    owner = f"{outside_uid}:{outside_gid}" if outside_uid is not None else f"{100000 + uid}:{100000 + gid}"
    return (
        f"on the Proxmox host: chown -R {owner} /mnt/pve/NAS/media    # or use the same IDs on the NAS",
        f"on the Proxmox host: pct set CTID -mp0 /mnt/pve/NAS/media,mp={media}",
    )


def name_of_kernel() -> str:
    return f"{os.uname().sysname} {os.uname().release}"
