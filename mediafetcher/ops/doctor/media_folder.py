"""Check the media folder: mounted, owned, and with the file system features that the store needs.

Every operation is really performed, as the service user, in a temporary folder. `access` would only report what the
client of the share believes.
"""

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from mediafetcher.core import files, mounts
from mediafetcher.core.text import size
from mediafetcher.db import file_system
from mediafetcher.library.recovery import journal_file
from mediafetcher.library.storage import mount
from mediafetcher.ops import media_backups
from mediafetcher.ops.doctor import container
from mediafetcher.ops.doctor.findings import Finding, Findings, note, ok, problem
from mediafetcher.sandbox import run_as
from mediafetcher.sandbox.privilege_drop import Account

_PATIENCE = 15.0  # seconds for all checks; an unavailable share does not answer at all
_DENIED = (errno.EACCES, errno.EPERM)


def examine(media: Path, state: Path, account: Account) -> list[Finding]:
    """Check the media folder as the service user `account`."""
    return _in_time(media, lambda: _look(media, state, account))


def unwritable(media: Path, account: Account) -> Finding | None:
    """Return why the service user cannot write to the media folder, with the command to type; None if it can."""
    for finding in _in_time(media, lambda: _try_folder(media, account)):
        if finding.level == "problem":
            return finding
    return None


def _try_folder(media: Path, account: Account) -> Findings:
    if os.statvfs(media).f_flag & os.ST_RDONLY:
        yield _read_only(media)
        return
    with _acting(account):
        folder = media / f".mediafetcher-doctor-{os.getpid()}"
        try:
            folder.mkdir()
            folder.rmdir()
        except OSError as error:
            yield _denied(media, account, error)


def _in_time(media: Path, look: Callable[[], Findings]) -> list[Finding]:
    """Run a check of the media folder. A share that does not answer is a finding too."""
    found: list[Finding] = []
    looking = threading.Thread(target=lambda: found.extend(look()), daemon=True)
    looking.start()
    looking.join(_PATIENCE)
    if looking.is_alive():
        lines = (
            (
                "on the Proxmox host: pvesm status    # shows whether the host reaches the NAS",
                "on the Proxmox host: pct reboot CTID",
            )
            if container.shifted()
            else (f"umount -l {media} && mount {media}",)
        )
        return [problem("share_hangs", f"The media folder {media} does not respond.", *lines)]
    return found


def _look(media: Path, state: Path, account: Account) -> Findings:
    absent = _absent(media, state, account)
    if absent is not None:
        yield absent
        return
    kind = file_system.network_file_system(media) or _kind(media)
    yield ok("media_folder", f"The media folder {media} is available ({kind}).")
    facts = os.statvfs(media)
    if facts.f_flag & os.ST_RDONLY:
        yield _read_only(media)
        return
    yield from _owner(media, account)
    yield from _recovery(media, account, network=file_system.network_file_system(media) is not None)
    with _acting(account):
        yield from _try_all(media, account)
    free = facts.f_bavail * facts.f_frsize
    if free < 5 << 30:
        yield problem(
            "media_full",
            f"Only {size(free)} free in the media folder. Large downloads will wait.",
            f"df -h {media}",
        )


def _read_only(media: Path) -> Finding:
    return problem(
        "read_only",
        f"The media folder {media} is mounted read-only.",
        *_by_hand(f"mount -o remount,rw {media}"),
        f"on the Proxmox host: pct set CTID -mp0 /mnt/pve/NAS/media,mp={media}    # without ro=1",
    )


def _absent(media: Path, state: Path, account: Account) -> Finding | None:
    if not media.is_dir():
        if media.is_relative_to(state):
            return ok("media_folder", f"The media folder {media} will be created at the first start.")
        return problem(
            "no_media_folder",
            f"The media folder {media} does not exist.",
            f"mkdir -p {media}",
            *container.host_lines(media, account.uid, account.gid),
        )
    mounted = any(mounts.is_mount_point(place) for place in (media, *media.parents) if place != Path("/"))
    if mounted or media.is_relative_to(state) or (media / mount.SENTINEL).exists():
        return None
    lines = container.host_lines(media, account.uid, account.gid) if container.is_container() else ()
    return problem(
        "not_mounted",
        f"Nothing is mounted at {media}. Files would be written to this machine's own disk.",
        *_by_hand(f"mount {media}    # needs an entry in /etc/fstab"),
        *lines,
    )


def _by_hand(*lines: str) -> tuple[str, ...]:
    """Return commands that mount the share. An unprivileged container may not mount, so its host must."""
    return () if container.shifted() else lines


def _kind(path: Path) -> str:
    with contextlib.suppress(OSError):
        return mounts.kind(path) or "a local disk"
    return "a local disk"


def _owner(media: Path, account: Account) -> Findings:
    """Check the owner: unmapped users appear as `nobody` in a container, and only the host can change that."""
    status = media.stat()
    if container.UNMAPPED in (status.st_uid, status.st_gid) and container.shifted():
        yield problem(
            "unmapped_owner",
            f"The owner of {media} has an ID that is not mapped into this container.",
            *container.host_lines(media, account.uid, account.gid),
        )


