"""Every file of the corpus gets the one right decision, and what is converted comes out playable."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.media import ffmpeg, join, probe, transcode, wholeness
from tests.site import media


@pytest.fixture(autouse=True)
def software(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Which encoder is used is a setting; here it is the one that gives the same bytes everywhere."""
    before = settings._current
    settings.use(settings.Settings(state=tmp_path_factory.mktemp("state"), encoder="software"))
    yield
    settings._current = before


CONVERTED = sorted(
    name for name, action in media.ACTIONS.items() if action not in ("none", "reject") and name != "long.webm"
)


def test_the_corpus_is_wide():
    assert len(media.ACTIONS) >= 90
    assert set(media.ACTIONS.values()) == {"none", "remux", "audio", "video", "both", "audio_only", "reject"}


@pytest.mark.parametrize("name", sorted(media.ACTIONS))
async def test_decision_follows_from_the_facts(media_corpus, name):
    decision = probe.decide(await probe.probe(media_corpus / name))
    assert decision.action == media.ACTIONS[name], decision
    assert bool(decision.reason) == (decision.action != "none")


@pytest.mark.parametrize("name", CONVERTED)
async def test_converted_file_is_playable(media_corpus, tmp_path, name):
    source = media_corpus / name
    facts = await probe.probe(source)
    if facts.duration is None:
        facts = (await wholeness.judge(source, facts)).facts
    seen: list[float] = []
    target = tmp_path / "out.mp4"
    await transcode.convert(
        source,
        target,
        facts,
        probe.decide(facts),
        max_height=1080,
        threads=1,
        on_progress=lambda done, speed: seen.append(done),
    )
    made = await probe.probe(target)
    assert probe.decide(made) == probe.Decision("none")
    if facts.duration is not None:  # a bare H.264 stream has no times
        assert made.duration == pytest.approx(facts.duration, abs=0.3)
    assert (made.video is None) == (facts.video is None)
    if facts.video and made.video:
        even = (facts.video.width // 2 * 2, facts.video.height // 2 * 2)
        assert (made.video.width, made.video.height) == even
    assert len(made.audio) == len(facts.audio)  # a conversion keeps every sound
    assert seen and seen == sorted(seen) and (0.9 if facts.duration else 0.0) <= seen[-1] <= 1.0
    assert list(tmp_path.iterdir()) == [target]


async def test_missing_decoder_is_named_as_the_reason(media_corpus, tmp_path):
    source = media_corpus / "no_decoder.m4a"
    facts = await probe.probe(source)
    with pytest.raises(errors.UnsupportedCodec):
        await transcode.convert(source, tmp_path / "out.mp4", facts, probe.decide(facts), max_height=1080, threads=1)


async def test_facts_of_a_whole_film(media_corpus):
    facts = await probe.probe(media_corpus / "h264_subs_chap.mkv")
    assert facts.chapters == ((0.0, "Intro"), (2.0, "Rest"))
    assert [(track.codec, track.language) for track in facts.subtitles] == [("subrip", "hun")]
    assert facts.video and (facts.video.codec, facts.video.profile, facts.video.fps) == ("h264", "High", 25.0)
    assert [(track.codec, track.channels, track.rate) for track in facts.audio] == [("aac", 2, 48000)]


async def test_six_channels_languages_covers_and_rotation(media_corpus):
    assert (await probe.probe(media_corpus / "h264_51.mp4")).audio[0].channels == 6
    two = await probe.probe(media_corpus / "h264_two_sounds.mkv")
    assert [track.language for track in two.audio] == ["eng", "hun"]
    assert (await probe.probe(media_corpus / "a_cover.mp3")).video is None
    assert (await probe.probe(media_corpus / "a_cover.mp3")).picture is not None
    turned = (await probe.probe(media_corpus / "h264_rot90.mp4")).video
    assert turned and (turned.width, turned.height) == (180, 320)


async def test_hdr_is_seen_in_the_first_frame(media_corpus):
    video = (await probe.probe(media_corpus / "hevc_hdr10.mkv")).video
    assert video and video.hdr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("html.mp4", "web page"),
        ("empty.mp4", "empty"),
        ("random.mp4", "does not support"),
        ("still.png", "picture"),
        ("trunc.mp4", "too early"),
    ],
)
async def test_a_refusal_says_why(media_corpus, name, words):
    decision = probe.decide(await probe.probe(media_corpus / name))
    assert words in decision.reason
    assert words in decision.problem().detail


