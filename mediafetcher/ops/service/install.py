"""Install and remove the service: user, folders and rights, settings, unit, log rotation.

Both are idempotent. Every step reports its effect in one sentence. Data is never removed, and files of others are never
changed.
"""

import contextlib
import fcntl
import grp
import os
import pwd
import stat
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mediafetcher.core import bundle, errors, files, mounts
from mediafetcher.core.settings import SYSTEM_FILE, Settings
from mediafetcher.ops.doctor import media_folder
from mediafetcher.ops.service import units
from mediafetcher.ops.service.units import NAME, Plan
from mediafetcher.sandbox import privilege_drop, process

USUAL_STATE = Path("/var/lib/mediafetcher")
_MEDIA = Path("/mnt/media")
_OPENRC, _SYSTEMD = Path(f"/etc/init.d/{NAME}"), Path(f"/etc/systemd/system/{NAME}.service")
_LOGROTATE, _PERIODIC = Path("/etc/logrotate.d/mediafetcher"), Path("/etc/periodic/daily/mediafetcher-log")
_STOPS = 60.0  # seconds that a running service may take to release its state folder

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """The requested options beside the settings; None if not given."""

    host: str | None = None
    port: int | None = None
    media: Path | None = None
    uid: int | None = None


def manager() -> str:
    """Return `openrc` or `systemd`, whichever this machine uses."""
    if Path("/run/systemd/system").is_dir():
        return "systemd"
    if Path("/sbin/openrc-run").exists():
        return "openrc"
    if Path("/lib/systemd/systemd").exists() or Path("/usr/lib/systemd/systemd").exists():
        return "systemd"
    raise errors.NoServiceManager()


def install(settings: Settings, wish: Wish, say: Say) -> bool:
    """Install the service, enable it for every boot, and start it if the machine is running.

    Returns: False if it cannot write to its media folder. Then it prints the commands to correct that, and does not
    start.
    """
    _need_root()
    kind = manager()
    program = _program()
    _make_user(wish.uid, settings.state, say)
    account = _account()
    _check_reach(program, account)
    _stop(kind)
    media = wish.media or settings.media or (_MEDIA if mounts.is_mount_point(_MEDIA) else settings.state / "media")
    _hand_over(settings.state, account, say)
    usable = _prepare_media(media, settings, account, say)
    _write_config(wish, settings, say)
    group = grp.getgrgid(account.gid).gr_name
    plan = Plan(program, NAME, group, settings.state, media, own_state=settings.state != USUAL_STATE)
    if kind == "openrc":
        _write(_OPENRC, units.openrc(plan), 0o755, say)
        _write_rotation(say)
    else:
        _write(_SYSTEMD, units.systemd(plan), 0o644, say)
    _enable(kind, say, start=usable)
    return usable


def uninstall(settings: Settings, say: Say) -> None:
    """Remove the service. Its data stays, and is named with the commands to remove it."""
    _need_root()
    kind = manager()
    _stop(kind)
    _disable(kind)
    for path in (_OPENRC, _SYSTEMD, _LOGROTATE, _PERIODIC, SYSTEM_FILE):
        ours = _only_ours if path == SYSTEM_FILE else _marked
        if path.exists() and ours(path):
            path.unlink()
            say(f"Removed {path}.")
    with contextlib.suppress(OSError):
        SYSTEM_FILE.parent.rmdir()
    if kind == "systemd":
        process.administer(["systemctl", "daemon-reload"])
    say(
        f"Your data stays in {settings.state}, your media files stay where they are, and the user {NAME} "
        "still owns them."
    )
    say(f"To remove the data too, run: rm -r {settings.state} {units.LOG.parent} && deluser {NAME}")


# ---- who, and with what -------------------------------------------------------------------------------------


def _need_root() -> None:
    if os.geteuid() != 0:
        raise errors.UsageError("Only root can install a service. Run the command with doas or sudo.")


def _program() -> tuple[str, ...]:
    file = bundle.file()
    if file is not None:
        return (str(file),)
    # No import from the working directory (-P) or from the user's home (-s).
    return (sys.executable, "-P", "-s", "-m", "mediafetcher")


def _check_reach(program: tuple[str, ...], account: privilege_drop.Account) -> None:
    """Check that the service user can reach the program, and that only root can replace it: root runs it too."""
    path = Path(program[0])
    if not privilege_drop.may_reach(path, account) or (bundle.file() is None and not _reaches_checkout(account)):
        raise errors.UsageError(
            f"The user {NAME} cannot access {path}. Move it, for example to /usr/local/bin, and try again."
        )
    if bundle.file() is not None:
        for place in (path, path.parent):
            if _is_unsafe(place):
                raise errors.UsageError(
                    f"Users other than root can change {place}. Run `install -m 755 {path} /usr/local/bin/` "
                    "and try again."
                )
    elif changeable := unsafe_place(_own_folders()):
        raise errors.UsageError(
            f"{changeable} can be changed by others, and root runs what lies there: move the program below a folder of "
            "root, for example to /opt, then type `chown -R root: FOLDER && chmod -R go-w FOLDER`, and try again."
        )


