"""Real yt-dlp reads pages of every kind, from the site to the metadata that is kept."""

from pathlib import Path

import msgspec
import pytest

from mediafetcher.core import settings
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.fetch import client
from mediafetcher.fetch.options import Options
from tests.site.described import COVER, KINDS

pytestmark = pytest.mark.usefixtures("warm")

_CHANGING = ("extractor_id", "webpage_url", "thumbnails")  # they depend on the port of the site
_TIMED = {"live": ("title",)}  # yt-dlp adds the time


@pytest.fixture
def folder(state: Path) -> Path:
    return settings.get().work / "1"


@pytest.mark.parametrize("name", KINDS)
async def test_kind_of_source_gives_exactly_its_fields(site, folder, name):
    kind = KINDS[name]
    async with client.Fetch(site.url(kind.path), Options(), folder) as source:
        found = (await source.look()).metadata
    assert found is not None
    nothing = SourceMetadata()
    said = {field: value for field, value in msgspec.structs.asdict(found).items() if value != getattr(nothing, field)}
    assert said["webpage_url"] == site.url(kind.path)
    if kind.data:
        assert said["thumbnails"] == [site.url(COVER)]
    left_out = (*_CHANGING, *_TIMED.get(name, ()))
    assert {field: value for field, value in said.items() if field not in left_out} == kind.expected
