"""Choose the H.264 encoder: the machine's hardware if a test proves that it works, else libx264.

A device node proves little: the driver or the permission may be missing, or the chip may only decode. So each candidate
really encodes a fifth of a second, as the service account and under a time limit, and the result is checked.
The choice is kept until the program ends; an encoder that fails in the middle of a job is not used again.
"""

import asyncio
import dataclasses
import glob
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core import errors, logging, settings
from mediafetcher.media import ffmpeg
from mediafetcher.media.probe import decide, probe
from mediafetcher.sandbox import process

_FLIGHT_SECONDS = 10.0
_log = logging.get("encoder")


class Encoder(NamedTuple):
    """Arguments of FFmpeg: `before` the input, `upload` at the end of the filters, `arguments` for the encoder."""

    name: str
    upload: str
    arguments: tuple[str, ...]
    device: str = ""
    before: tuple[str, ...] = ()


class Kind(NamedTuple):
    """Hardware of one kind and its device nodes; `{}` in `before` is the node."""

    nodes: str  # a pattern of paths
    name: str
    upload: str
    arguments: tuple[str, ...]
    before: tuple[str, ...] = ()

    def on(self, node: str) -> Encoder:
        before = tuple(part.format(node) for part in self.before)
        return Encoder(self.name, self.upload, self.arguments, node, before)


SOFTWARE = Encoder("libx264", "format=yuv420p", ("-preset", "veryfast", "-crf", "23", "-profile:v", "high"))
KINDS = (
    Kind("/dev/nvidia0", "h264_nvenc", "format=yuv420p", ("-preset", "p4", "-cq", "23", "-profile:v", "high")),
    Kind(
        "/dev/dri/renderD*",
        "h264_vaapi",
        "format=nv12,hwupload",
        ("-rc_mode", "CQP", "-qp", "23", "-profile:v", "high"),
        ("-init_hw_device", "vaapi=device:{}", "-filter_hw_device", "device"),
    ),
    Kind(
        "/dev/dri/renderD*",
        "h264_qsv",
        "format=nv12",
        ("-global_quality", "23", "-profile:v", "high"),
        ("-init_hw_device", "qsv=device,child_device={}", "-filter_hw_device", "device"),
    ),
    Kind("/dev/video1[0-9]", "h264_v4l2m2m", "format=yuv420p", ("-b:v", "4M")),
)

_chosen: Encoder | None = None
_lock = asyncio.Lock()


def shown() -> str:
    """Return the name of the encoder in use; libx264 until hardware has passed its test."""
    return (_chosen or SOFTWARE).name


async def choose() -> Encoder:
    """Return the encoder to use, tested at the first call."""
    global _chosen
    if settings.get().encoder == "software":
        return SOFTWARE
    async with _lock:
        if _chosen is None:
            _chosen = await _first() or SOFTWARE
            _log.info("encoder chosen", encoder=_chosen.name, device=_chosen.device or None)
        return _chosen


def give_up(encoder: Encoder, reason: str) -> None:
    """Use libx264 from now on, after a failure in a job."""
    global _chosen
    _chosen = SOFTWARE
    _log.warning("the hardware encoder failed, libx264 continues", encoder=encoder.name, reason=reason)


def limits(encoder: Encoder, base: process.Limits) -> process.Limits:
    """Return the limits of a child, with the group that may use the encoder's device."""
    try:
        status = os.stat(encoder.device)
    except OSError:
        return base
    fits = status.st_gid and status.st_mode & 0o060 == 0o060
    return dataclasses.replace(base, groups=(status.st_gid,)) if fits else base


async def _first() -> Encoder | None:
    for kind in KINDS:
        for node in sorted(glob.glob(kind.nodes)):
            encoder = kind.on(node)
            if reason := await flight(encoder):
                _log.info("a device does not encode", encoder=encoder.name, device=node, reason=reason)
            else:
                return encoder
    return None


async def flight(encoder: Encoder) -> str | None:
    """Encode a fifth of a second. Returns: why it does not work, or None if it works."""
    # Below the state folder, where the next start removes leftovers of a kill; doctor may run without a state folder.
    work = settings.get().work
    folder = Path(tempfile.mkdtemp(prefix="mediafetcher-flight-", dir=work if work.is_dir() else None))
    try:
        part = process.give(folder) / "flight.mp4"
        source = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=0.2"]
        arguments = ["-v", "error", *encoder.before, *source, "-vf", encoder.upload, "-c:v", encoder.name]
        arguments += [*encoder.arguments, "-movflags", "+faststart", "-f", "mp4", "-y", f"file:{part}"]
        own = limits(encoder, process.Limits(data=3 << 30, cpu_seconds=20, nice=10))
        async with asyncio.timeout(_FLIGHT_SECONDS):
            ended = await ffmpeg.run(arguments, [], [folder], limits=own, timeout=_FLIGHT_SECONDS, devices=True)
        if ended.code != 0:
            return (ended.text.strip().splitlines() or [f"code {ended.code}"])[-1][-200:]
        decision = decide(await probe(part))
        return None if decision.action == "none" else decision.reason
    except TimeoutError:
        return "it takes too long"
    except (errors.Problem, OSError) as error:
        return str(error)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
