"""Each test of accounts begins with an empty memory."""

import pytest

from mediafetcher.accounts.auth import credentials


@pytest.fixture(autouse=True)
def fresh() -> None:
    credentials.forget()
