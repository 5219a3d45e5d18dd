"""Match titles against a user's regular expressions. Runs in a parsing worker: see sandbox/parsing.py.

Python's `re` has no time limit, and a pattern such as `(a+)+b` can run for ever. A worker can be killed.
Python reserves `[[`, `--`, `&&`, `~~` and `||` inside of sets for later versions, and warns of them. They are escaped,
so a pattern keeps its meaning.
"""

import re

from mediafetcher.core import errors


def match(include: str, exclude: str, titles: list[str]) -> list[tuple[bool, bool]]:
    """Match each title against both patterns, case ignored. An empty pattern matches nothing.

    Returns: for each title whether `include` and whether `exclude` is found in it.
    Raises: `InvalidPattern`, which names the pattern.
    """
    wanted, unwanted = _compile(include), _compile(exclude)
    return [(_found(wanted, title), _found(unwanted, title)) for title in titles]


def _found(pattern: re.Pattern[str] | None, title: str) -> bool:
    return pattern is not None and pattern.search(title) is not None


def _compile(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(_with_plain_sets(text), re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise errors.InvalidPattern(f"The pattern {text[:100]!r} is not a regular expression: {error}.") from None


# A character of a set, with its escape.
_CHARACTER = re.compile(
    r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|N\{[^}]*\}|[0-7]{1,3}|.)|.", re.IGNORECASE | re.DOTALL
)
# Outside of sets: an escape, a comment, a set, or any other character.
_OUTSIDE = re.compile(r"(?P<as_it_is>\\.|\(\?#[^)]*)|(?P<set>\[\^?)|(?P<comment>\#[^\n]*)|.", re.DOTALL)
_VERBOSE = re.compile(r"\(\?[a-z]*x", re.IGNORECASE)


def _with_plain_sets(text: str) -> str:
    """Return the pattern with characters escaped that are plain in a set today, and may be operators later."""
    verbose = _VERBOSE.search(text) is not None
    made, at = [], 0
    while match := _OUTSIDE.match(text, at):
        if match["comment"] and not verbose:
            made.append("#")
            at += 1
            continue
        made.append(match[0])
        at = match.end()
        if match["set"]:
            inside, at = _plain_set(text, at)
            made.append(inside)
    return "".join(made)


def _plain_set(text: str, at: int) -> tuple[str, int]:
    """Return the rest of a set that begins before `at`, with its end."""
    made: list[str] = []
    while match := _CHARACTER.match(text, at):
        if match[0] == "]" and made:
            return "".join([*made, "]"]), match.end()
        made.append(_plain(match[0]))
        at = match.end()
        upper = _CHARACTER.match(text, at + 1)
        if text[at : at + 1] == "-" and upper and upper[0] != "]":  # a range
            made += ["-", _plain(upper[0])]
            at = upper.end()
    return "".join(made), at


def _plain(character: str) -> str:
    return f"\\{character}" if character in ("[", "-", "&", "~", "|") else character
