"""Devices: who may pair, and whose messages are taken; each refusal by itself."""

import json
import secrets
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mediafetcher.accounts.auth import rate_limit, users
from mediafetcher.accounts.vault import cookie_jars, devices, encryption
from mediafetcher.core import errors
from mediafetcher.db import engine

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Extension:
    """The other end, as `extension/src/lib/calls.ts` has it."""

    def __init__(self, offered: dict[str, Any]) -> None:
        self.pairing = json.loads(encryption.from_base64url(offered["code"].removeprefix("mf1.")))
        self.key = X25519PublicKey.from_public_bytes(encryption.from_base64url(self.pairing["key"]))
        self.token, self.device = secrets.token_bytes(32), None
        self.nonce = b""

    def message(self, op: str, **fields: Any) -> str:
        self.nonce = secrets.token_bytes(16)
        plain = {
            "op": op, "device": self.device, "token": encryption.to_base64url(self.token),
            "nonce": encryption.to_base64url(self.nonce), "time": time.time(),
        } | fields  # fmt: skip
        return encryption.to_base64url(SUITE.encrypt(json.dumps(plain).encode(), self.key, encryption.CALL))

    async def pair(self, **fields: Any) -> devices.Call:
        asked = {"code": self.pairing["code"], "name": "Chromium"} | fields
        call = await devices.take(self.message("pair", **asked), "10.0.0.1")
        self.device = call.device
        return call

    def read(self, reply: str) -> Any:
        raw = encryption.from_base64url(reply)
        key = HKDF(hashes.SHA256(), 32, salt=self.nonce, info=encryption.REPLY).derive(self.token)
        return json.loads(AESGCM(key).decrypt(raw[:12], raw[12:], None))


@pytest.fixture
async def owner(database: str, state: Path) -> int:
    return int((await users.add("Alice", "a long enough password", admin=True))["id"])


async def offer(owner: int) -> Extension:
    return Extension(await devices.offer(owner, "http://nas.test", "nas"))


@pytest.fixture
async def paired(owner: int) -> Extension:
    extension = await offer(owner)
    await extension.pair()
    return extension


async def test_a_device_pairs_once_and_its_messages_are_taken(owner: int) -> None:
    extension = await offer(owner)
    call = await extension.pair()
    assert (call.op, call.owner) == ("pair", owner)
    call = await devices.take(extension.message("state", more=1), "10.0.0.1")
    assert (call.op, call.owner, call.device, call.fields["more"]) == ("state", owner, extension.device, 1)
    assert extension.read(call.reply({"well": True})) == {"well": True}
    (shown,) = await devices.page(owner)
    assert (shown["name"], shown["address"]) == ("Chromium", "10.0.0.1")
    with pytest.raises(errors.PairingCode):
        await extension.pair()


async def test_a_new_code_ends_the_one_before(owner: int) -> None:
    first, second = await offer(owner), await offer(owner)
    with pytest.raises(errors.PairingCode):
        await first.pair()
    await second.pair()


async def test_a_code_ends_after_five_minutes(owner: int) -> None:
    extension = await offer(owner)
    await engine.execute("update pairing_code set expires_at = now() - interval '1 second'")
    with pytest.raises(errors.PairingCode):
        await extension.pair()


async def test_a_code_bears_five_wrong_tries(owner: int) -> None:
    extension = await offer(owner)
    for _ in range(devices.TRIES):
        with pytest.raises(errors.PairingCode):
            await extension.pair(code="a guess that is wrong")
    with pytest.raises(errors.PairingCode):
        await extension.pair()


async def test_guessing_is_limited_for_each_address(owner: int) -> None:
    extension = await offer(owner)
    for _ in range(rate_limit.BURST):
        with pytest.raises(errors.PairingCode):
            await extension.pair(code="a guess that is wrong")
    with pytest.raises(errors.TooManyRequests):
        await extension.pair(code="a guess that is wrong")


async def test_a_message_counts_once_even_after_a_restart(paired: Extension) -> None:
    box = paired.message("state")
    await devices.take(box, "10.0.0.1")
    with pytest.raises(errors.Replayed):
        await devices.take(box, "10.0.0.1")
    assert await engine.fetchval("select count(*) from device_nonce") == 2  # in the database, not in memory


