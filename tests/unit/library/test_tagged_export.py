"""Music in an exported tree with tags and cover: copies, which count for their user, and harm nothing."""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import mutagen
import pytest

from mediafetcher.core import errors
from mediafetcher.core.source_metadata import of_ytdlp
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, metadata, quotas, trash
from mediafetcher.library.export import sync, trees
from mediafetcher.library.storage import blob_store
from mediafetcher.media import ffmpeg, posters, probe, tagging
from tests.unit.library.conftest import FACTS, clean
from tests.unit.library.test_export import _written, listing

SONG = {"artist": "The Airships", "album": "Up", "track": "Rise", "track_number": 4, "genre": "Folk"}
RISE = "Ada/The Airships/Up/04 - Rise"


@pytest.fixture
def there(media_online: Path) -> Path:
    return media_online / "export"


@pytest.fixture
async def song(owner: int, media_corpus: Path, tmp_path: Path):
    """`await song(".m4a")`: a piece of music with a cover and the values of a site. Returns: its item."""

    async def do(suffix: str, **values) -> int:
        source, cover = tmp_path / f"song{suffix}", tmp_path / "poster.jpg"
        command = [ffmpeg.path(), "-v", "error", "-y", "-i", media_corpus / "a.m4a"]
        codec = ["-c", "copy"] if suffix == ".m4a" else ["-c:a", "libmp3lame"]
        subprocess.run([*command, *codec, "-fflags", "+bitexact", source], check=True)
        film = media_corpus / "h264_aac.mkv"
        assert await posters.draw(film, cover, await probe.probe(film))
        kind = {".m4a": "audio/mp4", ".mp3": "audio/mpeg"}[suffix]
        facts = dataclasses.replace(FACTS, kind=kind, ext=suffix, video_codec=None, audio_codec="aac")
        item = await items.add_media(
            owner=owner,
            staged=await blob_store.stage(source),
            facts=facts,
            entry=items.Entry("Rise (official)"),
            side_files={"poster.jpg": cover},
        )
        async with engine.transaction():
            said = {"id": suffix, "title": "Rise (official)", "upload_date": "20240105"} | SONG | values
            await metadata.attach(item, [], of_ytdlp(said), private=True)
        return item

    return do


def _stored(there: Path) -> dict[Path, bytes]:
    return {one: one.read_bytes() for one in (there.parent / "store").rglob("*") if one.is_file()}


@pytest.mark.parametrize("suffix", tagging.SUFFIXES)
async def test_copy_has_tags_and_cover_and_the_stored_bytes_stay(song, there, owner, suffix):
    await song(suffix)
    before, used = _stored(there), await quotas.usage(owner)
    await sync.export(kind="music", tagged=True)
    file = there / f"{RISE}{suffix}"
    tags = mutagen.File(file, easy=True)
    assert {name: tags[name] for name in ("title", "artist", "albumartist", "album", "genre")} == {
        "title": ["Rise"],
        "artist": ["The Airships"],
        "albumartist": ["The Airships"],
        "album": ["Up"],
        "genre": ["Folk"],
    }
    assert tags["tracknumber"][0].split("/")[0] == "4" and tags["date"] == ["2024"]
    facts = await probe.probe(file)
    assert facts.picture is not None and facts.audio[0].codec == ("aac" if suffix == ".m4a" else "mp3")
    assert file.stat().st_mode & 0o777 == 0o644 and file.stat().st_nlink == 1
    assert _stored(there) == before
    now = await quotas.usage(owner)
    assert now["charged"] - used["charged"] == now["bytes"] - used["bytes"] == file.stat().st_size
    written = _written(there)
    _, report = await sync.export()  # the tree keeps it
    assert report.made == report.removed == 0 and _written(there) == written
    await clean()


async def test_file_that_is_no_sound_gets_no_tags(media_online, media_corpus, tmp_path):
    target = tmp_path / "copy.m4a"
    with pytest.raises(errors.TranscodeFailed):
        await tagging.copy(media_corpus / "html.mp4", target, {"title": "Rise"}, None)
    assert not list(tmp_path.glob("copy*"))


async def test_links_replace_copies_and_count_nothing(song, there, owner):
    await song(".m4a")
    used = await quotas.usage(owner)
    await sync.export(kind="music")
    link = (there / f"{RISE}.m4a").stat()
    assert link.st_nlink == 2 and await quotas.usage(owner) == used
    await sync.export(tagged=True)
    assert (there / f"{RISE}.m4a").stat().st_nlink == 1
    await sync.export(tagged=False)
    assert (there / f"{RISE}.m4a").stat().st_ino == link.st_ino
    assert await quotas.usage(owner) == used
    await clean()


async def test_copy_follows_its_item_and_no_longer_counts_when_deleted(song, there, owner):
    item = await song(".m4a")
    used = await quotas.usage(owner)
    await sync.export(kind="music", tagged=True)
    await trash.trash(item, owner)
    await sync.refresh()
    assert listing(there) == [] and await quotas.usage(owner) == used
    await trash.restore(item, owner)
    await sync.refresh()
    assert mutagen.File(there / f"{RISE}.m4a", easy=True)["title"] == ["Rise"]
    await clean()


async def test_changed_facts_make_a_new_copy_and_edited_tags_stay(song, there, owner):
    await song(".m4a")
    await sync.export(kind="music", tagged=True)
    file = there / f"{RISE}.m4a"
    await engine.execute('update source_metadata set facts = facts || \'{"genre": "Rock"}\'')
    await sync.export()
    assert mutagen.File(file, easy=True)["genre"] == ["Rock"]
    tags = mutagen.File(file, easy=True)
    tags["genre"] = ["My own"]
    tags.save()
    os.utime(file)
    await engine.execute('update source_metadata set facts = facts || \'{"genre": "Pop"}\'')
    await sync.export()
    assert mutagen.File(file, easy=True)["genre"] == ["My own"]
    assert [name for name in listing(there) if name.endswith(".m4a")] == [f"{RISE}.m4a"]


async def test_copy_beyond_the_quota_stays_a_link(song, there, owner):
    await song(".m4a")
    used = await quotas.usage(owner)
    await engine.execute("update account set quota = $1", used["charged"] + 10)
    await sync.export(kind="music", tagged=True)
    assert (there / f"{RISE}.m4a").stat().st_nlink == 2 and (await quotas.usage(owner))["charged"] == used["charged"]
    await clean()


async def test_tree_that_was_removed_by_hand_counts_nothing(song, there, owner):
    item = await song(".m4a")
    used = await quotas.usage(owner)
    await sync.export(kind="music", tagged=True)
    shutil.rmtree(there)
    await items.rename(item, owner, "Other")
    await sync.refresh()
    assert await quotas.usage(owner) == used
    await sync.export()
    assert (await quotas.usage(owner))["charged"] == used["charged"] + (there / f"{RISE}.m4a").stat().st_size
    await clean()


async def test_tree_that_is_changed_to_copies_tells_their_size(song, there, owner):
    await song(".m4a")
    await sync.export(kind="music")
    (tree,) = await trees.page()
    assert not tree["tagged"] and tree["copied_bytes"] == 0
    await trees.change(tree["id"], owner, tagged=True)
    await sync.refresh()
    (tree,) = await trees.page()
    assert tree["tagged"] and tree["copied_bytes"] == (there / f"{RISE}.m4a").stat().st_size
    await trees.change(tree["id"], owner, tagged=False)
    await sync.refresh()
    (tree,) = await trees.page()
    assert not tree["tagged"] and tree["copied_bytes"] == 0
    await clean()
