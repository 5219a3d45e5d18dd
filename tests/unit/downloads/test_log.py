"""The log of a download: short lines, redacted, and only the newest of them."""

from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import log
from mediafetcher.downloads.worker import active
from tests.factories import add_download, add_user


@pytest.fixture
async def owner(database: str, state: Path) -> int:
    return await add_user()


@pytest.fixture
async def download(owner: int) -> active.ActiveDownload:
    return active.ActiveDownload(await add_download(owner, "https://films.example/1"), owner, 1)


async def _lines(download: active.ActiveDownload) -> list[str]:
    return [row["message"] for row in await log.read(download.id, download.owner)]


async def test_lines_are_written_once_in_their_order(download: active.ActiveDownload) -> None:
    await log.write(download)
    assert await _lines(download) == []
    download.log("first")
    download.log("second", "warning")
    for _ in range(2):
        await log.write(download)
    await log.add(download.id, "third", "error")
    assert [(row["level"], row["message"]) for row in await log.read(download.id, download.owner)] == [
        ("info", "first"),
        ("warning", "second"),
        ("error", "third"),
    ]


async def test_only_the_newest_lines_are_kept(download: active.ActiveDownload) -> None:
    for number in range(log.LINES + 5):
        download.log(str(number))
    await log.write(download)
    assert await _lines(download) == [str(number) for number in range(5, log.LINES + 5)]


async def test_line_is_short_and_has_no_password(download: active.ActiveDownload) -> None:
    download.log(f"https://ada:s3cret@films.example/ \x00{'x' * 1000}")
    await log.write(download)
    [line] = await _lines(download)
    assert len(line) == 300 and "s3cret" not in line


async def test_lines_of_a_removed_download_are_dropped(download: active.ActiveDownload) -> None:
    await engine.execute("delete from download")
    download.log("nobody reads this")
    await log.write(download)
    assert await engine.fetchval("select count(*) from download_log") == 0


async def test_database_that_refuses_a_line_stops_nothing(
    download: active.ActiveDownload, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.execute("alter table download_log rename to elsewhere")
    download.log("a line")
    await log.write(download)
    assert "the log of a download was not written" in caplog.text


async def test_log_of_another_user_does_not_exist(download: active.ActiveDownload) -> None:
    with pytest.raises(errors.NotFound):
        await log.read(download.id, await add_user("bob"))
