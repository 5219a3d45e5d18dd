"""The error tree: all errors that a user can see.

    Problem
    |-- ClientError               the request is wrong or not allowed   (4xx, never retried)
    |-- Unavailable               a resource is unavailable for now     (503, retried later)
    |-- FetchProblem              a download failed
    |   |-- Transient             caused by the site or the network; retried automatically
    |   |-- UserActionRequired    waits until the user provides something (cookies, ...)
    |   `-- Permanent             a retry would fail in the same way
    |-- UpdateRefused             a new yt-dlp failed its checks       (502: it came from elsewhere)
    `-- Internal                  our fault; the log has the details

`code` is stable, and the page translates it; `detail` is one English sentence: what, why, what to do.
A problem is raised at its cause and caught only at the edges: `api/problems.py`, `downloads/worker/runner.py`
and `cli/main.py`.
"""

from mediafetcher.core.errors.client import *  # noqa: F403
from mediafetcher.core.errors.fetch import *  # noqa: F403
from mediafetcher.core.errors.problem import *  # noqa: F403
from mediafetcher.core.errors.problem import Internal, Problem
from mediafetcher.core.errors.unavailable import *  # noqa: F403


def _tree(top: type[Problem]) -> list[type[Problem]]:
    return [top, *(found for child in top.__subclasses__() for found in _tree(child))]


def by_code(code: str) -> type[Problem]:
    """Return the class of a stable code; `Internal` if the code is unknown."""
    return next((kind for kind in _tree(Problem) if kind.code == code), Internal)


def all_codes() -> list[str]:
    """Return all stable codes, sorted. The page has a text for each."""
    return sorted({kind.code for kind in _tree(Problem)})
