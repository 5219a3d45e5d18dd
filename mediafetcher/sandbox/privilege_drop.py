"""Restrict a child process: limits, and the service account it runs as if the server is root.

`prepare` examines everything beforehand and returns the function that runs between fork and exec. That function
only makes system calls: after a fork of a program with threads, any lock may hang.

If the server is root, children drop to the user `mediafetcher` if it exists, else to a fixed number; never to 0. An
installation may be below a folder that only root may enter (a checkout in /root, a test below a 0700 folder). The
child then keeps one capability, reading and searching, so that it can access its program and its folder; otherwise
it keeps none.
"""

import ctypes
import os
import pwd
import resource
import signal
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mediafetcher.core import logging
from mediafetcher.sandbox import landlock, namespaces, seccomp
from mediafetcher.sandbox.libc import LIBC, NO_NEW_PRIVS, must, prctl

ACCOUNT_NAME = "mediafetcher"
# Used if no such user exists: in a range that neither distributions, administrators nor systemd assign.
ACCOUNT_NUMBER = 60787

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAPBSET_READ, _PR_CAP_AMBIENT = 1, 8, 23, 47
_PR_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 1 << 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522

_log = logging.get("child")


@dataclass(frozen=True)
class Limits:
    """The limits of a child. None: no additional limit."""

    file_size: int | None = None  # bytes of one file; beyond it a write fails with EFBIG
    data: int | None = None  # bytes of private memory. Not address space: JavaScript engines reserve gigabytes of it
    cpu_seconds: int | None = None
    nice: int = 0
    idle: bool = False  # only CPU time that nothing else needs
    groups: tuple[int, ...] = ()  # additional groups: of a device that it may use


@dataclass(frozen=True)
class Account:
    """The account of children if the server is root."""

    uid: int
    gid: int


@cache
def _account() -> Account:
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        return Account(ACCOUNT_NUMBER, ACCOUNT_NUMBER)
    return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid else Account(ACCOUNT_NUMBER, ACCOUNT_NUMBER)


def service_account() -> Account | None:
    """Return the account that children drop to; None if the server is not root and cannot drop."""
    return _account() if os.geteuid() == 0 else None


def give(folder: Path) -> Path:
    """Make `folder` if it is missing, private (0700), and owned by the service account. Not its contents."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    account = service_account()
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def may_reach(path: Path, account: Account) -> bool:
    """Tell whether the account may read the file `path`, or search the folder, by the permissions of all its parts."""
    return _closed(path, account) is None


def _closed(path: Path, account: Account) -> Path | None:
    """Return the first folder on the way to `path`, or itself, that the account may not search; None if it may."""
    for wanted in (path.absolute(), path.resolve()):
        try:
            for folder in reversed(wanted.parents):
                if not _allows(folder, account, 0o1):
                    return folder
            # A folder is searched, not listed: the state folder's are 0711, which is enough.
            if not _allows(wanted, account, 0o1 if wanted.is_dir() else 0o4):
                return wanted
        except FileNotFoundError:
            continue  # the start itself reports this better
    return None


def _allows(path: Path, account: Account, bits: int) -> bool:
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == account.uid:
        mode >>= 6
    elif status.st_gid == account.gid:
        mode >>= 3
    return mode & bits == bits


_warned: list[str] = []  # once for each process: one such folder is usually above all others


def _warn_once(path: str) -> None:
    if not _warned:
        _warned.append(path)
        _log.warning("a folder is closed to the service account, children keep the capability to read", path=path)


def _needed_capability(reach: Iterable[Path], account: Account) -> int | None:
    """Return the capability without which the account cannot access its program or folder; None if it can."""
    closed = next(filter(None, (_closed(path, account) for path in reach)), None)
    if closed is None:
        return None
    _warn_once(str(closed))
    known = (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE)
    return next((number for number in known if prctl(_PR_CAPBSET_READ, number) == 1), None)


def python_paths() -> list[Path]:
    """Return the paths that a Python child must be able to read."""
    return [Path(sys.executable), Path(os.__file__), Path(sys.prefix), Path(__file__)]


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def _drop(account: Account, capability: int | None, groups: tuple[int, ...] = ()) -> None:
    """Become the account permanently, with at most one capability, which survives the exec."""
    if capability is not None:
        must(prctl(_PR_SET_KEEPCAPS, 1))
        # Otherwise access(2) answers without the capability, and PostgreSQL considers its own programs missing. If this
        # is refused, open(2) still works.
        prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP)
    os.setgroups([account.gid, *groups])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    if capability is not None:
        bit = 1 << capability
        data = (_CapData * 2)(_CapData(bit, bit, bit), _CapData(0, 0, 0))
        must(LIBC.capset(ctypes.byref(_CapHeader(_CAPABILITY_VERSION_3, 0)), data))
        must(prctl(_PR_CAP_AMBIENT, 2, capability))


def _limit(kind: int, value: int, extra: int = 0) -> None:
    """Lower a limit, never above our own. `extra` is the distance from the signal to the kill."""
    hard = resource.getrlimit(kind)[1]
    top = value + extra if hard == resource.RLIM_INFINITY else min(hard, value + extra)
    resource.setrlimit(kind, (min(value, top), top))


def _apply(limits: Limits) -> None:
    os.umask(0o077)
    _limit(resource.RLIMIT_CORE, 0)
    if limits.file_size is not None:
        _limit(resource.RLIMIT_FSIZE, limits.file_size)
    if limits.data is not None:
        _limit(resource.RLIMIT_DATA, limits.data)
    if limits.cpu_seconds is not None:
        _limit(resource.RLIMIT_CPU, limits.cpu_seconds, extra=5)
    if limits.nice:
        os.nice(limits.nice)
    if limits.idle:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def prepare(
    limits: Limits,
    death_signal: int,
    reach: Iterable[Path],
    account: Account | None = None,
    alone: landlock.Ruleset | None = None,
    network: namespaces.Network | None = None,
) -> Callable[[], None]:
    """Examine the account and its paths now. Returns: the function that the child runs between fork and exec.

    `account` is the account to drop to instead of the service account, if the server is root. `alone`: it can access
    only these files, makes no sockets and starts no processes. `network`: the network that it enters.
    """
    parent = os.getpid()
    account = (account or service_account()) if os.geteuid() == 0 else None
    capability = _needed_capability(reach, account) if account else None
    fenced = alone is not None and seccomp.available()

    def in_child() -> None:
        _apply(limits)
        rules = landlock.build(alone) if alone else None  # before root is dropped, which can access all of it
        if network:
            namespaces.enter(network)
        if account:
            _drop(account, capability, limits.groups)
        must(prctl(NO_NEW_PRIVS, 1))
        if rules is not None:
            landlock.enter(rules)
        die_with(parent, death_signal)  # after all changes of user, which clear the death signal
        if fenced:
            seccomp.load(seccomp.code(seccomp.NONE))

    return in_child


def die_with(parent: int, death_signal: int) -> None:
    """End when the parent ends. A fork does not inherit this, so each process sets it itself."""
    must(prctl(_PR_SET_PDEATHSIG, death_signal))
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)  # it ended before the death signal was set
