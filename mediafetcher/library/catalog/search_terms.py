"""Terms of full text: what an item is found by, and what a search asks for, in every script.

Both sides are computed here and nowhere in the database, so every server finds the same. A term is found by its
beginning. Scripts that do not separate their words (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese, Tibetan) are kept
from each of their letters on, so that a search finds them inside a word too.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator

from mediafetcher.core import text

_PIECE = 12  # letters of a term of a script without spaces
_LONGEST = 64  # characters of any other term
_MOST_TERMS = 2000  # of one item
_MOST_WISHES = 24  # of one search
_MOST_LETTERS = 500  # of one search
# Written inside one word by some and left out by others: e-mail, l'été, AC/DC, スター・ウォーズ, می‌خواهم, Hawaiʻi.
# yt-dlp writes ⧸ in names of files, where / cannot stand.
_INSIDE = frozenset("'’‘ʼʻʾʿ′`´-‐‑‒–.·・_/⧸∕\u200c")
_AFTER = re.compile(r"[+#]+$")  # of C++ and F#
# German and Scandinavian readers also write these with two letters.
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # repetition and closing marks of Han
    (0x3041, 0x30FF),  # Kana
    (0x3100, 0x318F),  # Bopomofo, Hangul letters
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAA60, 0xAA7F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_WORD, _PART, _SIGN, _INNER, _OTHER = "word", "part", "sign", "inner", "other"


def of(*values: str | None) -> str:
    """Return the terms of these texts, as PostgreSQL reads a `tsvector`."""
    terms: dict[str, None] = {}
    for value in values:
        if not value:
            continue
        given = unicodedata.normalize("NFC", value).lower()
        spelled = given.translate(_TWO_LETTERS)
        for form in dict.fromkeys((text.fold(given), text.fold(spelled))):
            for chunk in form.split():
                terms |= dict.fromkeys(_terms(chunk))
    return " ".join(_quoted(term) for term in list(terms)[:_MOST_TERMS])


def wanted(search: str) -> str | None:
    """Return what a search asks for, as PostgreSQL reads a `tsquery`; None if it holds nothing to search for."""
    wishes: list[str] = []
    signs: list[str] = []
    for chunk in text.fold(search[:_MOST_LETTERS].replace("\x00", " ")).split():
        groups = list(_groups(chunk))
        for kind, runs in groups:
            if kind in (_WORD, _PART):
                wishes.append(_either(kind, runs))
            elif kind == _SIGN and not runs[0].isascii():
                wishes.append(_quoted(runs[0]) + ":*")
        if not any(kind in (_WORD, _PART) for kind, _ in groups):
            signs.append(_quoted(chunk[:_LONGEST]) + ":*")
    # Signs alone name a film too ("???"); beside words they are left out.
    return " & ".join(dict.fromkeys((wishes or signs)[:_MOST_WISHES])) or None


def _either(kind: str, runs: list[str]) -> str:
    """All parts of a word, or the word written without what is between them."""
    parts = " & ".join(wish for run in runs for wish in _wishes(kind, run))
    if len(runs) == 1:
        return parts
    joined = " & ".join(_wishes(kind, "".join(runs)))
    return f"(({parts}) | ({joined}))"


def _wishes(kind: str, run: str) -> list[str]:
    if kind == _WORD:
        return [_quoted(run[:_LONGEST]) + ":*"]
    starts = [*range(0, max(1, len(run) - _PIECE), _PIECE), max(0, len(run) - _PIECE)]
    return [_quoted(piece) + ":*" for piece in dict.fromkeys(_piece(run, start) for start in starts) if piece]


def _piece(run: str, start: int) -> str:
    """A part of a run that begins with a letter, as `_terms` keeps it."""
    while start and _is_mark(run[start]):
        start -= 1
    return run[start : start + _PIECE]


def _terms(chunk: str) -> Iterator[str]:
    spoken = False
    for kind, runs in _groups(chunk):
        joined = ["".join(runs)] if len(runs) > 1 else []
        if kind == _WORD:
            spoken = True
            yield from (run[:_LONGEST] for run in runs)
            yield from (one.rstrip("+#") for one in runs if one.rstrip("+#") != one)
            yield from (one for one in joined if len(one) <= _LONGEST)
        elif kind == _PART:
            spoken = True
            for run in [*runs, *joined]:
                yield from (run[at : at + _PIECE] for at in range(len(run)) if not _is_mark(run[at]))
        elif kind == _SIGN:
            yield runs[0]
    if not spoken:
        yield chunk[:_LONGEST]


def _groups(chunk: str) -> Iterator[tuple[str, list[str]]]:
    """Runs of one kind, those together that only a character of `_INSIDE` separates."""
    group: list[str] = []
    last, between = "", ""
    end = _AFTER.search(chunk)
    body = chunk[: end.start()] if end and len(chunk) > len(end[0]) else chunk
    after = chunk[len(body) :]
    for kind, run in _runs(body):
        if kind in (_WORD, _PART) and kind == last and between:
            group.append(run)
        elif kind == _INNER:
            between = run
            continue
        else:
            if group:
                yield last, group
            group, last = [run], kind
        between = ""
    if group:
        if after and last == _WORD and not between:
            group[-1] += after
        yield last, group


def _runs(chunk: str) -> Iterator[tuple[str, str]]:
    kind, run = "", ""
    for char in chunk:
        now = _kind(char)
        if now == "mark":
            now = kind if kind in (_WORD, _PART) else _OTHER
        if now == kind and now in (_WORD, _PART):
            run += char
            continue
        if run:
            yield kind, run
        kind, run = now, char
    if run:
        yield kind, run


@functools.lru_cache(8192)
def _kind(char: str) -> str:
    if char in _INSIDE:
        return _INNER
    category = unicodedata.category(char)
    if category[0] == "M":
        return "mark"
    code = ord(char)
    if category[0] in "LN":
        return _PART if any(first <= code <= last for first, last in _UNSPACED) else _WORD
    return _SIGN if category[0] == "S" or category == "Cn" else _OTHER


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"
