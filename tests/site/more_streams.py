"""Streams for tests of recordings, clocks and parts. Made at their first use, apart from the corpus."""

import hashlib
from functools import cache
from pathlib import Path

from mediafetcher.media import ffmpeg
from tests.site import media, streams

CACHE = Path(__file__).parents[2] / ".cache" / "more-streams"
_V = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=4"
_A = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=4"
_FLASH = "-f lavfi -i color=black:s=64x48:r=25:d=8,drawbox=color=white:t=fill:enable='between(t\\,5\\,5.4)'"
_BEEP = "-f lavfi -i aevalsrc=if(between(t\\,5\\,5.4)\\,0.8*sin(2*PI*1000*t)\\,0):s=48000:d=8"
_LOW = "-f lavfi -i aevalsrc=if(between(t\\,5\\,5.4)\\,0.8*sin(2*PI*400*t)\\,0):s=48000:d=8"  # a beep, lower
_LATE = "-muxdelay 0 -muxpreload 0 -output_ts_offset 10"
_A2 = "-f lavfi -i sine=frequency=880:sample_rate=48000:duration=2"
_A20 = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=20"
_V8 = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=8"
_UPRIGHT = "-f lavfi -i testsrc2=rate=25:size="
_V_SMALL = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=12"
_A_LONG = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=12"
_AAC = "-c:a aac -b:a 96k -ac 2"
_H264 = "-c:v libx264 -preset veryfast -threads 1 -pix_fmt yuv420p -g 25 -keyint_min 25 -sc_threshold 0"
_HLS = "-f hls -hls_time 1 -hls_playlist_type vod -hls_list_size 0 -hls_flags independent_segments"
_TS = f"{_HLS} -hls_segment_filename s%03d.ts i.m3u8"

# folder -> FFmpeg's arguments
STREAMS: dict[str, str] = {
    "hls/long": f"{_V_SMALL} {_A_LONG} {_H264} {_AAC} {_TS}",
    # A flash and a beep at 5 s; the clock of the streams begins at 10 s.
    "hls/clock": f"{_FLASH} {_BEEP} {_H264} {_AAC} {_LATE} {_TS}",
    "hls/clock4": f"{_FLASH} {_BEEP} {_H264} {_AAC} {_LATE} {_HLS}"
    " -hls_segment_type fmp4 -hls_segment_filename s%03d.m4s i.m3u8",
    "hls/clock-v": f"{_FLASH} {_H264} -an {_LATE} {_TS}",
    "hls/clock-a": f"{_BEEP} {_AAC} {_LATE} {_TS}",
    "hls/clock-low": f"{_LOW} {_AAC} {_LATE} {_TS}",
    "dash/languages": f"{_FLASH} {_BEEP} {_LOW} {_H264} {_AAC} -map 0 -map 1 -map 2 -metadata:s:a:0 language=en"
    " -metadata:s:a:1 language=de -f dash -seg_duration 1 -use_template 1 -use_timeline 0 m.mpd",
    "languages": f"{_FLASH} {_BEEP} {_LOW} {_H264} {_AAC} -map 0 -map 1 -map 2 -metadata:s:a:0 language=eng"
    " -metadata:s:a:1 language=deu -disposition:a:1 0 -movflags +faststart two.mp4",
    "dash/clock": f"{_FLASH} {_BEEP} {_H264} {_AAC} -map 0 -map 1"
    " -f dash -seg_duration 1 -use_template 1 -use_timeline 0 m.mpd",
    "dash/one": f"{_V} {_A} {_H264} {_AAC} -map 0 -map 1 -f dash -seg_duration 1 -single_file 1 m.mpd",
    "dash/long": f"{_V_SMALL} {_A_LONG} {_H264} {_AAC} -map 0 -map 1"
    " -f dash -seg_duration 1 -use_template 1 -use_timeline 1 m.mpd",
    "clock": f"{_FLASH} {_BEEP} {_H264} {_AAC} -movflags +faststart clock.mp4",
    # A part of another size, as an advertisement is
    "hls/other": f"{_UPRIGHT}96x96:duration=2 {_A2} {_H264} {_AAC} {_TS}",
    "hls/part4": f"{_V} {_A} {_H264} {_AAC} {_HLS} -hls_segment_type fmp4 -hls_fmp4_init_filename other.mp4"
    " -hls_segment_filename s%03d.m4s i.m3u8",
    "late": f"{_A20} -itsoffset 12 {_V8} -map 1:v -map 0:a {_H264} -b:v 300k {_AAC} -max_interleave_delta 0 late.ts",
    "hls/up320": f"{_UPRIGHT}180x320:duration=1 {_H264} i.ts",
    "hls/up640": f"{_UPRIGHT}360x640:duration=1 {_H264} i.ts",
    "hls/up1280": f"{_UPRIGHT}720x1280:duration=1 {_H264} i.ts",
}


def file(name: str) -> Path | None:
    """A file of these streams, which are made if it is one of theirs."""
    if not any(name.startswith(f"{folder}/") for folder in STREAMS):
        return None
    path = folder() / name
    return path if path.is_file() and path.resolve().is_relative_to(folder()) else None


@cache
def folder() -> Path:
    """The folder of the streams. Made once for each version of the table and of FFmpeg."""
    mark = f"{STREAMS!r} {Path(ffmpeg.path()).name}"
    made = (CACHE / hashlib.sha256(mark.encode()).hexdigest()[:16]).resolve()
    media.made_once(made, _make)
    return made


def _make(fresh: Path) -> None:
    for name, arguments in STREAMS.items():
        streams.make(fresh, name, arguments, media.run)
