"""Lines of a fetch child that code inside it may choose: of another form they are refused, and none costs much."""

import json
import time

import pytest

from mediafetcher.core import errors
from mediafetcher.fetch import child_events
from mediafetcher.sandbox import process
from mediafetcher.sandbox.child import LineTooLong


@pytest.mark.parametrize(
    "event",
    [
        {"event": "info"},
        {"event": "done", "files": "media.mp4", "cookies": None, "subtitles": [], "cover": None, "marks": []},
        {"event": "progress", "done": "much", "total": None, "speed": None, "eta": None, "file": ""},
        {"event": "error", "kinds": [1], "message": "", "status": 1, "errno": 1, "retry_after": 1, "page": ""},
        {"event": "of its own"},
        {"event": ["info"]},
        ["event"],
        7,
    ],
)
def test_event_of_another_form_is_refused(event):
    with pytest.raises(errors.Hostile):
        child_events.decode(json.dumps(event).encode())


_DEEP = b'{"event":"warning","message":"x","more":' + b"[" * 100_000


@pytest.mark.parametrize("line", [b"", b"Traceback", b"{", b"\xff\xfe", _DEEP, b"NaN"])
def test_line_that_is_no_event_is_left_out(line):
    assert child_events.decode(line) is None


_WARNING = '{"event":"warning","message":"x","more":'
_ERROR = '"message":"","status":null,"errno":null,"retry_after":null,"redirect_loop":false,"page":""}'
_HEAVY = {
    "lists": _WARNING + "[" + "[]," * 690_000 + "0]}",
    "objects": _WARNING + "[" + '{"a":1},' * 260_000 + "0]}",
    "keys": _WARNING + "{" + "".join(f'"{number:x}":0,' for number in range(180_000)) + '"z":0}}',
    "names": '{"event":"error","kinds":[' + '"",' * 690_000 + '""],' + _ERROR,
    "rows": '{"event":"entries","rows":['
    + '{"title":null,"url":"","duration":1},' * 52_000
    + '{"title":null,"url":"","duration":1}]}',
    "escapes": '{"event":"warning","message":"' + "\\u00e9" * 340_000 + '"}',
}


@pytest.mark.parametrize("name", _HEAVY)
def test_longest_line_costs_the_server_little(name):
    line = _HEAVY[name].encode()
    assert child_events.MAX_LINE * 0.8 < len(line) <= child_events.MAX_LINE
    took = []
    for _ in range(3):
        began = time.process_time()
        assert child_events.decode(line) is not None
        took.append(time.process_time() - began)
    print(f"{name}: {min(took) * 1000:.1f} ms")
    assert min(took) < 0.2  # 3 to 30 ms on a quiet machine


async def test_line_beyond_the_limit_is_refused_also_when_it_is_whole():
    async with await process.start(["/bin/sh", "-c", "head -c 3000 /dev/zero; echo; sleep 300"]) as running:
        with pytest.raises(LineTooLong):
            async for _ in running.lines(2000):
                pass
