"""P21: every parser of foreign bytes ends quickly and raises nothing but problems, whatever it is given.

`scripts/faults P21` runs each for a minute; the test command for a moment.
"""

import contextlib
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from mediafetcher.accounts.vault import cookie_formats as jars
from mediafetcher.core import errors
from mediafetcher.fetch import error_mapping as classify
from mediafetcher.fetch import sidecars as extras
from mediafetcher.media import containers as boxes
from mediafetcher.media import ffmpeg_output as text
from mediafetcher.media import sniff, webvtt
from tests import deep

SECONDS = 60.0 if deep.deep(21) else 1.0
SLOWEST = 2.0  # seconds of one input

pytestmark = [pytest.mark.promise(21), pytest.mark.timeout(180)]

# Words that mean something to a parser, so that chance gets past its first question.
_VTT = st.lists(
    st.sampled_from(["WEBVTT", "\n", "\n\n", "00:01.000", " --> ", "-->", "1:", "99999", ".", ",", "STYLE", "\r", "\0"])
    | st.text(max_size=20),
    max_size=200,
).map("".join)
_SAID = st.lists(
    st.sampled_from(
        [
            "Input #0, mov,mp4, from 'x':\n", "  Duration: 00:00:04.00, start: 0.000000, bitrate: 1 kb/s\n",
            "  Stream #0:0(eng): Video: h264 (High), yuv420p(tv, bt709), 320x180, 25 fps (default)\n",
            "  Stream #0:1: Audio: aac (LC), 48000 Hz, stereo, fltp (forced)\n", "  Stream #0:2: Subtitle: subrip\n",
            "    Metadata:\n", "      title           : ", "(", "[", ",", "\n", "    Chapter #0:0: start 0, end 2\n",
            "displaymatrix: rotation of -90.00 degrees\n", "Stream mapping:\n",
        ]
    )
    | st.text(max_size=20),
    max_size=100,
).map("".join)  # fmt: skip
_BOX = st.sampled_from([b"ftyp", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mvhd", b"moof", b"mdat"])
_FILE = st.lists(
    st.tuples(st.integers(0, 200) | st.sampled_from([0, 1, 7, 8, 2**31, 2**32 - 1]), _BOX, st.binary(max_size=60)).map(
        lambda box: box[0].to_bytes(4, "big") + box[1] + box[2]
    )
    | st.binary(max_size=100)
    | st.just(b"\x1a\x45\xdf\xa3"),
    max_size=40,
).map(b"".join)
_COOKIES = st.lists(
    st.sampled_from(["\t", "\n", "TRUE", "FALSE", "#HttpOnly_", "a.example", "/", "0", "[", "{", '"domain"', ":", "]"])
    | st.text(max_size=10),
    max_size=200,
).map("".join)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
).map(json.dumps)
_FAILURE = st.builds(
    classify.Failure,
    kinds=st.lists(st.text(max_size=20), max_size=5).map(tuple),
    message=st.text(max_size=2000),
    status=st.none() | st.integers(100, 600),
    page=st.lists(st.sampled_from(["blocked", "country", " ", "live event will", "in 9 hours"]), max_size=200).map(
        "".join
    ),
)
_TIMES = st.floats(0, 1e6)
_CHAPTERS = st.lists(st.tuples(_TIMES, st.text(max_size=9)), max_size=60)
_MARKS = st.lists(st.tuples(_TIMES, _TIMES, st.text(max_size=9)), max_size=60)


def _in_files(work: Callable[[int, int], Any], data: bytes) -> None:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(data)
        source.seek(0)
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        work(source.fileno(), target.fileno())


def _rewritten(data: tuple[str, float, float | None]) -> None:
    words, start, end = data
    _in_files(lambda source, target: webvtt.rewrite(source, target, start, end), words.encode())


TARGETS: dict[str, tuple[st.SearchStrategy, Callable[[Any], Any]]] = {
    "webvtt": (st.tuples(_VTT, _TIMES, st.none() | _TIMES), _rewritten),
    "utf8": (st.binary(max_size=500), lambda data: _in_files(webvtt.to_utf8, data)),
    "cue time": (st.text("0123456789:.,", max_size=60), webvtt.seconds),
    "what FFmpeg says": (_SAID, text.parse),
    "boxes": (_FILE, lambda data: boxes.scan_file(io.BytesIO(data))),
    "look": (_FILE, lambda data: _in_files(lambda source, _: sniff.look(source), data)),
    "cookies": (_COOKIES | _JSON, jars.parse),
    "failures": (_FAILURE, classify.problem),
    "chapters": (st.tuples(_CHAPTERS, _MARKS), lambda data: extras.marked(*data)),
}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_parser_ends_quickly_and_raises_problems_alone(name):
    strategy, target = TARGETS[name]
    until, number, slowest = time.monotonic() + SECONDS, 0, 0.0
    while number == 0 or time.monotonic() < until:

        @seed(deep.SEED + number)
        @settings(
            max_examples=200, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(strategy)
        def run(data):
            nonlocal slowest
            began = time.process_time()
            with contextlib.suppress(errors.Problem):
                target(data)
            slowest = max(slowest, time.process_time() - began)
            if time.monotonic() > until + 30:
                raise AssertionError("it takes too long")

        run()
        number += 1
    print(f"{name}: {number * 200} inputs, the slowest {slowest * 1000:.0f} ms, MF_SEED={deep.SEED}")
    assert slowest < SLOWEST


@pytest.mark.parametrize("name", ["webvtt", "what FFmpeg says", "boxes", "cookies", "failures"])
def test_parser_is_linear(name):
    """Twice the input takes about twice the time: patterns that are known to make parsers quadratic."""
    _, target = TARGETS[name]
    patterns = [
        "1",
        "1:",
        "-->",
        "[",
        "(",
        "\n",
        "\t",
        "a\n\n",
        "Stream #0:0: Video: ",
        "blocked",
        "x" * 99 + "\n",
        " ",
    ]
    for pattern in patterns:
        took = []
        for size in (100_000, 400_000):
            whole = pattern * (size // len(pattern))
            given: Any = whole
            if name == "webvtt":
                given = (f"WEBVTT\n\n{whole}", 1.0, 9.0)
            elif name == "boxes":
                given = b"\0\0\0\x08ftyp" + whole.encode()
            elif name == "what FFmpeg says":
                given = f"Input #0, mov, from 'x':\n  Stream #0:0: Video: {whole}"
            elif name == "failures":
                given = classify.Failure(message=whole[:2000], status=403, page=whole[:2000])
            began = time.process_time()
            with contextlib.suppress(errors.Problem):
                target(given)
            took.append(time.process_time() - began)
        assert took[1] < 1.0 and took[1] < max(0.2, 12 * took[0]), (pattern, took)