@pytest.mark.parametrize("off", [-devices.WINDOW - 5, devices.WINDOW + 5])
async def test_a_clock_that_is_far_off_is_refused(paired: Extension, off: int) -> None:
    with pytest.raises(errors.WrongClock):
        await devices.take(paired.message("state", time=time.time() + off), "10.0.0.1")
    await devices.take(paired.message("state", time=time.time() + off * 0.9), "10.0.0.1")


async def test_a_nonce_outlives_the_time_in_which_it_would_be_accepted(paired: Extension) -> None:
    await engine.execute("update device_nonce set at = now() - $1 * interval '1 second'", float(2 * devices.WINDOW + 1))
    await devices.take(paired.message("state"), "10.0.0.1")
    assert await engine.fetchval("select count(*) from device_nonce") == 2
    await engine.execute("update device_nonce set at = now() - interval '16 minutes'")
    await devices.take(paired.message("state"), "10.0.0.1")
    assert await engine.fetchval("select count(*) from device_nonce") == 3  # the clock may have jumped
    await engine.execute("update running_time set seconds = seconds + 901")
    await engine.execute("update device_nonce set at = now() - interval '16 minutes'")
    await devices.take(paired.message("state"), "10.0.0.1")
    assert await engine.fetchval("select count(*) from device_nonce") == 1


async def test_another_token_or_another_device_is_refused(owner: int, paired: Extension) -> None:
    other = await offer(owner)
    await other.pair()
    with pytest.raises(errors.NotPaired):
        await devices.take(paired.message("state", device=other.device), "10.0.0.1")
    with pytest.raises(errors.NotPaired):
        await devices.take(paired.message("state", token=encryption.to_base64url(secrets.token_bytes(32))), "10.0.0.1")
    with pytest.raises(errors.NotPaired):
        await devices.take(paired.message("state", device=None), "10.0.0.1")


async def test_a_removed_device_is_refused(owner: int, paired: Extension) -> None:
    bob = (await users.add("Bob", "a long enough password"))["id"]
    assert paired.device is not None
    with pytest.raises(errors.NotFound):
        await devices.remove(paired.device, bob)
    await devices.remove(paired.device, owner)
    with pytest.raises(errors.NotPaired):
        await devices.take(paired.message("state"), "10.0.0.1")
    assert await devices.page(owner) == []


async def test_old_key_file_opens_nothing_after_a_rotation(owner: int, paired: Extension, state: Path) -> None:
    kept = (state / "key").read_bytes()
    before = encryption.public_key()
    assert (await cookie_jars.rotate())["devices"] == 1
    with pytest.raises(errors.DecryptionFailed):
        await devices.take(paired.message("ping"), "127.0.0.1")
    assert await devices.page(owner) == []
    again = await offer(owner)
    await again.pair()
    box = encryption.from_base64url(again.message("ping"))
    assert encryption.unseal(box)
    (state / "key").write_bytes(kept)  # as copied earlier
    assert encryption.public_key() == before
    with pytest.raises(errors.DecryptionFailed):
        encryption.unseal(box)


async def test_an_altered_message_or_one_for_another_server_is_refused(paired: Extension) -> None:
    raw = bytearray(encryption.from_base64url(paired.message("state")))
    raw[40] ^= 1
    with pytest.raises(errors.DecryptionFailed):
        await devices.take(encryption.to_base64url(bytes(raw)), "10.0.0.1")
    paired.key = X25519PrivateKey.generate().public_key()
    for box in (paired.message("state"), "", "!", "AAAA", "é"):
        with pytest.raises(errors.DecryptionFailed):
            await devices.take(box, "10.0.0.1")


@pytest.mark.parametrize(
    "fields", [{"nonce": "AAAA"}, {"token": "AAAA"}, {"time": "now"}, {"device": "1"}, {"token": 5}, {"nonce": "é"}]
)
async def test_a_message_of_another_shape_is_refused(paired: Extension, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.DecryptionFailed):
        await devices.take(paired.message("state", **fields), "10.0.0.1")


async def test_no_secret_is_in_the_tables(owner: int, paired: Extension) -> None:
    kept = ""
    for table in ("device", "device_nonce", "pairing_code", "audit_event"):
        kept += repr(await engine.fetch(f"select * from {table}"))
    for secret in (paired.token, paired.pairing["code"].encode(), (await offer(owner)).pairing["code"].encode()):
        assert repr(secret)[2:-1] not in kept and encryption.to_base64url(secret) not in kept
