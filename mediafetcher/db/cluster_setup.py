"""The first set-up of the embedded PostgreSQL: initdb, the owner account of its files, its folders and log."""

import contextlib
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mediafetcher.core import errors, files, logging
from mediafetcher.db import credentials
from mediafetcher.db.credentials import ADMIN
from mediafetcher.sandbox import process

_LOG_SIZE = 4 << 20  # bytes
_log = logging.get("postgres")


async def create(initdb: Path, state: Path, data: Path, log: Path) -> None:
    """Create the data folder under a temporary name and rename it when complete, so that no incomplete one is started.

    Raises: `Internal` if initdb fails, `InvalidStateDir` if no account can run it.
    """
    home = data.parent
    for rest in home.glob(".new-*"):
        if rest.is_dir():
            shutil.rmtree(rest, ignore_errors=True)
        else:
            rest.unlink()
    account = initdb_account()
    fresh = home / f".new-{os.getpid()}"
    fresh.mkdir(mode=0o700)
    if account:
        os.chown(fresh, account.uid, account.gid)
    with open_log(log) as output, _password_file(state, home, account) as password:
        program = await process.spawn(
            [
                str(initdb),
                *("-D", str(fresh), "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password}"),
                *("-E", "UTF8", "--data-checksums"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *("--wal-segsize=4", "--no-instructions"),
            ],
            env=process.environment("/", TZ="UTC"),
            cwd=fresh,
            stdout=output,
            stderr=output,
            account=account,
        )
        if await program.wait() != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise errors.Internal(f"Could not create the database. See {log} for the reason.")
    own(fresh)
    fresh.rename(data)
    files.sync_folder(home)
    _log.info("database made", path=data)


@contextlib.contextmanager
def _password_file(state: Path, home: Path, account: process.Account | None) -> Iterator[Path]:
    """Yield the file with the verifier of the superuser's password for initdb. It does not contain the password."""
    path = home / f".new-{os.getpid()}.verifier"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(credentials.verifier(credentials.load_or_make(state).admin))
            if account:
                os.fchown(descriptor, account.uid, account.gid)
        yield path
    finally:
        path.unlink(missing_ok=True)


def own(folder: Path) -> None:
    """Change the owner to the service account if it is another one (initdb's, or an earlier user's)."""
    account = process.service_account()
    if account is None or os.stat(folder).st_uid == account.uid:
        return
    chown(folder, account)


def open_log(path: Path) -> IO[bytes]:
    """Open the log of the server to append to it. A log that is too long is replaced."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_SIZE:
            path.replace(path.with_suffix(".log.1"))
    output = path.open("ab")
    os.fchmod(output.fileno(), 0o600)  # it may contain user data
    return output


def initdb_account() -> process.Account | None:
    """Return the account for initdb, which needs a name in the password file: the service account, else `nobody`.

    The server itself needs no such entry, so all files are given to the service account afterwards.
    """
    account = process.service_account()
    if account is None:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise errors.InvalidStateDir(
                f"The user ID {os.geteuid()} has no entry in /etc/passwd, which PostgreSQL requires. Add "
                "one, or use your own server with --database-url."
            ) from None
        return None
    for entry in (account.uid, 65534, *(person.pw_uid for person in pwd.getpwall() if person.pw_uid)):
        with contextlib.suppress(KeyError):
            found = pwd.getpwuid(entry)
            return process.Account(found.pw_uid, found.pw_gid)
    raise errors.InvalidStateDir(
        "PostgreSQL cannot run as root, and /etc/passwd has no other user. Add one, "
        "or use your own server with --database-url."
    )


def chown(folder: Path, account: process.Account) -> None:
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            os.chown(os.path.join(parent, name), account.uid, account.gid, follow_symlinks=False)
        os.chown(parent, account.uid, account.gid)  # the top comes last: it marks completion


def private(folder: Path) -> None:
    """Create a private folder of the service account. A folder of another user is refused."""
    with contextlib.suppress(FileNotFoundError):
        status = folder.lstat()
        account = process.service_account()
        owners = {os.geteuid(), account.uid if account else os.geteuid()}
        if not stat.S_ISDIR(status.st_mode) or (status.st_uid not in owners and os.geteuid() != 0):
            raise errors.InvalidStateDir(
                f"{folder} belongs to another user. Remove it, or choose another state folder."
            )
    process.give(folder)
