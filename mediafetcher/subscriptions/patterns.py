"""Match titles against a user's regular expressions. Runs in a parsing worker: see sandbox/parsing.py.

Python's `re` has no time limit, and a pattern such as `(a+)+b` can run for ever. A worker can be killed.
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
        return re.compile(text, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise errors.InvalidPattern(f"The pattern {text[:100]!r} is not a regular expression: {error}.") from None
