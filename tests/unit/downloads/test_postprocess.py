"""The conversion of a fetched file is checked before it is stored: a file that lost something never is."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.downloads import leases, lifecycle, log
from mediafetcher.downloads.worker import active, checkpoint, postprocess, workspace
from mediafetcher.fetch.models import Info
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.media import probe, subtitles
from tests.factories import add_user
from tests.site import Site
from tests.unit.downloads.fetching import downloaded

pytestmark = pytest.mark.usefixtures("media_online")
INFO = Info("A film", "", "", "https://films.example/1", "films.example", "key")
Convert = Callable[..., Awaitable[postprocess.ConvertedMedia]]


@pytest.fixture
async def owner(database: str) -> int:
    return await add_user()


@pytest.fixture
def convert(owner: int, media_corpus: Path) -> Convert:
    """`await convert("a.mkv", earlier="b.mp4")`: a file of the corpus, whose earlier conversion is another of them."""

    async def converted(name: str, earlier: str | None = None, **options: object) -> postprocess.ConvertedMedia:
        await lifecycle.submit(owner, f"https://films.example/{name}", options=Options(**options))
        claim = await leases.claim()
        assert claim is not None
        folder = workspace.make(claim.id)
        source = Path(shutil.copyfile(media_corpus / name, folder / f"media{Path(name).suffix}"))
        if earlier:
            shutil.copyfile(media_corpus / earlier, folder / checkpoint.CONVERTED)
        download = active.register(claim.id, claim.owner, claim.attempt)
        try:
            return await postprocess.convert(claim, download, INFO, source, await probe.probe(source))
        finally:
            active.unregister(download)

    return converted


async def test_playable_file_stays_as_it_is(convert: Convert) -> None:
    made = await convert("ok.mp4")
    assert made.file.name == "media.mp4" and made.key is None


async def test_unplayable_original_that_the_user_keeps_is_not_converted(convert: Convert) -> None:
    made = await convert("vp9_opus.webm", keep_original=True)
    assert made.file.name == "media.webm" and made.key is None


async def test_finished_conversion_of_an_earlier_attempt_is_used(convert: Convert, media_corpus: Path) -> None:
    made = await convert("h264_aac.mkv", earlier="ok.mp4")
    assert made.file.read_bytes() == (media_corpus / "ok.mp4").read_bytes()


@pytest.mark.parametrize(
    ("source", "converted", "words"),
    [
        ("h264_aac.mkv", "vp9_opus.webm", "does not play in browsers"),
        ("h264_aac.mkv", "h264_noaudio.mp4", "does not hold all sounds: 0 of 1"),
        ("long.webm", "ok.mp4", "to its end"),
    ],
)
async def test_conversion_that_lost_something_is_refused(
    convert: Convert, source: str, converted: str, words: str
) -> None:
    with pytest.raises(errors.TranscodeFailed, match=words):
        await convert(source, earlier=converted)


async def test_part_that_begins_after_the_end_is_refused(convert: Convert) -> None:
    with pytest.raises(errors.BadClip, match="4 seconds long"):
        await convert("ok.mp4", start=60.0)


async def test_text_that_cannot_be_taken_out_is_named_and_the_film_is_kept(
    owner: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.use(replace(settings.get(), retry_seconds=0.0))
    monkeypatch.setattr(subtitles, "_LIMITS", replace(subtitles._LIMITS, file_size=0))
    row = await downloaded(owner, site.url("/media/h264_subs_chap.mkv"))
    assert (await item_queries.get(row["item"], owner))["subtitles"] == []
    said = [line["message"] for line in await log.read(row["id"], owner)]
    assert any(line.startswith("not kept, since it could not be taken out") for line in said), said
