"""The folders of downloads: which stay, and which are removed."""

import os
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.downloads.worker import active, workspace
from mediafetcher.fetch.options import FILE_STEM
from tests.factories import add_download, add_user


@pytest.fixture
async def owner(database: str, media_online: Path) -> int:
    return await add_user()


@pytest.mark.parametrize(
    ("row_state", "kept"),
    [
        ("queued", True),
        ("paused", True),
        ("needs_action", True),
        ("scheduled", False),
        ("done", False),
        ("failed", False),
        ("cancelled", False),
    ],
)
async def test_folder_stays_in_states_from_which_a_download_resumes(owner: int, row_state: str, kept: bool) -> None:
    id = await add_download(owner, "https://films.example/1", state=row_state)
    folder = workspace.make(id)
    (folder / f"{FILE_STEM}.mp4.part").write_bytes(b"half")
    # When an attempt ends and its download waits for the user, only a complete file stays.
    assert workspace.kept(id, row_state) is (kept and row_state != "needs_action")
    assert workspace.left(id)
    await workspace.tidy()
    assert folder.exists() is kept


async def test_folder_of_a_download_that_runs_here_stays_whatever_its_row_says(owner: int) -> None:
    id = await add_download(owner, "https://films.example/1", state="cancelled")
    folder = workspace.make(id)
    download = active.register(id, owner, 1)
    await workspace.tidy()
    assert folder.exists() and not workspace.left(id)
    active.unregister(download)
    await workspace.tidy()
    assert not folder.exists()


async def test_bytes_of_both_folders_are_counted(owner: int) -> None:
    folder = workspace.make(7)
    assert workspace.fetched(7) == 0
    (folder / f"{FILE_STEM}.mp4").write_bytes(os.urandom(100_000))
    theirs = settings.get().fetch / "7"
    theirs.mkdir(parents=True)
    (theirs / f"{FILE_STEM}.mp4.part").write_bytes(os.urandom(200_000))
    assert workspace.fetched(7) == pytest.approx(300_000, rel=0.05)
    await workspace.remove(7)
    assert not folder.exists() and not theirs.exists()
