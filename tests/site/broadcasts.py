"""Live streams of the fixture site and what happens to them: each look at the list shows one piece more.

Twelve pieces of one second (hls/long). The target duration is short, so that a recorder looks often.
"""

from tests.site.playlists import kind
from tests.site.server import Request

PIECES = 12
_WINDOW = 5
_LOOKS = 2  # that are made before a recording begins
_TYPE = kind("x.m3u8")
KINDS = ("plain", "lost", "outage", "event", "anew", "window", "endless", "upright", "busy")


_UPRIGHT = "".join(
    f'#EXT-X-STREAM-INF:BANDWIDTH={width * 1000},RESOLUTION={width}x{height},CODECS="avc1.42c00d,mp4a.40.2"\n'
    f"{height}.m3u8\n"
    for width, height in ((180, 320), (360, 640), (720, 1280))
)


def answer(request: Request) -> None:
    """/broadcast/<kind>/<any>.m3u8: a list; /broadcast/<kind>/sNNN.ts: a piece."""
    name, _, rest = request.rest.partition("/")
    if request.path in request.site.gone:
        return request.send(404, "gone")
    if name == "upright":
        return _upright(request, rest)
    if name in ("slow", "leaves") and rest.endswith(".ts"):
        request.site.stopping.wait(0.3)
    if name == "busy" and rest.endswith(".ts") and request.times <= 2:
        return request.send(503, "not now")
    if rest.endswith(".ts"):
        gone = name == "lost" and rest == "s004.ts"
        return request.send(404, "gone") if gone else request.send_file(request.site.file(f"hls/long/{rest[-7:]}"))
    if name == "outage" and 5 <= request.times - _LOOKS <= 8:
        return request.send(503, "not now")
    request.send(200, _LISTS.get(name, _plain)(max(1, request.times - _LOOKS)), kind=_TYPE)


def _upright(request: Request, rest: str) -> None:
    if rest == "master.m3u8":
        return request.send(200, f"#EXTM3U\n{_UPRIGHT}", kind=_TYPE)
    if rest.endswith(".m3u8"):
        lines = f"#EXTINF:1,\n{rest.removesuffix('.m3u8')}.ts\n"
        return request.send(200, f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{lines}", kind=_TYPE)
    request.send_file(request.site.file(f"hls/up{rest.removesuffix('.ts')}/i.ts"))


def radio(request: Request) -> None:
    """Sound without an end, faster than it plays, as a server sends it in the beginning."""
    path = request.site.file("a.mp3")
    assert path
    data = path.read_bytes()
    request.close_connection = True
    request._head(200, {"Content-Type": "audio/mpeg", "icy-name": "Radio", "Connection": "close"})
    while request.command != "HEAD" and not request.site.stopping.wait(0.1):
        request._write(data[:8000])


def listing(first: int, last: int, *, number: int | None = None, tags: str = "", ended: bool = False) -> str:
    """The list of the pieces from `first` to the one before `last`; `number`: of the first, if it is another."""
    pieces = "".join(f"#EXTINF:1,\ns{piece:03d}.ts\n" for piece in range(first, last))
    head = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:0.2\n{tags}"
    counted = f"#EXT-X-MEDIA-SEQUENCE:{first if number is None else number}\n"
    return head + counted + pieces + ("#EXT-X-ENDLIST\n" if ended else "")


def _plain(times: int) -> str:
    """From the first piece on, so that all of them can be recorded."""
    last = min(PIECES, 2 + times)
    return listing(max(0, last - _WINDOW), last, ended=last == PIECES)


def _event(_: int) -> str:
    return listing(0, PIECES, tags="#EXT-X-PLAYLIST-TYPE:EVENT\n")


def _anew(times: int) -> str:
    """After six pieces the server begins again, and counts from 0."""
    if times <= 4:
        last = 2 + times
        return listing(max(0, last - _WINDOW), last)
    last = min(PIECES, 6 + times - 4)
    return listing(6, last, number=0, ended=last == PIECES)


def _window(times: int) -> str:
    """After five pieces three expire before they could be seen."""
    if times <= 3:
        return listing(0, 2 + times)
    last = min(PIECES, 6 + times)
    return listing(max(8, last - _WINDOW), last, ended=last == PIECES)


def _endless(times: int) -> str:
    """Stays at its last pieces without an end."""
    last = min(PIECES, 2 + times)
    return listing(max(0, last - _WINDOW), last)


def _long_list(_: int) -> str:
    return listing(0, PIECES)


_LISTS = {"long-list": _long_list, "event": _event, "anew": _anew, "window": _window, "endless": _endless}
