"""A short path for the state folder: it holds sockets, and the service account passes through it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import places


@pytest.fixture
def folder() -> Iterator[Path]:
    path = places.make("mf-system-")  # 0700, as `mktemp -d` makes it
    yield path
    shutil.rmtree(path, ignore_errors=True)
