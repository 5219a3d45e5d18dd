"""argon2id as OWASP asks, two at once at the most, and no easy passwords."""

import asyncio
import threading

import argon2
import pytest

from mediafetcher.accounts.auth import passwords
from mediafetcher.core import errors


async def test_hash_parameters_are_as_documented() -> None:
    made = await passwords.make_hash("a long enough password")
    found = argon2.extract_parameters(made)
    assert made.startswith("$argon2id$")
    assert (found.time_cost, found.memory_cost, found.parallelism) == (2, 19456, 1)
    assert await passwords.make_hash("a long enough password") != made


async def test_right_and_wrong() -> None:
    made = await passwords.make_hash("pässword 12345")
    assert await passwords.matches(made, "pässword 12345")
    assert await passwords.matches(made, "pa\u0308ssword 12345")  # the same letters, composed otherwise
    for wrong in ("password 12345", "pässword 12345 ", "", "\ud800"):
        assert not await passwords.matches(made, wrong)
    assert not await passwords.matches(None, "nobody has this password")
    assert not await passwords.matches("not a hash", "x")


@pytest.mark.parametrize(
    "weak",
    ["", "1234567", "x" * 129, "password", "PASSWORD123", "12345678", "aaaaaaaa", "abababab", "Benjamin", "motdepasse"],
)
def test_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(errors.WeakPassword):
        passwords.require_strong(weak, "benjamin")


@pytest.mark.parametrize("strong", ["tr0ub4dor&3", "correct horse battery staple", "x1y2z3" * 21, "пароль-длинный"])
def test_strong_passwords_are_accepted(strong: str) -> None:
    passwords.require_strong(strong, "benjamin")


async def test_two_at_once_at_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, now, most = threading.Lock(), 0, 0
    real = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, stored: str, password: bytes) -> bool:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            return real(self, stored, password)
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    await asyncio.gather(*(passwords.matches(None, "x") for _ in range(12)))
    assert most == 2
