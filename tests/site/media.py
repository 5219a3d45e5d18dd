"""The media corpus: every kind of file that matters, made by FFmpeg in a few seconds, and what must be done of each.

`corpus()` gives its folder, made where it is missing. `ACTIONS` is the expected decision for each file.
"""

import fcntl
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mediafetcher.media import ffmpeg
from tests.site import handmade, streams

CACHE = Path(__file__).parents[2] / ".cache" / "media-corpus"
VERSION = 4  # one more whenever the way a file is made changes without its row changing

SECONDS = 4
_V = f"-f lavfi -i testsrc2=size=320x180:rate=25:duration={SECONDS}"
_SMALL = f"-f lavfi -i testsrc2=size=64x48:rate=25:duration={SECONDS}"
_ODD = f"-f lavfi -i testsrc2=size=321x181:rate=25:duration={SECONDS}"
_A = f"-f lavfi -i sine=frequency=440:sample_rate=48000:duration={SECONDS}"
_A2 = f"-f lavfi -i sine=frequency=880:sample_rate=48000:duration={SECONDS}"
_A6 = f"-f lavfi -i aevalsrc=0.1*sin(440*2*PI*t)|0|0|0|0|0:c=5.1:s=48000:d={SECONDS}"
_X264 = "-c:v libx264 -preset veryfast -threads 1"
_H264 = f"{_X264} -pix_fmt yuv420p -g 50"
_AAC = "-c:a aac -b:a 96k -ac 2"
_AMR = "-c:a libopencore_amrnb -ar 8000 -ac 1"
_FAST = "-movflags +faststart"
_VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 200k"
_VP8 = "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 200k"
_AV1 = "-c:v libsvtav1 -preset 12 -b:v 200k"
_HEVC = "-c:v libx265 -preset ultrafast -x265-params log-level=error"
_PQ = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
_HDR = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc"
_EXACT = "-fflags +bitexact -flags +bitexact"
_PLAIN = "-map_metadata -1"


class Film(NamedTuple):
    """FFmpeg's arguments, and the decision that is expected. `exact`: without metadata of its own."""

    arguments: str
    action: str
    exact: bool = True


