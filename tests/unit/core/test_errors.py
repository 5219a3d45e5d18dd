"""The error tree: codes are stable, unique and well formed, and each has words."""

import re

from mediafetcher.core import errors


def leaves() -> list[type[errors.Problem]]:
    def below(kind: type[errors.Problem]) -> list[type[errors.Problem]]:
        return [kind, *(found for child in kind.__subclasses__() for found in below(child))]

    return [kind for kind in below(errors.Problem) if "code" in vars(kind)]


def test_codes_are_unique_and_well_formed() -> None:
    codes = [kind.code for kind in leaves()]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", code) for code in codes)


def test_a_code_leads_back_to_its_class() -> None:
    assert all(errors.by_code(kind.code) is kind for kind in leaves())
    assert errors.by_code("no_such_code") is errors.Internal


def test_retry_and_user_action_follow_from_the_error() -> None:
    for kind in leaves():
        if issubclass(kind, errors.Transient | errors.Unavailable):
            assert kind.retry == "later" and not kind.needs_user
        if issubclass(kind, errors.UserActionRequired):
            assert kind.needs_user and kind.retry == "never"


def test_status_of_an_error_fits_its_branch() -> None:
    branches = {errors.ClientError: range(400, 500), errors.Unavailable: range(503, 504)}
    wrong = [
        (kind.__name__, kind.status)
        for branch, statuses in branches.items()
        for kind in leaves()
        if issubclass(kind, branch) and kind.status not in statuses
    ]
    assert wrong == []
