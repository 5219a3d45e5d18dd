"""Playlists of the fixture site: live, and those that try to make somebody read files or other addresses."""

_HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
_END = "#EXT-X-ENDLIST\n"


def _list(*lines: str) -> str:
    return _HEAD + "".join(f"{line}\n" for line in lines) + _END


_EVIL = {
    "file.m3u8": _list("#EXTINF:1,", "file:///etc/passwd"),
    "filekey.m3u8": _list('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"', "#EXTINF:1,", "/hls/aes/s000.ts"),
    "concat.m3u8": _list("#EXTINF:1,", "concat:/etc/passwd|/etc/hosts"),
    "subfile.m3u8": _list("#EXTINF:1,", "subfile,,start,0,end,64,,:/etc/passwd"),
    "private.m3u8": _list("#EXTINF:1,", "http://127.0.0.2:{port}/secret/x"),
    "map.m3u8": _list('#EXT-X-MAP:URI="file:///etc/passwd"', "#EXTINF:1,", "/hls/fmp4/s000.m4s"),
    "file.mpd": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"'
        ' bandwidth="1000" width="320" height="180" codecs="avc1.42c00d"><BaseURL>file:///etc/passwd</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
}
_EVIL["endless.m3u8"] = _list(*("#EXTINF:1,\n/endless/1/x.ts" for _ in range(100_000)))
NAMES = tuple(_EVIL)


def evil(name: str, port: int) -> str | None:
    body = _EVIL.get(name)
    return body.replace("{port}", str(port)) if body else None


def kind(name: str) -> str:
    return "application/dash+xml" if name.endswith(".mpd") else "application/vnd.apple.mpegurl"


def live(times: int) -> str:
    """Each look shows one segment more; it ends after the fourth."""
    last = min(times, 4)
    first = max(0, last - 2)
    segments = "".join(f"#EXTINF:1,\n/hls/mux/s{number:03d}.ts\n" for number in range(first, last))
    return f"{_HEAD}#EXT-X-MEDIA-SEQUENCE:{first}\n{segments}" + (_END if times > 4 else "")
