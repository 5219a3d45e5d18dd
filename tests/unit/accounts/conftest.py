"""Each test of accounts begins with full buckets and an empty memory."""

import pytest

from mediafetcher.accounts import keys, limits


@pytest.fixture(autouse=True)
def fresh() -> None:
    limits.reset()
    keys.forget()
