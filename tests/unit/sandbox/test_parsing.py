"""Parsing workers: a result or a problem in time, whatever the text, and nothing within their reach."""

import asyncio
import os
import time

import pytest

from mediafetcher.accounts.vault import cookie_formats as jars
from mediafetcher.core import errors
from mediafetcher.media import sniff, webvtt
from mediafetcher.sandbox import parsing


async def test_call_returns_the_result():
    assert await parsing.call(webvtt.seconds, "1:00:01.5") == 3601.5
    assert await parsing.call(webvtt.seconds, "1" * 1000) is None


async def test_call_reads_open_files_alone(tmp_path):
    path = tmp_path / "film"
    path.write_bytes(b"\x7fELF")
    [look] = await parsing.call(sniff.look_all, files=[path])
    assert look.problem == "it is a program" and look.size == 4


async def test_worker_that_is_busy_is_killed_in_time(tmp_path):
    """A pipe that no process writes to stands for work without end: a thread would wait for ever."""
    reading, writing = os.pipe()
    try:
        began = time.monotonic()
        with pytest.raises(errors.ParserFailed):
            await parsing.call(webvtt.rewrite, 0.0, None, files=[reading, writing], deadline=1.0)
        assert time.monotonic() - began < 10
    finally:
        os.close(reading)
        os.close(writing)
    assert await parsing.call(webvtt.seconds, "00:01") == 1.0


async def test_worker_that_dies_is_replaced():
    await parsing.call(webvtt.seconds, "00:01")
    worker = parsing._current()._idle[0]
    os.kill(worker._child.pid, 9)
    assert await parsing.call(webvtt.seconds, "00:02") == 2.0


async def test_worker_that_dies_after_it_read_the_file_changes_no_result(tmp_path, monkeypatch):
    """The next one gets the same descriptors, whose position the dead one has moved."""
    path = tmp_path / "film"
    path.write_bytes(b"\x7fELF" * 1000)
    [whole] = await parsing.call(sniff.look_all, files=[path])
    receive = parsing._Worker._receive

    async def dies(worker, size):
        monkeypatch.setattr(parsing._Worker, "_receive", receive)
        await receive(worker, size)  # so it has read
        raise OSError("the worker has ended")

    monkeypatch.setattr(parsing._Worker, "_receive", dies)
    assert await parsing.call(sniff.look_all, files=[path]) == [whole]


async def test_problem_of_the_function_is_raised():
    with pytest.raises(errors.BadCookies, match="Line 1"):
        await parsing.call(jars.parse, "no cookie", secret=True)
    with pytest.raises(errors.BadCookies):
        await parsing.call(jars.parse, "[" * 100_000, secret=True)


async def test_secrets_get_a_worker_of_their_own():
    await parsing.call(webvtt.seconds, "00:01")
    before = list(parsing._current()._idle)
    await parsing.call(jars.parse, "", secret=True)
    assert parsing._current()._idle == before


async def test_only_functions_of_parsers_are_called():
    with pytest.raises(errors.ParserFailed):
        await parsing.call(os.getcwd)


async def test_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    async with asyncio.timeout(5):
        with pytest.raises(OSError, match="regular"):
            await parsing.call(sniff.look_all, files=[tmp_path / "pipe"])
