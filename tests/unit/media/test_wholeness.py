"""Whether a file is whole is proved from its bytes: claims alone refuse nothing, and what is missing is found."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from mediafetcher.media import probe, wholeness
from tests.site import media


def _cut(name: str) -> Callable[[Path, Path], bytes]:
    return lambda corpus, _: _half((corpus / name).read_bytes())


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _larger_mdat(corpus: Path, _: Path) -> bytes:
    """An MP4 whose media box claims 5,000 bytes more than the file has. No sample lies there."""
    data = (corpus / "ok.mp4").read_bytes()
    at = data.find(b"mdat") - 4
    size = struct.unpack(">I", data[at : at + 4])[0]
    return data[:at] + struct.pack(">I", size + 5000) + data[at + 4 :]


def _mp3_of_changing_rate(corpus: Path, folder: Path) -> bytes:
    """Loud, then silent, without a header that counts the frames: FFmpeg guesses its length from the first rate."""
    source = "aevalsrc=if(lt(t\\,3)\\,random(0)-0.5\\,0):s=44100:d=30"
    media.run(folder, f"-f lavfi -i {source} -c:a libmp3lame -q:a 4 -write_xing 0 -id3v2_version 0 v.mp3")
    return (folder / "v.mp3").read_bytes()


@pytest.mark.parametrize(
    ("make", "name", "cut", "seconds"),
    [
        (lambda corpus, _: (corpus / "ok.mp4").read_bytes(), "a.mp4", False, 4),
        (lambda corpus, _: (corpus / "h264_aac.ts").read_bytes(), "a.ts", False, 4),
        (lambda corpus, _: (corpus / "h264_aac.mkv").read_bytes(), "a.mkv", False, 4),
        (lambda corpus, _: (corpus / "frag.mp4").read_bytes(), "a.mp4", False, 4),
        (lambda corpus, _: (corpus / "a.flac").read_bytes(), "a.flac", False, 4),
        (lambda corpus, _: (corpus / "a.wav").read_bytes(), "a.wav", False, 4),
        (lambda corpus, _: (corpus / "a.opus").read_bytes(), "a.opus", False, 4),
        (lambda corpus, _: (corpus / "mpeg4_mp3.avi").read_bytes(), "a.avi", False, 4),
        (_larger_mdat, "a.mp4", False, 4),
        (_mp3_of_changing_rate, "a.mp3", False, 30),
        (_cut("ok.mp4"), "a.mp4", True, 2),
        (_cut("frag.mp4"), "a.mp4", True, 2),
        (_cut("h264_aac.mkv"), "a.mkv", True, 2),
        (_cut("a.flac"), "a.flac", True, 2),
        (_cut("a.wav"), "a.wav", True, 2),
        (_cut("a.mp3"), "a.mp3", True, 2),
        (_cut("mpeg4_mp3.avi"), "a.avi", True, 2),
    ],
)
async def test_whole_is_what_bytes_prove(media_corpus, tmp_path, make, name, cut, seconds):
    path = tmp_path / name
    path.write_bytes(make(media_corpus, tmp_path))
    verdict = await wholeness.judge(path, await probe.probe(path), claimed=3600.0)
    assert bool(verdict.cut) == cut, verdict
    assert verdict.plays
    assert verdict.facts.duration == pytest.approx(seconds, abs=0.5)
    assert probe.decide(verdict.facts).action != "reject"


async def test_claim_without_a_proof_of_the_transport_is_suspect(media_corpus):
    path = media_corpus / "h264_aac.ts"
    facts = await probe.probe(path)
    assert (await wholeness.judge(path, facts, bounded=False, claimed=3600.0)).cut
    assert not (await wholeness.judge(path, facts, bounded=False, claimed=4.2)).cut
    assert not (await wholeness.judge(path, facts, bounded=False)).cut


async def test_index_that_is_missing_leaves_nothing_to_play(media_corpus):
    path = media_corpus / "trunc_nomoov.mp4"
    verdict = await wholeness.judge(path, await probe.probe(path))
    assert verdict.cut and not verdict.plays
