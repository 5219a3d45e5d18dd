"""The one-time code of the first run."""

import stat
from pathlib import Path

import pytest

from mediafetcher.accounts.auth import first_run, users
from mediafetcher.core import errors

PASSWORD = "a long enough password"


async def test_the_code_is_made_once_and_private(database: str, state: Path) -> None:
    code = await first_run.prepare()
    assert code is not None
    assert len(code) == 19
    assert await first_run.prepare() == code
    assert stat.S_IMODE((state / "setup-code").stat().st_mode) == 0o600
    assert sorted(path.name for path in state.iterdir() if path.name.startswith("setup")) == ["setup-code"]


async def test_local_user_leaves_it_open_and_an_administrator_closes_it(database: str, state: Path) -> None:
    await users.local_owner()
    assert await first_run.prepare()
    await users.add("Bob", PASSWORD)
    assert await first_run.is_open()
    await users.add("Ada", PASSWORD, admin=True)
    assert await first_run.prepare() is None
    assert not (state / "setup-code").exists()
    with pytest.raises(errors.SetupClosed):
        await first_run.complete("anything", "Eve", PASSWORD, "192.0.2.1")


async def test_without_a_file_no_code_is_right(database: str, state: Path) -> None:
    for code in ("", "-", "None"):
        with pytest.raises(errors.InvalidSetupCode):
            await first_run.complete(code, "Eve", PASSWORD, "192.0.2.1")


async def test_a_taken_name(database: str, state: Path) -> None:
    await users.add("Bob", PASSWORD)
    code = await first_run.prepare() or ""
    with pytest.raises(errors.NameTaken):
        await first_run.complete(code, "BOB", PASSWORD, "192.0.2.1")
    assert await first_run.is_open()
    person, _ = await first_run.complete(code, "Ada", PASSWORD, "192.0.2.1")
    assert person.admin
