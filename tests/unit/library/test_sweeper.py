"""The sweeper: how many files one claim covers, and which files stay while the ownership is in doubt."""

import os
import uuid

import pytest

from mediafetcher.db.tables import LibraryItem
from mediafetcher.library.storage import blob_store, claims, mount, ownership, staging, sweeper
from tests.unit.library.conftest import Put, staged, stored

pytestmark = pytest.mark.promise(22)


async def _release(put: Put, count: int) -> None:
    """Store so many files that nothing refers to any more."""
    for number in range(count):
        await put(bytes([number]))
    await LibraryItem.delete(force=True)


async def test_long_sweep_makes_further_claims(
    owner: int, put: Put, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _release(put, 4)
    before = (await mount.run_io(claims.read)).number
    monkeypatch.setattr(sweeper, "_BATCH", 2)
    assert await sweeper.sweep() == 4 and stored() == []
    assert (await mount.run_io(claims.read)).number == before + 2


async def test_claim_that_is_used_up_is_followed_by_another(
    owner: int, put: Put, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _release(put, 8)
    before = (await mount.run_io(claims.read)).number
    monkeypatch.setattr(sweeper, "_SECONDS", 0.002)
    assert await sweeper.sweep() == 8 and stored() == []
    assert (await mount.run_io(claims.read)).number > before + 1


async def test_staged_files_of_older_programs_stay_once_another_installation_claims(
    owner: int, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(b"film")
    monkeypatch.setattr(blob_store, "_FOREIGN", -1.0)  # a day is over
    number = (await mount.run_io(claims.read)).number + 1
    await mount.run_io(claims.make, number, uuid.uuid4(), uuid.uuid4())  # it is not noticed yet
    older = mount.incoming() / f"{'0' * 12}.4711.1.{'0' * 32}.part"
    ours = mount.incoming() / f"{mount.installation()}.{staging.here()}.{os.getpid()}.1.{'0' * 32}.part"
    for left in (older, ours):  # of processes that are dead
        left.write_bytes(b"half")
    assert await sweeper.sweep() == 1
    assert staged() == [older.name]
    found = ownership.frozen()
    assert found is not None and found.reason == "foreign"
