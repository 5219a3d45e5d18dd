"""The error tree: every way in which this program says no.

    Problem
    |-- Refused            the request is wrong or may not be done   (4xx, never retried)
    |-- Away               something we need is away for now         (503, retried later)
    |-- FetchProblem       a download could not be done
    |   |-- Transient      the site or the network; retried later by itself
    |   |-- NeedsPerson    parked until a person gives something (cookies, ...)
    |   `-- Permanent      trying again would end the same way
    `-- Internal           our fault; the log has the details

`code` is stable and what the page translates; `detail` is one English sentence: what, why, what to do.
A problem is raised where it is known and caught only at the edges: `api/problems.py`, `downloads/work.py`
and `cli.py`.
"""

from mediafetcher.core.errors.client import *  # noqa: F403
from mediafetcher.core.errors.fetch import *  # noqa: F403
from mediafetcher.core.errors.problem import *  # noqa: F403
from mediafetcher.core.errors.problem import Internal, Problem
from mediafetcher.core.errors.unavailable import *  # noqa: F403


def _tree(top: type[Problem]) -> list[type[Problem]]:
    return [top, *(found for child in top.__subclasses__() for found in _tree(child))]


def by_code(code: str) -> type[Problem]:
    """The class of a stable code; `Internal` for one that is not known."""
    return next((kind for kind in _tree(Problem) if kind.code == code), Internal)


def all_codes() -> list[str]:
    """Every stable code, sorted: what the page has words for."""
    return sorted({kind.code for kind in _tree(Problem)})