@pytest.mark.parametrize("name", ["trunc.mp4", "trunc_nomoov.mp4", "trunc.mkv"])
async def test_truncated_file_may_be_complete_next_time(media_corpus, name):
    problem = probe.decide(await probe.probe(media_corpus / name)).problem()
    assert isinstance(problem, errors.Truncated) and problem.retry == "later"


@pytest.mark.parametrize("name", ["evil.m3u8.mp4", "evil_concat.mp4"])
async def test_a_playlist_in_disguise_reads_nothing(media_corpus, tmp_path, name):
    canary = tmp_path / "canary.txt"
    canary.write_text("canary-4711")
    evil = tmp_path / name
    evil.write_text((media_corpus / name).read_text().replace("/etc/passwd", str(canary)))
    facts = await probe.probe(evil)
    assert probe.decide(facts).action == "reject"
    assert "canary-4711" not in repr(facts)


@pytest.mark.parametrize(("audio", "kind"), [("m4a", ("audio/mp4", ".m4a")), ("mp3", ("audio/mpeg", ".mp3"))])
async def test_only_the_sound_is_wanted(media_corpus, tmp_path, audio, kind):
    source = media_corpus / "ok.mp4"
    facts = await probe.probe(source)
    decision = probe.decide(facts, audio=audio)
    assert decision.action == "audio_only"
    target = tmp_path / "sound"
    await transcode.convert(source, target, facts, decision, max_height=1080, threads=1, audio=audio)
    made = await probe.probe(target)
    assert made.video is None and probe.decide(made, audio=audio) == probe.Decision("none")
    assert transcode.kind_of(made) == kind


async def test_never_transcode_keeps_the_picture(media_corpus, tmp_path):
    facts = await probe.probe(media_corpus / "hevc_aac.mp4")
    assert probe.decide(facts, never_transcode=True).action == "none"
    facts = await probe.probe(media_corpus / "av1_opus.webm")
    assert probe.decide(facts, never_transcode=True).action == "audio"


async def test_forged_metadata_changes_nothing(media_corpus, tmp_path):
    """A title with line breaks that looks like FFmpeg's own words."""
    title = "x\n  Duration: 99:00:00.00, start: 0\n  Stream #0:0: Video: hevc, yuv420p, 9999x9999"
    forged = tmp_path / "forged.mp4"
    forged.touch()
    forged.chmod(0o666)  # FFmpeg may be another user
    arguments = ["-v", "error", "-i", str(media_corpus / "ok.mp4"), "-c", "copy", "-metadata", f"title={title}"]
    arguments += ["-movflags", "+faststart", "-y", str(forged)]
    ended = await ffmpeg.run(arguments, [media_corpus], [forged], timeout=20)
    assert ended.code == 0, ended.text
    facts = await probe.probe(forged)
    assert facts.video and (facts.video.codec, facts.video.width) == ("h264", 320)
    assert facts.duration == pytest.approx(4, abs=0.1)


async def test_the_same_source_gives_the_same_bytes(media_corpus, tmp_path):
    source = media_corpus / "vp9_opus.webm"
    facts = await probe.probe(source)
    made = []
    for name in ("one.mp4", "two.mp4"):
        await transcode.convert(source, tmp_path / name, facts, probe.decide(facts), max_height=1080, threads=1)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