# Made from nothing. Films whose arguments name another file come after it.
FILMS: dict[str, Film] = {
    # The good one and its near misses
    "ok.mp4": Film(f"{_V} {_A} {_H264} {_AAC} {_FAST}", "none"),
    "moov_end.mp4": Film(f"{_V} {_A} {_H264} {_AAC}", "remux"),
    "frag.mp4": Film(f"{_V} {_A} {_H264} {_AAC} -movflags +frag_keyframe+empty_moov+default_base_moof", "remux"),
    "h264_aac.mkv": Film(f"{_V} {_A} {_H264} {_AAC}", "remux"),
    "h264_aac.ts": Film(f"{_V} {_A} {_H264} {_AAC}", "remux"),
    "h264_aac.flv": Film(f"{_V} {_A} {_H264} {_AAC}", "remux"),
    "h264_aac.mov": Film(f"{_V} {_A} {_H264} {_AAC}", "remux"),
    "h264_aac.avi": Film(f"{_V} {_A} {_H264} -bf 0 {_AAC}", "remux"),
    "h264_noaudio.mp4": Film(f"{_V} {_H264} {_FAST}", "none"),
    "h264_baseline.mp4": Film(f"{_V} {_A} {_H264} -profile:v baseline {_AAC} {_FAST}", "none"),
    "h264_51.mp4": Film(f"{_V} {_A6} {_H264} -c:a aac -b:a 256k {_FAST}", "none"),
    "h264_fullrange.mp4": Film(f"{_V} {_A} -vf scale=out_range=full {_X264} -pix_fmt yuvj420p {_AAC} {_FAST}", "none"),
    "h264_sar.mp4": Film(f"{_V} {_A} -vf setsar=4/3 {_H264} {_AAC} {_FAST}", "none"),
    "h264_vfr.mp4": Film(f"{_V} {_A} -vf select='not(mod(n,3))+lt(n,30)' -fps_mode vfr {_H264} {_AAC} {_FAST}", "none"),
    "h264_delay.mp4": Film(f"{_V} -itsoffset 0.7 {_A} {_H264} {_AAC} {_FAST}", "none"),
    "h264_editlist.mp4": Film(f"-ss 1.3 -i moov_end.mp4 -c copy {_FAST}", "none"),
    "h264_rot90.mp4": Film(f"-display_rotation 90 -i moov_end.mp4 -c copy {_FAST}", "none"),
    # Data tracks: timecode, QuickTime's chapters, a camera's telemetry
    "h264_data.mp4": Film(f"{_V} {_A} -timecode 01:00:00:00 {_H264} {_AAC} {_FAST}", "remux", exact=False),
    "h264_chapters.mp4": Film(
        f"{_V} {_A} -i chap.txt -map 0 -map 1 -map_chapters 2 {_H264} {_AAC} {_FAST}", "remux", exact=False
    ),
    "h264_data.ts": Film(f"{_V} {_A} -f data -i telemetry.bin -map 0 -map 1 -map 2 -c:d copy {_H264} {_AAC}", "remux"),
    "h264_telemetry.mp4": Film(f"-i h264_data.ts -map 0 -c copy -bsf:a aac_adtstoasc {_FAST}", "remux", exact=False),
    "h264_aac.3gp": Film(f"{_SMALL} {_A} {_H264} {_AAC} {_FAST}", "remux"),
    "h264_aac.nut": Film(f"{_SMALL} {_A} {_H264} {_AAC}", "remux"),
    "h264.h264": Film(f"{_SMALL} {_H264} -bf 0 -an -f h264", "remux"),
    "h264_l62.mp4": Film(f"{_V} {_A} {_H264} -level 6.2 {_AAC} {_FAST}", "remux"),
    "h264_l62.mkv": Film(f"{_V} {_A} {_H264} -level 6.2 {_AAC}", "remux"),
    "h264_two_sounds.mkv": Film(
        f"{_V} {_A} {_A2} -map 0:v -map 1:a -map 2:a {_H264} {_AAC}"
        " -metadata:s:a:0 language=eng -metadata:s:a:1 language=hun",
        "remux",
        exact=False,
    ),
    "h264_subs_chap.mkv": Film(
        f"{_V} {_A} -i sub.srt -i chap.txt -map 0 -map 1 -map 2 -map_chapters 3 {_H264} {_AAC} -c:s srt"
        " -metadata:s:s:0 language=hun",
        "remux",
        exact=False,
    ),
    # The sound alone is wrong
    "h264_mp3.mp4": Film(f"{_V} {_A} {_H264} -c:a libmp3lame -b:a 96k {_FAST}", "audio"),
    "h264_opus.mp4": Film(f"{_V} {_A} {_H264} -c:a libopus -b:a 64k {_FAST}", "audio"),
    "h264_flac.mp4": Film(f"{_V} {_A} {_H264} -c:a flac -strict -2 {_FAST}", "audio"),
    "h264_ac3.mp4": Film(f"{_V} {_A} {_H264} -c:a ac3 -b:a 128k {_FAST}", "audio"),
    "h264_eac3.mp4": Film(f"{_V} {_A} {_H264} -c:a eac3 -b:a 128k {_FAST}", "audio"),
    "h264_vorbis.mkv": Film(f"{_V} {_A} {_H264} -c:a libvorbis", "audio"),
    "h264_opus.mkv": Film(f"{_V} {_A} {_H264} -c:a libopus -b:a 64k", "audio"),
    "h264_pcm.mov": Film(f"{_V} {_A} {_H264} -c:a pcm_s16le", "audio"),
    "h264_amr.3gp": Film(f"{_SMALL} {_A} {_H264} {_AMR} {_FAST}", "audio"),
    "h264_mp2.ts": Film(f"{_SMALL} {_A} {_H264} -c:a mp2", "audio"),
    "h264_dts.mkv": Film(f"{_SMALL} {_A} {_H264} -c:a dca -strict -2", "audio"),
    "h264_latm.ts": Film(f"{_SMALL} {_A} {_H264} {_AAC} -mpegts_flags latm", "audio"),
    "h264_ac3.m2ts": Film(f"{_SMALL} {_A} {_H264} -c:a ac3 -b:a 128k", "audio"),
    # The picture is wrong
    "h264_10bit.mp4": Film(f"{_V} {_A} {_X264} -pix_fmt yuv420p10le {_AAC} {_FAST}", "video"),
    "h264_422.mp4": Film(f"{_V} {_A} {_X264} -pix_fmt yuv422p {_AAC} {_FAST}", "video"),
    "h264_444.mp4": Film(f"{_V} {_A} {_X264} -pix_fmt yuv444p {_AAC} {_FAST}", "video"),
    "h264_odd.mp4": Film(f"{_ODD} {_A} {_X264} -pix_fmt yuv444p {_AAC} {_FAST}", "video"),
    "h264_interlaced.mp4": Film(
        f"{_V} {_A} -vf tinterlace=interleave_top {_X264} -pix_fmt yuv420p -flags +ildct+ilme -x264opts tff=1"
        f" {_AAC} {_FAST}",
        "video",
        exact=False,
    ),
    "vp9_aac.mp4": Film(f"{_V} {_A} {_VP9} {_AAC} {_FAST}", "video"),
    "av1_aac.mp4": Film(f"{_V} {_A} {_AV1} {_AAC} {_FAST}", "video"),
    "hevc_aac.mp4": Film(f"{_V} {_A} {_HEVC} -tag:v hvc1 {_AAC} {_FAST}", "video"),
    "hevc_rot90.mp4": Film(f"-display_rotation 90 -i hevc_aac.mp4 -c copy {_FAST}", "video"),
    "hevc_hdr10.mkv": Film(
        f"{_V} {_A} -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params {_PQ} {_HDR} {_AAC}", "video"
    ),
    "mpeg4_aac.mp4": Film(f"{_V} {_A} -c:v mpeg4 -q:v 5 {_AAC} {_FAST}", "video"),
    "mjpeg.avi": Film(f"{_V} -c:v mjpeg -q:v 5 -an", "video"),
    "anim.gif": Film(f"{_V} -vf fps=10,scale=160:-1", "video"),
    "h263_aac.3gp": Film(f"{_V} {_A} -c:v h263 -s 176x144 {_AAC}", "video"),
    "mpeg4_aac.3g2": Film(f"{_SMALL} {_A} -c:v mpeg4 -q:v 5 {_AAC}", "video"),
    "av1.ivf": Film(f"{_V} {_AV1} -an", "video"),
    # Both are wrong
    "flv1_mp3.flv": Film(f"{_SMALL} {_A} -c:v flv1 -c:a libmp3lame -ar 44100", "both"),
    "mpeg2_pcm.mxf": Film(f"{_V} {_A} -c:v mpeg2video -c:a pcm_s16le", "both"),
    "rv20_ac3.rm": Film(f"{_V} {_A} -c:v rv20 -s 176x144 -c:a ac3 -b:a 128k", "both"),
    "ffv1_flac.mkv": Film(f"{_SMALL} {_A} -c:v ffv1 -c:a flac", "both"),
    "vp9_opus.webm": Film(f"{_V} {_A} {_VP9} -c:a libopus", "both"),
    "vp8_vorbis.webm": Film(f"{_V} {_A} {_VP8} -c:a libvorbis", "both"),
    "av1_opus.webm": Film(f"{_V} {_A} {_AV1} -c:a libopus", "both"),
    "mpeg4_mp3.avi": Film(f"{_V} {_A} -c:v mpeg4 -q:v 5 -c:a libmp3lame", "both"),
    "mpeg2_mp2.mpg": Film(f"{_V} {_A} -c:v mpeg2video -q:v 5 -c:a mp2", "both"),
    "wmv2_wma2.wmv": Film(f"{_V} {_A} -c:v wmv2 -q:v 5 -c:a wmav2", "both"),
    "prores_pcm.mov": Film(f"{_V} {_A} -c:v prores_ks -profile:v 0 -c:a pcm_s16le", "both"),
    "theora_vorbis.ogv": Film(f"{_V} {_A} -c:v libtheora -q:v 5 -c:a libvorbis", "both"),
    "long.webm": Film(
        "-f lavfi -i testsrc2=size=640x360:rate=25:duration=40 -f lavfi -i sine=duration=40"
        " -c:v libvpx -deadline realtime -cpu-used 16 -b:v 200k -c:a libopus -b:a 32k",
        "both",
    ),
    # Sound alone
    "a.mp3": Film(f"{_A} -c:a libmp3lame -b:a 96k", "none"),
    "a_fast.m4a": Film(f"{_A} {_AAC} {_FAST}", "none"),
    "a.m4a": Film(f"{_A} {_AAC}", "audio_only"),
    "a.aac": Film(f"{_A} {_AAC}", "audio_only"),
    "a.opus": Film(f"{_A} -c:a libopus", "audio_only"),
    "a.ogg": Film(f"{_A} -c:a libvorbis", "audio_only"),
    "a.flac": Film(f"{_A} -c:a flac", "audio_only"),
    "a.wav": Film(f"{_A}", "audio_only"),
    "a.wma": Film(f"{_A} -c:a wmav2", "audio_only"),
    "a.aiff": Film(f"{_A}", "audio_only"),
    "a.caf": Film(f"{_A}", "audio_only"),
    "alac.caf": Film(f"{_A} -c:a alac", "audio_only"),
    "alac.m4a": Film(f"{_A} -c:a alac {_FAST}", "audio_only"),
    "a.dts": Film(f"{_A} -c:a dca -strict -2", "audio_only"),
    "a.ac3": Film(f"{_A} -c:a ac3 -b:a 128k", "audio_only"),
    "a.amr": Film(f"{_A} {_AMR}", "audio_only"),
    "a.mp2": Film(f"{_A} -c:a mp2", "audio_only"),
    "a.thd": Film(f"{_A} -c:a truehd -strict -2", "audio_only"),
    "a.loas": Film(f"{_A} {_AAC} -f latm", "audio_only"),
    "a.wv": Film(f"{_A} -c:a wavpack", "audio_only"),
    "a.tta": Film(f"{_A} -c:a tta", "audio_only"),
    "a.au": Film(f"{_A}", "audio_only"),
    "a.mka": Film(f"{_A} -c:a libopus", "audio_only"),
    "mulaw.wav": Film(f"{_A} -ar 8000 -ac 1 -c:a pcm_mulaw", "audio_only"),
    # Pictures, and what carries them
    "still.png": Film(f"{_V} -frames:v 1 -update 1", "reject"),
    "cover.jpg": Film(f"{_V} -frames:v 1 -update 1", "reject"),
    "h264_cover.mp4": Film(
        f"-i moov_end.mp4 -i cover.jpg -map 0 -map 1 -c copy -disposition:v:1 attached_pic {_FAST}",
        "none",
        exact=False,
    ),
    "a_cover.mp3": Film(
        "-i a.mp3 -i cover.jpg -map 0 -map 1 -c copy -disposition:v:0 attached_pic", "none", exact=False
    ),
}

