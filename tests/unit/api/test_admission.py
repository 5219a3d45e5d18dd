"""The limits of what one address or account may have open at once, and what happens to the oldest."""

import asyncio

import pytest

from mediafetcher.api import admission
from mediafetcher.api.admission import Admission
from mediafetcher.core import errors


def test_requests_of_one_address_are_bounded_and_of_another_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_REQUESTS", 3)
    counts = Admission()
    tickets = [counts.enter("192.0.2.1") for _ in range(3)]
    with pytest.raises(errors.TooManyRequests):
        counts.enter("192.0.2.1")
    counts.enter("192.0.2.2").leave()
    tickets[0].leave()
    tickets[0].leave()  # counts once
    counts.enter("192.0.2.1")
    with pytest.raises(errors.TooManyRequests):
        counts.enter("192.0.2.1")


def test_requests_of_one_account_are_bounded_from_any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_REQUESTS", 3)
    counts = Admission()
    for number in range(3):
        counts.enter(f"192.0.2.{number}").count_for(("account", 1))
    with counts.enter("192.0.2.9") as ticket, pytest.raises(errors.TooManyRequests):
        ticket.count_for(("account", 1))


def test_body_bytes_are_bounded_by_address_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_BODIES", 1000)
    counts = Admission()
    first, second, other = counts.enter("192.0.2.1"), counts.enter("192.0.2.1"), counts.enter("192.0.2.2")
    first.body_came(900)
    other.body_came(900)
    with pytest.raises(errors.TooManyRequests):
        second.body_came(200)
    first.leave()
    second.body_came(900)
    for ticket in (second, other):
        ticket.leave()
    assert (counts._requests, counts._bodies, counts._all_bodies, counts._waiting) == ({}, {}, 0, {})


def test_body_bytes_of_all_clients_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_ALL_BODIES", 1000)
    counts = Admission()
    counts.enter("192.0.2.1").body_came(900)
    with pytest.raises(errors.TooManyRequests):
        counts.enter("192.0.2.2").body_came(200)


async def test_oldest_wait_for_a_body_is_given_up_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_WAITING", 2)
    counts, ended = Admission(), []

    async def wait(name: str, address: str) -> None:
        with counts.enter(address) as ticket:
            try:
                async with ticket.wait_for_body(asyncio.get_running_loop().time() + 60):
                    await asyncio.Event().wait()
            except TimeoutError:
                ended.append(name)

    waiting = [
        asyncio.create_task(wait(name, address))
        for name, address in (("first", "a"), ("second", "a"), ("elsewhere", "b"), ("third", "a"), ("fourth", "a"))
    ]
    await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    async with asyncio.timeout(5):
        await asyncio.gather(waiting[0], waiting[1])
    assert ended == ["first", "second"]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (counts._requests, counts._waiting) == ({}, {})
