"""Decide whether a fetched file is complete: in this one module, by bytes, never by a claim alone.

The proofs are, the strongest first: the transport (every byte of `Content-Length`, every piece of a list), the index
of a container, and a pass over all packets to the end. A length that a site or a playlist names is a claim. It only
makes a file suspect if no transport proved it, and a suspect file is fetched once more, not refused.

The length of a file is that of its packets, unless an MP4 proves its own.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from mediafetcher.media import probe

# Containers whose header counts the following samples, frames or bytes.
_COUNTED = {"flac", "wav", "w64", "aiff", "avi", "asf", "tta", "ape", "caf", "au", "mp3", "mpc", "mpc8", "tak", "dsf"}
_SLACK = 0.02  # of the length, and at least:
_SLACK_SECONDS = 1.0
_FAR = 0.1  # share of a claimed length that a suspect file lacks, and at least:
_FAR_SECONDS = 5.0


@dataclass(frozen=True)
class Verdict:
    """`facts`: with the true length. `cut`: why the file is incomplete, or "". `plays`: whether there is a packet."""

    facts: probe.Facts
    cut: str = ""
    plays: bool = True


async def judge(path: Path, facts: probe.Facts, *, bounded: bool = True, claimed: float | None = None) -> Verdict:
    """Judge a fetched file.

    `bounded`: the transport proved that all bytes arrived. `claimed`: the length that its site names, in seconds.

    Returns: the verdict; its facts no longer mark the file as truncated, so that its content can be kept.
    """
    main = facts.video or next(iter(facts.audio), None)
    if facts.error or main is None:
        return Verdict(facts, facts.error if facts.truncated else "", plays=not facts.truncated)
    if proves_itself(facts):
        return Verdict(facts)
    packets = await probe.packets(path, main.index)
    if packets.seconds is None and not facts.truncated:
        return Verdict(facts)  # nothing is known: the next steps decide
    seconds = packets.seconds or 0.0
    known = replace(facts, duration=seconds or facts.duration, truncated=False, cut=facts.truncated)
    missing = facts.truncated and ("mp4" not in facts.container or not seconds)
    if packets.ended_early or missing:
        return Verdict(known, "the file ends before the last of its samples", plays=seconds > 0)
    if _lacks(facts.duration, seconds, facts):
        return Verdict(known, f"it holds {seconds:.0f} of the {facts.duration:.0f} seconds that its header counts")
    if not bounded and claimed and seconds < claimed - max(_FAR_SECONDS, _FAR * claimed):
        return Verdict(known, f"it holds {seconds:.0f} of {claimed:.0f} seconds, and the server named no size")
    return Verdict(known)


def proves_itself(facts: probe.Facts) -> bool:
    """Tell whether the container proves its completeness: an MP4 with one index and all the bytes that it names."""
    return "mp4" in facts.container and not facts.fragmented and not facts.truncated


def _lacks(counted: float | None, seconds: float, facts: probe.Facts) -> bool:
    """Tell whether the header counts more than the file has. An estimate of FFmpeg is no count."""
    if not counted or facts.estimated or not _COUNTED & set(facts.container):
        return False
    return seconds < counted - max(_SLACK_SECONDS, _SLACK * counted)