def _own_folders() -> list[Path]:
    """Return the folders of programs that root runs besides those of the system."""
    own = [Path(sys.prefix)] if sys.prefix != sys.base_prefix else []
    return [*own, bundle.PACKAGE]


def _is_unsafe(place: Path) -> bool:
    """Return whether users other than root can change it. A sticky folder protects root's files."""
    status = place.lstat()
    if stat.S_ISLNK(status.st_mode):
        return status.st_uid != 0
    writable = stat.S_IWOTH | (stat.S_IWGRP if status.st_gid != 0 else 0)
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    return status.st_uid != 0 or bool(status.st_mode & writable and not sticky)


def unsafe_place(folders: Iterable[Path]) -> Path | None:
    """Return the first path in or above these folders that users other than root can change; else None."""
    for folder in folders:
        for way in (folder, folder.resolve()):
            for place in (*reversed(way.parents), way):
                if _is_unsafe(place):
                    return place
        for parent, inside, names in os.walk(folder):
            for name in (*inside, *names):
                if _is_unsafe(Path(parent, name)):
                    return Path(parent, name)
    return None


def _reaches_checkout(account: privilege_drop.Account) -> bool:
    return all(privilege_drop.may_reach(path, account) for path in privilege_drop.python_paths())


def _account() -> privilege_drop.Account:
    entry = pwd.getpwnam(NAME)
    return privilege_drop.Account(entry.pw_uid, entry.pw_gid)


def _make_user(uid: int | None, home: Path, say: Say) -> None:
    try:
        there = pwd.getpwnam(NAME)
    except KeyError:
        _add_user(uid, home)
        entry = pwd.getpwnam(NAME)
        say(f"Created the user {NAME} ({entry.pw_uid}:{entry.pw_gid}) without a login shell.")
    else:
        if uid is not None and there.pw_uid != uid:
            raise errors.UsageError(
                f"The user {NAME} already exists with ID {there.pw_uid} instead of {uid}. "
                "Remove it first, or leave out --uid."
            )
    for group in _render_groups():
        tool = ["usermod", "-aG", group, NAME] if _has("usermod") else ["addgroup", NAME, group]
        if NAME not in grp.getgrnam(group).gr_mem and process.administer(tool)[0] == 0:
            say(f"Gave the user {NAME} access to the GPU (group {group}).")


def _add_user(uid: int | None, home: Path) -> None:
    number = [str(uid)] if uid is not None else []
    if _has("useradd"):
        group = ["groupadd", "--system", *(["--gid", *number] if number else []), NAME]
        given = ["--system", "--gid", NAME, "--home-dir", str(home), "--no-create-home", "--shell", "/sbin/nologin"]
        user = ["useradd", *given, *(["--uid", *number] if number else []), NAME]
    else:
        group = ["addgroup", "-S", *(["-g", *number] if number else []), NAME]
        given = ["-S", "-D", "-H", "-h", str(home), "-s", "/sbin/nologin", "-G", NAME, "-g", "MediaFetcher"]
        user = ["adduser", *given, *(["-u", *number] if number else []), NAME]
    try:
        grp.getgrnam(NAME)
    except KeyError:
        _must(group)
    _must(user)


def _render_groups() -> list[str]:
    """Return the groups of the graphics cards' render nodes."""
    found = set()
    for node in Path("/dev/dri").glob("renderD*"):
        with contextlib.suppress(KeyError, OSError):
            group = grp.getgrgid(node.stat().st_gid)
            if group.gr_gid != 0:
                found.add(group.gr_name)
    return sorted(found)


def _has(program: str) -> bool:
    return any(Path(folder, program).exists() for folder in ("/usr/sbin", "/sbin", "/usr/bin", "/bin"))


def _must(argv: list[str]) -> None:
    code, said = process.administer(argv)
    if code != 0:
        raise errors.ServiceFailed(
            f"`{' '.join(argv)}` failed: {said.strip().splitlines()[-1] if said.strip() else code}."
        )


# ---- folders and rights --------------------------------------------------------------------------------------


