"""The whole program on a PostgreSQL that is not ours, of every version that it is said to work with."""

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.faults.program import Program, until


@pytest.fixture(params=postgres.VERSIONS)
def external(request: pytest.FixtureRequest) -> Iterator[postgres.Postgres]:
    if postgres.programs(request.param) is None:
        pytest.skip(f"PostgreSQL {request.param} is not installed")
    with postgres.running(request.param) as server:
        yield server


@pytest.mark.timeout(300)
def test_fetch_list_check_and_a_restart_of_the_database(external, folder, films_site):
    """Over TCP, with a password, as a user who owns one database and may do nothing else."""
    first, second = films_site(2)
    server = Program(folder, "127.0.0.1", database_url=external.dsn, max_downloads_per_site=8).start()
    try:
        id = server.submit(first)
        until(lambda: server.download(id)["state"] == "done", 60, "the first is done")
        external.stop()
        away = server.ask("GET", "/health")
        assert (away.status_code, away.json()["code"]) == (503, "database_away")
        external.start()
        until(lambda: server.ask("GET", "/health").status_code == 200, 15, "it works again by itself")
        id = server.submit(second)
        until(lambda: server.download(id)["state"] == "done", 60, "the second is done")
        assert len(server.items()) == 2
        assert not (server.state / "postgres").exists()
        server.assert_clean()
        assert postgres.PASSWORD not in server.command("settings").stdout + server.log.read_text()
        server.stop()
    finally:
        server.end()
