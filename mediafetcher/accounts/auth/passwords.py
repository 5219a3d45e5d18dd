"""Passwords: argon2id with 2 passes over 19 MiB (OWASP's second choice), in at most two threads."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import argon2

from mediafetcher.core import errors

LEAST, MOST = 8, 128  # characters
_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=argon2.Type.ID)
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")

# The most frequent entries with eight or more characters of the usual lists of leaked passwords.
_COMMON = frozenset(
    """password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword pa$$word passwort
    motdepasse 12345678 123456789 1234567890 0123456789 987654321 87654321 11111111 00000000 12341234 123123123
    11223344 88888888 qwertyui qwertyuiop qwerty123 qwerty12 azertyui azertyuiop azerty123 1q2w3e4r 1q2w3e4r5t
    1qaz2wsx qazwsxedc zaq12wsx asdfghjk asdfghjkl zxcvbnm1 abcd1234 abc12345 abcdefgh abcdefg1 a1b2c3d4
    iloveyou iloveyou1 sunshine princess football baseball superman batman123 starwars trustno1 whatever
    letmein1 letmein123 welcome1 welcome123 admin123 admin1234 administrator changeme changeme1 changeit
    computer internet michelle jennifer jordan23 master123 monkey123 dragon123 shadow123 secret123 test1234
    testtest mediafetcher mediafetcher1 jellyfin plexplex default1 raspberry synology qnapqnap""".split()  # noqa: SIM905 (readable so)
)
_DECOY = _hasher.hash("nobody has this password")


def require_strong(password: str, name: str) -> None:
    """Raise `WeakPassword` if it is too short, too long, common, or the user's own name."""
    folded = password.casefold()
    if not LEAST <= len(password) <= MOST:
        raise errors.WeakPassword()
    if folded in _COMMON or len(set(folded)) < 3 or folded == name.casefold():
        raise errors.WeakPassword()


def _plain(password: str) -> bytes:
    # The same letters typed on two machines may be composed differently in Unicode.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


async def make_hash(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _plain(password))


async def matches(stored: str | None, password: str) -> bool:
    """Compare a password with a hash. Without a hash the same work is done, and the result is False."""

    def verify() -> bool:
        try:
            _hasher.verify(stored or _DECOY, _plain(password))
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
            return False
        return stored is not None

    return await asyncio.get_running_loop().run_in_executor(_threads, verify)
