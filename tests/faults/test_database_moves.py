"""The database goes over to another PostgreSQL, whole: a newer one of our own, an external one, and back (P17)."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafetcher.db import credentials, embedded
from tests import postgres
from tests.faults.program import until


@pytest.fixture(params=["15", "18"])
def external(request: pytest.FixtureRequest) -> Iterator[postgres.Postgres]:
    if postgres.programs(request.param) is None:
        pytest.skip(f"PostgreSQL {request.param} is not installed")
    with postgres.running(request.param) as server:
        yield server


def _older_cluster(state: Path) -> Path:
    """The data folder of an embedded PostgreSQL 16, as a program of that time would have made it."""
    data = embedded.home(state) / "16"
    data.mkdir(parents=True)
    embedded.home(state).chmod(0o711)
    state.chmod(0o711)
    if postgres.NOBODY is not None:
        os.chown(data, postgres.NOBODY, postgres.NOBODY)
    arguments = ["-D", str(data), "-U", credentials.USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    initdb = [*postgres.as_user(postgres.NOBODY), embedded.programs("16") / "initdb", *arguments]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    return data


@pytest.mark.promise(17)
@pytest.mark.timeout(300)
def test_an_older_postgres_is_carried_over_and_kept(program, films_site):
    """First the program runs on a database of PostgreSQL 16; then as it is, on the same state folder."""
    server = program()
    old = _older_cluster(server.state)
    server.start(
        "from mediafetcher.db import embedded; embedded.VERSION = '16'; "
        "embedded.Cluster.__init__.__defaults__ = ('16', None)"
    )
    (first, second) = films_site(2)
    id = server.submit(first)
    until(lambda: server.download(id)["state"] == "done", 60, "the first is done")
    assert server.ask("GET", "/system").json()["versions"]["postgresql"].startswith("16")
    server.stop()

    server.start()
    assert server.ask("GET", "/system").json()["versions"]["postgresql"].startswith("18")
    assert [item["id"] for item in server.items()] == [server.download(id)["item"]]
    id = server.submit(second)
    until(lambda: server.download(id)["state"] == "done", 60, "the second is done")
    server.assert_clean()
    assert (old / "PG_VERSION").read_text().strip() == "16"
    server.stop()


@pytest.mark.promise(17)
def test_data_of_a_version_that_is_not_here_is_refused_in_words(program):
    server = program()
    for version, words in (("14", "backup FILE"), ("99", "Install the newer MediaFetcher")):
        data = embedded.home(server.state) / version
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text(f"{version}\n")
        refused = server.command("list")
        assert refused.returncode == 1
        assert "[no_postgres]" in refused.stderr and words in refused.stderr and "Traceback" not in refused.stderr
        (data / "PG_VERSION").unlink()


@pytest.mark.timeout(300)
def test_to_a_server_of_ones_own_and_back(external, program, films_site):
    server = program().start()
    (link,) = films_site(1)
    id = server.submit(link)
    until(lambda: server.download(id)["state"] == "done", 60, "done")
    running = server.command("database", "move", external.dsn)
    assert running.returncode == 75
    server.stop()

    moved = server.command("database", "move", external.dsn)
    assert moved.returncode == 0, moved.stderr
    assert postgres.PASSWORD not in moved.stdout
    assert server.command("database", "move", external.dsn).returncode == 1  # the old one is no longer the truth
    refused = server.command("list")
    assert refused.returncode != 0 and "[database_moved]" in refused.stderr
    assert postgres.PASSWORD not in refused.stderr

    server.environment["MEDIAFETCHER_DATABASE_URL"] = external.dsn
    server.start()
    assert len(server.items()) == 1
    item = server.items()[0]["id"]
    assert server.ask("PATCH", f"/items/{item}", {"title": "Named elsewhere"}).status_code == 200
    server.stop()

    again = server.command("database", "move", external.dsn)  # onto itself
    assert "[target_not_empty]" in again.stderr
    back = server.command("database", "move", "embedded")
    assert back.returncode == 0, back.stderr
    del server.environment["MEDIAFETCHER_DATABASE_URL"]
    server.start()
    assert [item["title"] for item in server.items()] == ["Named elsewhere"]
    server.assert_clean()
    server.stop()