# Made by hand, or from the bytes of others: FFmpeg cannot write them.
HANDMADE: dict[str, str] = {
    "xhe_aac.m4a": "audio_only",
    "xhe_aac.mp4": "audio",
    "a.mpc": "audio_only",
    "h264_teletext.ts": "remux",
    "anim.webp": "reject",
}

# Made from the bytes of others, or no media at all.
BROKEN: dict[str, str] = {
    "trunc.mp4": "reject",
    "trunc_nomoov.mp4": "reject",
    "trunc.mkv": "reject",
    "corrupt_mdat.mp4": "none",
    "html.mp4": "reject",
    "empty.mp4": "reject",
    "random.mp4": "reject",
    "evil.m3u8.mp4": "reject",
    "evil_concat.mp4": "reject",
    "sub.srt": "reject",
}

ACTIONS: dict[str, str] = {name: film.action for name, film in FILMS.items()} | HANDMADE | BROKEN

_SUBTITLES = "1\n00:00:00,500 --> 00:00:01,500\nHello\n\n2\n00:00:02,000 --> 00:00:03,000\nWörld ünïcode\n"
_CHAPTERS = (
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=Intro\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\ntitle=Rest\n"
)
_PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def corpus() -> Path:
    """The folder of the corpus. Made once for each version of its tables and of FFmpeg."""
    mark = f"{VERSION} {FILMS!r} {HANDMADE!r} {BROKEN!r} {streams.STREAMS!r} {Path(ffmpeg.path()).name}"
    folder = CACHE / hashlib.sha256(mark.encode()).hexdigest()[:16]
    made_once(folder, _make)
    for old in CACHE.iterdir():
        if old != folder and old.is_dir() and not old.name.startswith("making-"):
            shutil.rmtree(old, ignore_errors=True)
    return folder


