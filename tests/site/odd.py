"""Answers of the fixture site that are valid or common, and rare: encodings, lengths, redirects, keys and ranges."""

import gzip
import time
from email.utils import formatdate

from tests.site import mp4_texts, playlists
from tests.site.server import Request

_HEAD = ["#EXTM3U", "#EXT-X-VERSION:8", "#EXT-X-TARGETDURATION:1", "#EXT-X-PLAYLIST-TYPE:VOD"]
_KEYS = {"one": bytes(range(16)), "two": bytes(range(16, 32))}


def answer(request: Request) -> None:
    """/odd/<kind>/<file>"""
    kind, _, name = request.rest.partition("/")
    KINDS[kind](request, name)


def _data(request: Request, name: str) -> bytes:
    path = request.site.file(name)
    assert path, name
    return path.read_bytes()


# ---- bodies ----------------------------------------------------------------------------------------------


def _gzip(request: Request, name: str) -> None:
    """Packed although the client did not ask for it."""
    request.send(200, gzip.compress(_data(request, name), 1), kind="video/mp4", Content_Encoding="gzip")


def _brotli(request: Request, name: str) -> None:
    import brotli

    packed = brotli.compress(_data(request, name), quality=1)
    request.send(200, packed, kind="video/mp4", Content_Encoding="br")


def _zstd(request: Request, name: str) -> None:
    """A frame of zstd: its magic number, and bytes."""
    request.send(200, b"\x28\xb5\x2f\xfd" + bytes(4000), kind="video/mp4", Content_Encoding="zstd")


def _chunks(request: Request, data: bytes, *, end: bool) -> None:
    request._head(200, {"Content-Type": "video/mp4", "Transfer-Encoding": "chunked"})
    for at in range(0, len(data), 10_000):
        part = data[at : at + 10_000]
        request._write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    if end:
        request._write(b"0\r\n\r\n")
    else:
        request.break_off()


def _chunk_break(request: Request, name: str) -> None:
    """Chunks that end without the last one, once."""
    data = _data(request, name)
    _chunks(request, data if request.times > 1 else data[:50_000], end=request.times > 1)


