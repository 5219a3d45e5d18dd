"""A preview of a link is bounded: by time, by number, and by what can be drawn."""

import shutil
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.downloads import preview
from tests.factories import add_user
from tests.site import Site


@pytest.fixture
async def owner(database: str, media_online: Path) -> int:
    return await add_user()


def _left() -> list[str]:
    chosen = settings.get()
    return [path.name for root in (chosen.work, chosen.fetch) if root.exists() for path in root.glob("preview-*")]


async def test_preview_of_a_file_has_its_facts_and_leaves_nothing(owner: int, site: Site) -> None:
    found = await preview.preview(owner, site.url("/media/ok.mp4"))
    assert (found["kind"], found["title"], found["site"]) == ("media", "ok", "127.0.0.1")
    assert found["item"] is None and found["poster"] is None
    assert _left() == []


async def test_preview_without_the_picture_that_a_page_names_has_its_facts(
    owner: int, media_corpus: Path, tmp_path: Path
) -> None:
    shutil.copyfile(media_corpus / "ok.mp4", tmp_path / "ok.mp4")
    with Site(tmp_path) as site:
        found = await preview.preview(owner, site.url("/page/og"))
        assert site.asked("cover")
    assert found["kind"] == "media" and found["poster"] is None
    assert _left() == []


async def test_preview_of_a_list_counts_its_entries(owner: int, site: Site) -> None:
    found = await preview.preview(owner, site.url("/list/3"))
    assert (found["kind"], found["count"], len(found["entries"])) == ("playlist", 3, 3)


async def test_preview_beyond_the_limit_is_refused_at_once(
    owner: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "_WAITING", 0)
    with pytest.raises(errors.TooManyRequests):
        await preview.preview(owner, site.url("/media/ok.mp4"))
    assert site.log == []


async def test_site_that_does_not_answer_ends_the_preview(
    owner: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "_SECONDS", 0.3)
    for _ in range(2):
        with pytest.raises(errors.Stalled):
            await preview.preview(owner, site.url("/hang/60/x"))
    assert preview._asked == 0 and _left() == []
