"""Normalise untrusted text, and fold text for search and order.

`one_line` is the only form in which titles and names are stored: NFC, on one line, without control characters. Joiners
(U+200C, U+200D) are kept, because Persian, the Indic scripts and emoji need them. Characters that are newer than the
tables of this Python are kept too.
"""

import functools
import unicodedata

_JOINERS = "\u200c\u200d"
_MARKS_OF_DIRECTION = "\u200e\u200f\u061c"
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # they hide the real file type: "exe.4pm"
_TAGS = range(0xE0020, 0xE0080)  # spell out the flag of a region after U+1F3F4
# Letters that Unicode does not decompose, as users type them on other keyboards.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n", "æ": "ae", "œ": "oe"}
    # One letter on Arabic and Persian keyboards, with two code points.
    | {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه"}
)
# Accents, vowel points and the nukta, which users omit in searches. Vowel signs of Indic scripts are letters.
_ACCENTS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x0640, 0x0640),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x0711, 0x0711),
    (0x0730, 0x074A),
    *((code, code) for code in (0x093C, 0x09BC, 0x0A3C, 0x0ABC, 0x0B3C, 0x0CBC)),  # the nukta of each script
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
)
_KATAKANA = range(0x30A1, 0x30F7)
_TO_HIRAGANA = 0x60


def one_line(value: str, limit: int) -> str:
    """Return the text in its normal form, at most `limit` characters; it may be empty.

    A cut never separates a letter from its accents, nor an emoji from its joined parts.
    """
    plain = value if value.isascii() else unicodedata.normalize("NFC", value)
    shown = plain if plain.isprintable() else "".join(map(_shown, plain))
    words = " ".join(word for word in shown.split() if word.strip(_JOINERS + _MARKS_OF_DIRECTION))
    return _cut(words, limit).strip()


@functools.lru_cache(4096)
def _shown(char: str) -> str:
    code, category = ord(char), unicodedata.category(char)
    if char in _JOINERS + _MARKS_OF_DIRECTION or code in _TAGS:
        return char
    if category in ("Cc", "Zs", "Zl", "Zp") or code in _TURNING:
        return " "
    if category in ("Cf", "Cs", "Co"):
        return ""
    if category == "Cn" and (code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF):
        return ""
    return char


def _cut(value: str, limit: int) -> str:
    if len(value) <= limit:
        return value
    end = limit
    while end > limit // 2 and (_continues(value[end]) or value[end - 1] == "\u200d"):
        end -= 1
    return value[:end]


def _continues(char: str) -> bool:
    return char == "\u200d" or unicodedata.category(char)[0] == "M" or ord(char) in _TAGS


def printable(value: str) -> str:
    """Return the text without characters that steer a terminal or turn the direction of writing."""
    return value if value.isprintable() else "".join(map(_shown, value))


def fold(value: str) -> str:
    """Return the text as it is compared: without case, accents and variants of width; digits are those of ASCII."""
    if value.isascii():
        return value.lower()
    folded = unicodedata.normalize("NFKC", value).casefold().translate(_PLAIN)
    bare = "".join(map(_bare, unicodedata.normalize("NFKD", folded)))
    return unicodedata.normalize("NFKC", bare)


@functools.lru_cache(4096)
def _bare(char: str) -> str:
    code = ord(char)
    if any(first <= code <= last for first, last in _ACCENTS):
        return ""
    if code in _KATAKANA:
        return chr(code - _TO_HIRAGANA)
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Cf" and char != "\u200c":
        return ""
    return char.translate(_PLAIN)


def size(count: float) -> str:
    """Format bytes for users, in powers of 1000: `1.2 GB`."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if count >= 100 or unit in ("B", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