def _recovery(media: Path, account: Account, *, network: bool) -> Findings:
    """Check who can read the backups and the journal: they contain titles, links and password hashes."""
    folders = [media / one for one in (media_backups.FOLDER, journal_file.FOLDER) if (media / one).is_dir()]
    if not folders:
        return
    # Without access to the folder its files cannot be opened either.
    readable = [path for path in folders if path.stat().st_mode & 0o077]
    names = " ".join(str(path) for path in readable)
    if readable:
        yield note(
            "recovery_readable",
            f"Other users can read the backups and the journal in {names}: titles, links, password hashes.",
            f"chmod -R go= {names}    # if the share keeps rights; else MEDIAFETCHER_RECOVERY=off",
        )
    elif any(path.stat().st_uid not in (account.uid, 0) for path in folders):
        yield note(
            "recovery_readable",
            f"The share gives the backups and the journal in {media} to another user, who can read them.",
            "MEDIAFETCHER_RECOVERY=off    # if that user should not; then remove .mediafetcher/backups and journal",
        )
    elif network:
        yield ok("recovery_readable", "Backups and journal are closed to other users, as far as the NAS keeps to that.")
    else:
        yield ok("recovery_readable", "Only this user and root can read the backups and the journal.")


@contextlib.contextmanager
def _acting(account: Account):  # type: ignore[no-untyped-def]
    """Act as the service user, if we are root and it is another user."""
    if os.geteuid() != 0 or account.uid == 0:
        yield
        return
    with run_as.acting(account):
        yield


def _try_all(media: Path, account: Account) -> Findings:
    folder = media / f".mediafetcher-doctor-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        yield _denied(media, account, error)
        return
    try:
        for name, work, words in _TRIALS:
            try:
                work(folder)
            except OSError as error:
                yield _failed(name, words, media, account, error)
            else:
                yield ok(name, f"The media folder can {words}.")
        yield from _squashed(folder, media)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _denied(media: Path, account: Account, error: OSError) -> Finding:
    who = f"{run_as.name(account.uid)} ({account.uid}:{account.gid})"
    status = media.stat()
    owner = f"{status.st_uid}:{status.st_gid} (mode {status.st_mode & 0o7777:o})"
    if error.errno not in _DENIED:
        return problem("not_writable", f"The user {who} cannot write to {media}: {error.strerror}.", f"ls -ld {media}")
    if account.uid == 0:
        return problem(
            "root_squash",
            f"The share does not allow root to write to {media} (root_squash or ID mapping).",
            "mediafetcher service install    # runs as a dedicated user that the share can allow",
            *container.host_lines(media, account.uid, account.gid),
        )
    words = f"The user {who} has no permission to write to {media}, which belongs to {owner}."
    if container.shifted():
        return problem("not_writable", words, *container.host_lines(media, account.uid, account.gid))
    return problem("not_writable", words, f"chown -R {account.uid}:{account.gid} {media}    # here, or on the NAS")


def _failed(name: str, words: str, media: Path, account: Account, error: OSError) -> Finding:
    what = f"The user {run_as.name(account.uid)} cannot {words} in {media}: {error.strerror}."
    if name == "link":
        return note(name, what + " Exports use symbolic links and imports use copies instead.")
    if name == "sync_folder" and error.errno in (errno.EINVAL, errno.ENOTSUP):
        return note(name, what + " The share's server takes care of it.")
    lines = (*_by_hand(f"umount {media} && mount {media}"), "dmesg | tail    # kernel messages about the share")
    return problem(name, what, *lines)


def _squashed(folder: Path, media: Path) -> Findings:
    """Report that the share maps all users to one, so our files have another owner. It works, and is worth knowing."""
    status = folder.stat()
    if status.st_uid != os.geteuid():
        yield note(
            "mapped_owner",
            f"The share assigns files written to {media} to user {status.st_uid} (all_squash or uid=). This works.",
        )


# ---- what the store does ----------------------------------------------------------------------------------


def _write_and_sync(folder: Path) -> None:
    with (folder / "a").open("xb") as file:
        file.write(bytes(1 << 20))
        file.flush()
        os.fsync(file.fileno())
    if (folder / "a").read_bytes() != bytes(1 << 20):
        raise OSError(errno.EIO, "the file reads back differently")


def _rename(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "b").write_bytes(b"old")
    os.rename(folder / "b", folder / "sub" / "b")
    (folder / "b").write_bytes(b"new")
    os.rename(folder / "b", folder / "sub" / "b")
    if (folder / "sub" / "b").read_bytes() != b"new":
        raise OSError(errno.EIO, "the existing file was not replaced")


def _link(folder: Path) -> None:
    os.link(folder / "a", folder / "c")
    if (folder / "a").stat().st_nlink != 2:
        raise OSError(errno.ENOTSUP, "hard links are not counted")


def _protect(folder: Path) -> None:
    (folder / "a").chmod(0o444)
    (folder / "a").unlink()


_TRIALS: tuple[tuple[str, Callable[[Path], None], str], ...] = (
    ("write", _write_and_sync, "write a file to disk (fsync)"),
    ("rename", _rename, "replace one file with another (rename)"),
    ("link", _link, "create a hard link"),
    ("sync_folder", files.sync_folder, "write a folder to disk (fsync)"),
    ("remove", _protect, "make a file read-only and delete it"),
)
