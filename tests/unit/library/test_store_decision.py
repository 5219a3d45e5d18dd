"""A user decides about a store that may be another installation's too."""

from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.storage import decisions, mount, ownership
from mediafetcher.ops import backup, store_decision
from tests.unit.library.conftest import Put


def _names(folder: Path) -> dict[str, int]:
    """The stored files of a store with their numbers of names."""
    return {path.name: path.stat().st_nlink for path in (folder / "store").rglob("*.*")}


async def test_separate_begins_empty_and_leaves_the_other_store_as_it_is(
    owner: int, put: Put, media_online: Path, state: Path
) -> None:
    await put(b"film", "A film", side={"poster.jpg": b"jpg"})
    await ownership.freeze("foreign")
    before = _names(media_online)
    status = await store_decision.decide("separate")
    assert status["state"] == "owned" and mount.root().parent == media_online
    assert _names(media_online) == before and set(before.values()) == {1}
    assert _names(mount.root()) == {}
    assert await engine.fetchval("select count(*) from library_item") == 0
    await put(b"film")  # the same film is fetched again, under a name of this store alone
    assert len(_names(mount.root())) == 1 and _names(media_online) == before


async def test_separate_makes_a_backup_before_the_library_begins_empty(owner: int, put: Put, state: Path) -> None:
    await put(b"film")
    await ownership.freeze("restored")
    await store_decision.decide("separate")
    (made,) = (state / "backups").iterdir()
    with made.open("rb") as file:
        assert backup.read_manifest(file).counts["library_item"] == 1


async def test_separate_without_doubt_is_refused_and_changes_nothing(owner: int, put: Put, state: Path) -> None:
    await put(b"film")
    for decide in (store_decision.decide, decisions.decide):
        with pytest.raises(errors.InvalidState):
            await decide("separate")
    assert await engine.fetchval("select count(*) from library_item") == 1
    assert not (state / "backups").exists()
