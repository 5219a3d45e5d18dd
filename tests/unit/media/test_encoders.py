"""Hardware that only looks as if it encoded is found out before a job, and in a job nothing fails because of it."""

import dataclasses
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.media import encoders, transcode
from mediafetcher.media.probe import decide, probe

SAME = encoders.Kind("", "libx264", "format=yuv420p", ("-preset", "ultrafast", "-profile:v", "high"))
BROKEN = encoders.Encoder("h264_vaapi", "format=nv12,hwupload", (), "/dev/null")
WRONG = encoders.Encoder("libx264", "format=yuv420p10le", ("-preset", "ultrafast", "-profile:v", "high10"), "/dev/null")


@pytest.fixture(autouse=True)
def _fresh(state, monkeypatch):
    monkeypatch.setattr(encoders, "_chosen", None)


async def test_a_device_that_does_not_encode_is_passed_over(tmp_path: Path, monkeypatch):
    node = tmp_path / "renderD128"
    node.touch()
    kinds = [kind._replace(nodes=str(tmp_path / "renderD*")) for kind in encoders.KINDS]
    monkeypatch.setattr(encoders, "KINDS", kinds)
    assert await encoders.choose() is encoders.SOFTWARE
    assert await encoders.flight(kinds[1].on(str(node)))


async def test_one_that_does_is_taken_and_asked_once(tmp_path: Path, monkeypatch):
    (tmp_path / "node").touch()
    monkeypatch.setattr(encoders, "KINDS", [SAME._replace(nodes=str(tmp_path / "n*"))])
    chosen = await encoders.choose()
    assert (chosen.name, chosen.device) == ("libx264", str(tmp_path / "node"))
    monkeypatch.setattr(encoders, "KINDS", [])
    assert await encoders.choose() is chosen
    settings.use(dataclasses.replace(settings.get(), encoder="software"))
    assert await encoders.choose() is encoders.SOFTWARE


async def test_one_whose_film_browsers_do_not_play_is_not_taken():
    assert await encoders.flight(WRONG)


@pytest.mark.parametrize("encoder", [BROKEN, WRONG])
async def test_a_failure_in_a_job_is_no_failed_job(state, media_corpus, monkeypatch, encoder):
    monkeypatch.setattr(encoders, "_chosen", encoder)
    source = next(path for path in sorted(media_corpus.rglob("*.webm")) if "vp9" in path.name)
    facts = await probe(source)
    decision = decide(facts)
    assert decision.action in ("video", "both")
    target = state / "out.mp4"
    await transcode.convert(source, target, facts, decision, max_height=1080, threads=1)
    assert decide(await probe(target)).action == "none"
    assert encoders.shown() == "libx264"
