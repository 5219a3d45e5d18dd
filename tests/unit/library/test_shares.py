"""The bytes that each user is charged, and their quota."""

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.library.catalog import items, queries, quotas, trash


async def _of(owner: int) -> tuple[int, int, int]:
    said = await quotas.usage(owner)
    return said["items"], said["bytes"], said["charged"]  # type: ignore[return-value]


async def test_size_by_users_with_the_trash(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    assert await _of(owner) == (0, 0, 0)
    mine = await put(b"a" * 100)
    await items.copy(mine, owner, None)
    await put(b"a" * 100, title="Twice")  # a second entry of the same user is no second holder
    assert await _of(owner) == (2, 100, 100)
    theirs = await put(b"a" * 100, owner=other)
    await put(b"b" * 30, owner=other)
    assert await _of(owner) == (2, 100, 50) and await _of(other) == (2, 130, 80)
    await trash.trash(theirs, other)
    assert await _of(owner) == (2, 100, 50) and await _of(other) == (2, 130, 80)
    everyone = await quotas.usage_by_user()
    assert (
        sum(row["charged"] for row in everyone.values())
        == 130
        == sum(row["size"] for row in await engine.fetch("select size from media_file"))
    )
    await trash.purge(other)
    assert await _of(owner) == (2, 100, 100) and await _of(other) == (1, 30, 30)


async def test_quota_of_a_user_holds(owner: int, put) -> None:  # type: ignore[no-untyped-def]
    await put(b"a" * 100)
    await quotas.check_quota(owner, 10**15)
    await engine.execute("update account set quota = 150")
    await quotas.check_quota(owner, 50)
    assert (await quotas.usage(owner))["quota"] == 150
    for quota, more in ((150, 51), (100, 0), (0, 0)):
        await engine.execute("update account set quota = $1", quota)
        with pytest.raises(errors.QuotaExceeded):
            await quotas.check_quota(owner, more)


async def test_a_new_file_in_the_place_of_an_old_one(owner: int, other: int, put) -> None:  # type: ignore[no-untyped-def]
    mine = await put(b"a" * 100)
    await put(b"a" * 100, owner=other)
    await engine.execute("update account set quota = 60")
    same = (await queries.get(mine, owner))["media"]["sha256"]
    await quotas.check_quota_replacing(owner, mine, bytes.fromhex(same), 100)
    await quotas.check_quota_replacing(owner, mine, bytes(32), 60)  # 50 of the old one are released
    with pytest.raises(errors.QuotaExceeded):
        await quotas.check_quota_replacing(owner, mine, bytes(32), 61)
    await engine.execute("update account set quota = 0")
    await quotas.check_quota_replacing(owner, mine, bytes.fromhex(same), 100)  # damage is mended whatever the quota
    await quotas.check_quota_replacing(owner, mine, bytes(32), 50)
