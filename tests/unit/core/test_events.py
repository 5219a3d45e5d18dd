"""Events: each subscriber has its own queue, and one that is slow loses its oldest, not others'."""

from mediafetcher.core import events


async def test_every_subscriber_gets_every_event() -> None:
    with events.subscribe() as first, events.subscribe() as second:
        events.publish("download", {"id": 1})
        assert await first.get() == await second.get() == ("download", {"id": 1})


async def test_a_slow_subscriber_loses_its_oldest_and_is_told() -> None:
    with events.subscribe(size=2) as slow, events.subscribe() as quick:
        for number in range(5):
            events.publish("n", number)
        assert [(await slow.get()).payload, (await slow.get()).payload] == [3, 4]
        assert slow.dropped == 3
        assert [(await quick.get()).payload for _ in range(5)] == [0, 1, 2, 3, 4]


async def test_after_leaving_nothing_is_kept() -> None:
    with events.subscribe() as left:
        pass
    events.publish("late")
    with events.subscribe() as fresh:
        events.publish("now")
        assert (await fresh.get()).kind == "now"
    assert left.dropped == 0
