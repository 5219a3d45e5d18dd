"""Each test of accounts begins with an empty memory."""

import pytest

from mediafetcher.accounts import keys


@pytest.fixture(autouse=True)
def fresh() -> None:
    keys.forget()
