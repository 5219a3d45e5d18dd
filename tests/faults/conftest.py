"""The real program on a state folder of its own, and films to fetch."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import places, postgres
from tests.faults.films import Films
from tests.faults.program import Program
from tests.faults.worker import Worker
from tests.site import Site


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path (it holds sockets) that the service account may pass through."""
    path = places.make("mf-fault-")
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def program(folder: Path) -> Iterator[Callable[..., Program]]:
    """`program(**settings)`: the program, not yet started; what still runs at the end is killed."""
    made: list[Program] = []

    def make(**given: Any) -> Program:
        made.append(Program(folder, **{"allow": "127.0.0.1", **given}))
        return made[-1]

    yield make
    for one in made:
        one.end()
        if one.log.exists():  # shown where the test failed
            print(f"the log:\n{one.log.read_text()[-3000:]}")


@pytest.fixture
def films_site(media_corpus: Path, tmp_path: Path) -> Iterator[Films]:
    """A site of films that lives as long as the test, whatever happens to the program."""
    root = tmp_path / "site"
    root.mkdir()
    shutil.copy(media_corpus / "ok.mp4", root)
    with Site(root) as site:
        yield Films(site, root / "ok.mp4")


@pytest.fixture(scope="module")
def external() -> Iterator[postgres.Postgres]:
    with postgres.running("18") as server:
        yield server


@pytest.fixture
def shared(external: postgres.Postgres) -> postgres.Postgres:
    """The same server with an empty database."""
    external.empty()
    return external


@pytest.fixture
def worker(folder: Path) -> Iterator[Callable[..., Worker]]:
    made: list[Worker] = []

    def make(name: str, dsn: str, media: Path, *before: str, **given: Any) -> Worker:
        made.append(Worker(folder, name, dsn, media, *before, **given))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.kill()
