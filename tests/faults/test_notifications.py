"""Every event is told at least once, in order and under one id, over failing receivers and kills (P31)."""

import threading
import time
from collections import defaultdict
from typing import Any

import psycopg
import pytest

from mediafetcher.db import embedded
from tests import deep
from tests.faults.program import until
from tests.receiver import Receiver, Request

KILLS = deep.count(31, 3)
EVENTS = 10_000 if deep.deep(31) else 400
ITEMS = 20  # downloads whose events must stay in order
_NOTE = """
insert into notification (owner, type, data)
select (select min(id) from account), 'download.done', jsonb_build_object('download', mod(n, %s), 'number', n)
from generate_series(%s::int, %s::int) n
"""


class Moods:
    """A receiver that accepts, fails, stalls, cuts, redirects and answers garbage, in turns of chance."""

    def __init__(self, chance: Any) -> None:
        self._chance, self._lock = chance, threading.Lock()

    def __call__(self, request: Request) -> int | str:
        with self._lock:
            draw = self._chance.random()
        if draw < 0.97:
            return 200
        return self._chance.choice([500, 404, 302, 429, "cut", "garbage"])


def require_all_in_order(accepted: list[Request], events: int) -> None:
    ids: dict[int, set[str]] = defaultdict(set)
    firsts: dict[int, list[int]] = defaultdict(list)
    for request in accepted:
        data = request.json["data"]
        if data["number"] not in ids:
            firsts[data["download"]].append(data["number"])
        ids[data["number"]].add(request.headers["webhook-id"])
    assert set(ids) == set(range(events))
    assert all(len(found) == 1 for found in ids.values())
    assert len({next(iter(found)) for found in ids.values()}) == events
    for numbers in firsts.values():
        assert numbers == sorted(numbers)


@pytest.mark.promise(31)
@pytest.mark.timeout(7200)
def test_events_reach_a_moody_receiver_over_kills(program: Any) -> None:
    chance = deep.chance("notifications")
    with Receiver(Moods(chance)) as receiver:
        server = program(retry_seconds=0.05).start()
        made = server.ask(
            "POST", "/notifications/targets", {"url": f"webhook+http://{receiver.host}/", "events": ["all"]}
        )
        assert made.status_code == 201, made.text
        each = EVENTS // (KILLS + 1)
        for kill in range(KILLS + 1):
            last = EVENTS - 1 if kill == KILLS else (kill + 1) * each - 1
            with psycopg.connect(embedded.Cluster(server.state).dsn, autocommit=True) as database:
                database.execute(_NOTE, (ITEMS, kill * each, last))
            if kill < KILLS:
                time.sleep(chance.uniform(0.0, 2.0))
                server.kill()
                server.start()
        until(lambda: len({r.headers["webhook-id"] for r in receiver.accepted}) >= EVENTS, 3600, "all events arrived")
        rows = server.ask("GET", "/notifications/targets").json()["targets"]
        until(
            lambda: server.ask("GET", "/notifications/targets").json()["targets"][0]["waiting"] == 0,
            60,
            f"all deliveries are recorded: {rows}",
        )
        require_all_in_order(receiver.accepted, EVENTS)
        print(f"{EVENTS} events, {KILLS} kills, {len(receiver.accepted) - EVENTS} duplicates")