def made_once(folder: Path, make: Callable[[Path], None]) -> None:
    """Make a folder of media if it is missing. Other processes that need it wait: it takes both cores for a while."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return
        fresh = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent))
        try:
            make(fresh)
            fresh.chmod(0o755)
            os.rename(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def run(folder: Path, arguments: str) -> None:
    """FFmpeg with these arguments, in the folder."""
    command = [ffmpeg.path(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr[-400:]}")


def _make(folder: Path) -> None:
    (folder / "sub.srt").write_text(_SUBTITLES)
    (folder / "sub.vtt").write_text("WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n")
    (folder / "chap.txt").write_text(_CHAPTERS)
    (folder / "telemetry.bin").write_bytes(b"GPMF" * 500)
    later = {name: film for name, film in FILMS.items() if _needs_others(film)}
    first = {name: film for name, film in FILMS.items() if name not in later}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for stage in (first, later):
            list(pool.map(lambda row: _film(folder, *row), stage.items()))
        list(pool.map(lambda row: streams.make(folder, row[0], row[1], run), streams.STREAMS.items()))
    streams.write_master(folder)
    _make_by_hand(folder)
    _break(folder)


def _needs_others(film: Film) -> bool:
    words = film.arguments.split()
    return any(word in FILMS for word in words)


def _film(folder: Path, name: str, film: Film) -> None:
    run(folder, f"{film.arguments} {f'{_EXACT} {_PLAIN}' if film.exact else ''} {name}")


def _make_by_hand(folder: Path) -> None:
    (folder / "xhe_aac.m4a").write_bytes(handmade.xhe_aac(SECONDS))
    run(folder, f"-i moov_end.mp4 -i xhe_aac.m4a -map 0:v -map 1:a -c copy {_FAST} xhe_aac.mp4")
    (folder / "no_decoder.m4a").write_bytes(handmade.no_decoder(SECONDS))
    (folder / "a.mpc").write_bytes(handmade.musepack(SECONDS))
    (folder / "h264_teletext.ts").write_bytes(handmade.with_teletext((folder / "h264_aac.ts").read_bytes()))
    run(folder, "-i anim.gif -frames:v 3 -c:v libwebp_anim -f webp anim.webp")


def _break(folder: Path) -> None:
    """The broken ones, from whole ones."""
    chance = random.Random(1)
    for name, source in (("trunc.mp4", "ok.mp4"), ("trunc_nomoov.mp4", "moov_end.mp4"), ("trunc.mkv", "h264_aac.mkv")):
        data = (folder / source).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])
    corrupt = bytearray((folder / "ok.mp4").read_bytes())
    start = corrupt.find(b"mdat") + 8
    for _ in range(2000):
        corrupt[chance.randrange(start, len(corrupt))] = chance.randrange(256)
    (folder / "corrupt_mdat.mp4").write_bytes(corrupt)
    (folder / "html.mp4").write_text("<!doctype html><html><body>Please log in</body></html>")
    (folder / "empty.mp4").touch()
    (folder / "random.mp4").write_bytes(chance.randbytes(50_000))
    (folder / "evil.m3u8.mp4").write_text(_PLAYLIST)
    (folder / "evil_concat.mp4").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
