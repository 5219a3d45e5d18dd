"""One container for all tests of a module: they follow one installation from `service install` to `uninstall`."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alpine.conftest import alpine_root
from tests.lxc.container import Container, missing

__all__ = ["alpine_root"]


@pytest.fixture(scope="module")
def container(alpine_root: Path, media_corpus: Path) -> Iterator[Container]:
    """A booted container."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a container with these users")
    if reason := missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="mf-lxc-", dir="/tmp") as scratch:
        made = Container(Path(scratch), alpine_root, media_corpus)
        try:
            if reason := made.start():
                pytest.skip(reason)
            yield made
        finally:
            made.end()
