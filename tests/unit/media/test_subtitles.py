"""Subtitles of other sites: read in linear time, cut, and never on the main loop."""

import asyncio
import time

import pytest

from mediafetcher.media import subtitles

DIGITS = "1" * 60_000
HEAD = "WEBVTT\n\n"
CUE = "00:01.000 --> 00:02.000\nHello\n"


async def _longest_pause(work) -> tuple[float, float]:
    """Measure the longest time without a turn of the loop while `work` is awaited. Returns: seconds, processor seconds.

    Processor time is exact on a busy machine, which may leave us waiting for our turn.
    """
    longest, worked, task = 0.0, 0.0, asyncio.ensure_future(work)
    last, last_worked = time.monotonic(), time.process_time()
    while not task.done():
        await asyncio.sleep(0.005)
        now, now_worked = time.monotonic(), time.process_time()
        longest, worked = max(longest, now - last), max(worked, now_worked - last_worked)
        last, last_worked = now, now_worked
    await task
    return longest, worked


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{DIGITS}\n{CUE}",
        f"{HEAD}{DIGITS} --> {DIGITS}\nx\n\n{CUE}",
        f"{HEAD}{'1:' * 30_000}\n{CUE}",
        f"{HEAD}{'-->' * 20_000}\n\n{CUE}",
        f"{HEAD}{'00:00.000 --> ' * 5_000}\n\n{CUE}",
        HEAD + "\n" * 3_000_000 + CUE,
        f"{HEAD}{'1' * 3_000_000}\n\n{CUE}",
        HEAD + "a\n\n" * 1_000_000 + CUE,
    ],
    ids=["digits", "digits as times", "colons", "arrows", "many times", "empty lines", "a long line", "many blocks"],
)
async def test_hostile_text_leaves_the_loop_free(tmp_path, text):
    source, target = tmp_path / "en.vtt", tmp_path / "out.vtt"
    source.write_text(text)
    began = time.monotonic()
    pause, worked = await _longest_pause(subtitles.from_text(source, target, 0.5, 60))
    assert time.monotonic() - began < 20
    assert worked < 0.25 and pause < 2, f"the loop stood still for {pause:.2f} s, and worked for {worked:.2f} s of it"
    assert "00:00.500 --> 00:01.500\nHello" in target.read_text() or "Hello" not in target.read_text()


async def test_part_keeps_settings_and_identifiers(tmp_path):
    source, target = tmp_path / "en.vtt", tmp_path / "out.vtt"
    source.write_text(
        "WEBVTT - a title\n\nSTYLE\n::cue { color: red }\n\n1\n00:00.000 --> 00:01.000\nbefore\n\n"
        "two\n00:01.500 --> 00:02.500 align:start line:0\nacross\n\n01:00:03.000 --> 01:00:04.000\nafter\n"
    )
    assert await subtitles.from_text(source, target, 2.0, 3600)
    assert target.read_text() == (
        "WEBVTT - a title\n\nSTYLE\n::cue { color: red }\n\ntwo\n00:00.000 --> 00:00.500 align:start line:0\nacross\n"
    )


@pytest.mark.parametrize("text", ["", "WEBVTT\n", "WEBVTT\n\nno cue\n", "<html>\n00:01.000 --> 00:02.000\nx\n"])
async def test_text_without_cues_is_no_subtitle(tmp_path, text):
    source, target = tmp_path / "en.vtt", tmp_path / "out.vtt"
    source.write_text(text)
    assert not await subtitles.from_text(source, target)
    assert not target.exists() and [path.name for path in tmp_path.iterdir()] == ["en.vtt"]


async def test_planted_link_is_not_followed(tmp_path):
    source, target, victim = tmp_path / "en.vtt", tmp_path / "out.vtt", tmp_path / "victim"
    source.write_text(HEAD + CUE)
    victim.write_text("mine")
    for name in ("out.vtt", "out.vtt.new"):
        (tmp_path / name).symlink_to(victim)
    assert await subtitles.from_text(source, target)
    assert victim.read_text() == "mine" and not target.is_symlink() and "Hello" in target.read_text()