def _chunk_and_length(request: Request, name: str) -> None:
    """Chunks and a length that is wrong: the chunks count (RFC 9112, 6.3)."""
    data = _data(request, name)
    headers = {"Content-Type": "video/mp4", "Transfer-Encoding": "chunked", "Content-Length": "1234"}
    request._head(200, headers)
    request._write(f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n")


# ---- status and redirects --------------------------------------------------------------------------------


def _cookie(request: Request, name: str) -> None:
    """Sets a cookie, redirects to itself, and only then answers."""
    if "odd=1" not in (request.headers.get("Cookie") or ""):
        return request.send(302, "", Set_Cookie="odd=1; Path=/odd", Location=request.path)
    request.send_file(request.site.file(name))


def _location(request: Request, name: str) -> None:
    """Redirects to a name with letters and spaces that are not encoded."""
    if name != "go":
        return request.send_file(request.site.file("ok.mp4"))
    request._head(302, {"Location": "/odd/location/űr és film.mp4".encode().decode("latin-1"), "Content-Length": "0"})


def _relative(request: Request, name: str) -> None:
    if name == "go" and not request.query:
        return request.send(307, "", Location="?to=ok.mp4")
    request.send_file(request.site.file("ok.mp4"))


def _digest(request: Request, name: str) -> None:
    request.send(401, "no", WWW_Authenticate='Digest realm="x", nonce="abc", qop="auth", algorithm=SHA-256')


def _two_ways(request: Request, name: str) -> None:
    """Two ways to sign in, the one of the browser's dialog last."""
    request.send(401, "no", WWW_Authenticate='Bearer realm="x"\nBasic realm="y"')


def _busy(request: Request, name: str) -> None:
    request.send(429, "busy", Retry_After=formatdate(time.time() + 90, usegmt=True))


def _quota(request: Request, name: str) -> None:
    request.send(503, "busy", Retry_After=formatdate(time.time() + 90, usegmt=True))


def _partial(request: Request, name: str) -> None:
    """Answers a request for all of it with 206."""
    data = _data(request, name)
    where = f"bytes 0-{len(data) - 1}/{len(data)}"
    request.send(206, data, kind="video/mp4", Content_Range=where)


def _attached(request: Request, name: str) -> None:
    """A film that is called text by its server."""
    request.send(200, _data(request, name), kind="text/plain", Content_Disposition='attachment; filename="a.mp4"')


# ---- HLS -------------------------------------------------------------------------------------------------


def _playlist(request: Request, lines: list[str], kind: str = playlists.kind("x.m3u8"), mark: str = "") -> None:
    request.send(200, mark + "\r\n".join([*_HEAD, *lines, "#EXT-X-ENDLIST", ""]), kind=kind)


def _pieces(folder: str, ending: str = "ts") -> list[str]:
    return [line for number in range(4) for line in ("#EXTINF:1,", f"/hls/{folder}/s{number:03d}.{ending}")]


def _text_playlist(request: Request, name: str) -> None:
    """Called text, with a byte order mark."""
    _playlist(request, _pieces("mux"), kind="text/plain", mark="\ufeff")


def _octets_playlist(request: Request, name: str) -> None:
    _playlist(request, _pieces("mux"), kind="application/octet-stream")


def _ranges(request: Request, name: str) -> None:
    """All pieces are ranges of one file; the second of each pair has no offset."""
    data = [_data(request, f"hls/mux/s{number:03d}.ts") for number in range(4)]
    if name != "i.m3u8":
        return _ranged(request, b"".join(data))
    lines, at = [], 0
    for number, piece in enumerate(data):
        lines += ["#EXTINF:1,", f"#EXT-X-BYTERANGE:{len(piece)}{f'@{at}' if number % 2 == 0 else ''}", "all.ts"]
        at += len(piece)
    _playlist(request, lines)


def _ranges4(request: Request, name: str) -> None:
    """One fragmented file: its head and its pieces are ranges."""
    data = [_data(request, f"hls/fmp4/{part}") for part in ("init.mp4", *(f"s{number:03d}.m4s" for number in range(4)))]
    if name != "i.m3u8":
        return _ranged(request, b"".join(data))
    lines, at = [f'#EXT-X-MAP:URI="all.mp4",BYTERANGE="{len(data[0])}@0"'], len(data[0])
    for piece in data[1:]:
        lines += ["#EXTINF:1,", f"#EXT-X-BYTERANGE:{len(piece)}@{at}", "all.mp4"]
        at += len(piece)
    _playlist(request, lines)


def _ranged(request: Request, data: bytes) -> None:
    start, end, code = request._range(len(data), "")
    if start is None:
        return request.send(416, "")
    request.send(code, data[start:end], kind="video/mp2t", Content_Range=f"bytes {start}-{end - 1}/{len(data)}")


def _rotation(request: Request, name: str) -> None:
    """Keys that change: by number, by a given vector, and none at the end."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    if name in _KEYS:
        return request.send(200, _KEYS[name], kind="application/octet-stream")
    vector = bytes.fromhex("000102030405060708090a0b0c0d0eff")
    ways = [("one", (0).to_bytes(16, "big")), ("one", (1).to_bytes(16, "big")), ("two", vector), ("", b"")]
    if name == "i.m3u8":
        lines = ['#EXT-X-KEY:METHOD=AES-128,URI="one"', *_own(0), *_own(1)]
        lines += [f'#EXT-X-KEY:METHOD=AES-128,URI="two",IV=0x{vector.hex()}', *_own(2)]
        return _playlist(request, [*lines, "#EXT-X-KEY:METHOD=NONE", *_own(3)])
    number = int(name.removesuffix(".ts"))
    data = _data(request, f"hls/mux/s{number:03d}.ts")
    key, start = ways[number]
    if key:
        padder = PKCS7(128).padder()
        data = padder.update(data) + padder.finalize()
        encryptor = Cipher(algorithms.AES(_KEYS[key]), modes.CBC(start)).encryptor()
        data = encryptor.update(data) + encryptor.finalize()
    request.send(200, data, kind="video/mp2t")


def _own(number: int) -> list[str]:
    return ["#EXTINF:1,", f"{number}.ts"]


def _rotation_parts(request: Request, name: str) -> None:
    """Keys that change, in a stream of two parts."""
    if name != "i.m3u8":
        return _rotation(request, name)
    vector = "000102030405060708090a0b0c0d0eff"
    lines = ['#EXT-X-KEY:METHOD=AES-128,URI="one"', *_own(0), *_own(1)]
    lines += [f'#EXT-X-KEY:METHOD=AES-128,URI="two",IV=0x{vector}', *_own(2)]
    lines += ["#EXT-X-KEY:METHOD=NONE", "#EXT-X-DISCONTINUITY", *_pieces("other")[:4]]
    _playlist(request, lines)


def _gap(request: Request, name: str) -> None:
    """A piece that the playlist itself marks as absent."""
    lines = _pieces("mux")
    _playlist(request, [*lines[:2], "#EXTINF:1,", "#EXT-X-GAP", "/status/404/s.ts", *lines[4:]])


def _variables(request: Request, name: str) -> None:
    """Names that are defined in the playlist (RFC 8216bis, 4.4.2.3)."""
    lines = ['#EXT-X-DEFINE:NAME="folder",VALUE="/hls/mux"']
    _playlist(request, lines + [line.replace("/hls/mux", "{$folder}") for line in _pieces("mux")])


def _master(request: Request, name: str) -> None:
    """Variants with a playlist of key pictures, and addresses with a query that must stay."""
    if name == "v.m3u8":
        return _playlist(request, _pieces("mux")) if request.query.get("token") == "a b" else request.send(403, "no")
    lines = [
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=1920x1080,URI="absent.m3u8"',
        "#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180",
        "v.m3u8?token=a%20b",
    ]
    request.send(200, "\n".join(["#EXTM3U", *lines, ""]), kind=playlists.kind("x.m3u8"))


# ---- subtitles in MP4 ------------------------------------------------------------------------------------


def _dash_texts(request: Request, name: str) -> None:
    """DASH with timed text and WebVTT in MP4, four seconds in two pieces."""
    kind, _, number = name.removesuffix(".mp4").partition("-")
    if name.endswith(".mpd"):
        path = request.site.file("dash/m.mpd")
        assert path
        text = path.read_text().replace("<Period", "<BaseURL>/dash/</BaseURL><Period", 1)
        sets = "".join(_text_set(codec, language) for codec, language in (("stpp", "de"), ("wvtt", "en")))
        return request.send(200, text.replace("</Period>", f"{sets}</Period>"), kind=playlists.kind("x.mpd"))
    request.send(200, _text_piece(kind, number), kind="application/mp4")


def _text_set(codec: str, language: str) -> str:
    template = (
        f'<SegmentTemplate timescale="1" duration="2" startNumber="1" initialization="/odd/dash-texts/{codec}-init.mp4"'
        f' media="/odd/dash-texts/{codec}-$Number$.mp4"/>'
    )
    head = f'<AdaptationSet contentType="text" mimeType="application/mp4" lang="{language}">'
    one = f'<Representation id="{codec}" bandwidth="100" codecs="{codec}">{template}</Representation>'
    return f"{head}{one}</AdaptationSet>"


def _text_piece(kind: str, number: str) -> bytes:
    if number == "init":
        return mp4_texts.head(kind.encode())
    start = 2 * (int(number) - 1)
    if kind == "stpp":
        document = mp4_texts.TTML.format(f'<p begin="{start}.5s" end="{start + 1}.5s">Zeile {number}</p>')
        return mp4_texts.fragment(start, [(2, document.encode())])
    return mp4_texts.fragment(start, [(0.5, mp4_texts.EMPTY), (1.5, mp4_texts.cue(f"Line {number}"))])


def _hls_texts(request: Request, name: str) -> None:
    """HLS with WebVTT in MP4, on the clock of the picture, which begins at 10 s."""
    if name == "m.m3u8":
        text = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="t.m3u8"'
        stream = '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=64x48,SUBTITLES="s"'
        lines = ["#EXTM3U", text, stream, "/hls/clock4/i.m3u8", ""]
        return request.send(200, "\n".join(lines), kind=playlists.kind("x.m3u8"))
    if name == "t.m3u8":
        return _playlist(request, ['#EXT-X-MAP:URI="init.mp4"', "#EXTINF:8,", "text.m4s"])
    if name == "init.mp4":
        return request.send(200, mp4_texts.head(b"wvtt"), kind="video/mp4")
    data = mp4_texts.fragment(10, [(5, mp4_texts.EMPTY), (1, mp4_texts.cue("Hello"))])
    request.send(200, data, kind="video/mp4")


KINDS = {
    "dash-texts": _dash_texts,
    "hls-texts": _hls_texts,
    "gzip": _gzip,
    "br": _brotli,
    "zstd": _zstd,
    "chunk-break": _chunk_break,
    "chunk-and-length": _chunk_and_length,
    "cookie": _cookie,
    "location": _location,
    "relative": _relative,
    "digest": _digest,
    "two-ways": _two_ways,
    "busy": _busy,
    "quota": _quota,
    "partial": _partial,
    "attached": _attached,
    "text-playlist": _text_playlist,
    "octets-playlist": _octets_playlist,
    "ranges": _ranges,
    "ranges4": _ranges4,
    "rotation": _rotation,
    "rotation-parts": _rotation_parts,
    "gap": _gap,
    "variables": _variables,
    "master": _master,
}
