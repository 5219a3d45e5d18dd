"""A hostile child plants the names that the server writes and reads next; nothing outside its folder changes."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.downloads.worker import checkpoint
from mediafetcher.fetch import client, sidecars
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.options import Options
from mediafetcher.media import probe
from mediafetcher.sandbox import process
from tests.unit.fetch.hostile_child import FOUND

# A yt-dlp that speaks for the child as soon as it is imported.
_HOSTILE = """
import os, shutil
channel = found(live=False)
shutil.copyfile({film!r}, "media.mp4")
with open("media.sub.en.vtt", "w") as text:
    text.write("WEBVTT\\n\\n00:00.000 --> 00:01.000\\nplanted\\n")
planted = "en.vtt en.vtt.part fr.vtt.part .fetched.json.new converted.mp4 converted.mp4.part poster.jpg"
for name in planted.split():
    if not os.path.lexists(name):
        os.symlink({victim!r}, name)
{more}
channel.say("done", files=[{main!r}], subtitles=[["en", "media.sub.en.vtt"]], cover=None, marks=[], cookies=None)
os._exit(0)
"""


@pytest.fixture
def victim(state: Path) -> Path:
    path = state / "key"
    path.write_text("the key")
    return path


def hostile(tmp_path: Path, film: Path, victim: Path, *, more: str = "", main: str = "media.mp4") -> Trial:
    package = tmp_path / "ytdlp" / "yt_dlp"
    package.mkdir(parents=True)
    tmp_path.chmod(0o755)
    shutil.copyfile(film, package.parent / "film.mp4")
    code = FOUND + _HOSTILE.format(film=str(package.parent / "film.mp4"), victim=str(victim), more=more, main=main)
    (package / "__init__.py").write_text(code)
    return Trial(package.parent, ())


async def brings(trial: Trial, folder: Path):
    async with client.Fetch("http://example.org/film.mp4", Options(), folder, trial=trial) as source:
        info = await source.info()
        return info, await source.download()


async def test_planted_names_of_ours_nothing_written_through_them(state, tmp_path, media_corpus, victim):
    folder = settings.get().work / "1"
    info, result = await brings(hostile(tmp_path, media_corpus / "ok.mp4", victim), folder)
    checkpoint.save(folder, info, result, own=False)
    facts = await probe.probe(result.file, folder / "poster.jpg")
    texts, _ = await sidecars.texts(result, facts, Options(subtitles=("en",)))
    assert "planted" in texts["en.vtt"].read_text()
    assert await sidecars.picture(result.file, facts, facts, result)
    assert victim.read_text() == "the key"
    assert not (folder / checkpoint.CONVERTED).exists()  # else the key would be kept as the film
    assert not [path for path in folder.iterdir() if path.is_symlink()]
    assert checkpoint.load(folder)


@pytest.mark.parametrize(
    "more",
    [
        "os.unlink('media.mp4'); os.symlink({!r}, 'media.mp4')",
        "os.unlink('media.mp4'); os.mkfifo('media.mp4')",
        "os.unlink('media.mp4'); os.mkdir('media.mp4')",
        "os.link('media.mp4', 'media.second')",
        "os.unlink('media.sub.en.vtt'); os.mkfifo('media.sub.en.vtt')",
    ],
)
async def test_result_that_is_no_plain_file_refused_at_once(state, tmp_path, media_corpus, victim, more):
    trial = hostile(tmp_path, media_corpus / "ok.mp4", victim, more=more.format(str(victim)))
    async with asyncio.timeout(30):
        with pytest.raises(errors.Hostile):
            await brings(trial, settings.get().work / "1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to drop to")
async def test_folder_of_an_earlier_version_becomes_the_childs(state, site, media_corpus):
    """Files that an earlier version fetched count; files that a child may have planted in that folder do not."""
    folder = process.give(settings.get().work / "1")
    (folder / checkpoint.CONVERTED).symlink_to("/etc/passwd")
    async with client.Fetch(site.url("/media/ok.mp4"), Options(), folder) as source:
        await source.info()
        result = await source.download()
    assert result.file.parent == folder and folder.stat().st_uid == 0
    assert not (folder / checkpoint.CONVERTED).exists()
