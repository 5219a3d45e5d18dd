"""The passwords of the embedded PostgreSQL: one for the ordinary role, one for the role that maintains it.

They are in `<state>/postgres.secret`, readable by the owner of the state folder alone and by no child (Landlock), so
access to the socket alone is useless. PostgreSQL gets verifiers only. A lost file is created again, and
the cluster then gets the new passwords (see cluster_setup.py): it is no key to any data.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec

from mediafetcher.core import errors, files

USER = "mediafetcher"  # owns the databases; neither a superuser nor able to make roles
ADMIN = "postgres"  # the bootstrap superuser; only maintenance uses it
_FILE = "postgres.secret"
# Iterations of SCRAM slow down attempts to guess a password. 256 random bits cannot be guessed, so one is enough, and
# a new connection does not wait.
_ITERATIONS = 1


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The passwords of `USER` and `ADMIN`."""

    user: str
    admin: str


def load(state: Path) -> Credentials | None:
    """Return the passwords of this state folder; None if it has none yet. Raises: `InvalidStateDir` if unreadable."""
    path = state / _FILE
    try:
        with path.open("rb") as file:
            os.fchmod(file.fileno(), 0o600)
            return msgspec.json.decode(file.read(), type=Credentials)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise errors.InvalidStateDir(
            f"{path} is damaged: remove it, and start again; the database keeps its data."
        ) from error
    except PermissionError as error:
        raise errors.InvalidStateDir(f"{path} cannot be read: start as the owner of the state folder.") from error


def load_or_make(state: Path) -> Credentials:
    """Return the passwords of this state folder, created at the first call. The caller holds its lock."""
    found = load(state)
    if found is not None:
        return found
    made = Credentials(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    files.replace(state / _FILE, msgspec.json.encode(made) + b"\n")
    return made


def verifier(password: str) -> str:
    """Return PostgreSQL's verifier of a password (SCRAM-SHA-256): it proves the password and does not contain it."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(_sign(salted, b"Client Key")).digest()
    return f"SCRAM-SHA-256${_ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(_sign(salted, b'Server Key'))}"


def _sign(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
