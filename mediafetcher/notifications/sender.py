"""Deliver messages of one target through a confined child (child.py), which reaches the network only by the gateway.

A message has a time limit; a child that exceeds it is killed, and the message counts as not delivered.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mediafetcher.core import bundle, errors, settings, tasks
from mediafetcher.fetch import gateway
from mediafetcher.sandbox import process
from mediafetcher.sandbox.child import Child, LineTooLong

OK = "ok"
MESSAGE_SECONDS = 30.0
_START_SECONDS = 30.0
_MAX_ANSWER = 40  # characters
_MAX_LINE = 4096  # bytes of the child's answer to a message
_LIMITS = process.Limits(file_size=0, data=512 << 20, nice=5)


class Sealed(NamedTuple):
    """The secrets of a target: its address, and the key that signs webhooks."""

    url: str
    secret: str = ""


class Result(NamedTuple):
    """The result of the message with this number; `answer` is `ok` or a short code."""

    number: int
    answer: str


async def check(kind: str, sealed: Sealed) -> None:
    """Check that the URL matches its kind, without connecting. Raises: `UnsupportedTarget`."""
    async with contextlib.aclosing(send(kind, sealed, [])) as results:
        async for result in results:
            if result.answer == OK:
                return
    raise errors.UnsupportedTarget()


async def send(kind: str, sealed: Sealed, messages: list[dict[str, Any]]) -> AsyncGenerator[Result, None]:
    """Deliver messages in their order. Yields a result for each; the first that is not `ok` is the last."""
    chosen = settings.get()
    await asyncio.to_thread(gateway.kind)
    granted = await gateway.admit(chosen.allow_hosts, _own_ports(chosen))
    try:
        order = {
            "kind": kind,
            "url": sealed.url,
            "secret": sealed.secret,
            "way": granted.way._asdict(),
            "messages": messages,
        }
        argv = bundle.python("mediafetcher.notifications.child")
        env = process.environment("/", PYTHONPATH=str(bundle.PACKAGE.parent), PYTHONDONTWRITEBYTECODE="1")
        line = json.dumps(order).encode() + b"\n"
        child = await process.start(
            argv, _LIMITS, stdin=line, keep_stdin=True, env=env, cwd="/", network=granted.gateway.network
        )
        try:
            async for result in _results(child, max(1, len(messages))):
                yield result
        finally:
            await tasks.run_to_completion(child.kill())
    finally:
        await tasks.run_to_completion(granted.close())


async def _results(child: Child, count: int) -> AsyncIterator[Result]:
    lines = child.lines(_MAX_LINE)
    seconds = _START_SECONDS + MESSAGE_SECONDS
    for number in range(count):
        answer = "crashed"
        with contextlib.suppress(StopAsyncIteration, LineTooLong, ValueError, TypeError, IndexError):
            try:
                async with asyncio.timeout(seconds):
                    said = json.loads(await anext(lines))
                    if said[0] == number:
                        answer = str(said[1])[:_MAX_ANSWER]
            except TimeoutError:
                answer = "timeout"
        yield Result(number, answer)
        if answer != OK:
            return
        seconds = MESSAGE_SECONDS


def _own_ports(chosen: settings.Settings) -> list[int]:
    """Return the ports of this machine that no message may reach: ours, and the database's."""
    ports = [chosen.port]
    if chosen.database_url:
        ports.append(urlsplit(chosen.database_url).port or 5432)
    return ports
