"""Readable file names that every file system and SMB client accepts.

A name made here is NFC, has at most 255 bytes of UTF-8, none of the characters that Windows reserves, no control
characters, no dot or space at its end, and is not the name of a device. `Taken` keeps names apart that differ only in
case or in their Unicode form.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

LONGEST = 255  # bytes of a file name, on every common file system
_UNNAMED = "Untitled"
_NUMBER = re.compile(r" \((\d{1,9})\)$")
_INSTEAD = str.maketrans({"/": "-", "\\": "-", "|": "-", ":": "-", '"': "'", "<": "(", ">": ")", "?": " ", "*": " "})
# Characters that change the writing direction: "exe.4pm" could be made to read as "mp4.exe".
_TURNING = {*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}


def safe(text: str, longest: int = LONGEST) -> str:
    """Return the text as a file name of at most `longest` bytes; never empty."""
    name = "".join(_shown(char) for char in unicodedata.normalize("NFC", text).translate(_INSTEAD))
    name = unicodedata.normalize("NFC", " ".join(name.split())).lstrip(". ")
    stem, dot, rest = name.partition(".")
    if stem.rstrip().upper() in _DEVICES:
        name = f"{stem.rstrip()}_{dot}{rest}"
    return cut(name, longest) or _UNNAMED


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Zl", "Zp", "Cc"):
        return " "
    return "" if category in ("Cs", "Cn") or ord(char) in _TURNING else char


def cut(name: str, longest: int) -> str:
    """Cut a name to at most so many bytes of UTF-8, never inside a character, and without an invalid end."""
    return name.encode()[:longest].decode(errors="ignore").rstrip(". ")


def key(name: str) -> str:
    """Return a key that is equal for names that some file system treats as the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def fits(stem: str, text: str, suffixes: Iterable[str], longest: int = LONGEST) -> bool:
    """Tell whether `Taken.free` may have given this stem for this text."""
    wanted, room = _wanted(text, suffixes, longest)
    number = _NUMBER.search(stem)
    return stem in (wanted, _numbered(wanted, room, int(number[1])) if number else wanted)


def beginning(text: str, suffixes: Iterable[str], longest: int = LONGEST) -> str:
    """Return the prefix of the keys of all stems that `Taken.free` may give for this text."""
    wanted, room = _wanted(text, suffixes, longest)
    return key(cut(wanted, max(1, room - 12)))


def _wanted(text: str, suffixes: Iterable[str], longest: int) -> tuple[str, int]:
    room = longest - max(len(suffix.encode()) for suffix in suffixes)
    return safe(text, room), room


def _numbered(wanted: str, room: int, number: int) -> str:
    end = f" ({number})" if number > 1 else ""
    return (cut(wanted, room - len(end)) if end else wanted) + end


class Taken:
    """The names of one folder. `free` finds one that is not yet used in it. `whole`: all of them are known."""

    whole = False

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._keys = {key(name) for name in names}
        self._next: dict[str, int] = {}

    def add(self, keys: Iterable[str]) -> None:
        self._keys.update(keys)

    def drop(self, key: str) -> None:
        self._keys.discard(key)
        self._next.clear()

    def free(
        self,
        text: str,
        suffixes: Iterable[str],
        longest: int = LONGEST,
        is_free: Callable[[str], bool] = lambda stem: True,
    ) -> str:
        """Return a stem that is free with each of these suffixes (".mp4", ".nfo"); the names are then in use."""
        suffixes = list(suffixes)
        wanted, room = _wanted(text, suffixes, longest)
        first = key(wanted)
        number = self._next.get(first, 1)  # a thousand items of one title need not try each number again
        while True:
            stem = _numbered(wanted, room, number)
            keys = {key(stem + suffix) for suffix in suffixes}
            number += 1
            if not keys & self._keys and is_free(stem):
                self._keys |= keys
                self._next[first] = number
                return stem
