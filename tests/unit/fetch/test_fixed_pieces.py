"""Which streams on demand are fetched piece by piece: those with several parts."""

from typing import Any

import pytest

from mediafetcher.fetch.child.streaming import fixed_pieces, hls_playlist
from mediafetcher.fetch.child.streaming.dash_segments import PARTS
from mediafetcher.fetch.child.streaming.fixed_pieces import Looks

URL = "https://films.example/hls/i.m3u8"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
PLAIN = f"{HEAD}#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n"
BROKEN = f"{HEAD}#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n"
GAP = f"{HEAD}#EXTINF:4,\na.ts\n#EXT-X-GAP\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n"


class _Client:
    """Answers each address with a text, as a site does."""

    def __init__(self, text: str | None) -> None:
        self._text = text
        self.asked: list[str] = []

    def text(self, url: str, limit: int) -> str:
        assert limit == hls_playlist.MAX_BYTES
        self.asked.append(url)
        if self._text is None:
            raise OSError("refused")
        return self._text


def _plan(text: str | None, **entry: Any) -> fixed_pieces.Plan | None:
    client: Any = _Client(text)
    return fixed_pieces.plan([client], [{"protocol": "m3u8_native", "url": URL} | entry], {})


def test_stream_with_a_break_is_fetched_here() -> None:
    tracks = _plan(BROKEN)
    assert tracks is not None
    assert [(piece.name, piece.breaks) for piece in tracks[0]] == [("a.ts", False), ("b.ts", True)]


def test_pieces_that_do_not_exist_are_left_out() -> None:
    tracks = _plan(GAP)
    assert tracks is not None and [piece.name for piece in tracks[0]] == ["a.ts"]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        BROKEN.replace("#EXT-X-ENDLIST\n", ""),
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
        "no list",
        None,
    ],
    ids=["plain", "live", "master", "noise", "unreachable"],
)
def test_other_streams_are_left_to_yt_dlp(text: str | None) -> None:
    assert _plan(text) is None


@pytest.mark.parametrize(
    "entry", [{"protocol": "https"}, {"url": "file:///etc/passwd"}, {"hls_aes": {"key": "0x1"}}, {"url": None}]
)
def test_format_that_needs_yt_dlp_is_not_looked_at(entry: dict[str, Any]) -> None:
    client: Any = _Client(BROKEN)
    assert fixed_pieces.look(client, {"protocol": "m3u8_native", "url": URL} | entry, {}) is None
    assert client.asked == []


def test_playlist_is_read_once() -> None:
    client: Any = _Client(BROKEN)
    looks: Looks = {}
    entry = {"protocol": "m3u8_native", "url": URL}
    assert fixed_pieces.look(client, entry, looks) is fixed_pieces.look(client, entry, looks) is not None
    assert client.asked == [URL]


def _period(name: str, pieces: int, *, init: bool) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"path": f"{name}/{number}.m4s", "duration": 2.0} for number in range(pieces)]
    return ([{"path": f"{name}/init.mp4"}] if init else []) + parts


def test_each_period_of_dash_breaks_once_and_has_its_own_initialisation() -> None:
    periods = [_period("one", 2, init=True), _period("two", 2, init=True), _period("three", 1, init=False)]
    tracks = _plan(None, fragment_base_url="https://films.example/dash/", **{PARTS: periods})
    assert tracks is not None
    assert [(piece.source.url.rpartition("/dash/")[2], piece.breaks, piece.period) for piece in tracks[0]] == [
        ("one/0.m4s", False, 0),
        ("one/1.m4s", False, 0),
        ("two/0.m4s", True, 1),
        ("two/1.m4s", False, 1),
        ("three/0.m4s", True, 2),
    ]
    heads = [piece.init.url.rpartition("/dash/")[2] if piece.init else None for piece in tracks[0]]
    assert heads == ["one/init.mp4", "one/init.mp4", "two/init.mp4", "two/init.mp4", None]
