"""Playlists of the fixture site: live, and those that try to make the program read files or other addresses."""

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


def live(times: int, pieces: str = "/hls/mux") -> str:
    """Each look shows one segment more; it ends after the fourth."""
    last = min(times, 4)
    first = max(0, last - 2)
    segments = "".join(f"#EXTINF:1,\n{pieces}/s{number:03d}.ts\n" for number in range(first, last))
    return f"{_HEAD}#EXT-X-MEDIA-SEQUENCE:{first}\n{segments}" + (_END if times > 4 else "")


LIVE_MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="aud.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="a"
v180.m3u8
"""
_SCHEME = '<Representation id="1" bandwidth="1000" width="320" height="180" codecs="avc1.42c00d">'
LIVE_OPEN_MPD = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" minimumUpdatePeriod="PT1S"'
    ' availabilityStartTime="2025-01-01T00:00:00Z"><Period id="1" start="PT0S"><AdaptationSet mimeType="video/mp4">'
    '<SegmentTemplate media="$Number$.m4s"/>'
    f"{_SCHEME}</Representation></AdaptationSet></Period></MPD>"
)


def elsewhere(kind: str, base: str, text: str) -> str:
    """A playlist whose pieces, or whose key, lie on another host; `text` is the one at home."""
    if kind == "key":
        return text.replace("k.key", f"{base}/hls/aes/k.key").replace("\ns0", "\n/hls/aes/s0")
    if kind == "dash":
        return text.replace("<Period", f"<BaseURL>{base}/dash/</BaseURL><Period", 1)
    return text.replace("\ns0", f"\n{base}/hls/mux/s0")
