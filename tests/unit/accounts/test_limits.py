"""Ten tries at once, then one a minute, for each key; in the database."""

import asyncio

import pytest

from mediafetcher.accounts.auth import rate_limit
from mediafetcher.core import errors
from mediafetcher.db import engine


async def later(seconds: float) -> None:
    """As if so much time had gone by."""
    await engine.execute("update rate_limit_bucket set at = at - $1 * interval '1 second'", float(seconds))


async def empty(key: str) -> None:
    for _ in range(rate_limit.BURST):
        await rate_limit.take(key)


async def test_ten_and_then_one_a_minute(database: str) -> None:
    await empty("a")
    with pytest.raises(errors.TooManyRequests) as refused:
        await rate_limit.take("a")
    assert 58 <= refused.value.facts["retry_after"] <= 60
    await rate_limit.take("b")
    await later(55)
    with pytest.raises(errors.TooManyRequests) as refused:
        await rate_limit.take("a")
    assert 1 <= refused.value.facts["retry_after"] <= 5
    await later(5)
    await rate_limit.take("a")
    with pytest.raises(errors.TooManyRequests):
        await rate_limit.take("a")


async def test_no_more_than_ten_are_saved_up(database: str) -> None:
    await rate_limit.take("a")
    await later(1e6)
    await empty("a")
    with pytest.raises(errors.TooManyRequests):
        await rate_limit.take("a")


async def test_one_empty_bucket_refuses_and_takes_nothing_from_the_other(database: str) -> None:
    await empty("a")
    for _ in range(20):
        with pytest.raises(errors.TooManyRequests):
            await rate_limit.take("a", "b")
    await empty("b")


async def test_correct_sign_in_does_not_count(database: str) -> None:
    for _ in range(3 * rate_limit.BURST):
        await rate_limit.take("a", "b")
        await rate_limit.give_back("a", "b")
    await empty("a")


async def test_many_at_once_get_no_more_than_ten(database: str) -> None:
    outcomes = await asyncio.gather(*(rate_limit.take("a", f"b{n}") for n in range(40)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == rate_limit.BURST
    assert {type(outcome) for outcome in outcomes if outcome} == {errors.TooManyRequests}


async def test_a_restart_forgives_nothing(database: str) -> None:
    await empty("a")
    await engine.close()
    await engine.connect(database)
    with pytest.raises(errors.TooManyRequests):
        await rate_limit.take("a")
    with pytest.raises(errors.TooManyRequests):
        await rate_limit.check(["a"])


async def test_the_table_keeps_no_names_and_no_more_than_ten_minutes(database: str) -> None:
    for number in range(100):
        await rate_limit.take(
            rate_limit.account(None, f"my password {number}"), rate_limit.place("address", f"192.0.2.{number}")
        )
    assert await engine.fetchval("select count(*) from rate_limit_bucket") == 200
    assert b"password" not in b"".join(row["key"] for row in await engine.fetch("select key from rate_limit_bucket"))
    await later(rate_limit.BURST * rate_limit.WAIT + 1)
    await rate_limit.take("a")
    assert await engine.fetchval("select count(*) from rate_limit_bucket") == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),  # one machine has 2^64 of these
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "192.0.2.1", False),
    ],
)
def test_whose_places_an_address_uses(one: str, other: str, same: bool) -> None:
    assert (rate_limit.place("address", one) == rate_limit.place("address", other)) is same


def test_a_name_is_one_key_however_it_is_written() -> None:
    assert (
        rate_limit.account(None, " Alice ") == rate_limit.account(None, "aLICE") != rate_limit.account(None, "alicia")
    )
    assert rate_limit.account(1, "admin") == rate_limit.account(1, "admİn") != rate_limit.account(2, "admin")


@pytest.mark.promise(16)
@pytest.mark.parametrize("ahead", ["1 day", "10 years"])
async def test_tries_made_by_a_clock_that_was_ahead_cost_a_minute_each(database: str, ahead: str) -> None:
    await empty("a")
    await engine.execute("update rate_limit_bucket set at = at + $1::text::interval", ahead)
    with pytest.raises(errors.TooManyRequests) as refused:
        await rate_limit.take("a")
    assert refused.value.facts["retry_after"] <= rate_limit.WAIT
    await later(rate_limit.WAIT)
    await rate_limit.take("a")
