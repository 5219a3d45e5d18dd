"""The commands of targets and links, as they are typed."""

import json
from types import SimpleNamespace
from typing import Any

from mediafetcher.cli import commands
from mediafetcher.core import settings
from mediafetcher.db import engine
from tests.receiver import Receiver


class Typed:
    """Return what a command printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def error(self, text: str) -> None:
        self.errors.append(text)

    def progress(self, row: dict[str, Any]) -> None:
        raise AssertionError(row)


async def typed(*argv: str, code: int = 0) -> str:
    """Run a command. Returns: what it printed."""
    out = Typed()
    instance: Any = SimpleNamespace(settings=settings.get())
    assert await commands.run(instance, list(argv), out, None) == code, out.errors
    return "\n".join(out.errors if code else out.lines)


async def test_a_target_gets_its_events_language_and_quiet_hours(ada: int, receiver: Receiver) -> None:
    given = ["--event", "download.done", "--language", "de", "--quiet", "22:00-07:00", "--timezone", "Europe/Paris"]
    made = json.loads(await typed("notify", "add", f"webhook+http://{receiver.host}/", *given, "--json"))
    row = json.loads(await typed("notify", "list", "--json"))
    quiet = {"start": "22:00", "end": "07:00", "timezone": "Europe/Paris"}
    assert (row["events"], row["language"], row["quiet"]) == (["download.done"], "de", quiet)
    assert "quiet from 22:00 to 07:00" in await typed("notify", "list")
    number = str(made["id"])
    row = json.loads(
        await typed("notify", "set", number, "--quiet", "23:00-06:30", "--event", "all", "--off", "--json")
    )
    assert (row["quiet"]["start"], row["quiet"]["end"], row["enabled"]) == ("23:00", "06:30", False)
    assert len(row["events"]) > 5 and row["language"] == "de"
    row = json.loads(await typed("notify", "set", number, "--no-quiet", "--on", "--language", "fr", "--json"))
    assert (row["quiet"], row["enabled"], row["language"]) == (None, True, "fr")


async def test_changes_that_cannot_be_made_are_refused(ada: int, receiver: Receiver) -> None:
    number = str(
        json.loads(await typed("notify", "add", f"webhook+http://{receiver.host}/", "--event", "all", "--json"))["id"]
    )
    for given, words, code in (
        ([], "Name what is to change", 2), (["--quiet", "22"], "22:00-07:00", 2),
        (["--quiet", "22:00-22:00"], "two different times", 1), (["--timezone", "Europe/Paris"], "--quiet", 2),
        (["--quiet", "22:00-07:00", "--timezone", "Nowhere/Here"], "time zone", 1),
        (["--quiet", "22:00-07:00", "--no-quiet"], "either", 2), (["--event", "nothing"], "no event", 1),
    ):  # fmt: skip
        assert words in await typed("notify", "set", number, *given, code=code), given
    assert "no such target" in await typed("notify", "set", "999", "--off", code=1)


async def test_a_feed_of_a_search_or_channel_is_printed_as_its_address(ada: int) -> None:
    url = await typed("feed", "--search", "cats")
    assert url.endswith("/feed.xml") and "/s/" in url
    assert await typed("feed", "--channel", "nobody", code=1)
    assert "--channel" in await typed("feed", code=2)
    assert "--channel" in await typed("feed", "Films", "--search", "cats", code=2)
    assert "cats: no end" in await typed("share", "list")
    assert await engine.fetchval("select search from share") == "cats"