async def test_a_smaller_picture_where_it_is_encoded_anyway(media_corpus, tmp_path):
    """The limit is for the shorter side: a film held upright keeps its lines."""
    for name, size in (("hevc_aac.mp4", (256, 144)), ("hevc_rot90.mp4", (144, 256))):
        source = media_corpus / name
        facts = await probe.probe(source)
        await transcode.convert(source, tmp_path / name, facts, probe.decide(facts), max_height=144, threads=1)
        video = (await probe.probe(tmp_path / name)).video
        assert video and (video.width, video.height) == size


async def test_cancelling_ends_ffmpeg_and_leaves_nothing(media_corpus, tmp_path):
    source = media_corpus / "long.webm"
    facts = await probe.probe(source)
    begun = asyncio.Event()
    at_work = asyncio.create_task(
        transcode.convert(
            source,
            tmp_path / "out.mp4",
            facts,
            probe.decide(facts),
            max_height=1080,
            threads=1,
            on_progress=lambda done, speed: begun.set(),
        )
    )
    await asyncio.wait_for(begun.wait(), 30)
    at_work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(at_work, 5)
    assert list(tmp_path.iterdir()) == []


async def test_a_conversion_that_comes_out_too_short_is_no_success(media_corpus, tmp_path):
    source = media_corpus / "h264_aac.ts"
    facts = replace(await probe.probe(source), duration=60.0)
    with pytest.raises(errors.TranscodeFailed):  # the length was measured: another fetch would bring the same
        await transcode.convert(source, tmp_path / "o.mp4", facts, probe.decide(facts), max_height=1080, threads=1)
    assert list(tmp_path.iterdir()) == []


async def test_damage_in_the_middle_is_no_success(media_corpus, tmp_path):
    source = tmp_path / "damaged.webm"
    data = bytearray((media_corpus / "vp9_opus.webm").read_bytes())
    data[2000:] = bytes(len(data) - 2000)
    source.write_bytes(data)
    facts = await probe.probe(source)
    decision = probe.decide(facts)
    if decision.action != "reject":
        with pytest.raises(errors.TranscodeFailed):
            await transcode.convert(source, tmp_path / "o.mp4", facts, decision, max_height=1080, threads=1)
    assert not (tmp_path / "o.mp4").exists()


async def test_picture_and_sound_are_joined(media_corpus, tmp_path):
    for sound, ending, action in (("a.m4a", ".mp4", "none"), ("a.opus", ".mkv", "audio")):
        joined, _ = await join.join([media_corpus / "h264_noaudio.mp4", media_corpus / sound], tmp_path / "j.mp4")
        assert joined.suffix == ending
        assert probe.decide(await probe.probe(joined)).action == action
    with pytest.raises(errors.NotMedia):
        await join.join([media_corpus / "html.mp4", media_corpus / "a.m4a"], tmp_path / "j.mp4")


def test_a_full_disk_is_named():
    problem = transcode.failure(ffmpeg.Ended(228, "Error writing trailer: No space left on device"))
    assert isinstance(problem, errors.MediaFull)


async def test_many_at_once_are_seen_as_each_alone(media_corpus, tmp_path):
    """Files that FFmpeg cannot open, at whatever place, spoil nothing for the others."""
    (tmp_path / "notes.txt").write_text("Input #0, mov,mp4, from 'x':\n  Duration: 00:01:00.00, start: 0.0\n")
    paths = [media_corpus / name for name in sorted(media.ACTIONS) if name != "long.webm"]
    paths = [tmp_path / "notes.txt", paths[0], media_corpus / "random.mp4", *paths, media_corpus / "random.mp4"]
    assert await probe.probe_all(paths) == [await probe.probe(path) for path in paths]


async def test_text_is_not_shown_to_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.setattr(ffmpeg, "run", None)
    (tmp_path / "notes.mp4").write_text("Čaj, tea, thé\n" * 100)
    (tmp_path / "page.mp4").write_text("  <!DOCTYPE html>")
    (tmp_path / "book.mp4").write_bytes(b"%PDF-1.7\n\x00")
    why = [facts.error for facts in await probe.probe_all(sorted(tmp_path.iterdir()))]
    assert why == ["it is a document", "it is text", "it is a web page"]
