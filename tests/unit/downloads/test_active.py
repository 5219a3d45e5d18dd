"""Downloads that run here: their progress, and the requests for them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafetcher.downloads.worker import active


@pytest.fixture
def download(state: Path) -> Iterator[active.ActiveDownload]:
    one = active.register(7, 1, 1)
    yield one
    active.unregister(one)
    assert active.get(7) is None


@pytest.mark.parametrize(("reported", "kept"), [(-0.5, 0.0), (0.25, 0.25), (1.5, 1.0)])
def test_progress_stays_between_nothing_and_all(download: active.ActiveDownload, reported: float, kept: float) -> None:
    download.report(reported, 5.0, 2.0)
    assert active.unsent() == [(7, "extract", kept, 5.0, 2.0, 1)]
    assert active.unsent() == []


def test_new_stage_begins_with_no_progress(download: active.ActiveDownload) -> None:
    download.report(0.9, 5.0, 2.0)
    download.enter("convert")
    assert active.unsent() == [(7, "convert", 0.0, None, None, 1)]


def test_first_request_counts_and_finish_is_none(download: active.ActiveDownload) -> None:
    download.request_stop("finish")
    assert download.finishing and download.order is None
    download.request_stop("pause")
    download.request_stop("cancel")
    assert download.order == "pause"


def test_recording_is_asked_to_end_once(download: active.ActiveDownload) -> None:
    asked: list[str] = []
    download.finisher = lambda: asked.append("finish")
    download.request_stop("finish")
    download.request_stop("finish")
    assert asked == ["finish"]


async def test_request_cancels_the_task(download: active.ActiveDownload) -> None:
    download.task = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    download.request_stop("stop")
    with pytest.raises(asyncio.CancelledError):
        await download.task


def test_older_attempt_does_not_unregister_the_newer_one(download: active.ActiveDownload) -> None:
    newer = active.register(7, 1, 2)
    active.unregister(download)
    assert active.get(7) is newer
    active.unregister(newer)


def test_heartbeat_is_triggered_only_for_a_download_that_runs_here(download: active.ActiveDownload) -> None:
    heard = asyncio.Event()
    active.listen(heard)
    active.trigger_heartbeat(8)
    assert not heard.is_set()
    active.trigger_heartbeat(7)
    assert heard.is_set()
