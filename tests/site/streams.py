"""The streams of the corpus: HLS in four forms, a master playlist with sound of its own, and DASH."""

from collections.abc import Callable
from pathlib import Path

_V = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=4"
_V360 = "-f lavfi -i testsrc2=size=640x360:rate=25:duration=4"
_A = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=4"
_AAC = "-c:a aac -b:a 96k -ac 2"
_H264 = "-c:v libx264 -preset veryfast -threads 1 -pix_fmt yuv420p -g 25 -keyint_min 25 -sc_threshold 0"
_HLS = "-f hls -hls_time 1 -hls_playlist_type vod -hls_list_size 0 -hls_flags independent_segments"
_TS = f"{_HLS} -hls_segment_filename s%03d.ts i.m3u8"

# folder -> FFmpeg's arguments
STREAMS: dict[str, str] = {
    "hls/v180": f"{_V} {_H264} -an {_TS}",
    "hls/v360": f"{_V360} {_H264} -an {_TS}",
    "hls/aud": f"{_A} {_AAC} {_TS}",
    "hls/mux": f"{_V} {_A} {_H264} {_AAC} {_TS}",
    "hls/fmp4": f"{_V} {_A} {_H264} {_AAC} {_HLS} -hls_segment_type fmp4 -hls_segment_filename s%03d.m4s i.m3u8",
    "hls/aes": f"{_V} {_A} {_H264} {_AAC} -hls_key_info_file key.info {_TS}",
    "dash": f"{_V} {_A} {_H264} {_AAC} -map 0 -map 1 -f dash -seg_duration 1 -use_template 1 -use_timeline 0 m.mpd",
}

_MASTER = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="aud/i.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="a"
v180/i.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.64001e,mp4a.40.2",AUDIO="a"
v360/i.m3u8
"""


def make(root: Path, name: str, arguments: str, run: Callable[[Path, str], None]) -> None:
    """One stream in its folder."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    if "key.info" in arguments:
        (folder / "k.key").write_bytes(bytes(range(16)))
        (folder / "key.info").write_text("k.key\nk.key\n00112233445566778899aabbccddeeff\n")
    run(folder, arguments)


def write_master(root: Path) -> None:
    (root / "hls" / "master.m3u8").write_text(_MASTER)
