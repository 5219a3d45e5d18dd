"""The status of the store: what it counts, which decisions it takes, and which other files it reads."""

from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.storage import blob_store, claims, decisions, mount, ownership, unknown
from tests.unit.library.conftest import Put


async def test_unknown_files_are_counted_up_to_a_limit(owner: int, put: Put) -> None:
    assert not await unknown.any_file()
    for number in range(3):
        place = blob_store.path_of(bytes([number]) * 32, ".mp4")
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"theirs")
        place.with_name(f"{place.stem}.poster.jpg").write_bytes(b"jpg")
    assert await unknown.any_file()
    assert await decisions.count_unknown(10) == 3 and await decisions.count_unknown(2) == 2


async def test_names_that_are_no_files_of_a_store_are_told_apart(owner: int, put: Put) -> None:
    await put(b"film")
    folder = next(iter(unknown.folders()))
    for name in ("Thumbs.db", ".hidden", "@eaDir", "holiday.mp4"):
        (folder / name).write_bytes(b"")
    foreign = [found.name for found in unknown.walk() if isinstance(found, Path)]
    assert foreign == ["holiday.mp4"]


async def test_decision_that_does_not_exist_is_refused(owner: int) -> None:
    with pytest.raises(errors.Invalid):
        await decisions.decide("burn")  # type: ignore[arg-type]


async def test_own_store_cannot_be_separated_again(owner: int, put: Put) -> None:
    await put(b"film")
    await ownership.freeze("foreign")
    await decisions.decide("separate")
    with pytest.raises(errors.InvalidState, match="own already"):
        await decisions.decide("separate")


async def test_read_only_is_named_in_the_refusal_and_take_ends_it(owner: int, put: Put) -> None:
    await put(b"film")
    await ownership.freeze("foreign")
    assert (await decisions.decide("read-only"))["state"] == "read_only"
    with pytest.raises(errors.StoreFrozen, match="mediafetcher store take"):
        await put(b"another")
    assert (await decisions.decide("take"))["state"] == "owned"


async def test_torn_claim_is_passed_over_for_the_whole_one_before(owner: int, put: Put) -> None:
    await put(b"film")
    seen = claims.read()
    assert seen.last is not None
    (claims.folder() / str(seen.number + 1)).write_bytes(b"")
    again = claims.read()
    assert (again.number, again.last, again.used) == (seen.number, seen.last, seen.number + 1)
    for path in claims.folder().iterdir():
        path.write_bytes(b"")
    assert claims.read().last is None


async def test_claim_inside_a_transaction_is_a_mistake_of_the_caller(owner: int) -> None:
    async with engine.transaction():
        with pytest.raises(RuntimeError):
            await ownership.claim_next()


def test_media_folder_is_unknown_before_it_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "_root", None)
    with pytest.raises(errors.MediaOffline):
        mount.root()


async def test_worker_without_a_recorded_folder_names_the_server(database: str) -> None:
    with pytest.raises(errors.OlderSchema):
        await mount.attach()


def test_sentinel_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / mount.SENTINEL).write_text("something else")
    with pytest.raises(OSError, match="not created by"):
        mount.create(tmp_path)
