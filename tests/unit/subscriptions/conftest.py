"""Fixtures of the tests of subscriptions."""

import pytest


@pytest.fixture(autouse=True)
def _warm(warm: None) -> None:
    """Fetch children are forks of one prefork program, as in a running server."""
