"""A key by which text is sorted as readers of English and French expect; both sort alike.

First spaces, punctuation, other signs, numbers by their value, then letters without case and accents. Among equal
ones the letter without an accent comes first, then the small letter. The key is compared by code points, so it sorts
the same on every PostgreSQL, with or without ICU, if its column has the collation "C".
"""

import functools
import re
import unicodedata

from mediafetcher.core import text

_LETTERS = 250  # characters of the text that count
_BYTES = 2000  # bytes of a key: an index accepts rows of 2,700
_NUMBER = re.compile(r"[0-9]+")
_LEVEL = "\x01"  # sorts before every character of a level


def of(value: str) -> str:
    """Return the key of a title or name."""
    given = unicodedata.normalize("NFC", value)[:_LETTERS]
    levels = [_primary(text.fold(given)), _accents(given), _case(given)]
    while len(levels) > 1 and not levels[-1]:
        levels.pop()
    return _LEVEL.join(levels).encode()[:_BYTES].decode(errors="ignore")


def of_path(path: str) -> tuple[str, ...]:
    """Return the key of a path of folders: what is in a folder stays together."""
    return tuple(of(part) for part in path.split("/"))


def _primary(folded: str) -> str:
    plain = " ".join(folded.replace("\u200c", "").split())
    parts, at = [], 0
    for number in _NUMBER.finditer(plain):
        parts += [_classed(plain[at : number.start()]), _counted(number[0])]
        at = number.end()
    return "".join([*parts, _classed(plain[at:])])


def _counted(digits: str) -> str:
    """Prefix a number with its length, so that 2 sorts before 10."""
    value = digits.lstrip("0") or "0"
    return f"0{len(value):03}{value}"


def _classed(letters: str) -> str:
    return letters if letters.isalpha() else "".join(map(_class, letters))


@functools.lru_cache(4096)
def _class(char: str) -> str:
    category = unicodedata.category(char)[0]
    return {"P": "!", "S": "$"}.get(category, "") + char


def _accents(given: str) -> str:
    """Return a space for each letter, followed by its accents; empty if there are none."""
    if given.isascii():
        return ""
    split = unicodedata.normalize("NFD", given)
    return "".join(char if unicodedata.combining(char) else " " for char in split).rstrip(" ")


def _case(given: str) -> str:
    return "".join("1" if char != char.lower() else "0" for char in given).rstrip("0")
