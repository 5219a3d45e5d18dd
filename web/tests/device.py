"""`device.py SERVER CODE NAME`: pairs as the browser extension does, with the pairing code that the page showed."""

import json
import secrets
import sys
import time

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from mediafetcher.accounts.vault import encryption


def main(server: str, code: str, name: str) -> None:
    pairing = json.loads(encryption.from_base64url(code.removeprefix("mf1.")))
    key = X25519PublicKey.from_public_bytes(encryption.from_base64url(pairing["key"]))
    call = {
        "op": "pair", "device": None, "code": pairing["code"], "name": name, "time": time.time(),
        "token": encryption.to_base64url(secrets.token_bytes(32)), "nonce": encryption.to_base64url(secrets.token_bytes(16)),
    }  # fmt: skip
    box = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM).encrypt(json.dumps(call).encode(), key, encryption.CALL)
    answer = httpx.post(f"{server}/api/ext/send", json={"box": encryption.to_base64url(box)}, trust_env=False)
    answer.raise_for_status()


if __name__ == "__main__":
    main(*sys.argv[1:])
