"""Encryption at rest and in transit, and the key file.

At rest: AES-256-GCM, bound to the row, so that a row copied over another cannot be decrypted. The format is version (1
byte), key number (4), nonce (12), ciphertext with its tag.

In transit: HPKE (RFC 9180) in base mode with X25519, HKDF-SHA256 and AES-256-GCM: `enc` (32 bytes), ciphertext. Answers
use AES-256-GCM with a key that HKDF-SHA256 derives from the device's token and the call's nonce: nonce (12),
ciphertext. The other end is `extension/src/lib/seal.ts`.

The keys are in `<state>/key`, readable only by their owner, created at first use, and in no database or backup. Without
that file the encrypted data is lost, by design.
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

from mediafetcher.core import errors, files, logging, settings

CALL = b"mediafetcher call v1"
REPLY = b"mediafetcher reply v1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_VERSION = b"\x01"
_HEAD = 5  # bytes of version and number
_NONCE = 12
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32

_log = logging.get("seal")


class DecryptionError(Exception):
    """The data was not encrypted with one of our keys for this row."""


class _Keys(msgspec.Struct, forbid_unknown_fields=True):
    """The key file. `vault` has several entries only during a rotation; the highest is in use."""

    vault: dict[int, bytes]
    devices: bytes

    @property
    def current(self) -> int:
        return max(self.vault)


# ---- at rest ---------------------------------------------------------------------------------------------


def encrypt(plain: bytes, *place: str | int) -> bytes:
    """Encrypt for one row, such as ("cookie_jar", owner, site, id)."""
    keys = _keys()
    head = _VERSION + keys.current.to_bytes(4)
    nonce = secrets.token_bytes(_NONCE)
    return head + nonce + AESGCM(keys.vault[keys.current]).encrypt(nonce, plain, _bound(head, place))


def decrypt(sealed: bytes, *place: str | int) -> bytes:
    """Decrypt data of this row. Raises: `DecryptionError`."""
    head, nonce, rest = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
    if not present():  # existing data was encrypted with another key, so a new key cannot decrypt it
        raise DecryptionError()
    key = _keys().vault.get(int.from_bytes(head[1:]))
    if head[:1] != _VERSION or key is None or len(nonce) != _NONCE:
        raise DecryptionError()
    try:
        return AESGCM(key).decrypt(nonce, rest, _bound(head, place))
    except InvalidTag:
        raise DecryptionError() from None


def _bound(head: bytes, place: tuple[str | int, ...]) -> bytes:
    return head + json.dumps(place).encode()


def add_key() -> None:
    """Add a new key for encryption; the old ones still decrypt. The first half of a rotation."""
    keys = _keys()
    keys.vault[keys.current + 1] = secrets.token_bytes(32)
    _write(keys)


def drop_old_keys() -> None:
    """Drop all keys but the one in use, and replace the key for devices. The second half of a rotation.

    Data encrypted with an old key is lost.
    """
    keys = _keys()
    _write(_Keys({keys.current: keys.vault[keys.current]}, secrets.token_bytes(32)))
    for pattern in (files.draft_pattern(_file()), "key.*"):  # the second: of earlier versions
        for draft in _file().parent.glob(pattern):  # left by a killed rotation: it contains the old keys
            draft.unlink(missing_ok=True)


# ---- on its way ------------------------------------------------------------------------------------------


def public_key() -> bytes:
    """Return the public key of devices: 32 bytes."""
    return _private().public_key().public_bytes_raw()


def unseal(box: bytes, info: bytes = CALL) -> bytes:
    """Decrypt a message of a device. Raises: `DecryptionFailed`."""
    try:
        return _SUITE.decrypt(box, _private(), info)
    except (InvalidTag, ValueError):
        raise errors.DecryptionFailed() from None


def seal_reply(plain: bytes, token: bytes, nonce: bytes) -> bytes:
    """Encrypt an answer to the call with this nonce, readable only by the device with this token."""
    key = HKDF(hashes.SHA256(), 32, salt=nonce, info=REPLY).derive(token)
    own = secrets.token_bytes(_NONCE)
    return own + AESGCM(key).encrypt(own, plain, None)


def fingerprint() -> str:
    """Return the fingerprint that both sides show: the first 100 bits of SHA-256 of the public key."""
    bits = int.from_bytes(hashlib.sha256(public_key()).digest()[:13]) >> 4
    letters = "".join(_LETTERS[(bits >> shift) & 31] for shift in range(95, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, 20, 4))


def to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Decode base64url. Raises: ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _private() -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_keys().devices)


# ---- the key file ----------------------------------------------------------------------------------------


def _file() -> Path:
    return settings.get().state / "key"


def _keys() -> _Keys:
    """Read the keys each time: the file is small, and another process may have changed it."""
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
            raise errors.InvalidStateDir(
                f"The key file {_file()} is damaged. Restore it from a backup, or move it away to start with a new key."
            ) from error
    raise errors.InvalidStateDir(f"Cannot create the key file {_file()}.")


def present() -> bool:
    """Return whether the key file exists. Does not create it."""
    return _file().exists()


def _make() -> None:
    """Create the file atomically. The first of two writers wins."""
    draft = files.draft(_file(), _encoded(_Keys({1: secrets.token_bytes(32)}, secrets.token_bytes(32))))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, _file())
    finally:
        draft.unlink()


def _write(keys: _Keys) -> None:
    files.replace(_file(), _encoded(keys))


def _encoded(keys: _Keys) -> bytes:
    return msgspec.json.encode(keys) + b"\n"
