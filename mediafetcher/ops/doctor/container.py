"""How this machine is kept: an LXC container shifts the numbers of users, and its host has lines of its own to type."""

import os
from dataclasses import dataclass
from pathlib import Path

_ALL = 4294967295
UNMAPPED = 65534  # what a number that the container does not know looks like


@dataclass(frozen=True)
class Map:
    """A stretch of numbers: `inside` .. `inside + count` are `outside` .. on the host."""

    inside: int
    outside: int
    count: int


def read_map(text: str) -> list[Map]:
    """The lines of /proc/self/uid_map."""
    return [Map(*(int(part) for part in line.split())) for line in text.splitlines() if line.strip()]


def maps() -> list[Map]:
    try:
        return read_map(Path("/proc/self/uid_map").read_text())
    except (OSError, ValueError, TypeError):
        return [Map(0, 0, _ALL)]


def shifted(given: list[Map] | None = None) -> bool:
    """Whether the numbers of users are others on the host: an unprivileged container."""
    return any(one.inside != one.outside or one.count < _ALL for one in (maps() if given is None else given))


def on_host(number: int, given: list[Map] | None = None) -> int | None:
    """The host's number for one of ours; None where it has none."""
    for one in maps() if given is None else given:
        if one.inside <= number < one.inside + one.count:
            return one.outside + number - one.inside
    return None


def is_container() -> bool:
    """Whether this is a container: by its numbers, or by what its first process was told."""
    if shifted():
        return True
    try:
        return b"container=" in Path("/proc/1/environ").read_bytes() or Path("/run/.containerenv").exists()
    except OSError:
        return False


def host_lines(media: Path, uid: int, gid: int) -> tuple[str, ...]:
    """What is typed on a Proxmox host to give this container a share that the service user may write to."""
    outside_uid, outside_gid = on_host(uid), on_host(gid)
    owner = f"{outside_uid}:{outside_gid}" if outside_uid is not None else f"{100000 + uid}:{100000 + gid}"
    return (
        f"on the Proxmox host: chown -R {owner} /mnt/pve/NAS/media    # or the same numbers on the NAS",
        f"on the Proxmox host: pct set CTID -mp0 /mnt/pve/NAS/media,mp={media}",
    )


def name_of_kernel() -> str:
    return f"{os.uname().sysname} {os.uname().release}"
