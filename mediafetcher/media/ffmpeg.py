"""Run the FFmpeg of imageio-ffmpeg as a confined child that may read one local file and has no network.

A downloaded file may be a playlist that names other files or addresses: only the protocols `file` and `pipe`
and the formats below are opened.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import bundle, errors
from mediafetcher.sandbox import process

_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,flv,live_flv,avi,asf,ogg,mp3,flac,wav,w64,aiff,au,"
    "aac,loas,ac3,eac3,truehd,mlp,amr,ape,caf,dts,dtshd,dsf,mpc,mpc8,tak,dv,gif,h264,hevc,m4v,mxf,nut,rm,tta,wv,ivf,"
    "y4m,yuv4mpegpipe,"
    "image2,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe"
)
SAFE_INPUT = ("-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS)
LONG_ANALYSIS = ("-analyzeduration", "600M", "-probesize", "256M")  # microseconds and bytes
_GIB = 1 << 30
# Signals from outside: by the kernel when memory runs out, by an administrator, at the shutdown of the machine.
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGBUS}


@cache
def path() -> str:
    """Return the path of the program. Searched for directly, since imageio-ffmpeg would run it as a test."""
    if chosen := os.environ.get("IMAGEIO_FFMPEG_EXE"):
        return chosen
    if root := bundle.root():
        return str(root / "bin" / "ffmpeg")
    import imageio_ffmpeg

    bundled = sorted((Path(imageio_ffmpeg.__file__).parent / "binaries").glob("ffmpeg-*"))
    return str(bundled[-1]) if bundled else str(imageio_ffmpeg.get_ffmpeg_exe())


class Ended(NamedTuple):
    code: int
    text: str  # standard error: all of it up to a limit, or its tail


async def run(
    arguments: Sequence[str],
    reads: Sequence[Path],
    writes: Sequence[Path] = (),
    *,
    limits: process.Limits | None = None,
    timeout: float,
    on_line: Callable[[str], None] | None = None,
    devices: bool = False,
) -> Ended:
    """Run FFmpeg to its end. `reads`, `writes`: the only files that it can access. `timeout`: seconds without a line.

    `devices`: hardware drivers open unpredictable files, so file access is not restricted then.

    Cancelling the task kills it. Raises: `Stuck` if it prints nothing for too long, and `ToolKilled` if a signal from
    outside ended it, which proves nothing about the file.
    """
    argv = [path(), "-hide_banner", "-nostdin", *arguments]
    limits = limits or process.Limits(data=_GIB, cpu_seconds=120)
    program = bundle.root() or Path(argv[0])
    alone = None if devices else process.Ruleset((program, *reads), tuple(writes))
    env = process.environment("/", AV_LOG_FORCE_NOCOLOR="1")
    async with await process.start(
        argv, limits, env=env, reach=[*reads, *writes], tail=512 << 10, alone=alone
    ) as running:
        lines = aiter(running)
        try:
            while True:
                async with asyncio.timeout(timeout):
                    line = await anext(lines, None)
                if line is None:
                    break
                if on_line:
                    on_line(line.decode("utf-8", "replace"))
            async with asyncio.timeout(timeout):
                code = await running.wait()
        except TimeoutError:
            raise Stuck from None
        if -code in _FROM_OUTSIDE:
            raise errors.ToolKilled(reason=f"signal {-code}")
        return Ended(code, running.stderr_tail)


class Stuck(errors.TranscodeFailed):
    """FFmpeg printed nothing for too long and was killed."""

    default_detail = "FFmpeg was stopped: it made no progress on this file for too long."


def owned(target: Path) -> Path:
    """Make an empty file next to the target for the service account, which then needs no write access to the folder."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    account = process.service_account()
    if account:
        os.chown(part, account.uid, account.gid)
    return part


@contextlib.contextmanager
def readable(path: Path, text: str) -> Iterator[None]:
    """Make a small file that the service account may read, for the duration of the block."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            account = process.service_account()
            if account:
                os.fchown(descriptor, account.uid, account.gid)
            file.write(text)
        yield
    finally:
        path.unlink(missing_ok=True)


async def version() -> str:
    """Return the version as FFmpeg reports it, e.g. `9.0.2-static`."""
    words: list[str] = []
    await run(["-version"], [], timeout=20, on_line=lambda line: words.extend(line.split()[:3]))
    return words[2] if len(words) > 2 else "unknown"
