"""Users: names, the local user, and the administrator who always remains."""

import asyncio

import pytest

from mediafetcher.accounts.auth import users
from mediafetcher.core import errors
from mediafetcher.db import engine

PASSWORD = "a long enough password"


async def test_user_names_are_checked(database: str) -> None:
    made = await users.add("  Ada ", PASSWORD)
    assert (made["name"], made["admin"]) == ("Ada", False)
    assert (await users.by_name("aDA"))["id"] == made["id"]
    with pytest.raises(errors.NameTaken):
        await users.add("ADA", PASSWORD)
    for bad in ("", "   ", "x" * 65, "a\nb", "a\x00b", "a\u200bb"):
        with pytest.raises(errors.Invalid):
            await users.add(bad, PASSWORD)
    with pytest.raises(errors.NotFound):
        await users.by_name("nobody")


async def test_local_user_is_made_once(database: str) -> None:
    made = await asyncio.gather(*(users.local_owner() for _ in range(10)))
    assert {(row["name"], row["admin"]) for row in made} == {("owner", True)}
    assert await engine.fetchval("select count(*) from account") == 1
    assert await engine.fetchval("select password_hash from account") is None


async def test_commands_mean_the_only_administrator(database: str) -> None:
    ada = await users.add("Ada", PASSWORD, admin=True)
    await users.add("Bob", PASSWORD)
    assert (await users.local_owner())["id"] == ada["id"]
    await users.add("Carl", PASSWORD, admin=True)
    with pytest.raises(errors.UsageError, match="--user"):
        await users.local_owner()


async def test_last_administrator_is_kept(database: str) -> None:
    await users.add("Bob", PASSWORD)
    with pytest.raises(errors.UsageError, match="--user"):
        await users.local_owner()


async def test_an_administrator_remains(database: str) -> None:
    made = [await users.add(name, PASSWORD, admin=True) for name in ("Ada", "Bob", "Carl")]
    outcomes = await asyncio.gather(
        *(users.set_admin(row["id"], admin=False) for row in made), *(users.remove(row["id"]) for row in made),
        return_exceptions=True,
    )  # fmt: skip
    assert all(outcome is None or isinstance(outcome, errors.ClientError) for outcome in outcomes), outcomes
    assert await engine.fetchval("select count(*) from account where admin") == 1


async def test_user_with_a_library_stays(database: str) -> None:
    await users.add("Ada", PASSWORD, admin=True)
    bob = await users.add("Bob", PASSWORD)
    await engine.execute(
        "insert into media_file (sha256, size, kind, ext) values (sha256('x'), 1, 'video/mp4', '.mp4')"
    )
    await engine.execute(
        "insert into library_item (owner, media_file, title) select $1, id, 'x' from media_file", bob["id"]
    )
    with pytest.raises(errors.Conflict):
        await users.remove(bob["id"])
    await engine.execute("delete from library_item")
    await users.remove(bob["id"])
    with pytest.raises(errors.NotFound):
        await users.get(bob["id"])
