"""What is sealed, and with which key.

At rest: AES-256-GCM, bound to where it belongs, so that a row that was copied over another does not open. The form
is version (1 byte), number of the key (4), nonce (12), ciphertext with its tag.

On its way: HPKE (RFC 9180) in base mode with X25519, HKDF-SHA256 and AES-256-GCM: `enc` (32 bytes), ciphertext.
Answers use AES-256-GCM with a key that HKDF-SHA256 makes of the device's token and the call's nonce: nonce (12),
ciphertext. The other end is `extension/src/lib/seal.ts`.

The keys lie in `<state>/key`, readable by their owner alone, made at first use, in no database and no backup.
Without that file what was sealed is lost, which is what it is for.
"""

import base64
import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mediafetcher.core import errors, logging, settings

CALL = b"mediafetcher call v1"
REPLY = b"mediafetcher reply v1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_VERSION = b"\x01"
_HEAD = 5  # bytes of version and number
_NONCE = 12
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32

_log = logging.get("seal")


class Unreadable(Exception):
    """It was not sealed with a key of ours for this place."""


class _Keys(msgspec.Struct, forbid_unknown_fields=True):
    """The key file. `vault` has several entries only while jars are being sealed anew; the highest is in use."""

    vault: dict[int, bytes]
    devices: bytes

    @property
    def current(self) -> int:
        return max(self.vault)


# ---- at rest ---------------------------------------------------------------------------------------------


def close(plain: bytes, *place: str | int) -> bytes:
    """Seal for one place, such as ("cookie_jar", owner, site, id)."""
    keys = _keys()
    head = _VERSION + keys.current.to_bytes(4)
    nonce = secrets.token_bytes(_NONCE)
    return head + nonce + AESGCM(keys.vault[keys.current]).encrypt(nonce, plain, _bound(head, place))


def open(sealed: bytes, *place: str | int) -> bytes:
    """What was sealed for this place. Raises `Unreadable`."""
    head, nonce, rest = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
    if not present():  # nothing that is there was sealed by us: a key made now would open none of it
        raise Unreadable()
    key = _keys().vault.get(int.from_bytes(head[1:]))
    if head[:1] != _VERSION or key is None or len(nonce) != _NONCE:
        raise Unreadable()
    try:
        return AESGCM(key).decrypt(nonce, rest, _bound(head, place))
    except InvalidTag:
        raise Unreadable() from None


def _bound(head: bytes, place: tuple[str | int, ...]) -> bytes:
    return head + json.dumps(place).encode()


def add_key() -> None:
    """From now on a fresh key seals; the old ones still open. The first half of a rotation."""
    keys = _keys()
    keys.vault[keys.current + 1] = secrets.token_bytes(32)
    _write(keys)


def drop_old_keys() -> None:
    """Only the key in use stays, and devices get a fresh one: what an old one sealed is lost. The second half of a
    rotation."""
    keys = _keys()
    _write(_Keys({keys.current: keys.vault[keys.current]}, secrets.token_bytes(32)))
    for draft in _file().parent.glob("key.*"):  # of a rotation that was killed: it holds the old keys
        draft.unlink(missing_ok=True)


# ---- on its way ------------------------------------------------------------------------------------------


def public_key() -> bytes:
    """The key that devices seal for: 32 bytes."""
    return _private().public_key().public_bytes_raw()


def unseal(box: bytes, info: bytes = CALL) -> bytes:
    """What a device sealed for us. Raises `SealedBox`."""
    try:
        return _SUITE.decrypt(box, _private(), info)
    except (InvalidTag, ValueError):
        raise errors.SealedBox() from None


def seal_reply(plain: bytes, token: bytes, nonce: bytes) -> bytes:
    """An answer that only the device with this token reads, to the call with this nonce alone."""
    key = HKDF(hashes.SHA256(), 32, salt=nonce, info=REPLY).derive(token)
    own = secrets.token_bytes(_NONCE)
    return own + AESGCM(key).encrypt(own, plain, None)


def fingerprint() -> str:
    """What both sides show for the eye: the first 100 bits of SHA-256 of our public key, as 5 groups of 4 letters."""
    bits = int.from_bytes(hashlib.sha256(public_key()).digest()[:13]) >> 4
    letters = "".join(_LETTERS[(bits >> shift) & 31] for shift in range(95, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, 20, 4))


def to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _private() -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_keys().devices)


# ---- the key file ----------------------------------------------------------------------------------------


def _file() -> Path:
    return settings.get().state / "key"


def _keys() -> _Keys:
    """Read each time: it is small, and another process may have changed it."""
    for _ in range(2):
        try:
            raw = _file().read_bytes()
        except FileNotFoundError:
            _make()
            continue
        if _file().stat().st_mode & 0o077:
            _file().chmod(0o600)
            _log.warning("the key file could be read by others: its rights are set right")
        try:
            return msgspec.json.decode(raw, type=_Keys)
        except msgspec.DecodeError as error:
            raise errors.StateFolder(f"{_file()} is damaged: restore it, or move it away and start anew.") from error
    raise errors.StateFolder(f"{_file()} cannot be made.")


def present() -> bool:
    """Whether there is a key file. Does not make one."""
    return _file().exists()


def _make() -> None:
    """Whole or not at all; the first of two writers wins."""
    draft = _draft(_Keys({1: secrets.token_bytes(32)}, secrets.token_bytes(32)))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, _file())
    finally:
        draft.unlink()


def _write(keys: _Keys) -> None:
    os.replace(_draft(keys), _file())
    folder = os.open(_file().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _draft(keys: _Keys) -> Path:
    draft = _file().with_name(f"key.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(keys) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return draft
