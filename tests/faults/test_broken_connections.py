"""P14, the whole program: connections break in every way, and what is kept is the file of the source, no mixture."""

import hashlib

import pytest

from tests import deep
from tests.faults.program import until

WAYS = ("cut", "cut", "cut", "cut", "drop", "drop1", "untagged", "wrong-place", "changing", "norange", "flaky", "slow")

pytestmark = [pytest.mark.promise(14), pytest.mark.timeout(3600)]


def test_broken_connections_end_with_the_file_of_the_source(program, films_site):
    chance = deep.chance("connections")
    server = program(max_attempts=20).start()
    wanted = {}
    for number in range(deep.count(14, len(WAYS))):
        way = WAYS[number % len(WAYS)]
        argument = {"norange": "", "flaky": "2/", "slow": "900/"}.get(way)
        if argument is None:
            argument = chance.randint(1, 99)
        url, digest = films_site.broken(way, argument, number)
        wanted[server.submit(url)] = (way, argument, digest)
    until(lambda: all(_ended(server, id) for id in wanted), 60 + 10 * len(wanted), "all ended")
    for id, (way, argument, digest) in wanted.items():
        row = server.download(id)
        assert row["state"] == "done", (way, argument, row)
        item = server.ask("GET", f"/items/{row['item']}").json()
        assert item["media"]["sha256"] == digest, (way, argument)
    server.assert_clean()


def _ended(server, id: int) -> bool:
    return server.download(id)["state"] in ("done", "failed", "cancelled", "needs_action")


def test_the_wrong_digest_would_be_seen(films_site):
    """The second version of a changing film is another file than the first."""
    _, second = films_site.broken("changing", "9000/", 1)
    _, first = films_site.broken("cut", "9000/", 1)
    assert first != second and len(first) == len(hashlib.sha256().hexdigest())