def _hand_over(state: Path, account: privilege_drop.Account, say: Say) -> None:
    """Change the owner of the state folder and its contents to the service user."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    _wait_until_free(state)
    device, changed = state.stat().st_dev, 0
    for _, folders, names, here in os.fwalk(state, topdown=False, follow_symlinks=False):
        for name in [*folders, *names]:
            status = os.stat(name, dir_fd=here, follow_symlinks=False)
            if status.st_uid != account.uid and status.st_dev == device:
                os.chown(name, account.uid, account.gid, dir_fd=here, follow_symlinks=False)
                changed += 1
    os.chown(state, account.uid, account.gid)
    state.chmod(0o700)
    say(
        f"The state folder {state} now belongs to {NAME}"
        + (f" ({changed} files and folders changed owner)." if changed else ".")
    )


def _wait_until_free(state: Path) -> None:
    """Wait until the lock of the state folder is free."""
    try:
        lock = os.open(state / "lock", os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    deadline = time.monotonic() + _STOPS
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise errors.AlreadyRunning(
                        f"MediaFetcher is running on {state}. Stop it and try again."
                    ) from error
                time.sleep(0.1)
    finally:
        os.close(lock)


def _prepare_media(media: Path, settings: Settings, account: privilege_drop.Account, say: Say) -> bool:
    """Create the media folder if it is missing. Returns: whether the service user can write to it."""
    if not media.exists() and not media.is_relative_to(settings.state):
        media.mkdir(parents=True)
        os.chown(media, account.uid, account.gid)
        say(f"Created the media folder {media}. If a share belongs there, mount it before the first start.")
    elif media.exists() and (finding := media_folder.unwritable(media, account)):
        say(f"! {finding.what}")
        for line in finding.do:
            say(f"    {line}")
        return False
    return True


# ---- files -------------------------------------------------------------------------------------------------


def _marked(path: Path) -> bool:
    return units.MARK in path.read_text(errors="replace")


def _write(path: Path, text: str, mode: int, say: Say) -> None:
    if path.exists() and not _marked(path):
        raise errors.ServiceFailed(
            f"{path} already exists and was not created by MediaFetcher. Move it away and try again."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, text.encode(), mode=mode)
    say(f"Wrote {path}.")


def _only_ours(path: Path) -> bool:
    """Return whether a settings file contains only what we wrote."""
    text = path.read_text(errors="replace")
    try:
        return units.MARK in text and set(tomllib.loads(text)) <= set(units.CONFIG)
    except tomllib.TOMLDecodeError:
        return False


def _write_config(wish: Wish, settings: Settings, say: Say) -> None:
    before = SYSTEM_FILE.exists()
    if before and not _only_ours(SYSTEM_FILE):
        say(
            f"{SYSTEM_FILE} contains your own settings and was not changed. MediaFetcher listens on "
            f"{settings.host}:{settings.port}."
        )
        return
    host = wish.host or (settings.host if before else "0.0.0.0")  # noqa: S104 (a service is there for others)
    port = wish.port or (settings.port if before else None)
    _write(SYSTEM_FILE, units.config(host, port, wish.media or (settings.media if before else None)), 0o644, say)


def _write_rotation(say: Say) -> None:
    if _has("logrotate"):
        _write(_LOGROTATE, units.logrotate(), 0o644, say)
    elif _PERIODIC.parent.is_dir():
        _write(_PERIODIC, units.rotate_script(), 0o755, say)


# ---- the service manager -------------------------------------------------------------------------------------


def _running(kind: str) -> bool:
    """Return whether the machine was booted with this manager, as opposed to a prepared root file system."""
    return Path("/run/systemd/system").is_dir() if kind == "systemd" else Path("/run/openrc/softlevel").exists()


def _stop(kind: str) -> None:
    if not _running(kind):
        return
    if kind == "systemd" and _SYSTEMD.exists():
        process.administer(["systemctl", "stop", NAME])
    elif kind == "openrc" and _OPENRC.exists():
        process.administer(["rc-service", "--ifstarted", NAME, "stop"])


def _enable(kind: str, say: Say, *, start: bool) -> None:
    if kind == "systemd":
        _must(["systemctl", "enable", NAME])
        steps = [["systemctl", "daemon-reload"], ["systemctl", "restart", NAME]]
        look = f"journalctl -u {NAME}"
    else:
        _must(["rc-update", "add", NAME, "default"])
        steps = [["rc-service", NAME, "start"]]
        look = f"tail {units.LOG}"
    say("MediaFetcher starts at every boot.")
    if not _running(kind):
        say(
            "The service manager is not running (is this a container being built?). MediaFetcher starts at "
            "the next boot."
        )
        return
    if not start:
        say(
            "It is not started: make the media folder writable as above, "
            "then type `mediafetcher service install` again."
        )
        return
    for argv in steps:
        _must(argv)
    say(f"MediaFetcher was started. To see its log, run: {look}")


def _disable(kind: str) -> None:
    if kind == "systemd":
        process.administer(["systemctl", "disable", NAME])
    else:
        process.administer(["rc-update", "del", NAME, "default"])
