"""An earlier conversion of the same bytes is found by its key."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.db.tables import MediaFile, Source
from mediafetcher.downloads import leases
from mediafetcher.downloads.worker import convert_cache
from mediafetcher.fetch.options import Options
from mediafetcher.library.storage import blob_store
from tests.factories import add_media_file


def _claim(options: Options) -> leases.Claim:
    return leases.Claim(1, 1, 1, "https://films.example/1", "films.example", "key", None, options)


async def test_key_follows_from_the_bytes_and_the_options(state: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one", "copy", "other")]
    for file, content in zip(files, (b"film", b"film", b"another"), strict=True):
        file.write_bytes(content)
    one, copy, other = [await convert_cache.name(_claim(Options()), file) for file in files]
    assert one == copy != other
    lower = await convert_cache.name(_claim(Options(max_height=480)), files[0])
    settings.use(replace(settings.get(), max_height=480))
    assert len({one, lower, await convert_cache.name(_claim(Options()), files[0])}) == 3


@pytest.fixture
async def converted(media_online: Path) -> Path:
    """A stored conversion with the key `key`."""
    id = await add_media_file("converted")
    await Source.insert(Source(key="key", url="https://films.example/1", media_file=id))
    row = await MediaFile.select(MediaFile.sha256).where(MediaFile.id == id).first()
    assert row is not None
    path = blob_store.path_of(row["sha256"], ".mp4")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"converted")
    return path


async def test_stored_conversion_takes_the_place_of_an_older_target(converted: Path, tmp_path: Path) -> None:
    target = tmp_path / "converted.mp4"
    target.write_bytes(b"older")
    assert await convert_cache.find("key", target)
    assert target.resolve() == converted.resolve() and target.read_bytes() == b"converted"


async def test_unknown_or_missing_conversion_is_not_found(converted: Path, tmp_path: Path) -> None:
    assert not await convert_cache.find("another", tmp_path / "a.mp4")
    converted.unlink()
    assert not await convert_cache.find("key", tmp_path / "b.mp4")
