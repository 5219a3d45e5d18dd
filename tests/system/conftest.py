"""A short path for the state folder: it holds sockets, and the service account passes through it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="mf-system-", dir="/tmp"))  # 0700, as `mktemp -d` makes it
    yield path
    shutil.rmtree(path, ignore_errors=True)
