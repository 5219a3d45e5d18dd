"""A body without an end is recorded by the clock; one that has an end is recorded to it."""

from pathlib import Path

import pytest

from tests.site import Site
from tests.unit.fetch.recorders import record, record_until


def test_radio_is_recorded_for_the_wished_seconds(site: Site, tmp_path: Path) -> None:
    recorded = record("body", site.url("/radio"), tmp_path, seconds=1.5)
    assert recorded.seconds == pytest.approx(1.5, abs=0.3) and recorded.failed is None
    assert recorded.size > 50_000, "the server sends more than it plays"


def test_radio_ends_on_request(site: Site, tmp_path: Path) -> None:
    recorded = record_until(site, 1, "body", site.url("/radio"), tmp_path)
    assert recorded.seconds < 20 and recorded.failed is None


def test_body_that_ends_is_complete(site: Site, tmp_path: Path, media_corpus: Path) -> None:
    recorded = record("body", site.url("/media/a.mp3"), tmp_path)
    [file] = tmp_path.glob("media.*")
    assert file.read_bytes() == (media_corpus / "a.mp3").read_bytes() and recorded.parts == 1


def test_endless_body_that_ends_is_requested_again_until_it_is_away_too_long(site: Site, tmp_path: Path) -> None:
    recorded = record("body", site.url("/media/a.mp3"), tmp_path, endless=True, seconds=60.0, outage=0.0)
    assert recorded.warnings == ["the stream is unavailable: the recording so far is kept"]
    assert recorded.size > 0
    again = record("body", site.url("/media/a.mp3"), tmp_path, endless=True, seconds=60.0, outage=0.0)
    assert again.parts == 2 and again.size == 2 * recorded.size, "the next attempt begins a new part"


def test_body_that_cannot_be_requested_is_an_error(site: Site, tmp_path: Path) -> None:
    recorded = record("body", site.url("/status/404/radio.mp3"), tmp_path, endless=True)
    assert recorded.failed == "HTTPError" and recorded.size == 0
