"""Run commands of root on a state folder of another user as that user.

A service has a user of its own, and an administrator runs commands as root. Files written by root would be
inaccessible to the service; so the command becomes the owner of the state folder first.
"""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.sandbox import privilege_drop


def _owner(state: Path) -> privilege_drop.Account | None:
    """Return the account to use instead of root; None if we are not root, or the folder is root's or has no owner."""
    try:
        status = state.stat()
    except OSError:
        return None
    if os.geteuid() != 0 or status.st_uid == 0:
        return None
    owner = privilege_drop.Account(status.st_uid, status.st_gid)
    with suppress(KeyError):
        owner = privilege_drop.Account(owner.uid, pwd.getpwuid(owner.uid).pw_gid)
    if not all(privilege_drop.may_reach(path, owner) for path in privilege_drop.python_paths()):
        raise errors.InvalidStateDir(
            f"The state folder {state} belongs to {name(owner.uid)}, who cannot access this program. Move "
            "the program to a place that every user can read, or choose another folder with --state."
        )
    return owner


def name(uid: int) -> str:
    """Return the name of a user, or the number without one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _groups(account: privilege_drop.Account) -> list[int]:
    try:
        return os.getgrouplist(pwd.getpwuid(account.uid).pw_name, account.gid)
    except KeyError:
        return [account.gid]


def become_owner(state: Path) -> None:
    """Become the owner of the state folder permanently."""
    owner = _owner(state)
    if owner is None:
        return
    os.setgroups(_groups(owner))
    os.setresgid(owner.gid, owner.gid, owner.gid)
    os.setresuid(owner.uid, owner.uid, owner.uid)
    _own_home(owner)


@contextmanager
def as_owner(state: Path) -> Iterator[None]:
    """Be the owner of the state folder for a while. Programs started meanwhile cannot return to root."""
    owner = _owner(state)
    if owner is None:
        yield
        return
    with acting(owner):
        yield


@contextmanager
def acting(account: privilege_drop.Account) -> Iterator[None]:
    """Let root act as this account for a while."""
    groups = os.getgroups()
    os.setgroups(_groups(account))
    os.setresgid(account.gid, account.gid, 0)
    os.setresuid(account.uid, account.uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


def _own_home(owner: privilege_drop.Account) -> None:
    """Set HOME, where our programs search for their files: not root's."""
    try:
        os.environ["HOME"] = pwd.getpwuid(owner.uid).pw_dir
    except KeyError:
        os.environ["HOME"] = "/"
