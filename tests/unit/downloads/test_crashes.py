"""P24: a download that kills the program is found and set aside, and costs the others nothing."""

import os
from dataclasses import replace

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, node_name, queries, requeue
from mediafetcher.downloads.worker import workspace

pytestmark = [pytest.mark.promise(24), pytest.mark.usefixtures("ready")]


async def _killed(claims: list[leases.Claim]) -> None:
    """The process died with these in work, and a new start finds them."""
    node_name._boot = os.urandom(6).hex()
    await requeue.recover_own()


async def test_download_that_kills_the_process_is_counted_and_parked(owner):
    id = (await lifecycle.submit(owner, "https://films.example/poison"))["id"]
    reasons = set()
    for _ in range(12):
        await engine.execute("update download set run_after = now()")
        claim = await leases.claim()
        if claim is None:
            break
        await _killed([claim])
        row = await queries.get(id)
        reasons.add((row["state"], (row["error"] or {}).get("code")))
    assert ("queued", "runs_alone") in reasons
    row = await queries.get(id)
    assert (row["state"], row["error"]["code"]) == ("needs_action", "kills_server")
    assert row["attempt"] <= 10
    assert (await lifecycle.retry(id, owner))["state"] == "queued"
    assert await leases.claim()


async def test_others_that_ran_beside_the_poison_are_done(owner):
    settings.use(replace(settings.get(), max_downloads_per_site=5))
    poison = (await lifecycle.submit(owner, "https://films.example/poison"))["id"]
    for number in range(2):
        await lifecycle.submit(owner, f"https://films.example/{number}")
    ended = set()
    for _ in range(40):
        await engine.execute("update download set run_after = now() where state = 'queued'")
        claims = []
        while claim := await leases.claim():
            claims.append(claim)
        if not claims:
            break
        if poison in {claim.id for claim in claims}:
            await _killed(claims)
        else:
            for claim in claims:
                ended.add(claim.id)
                await leases.fail(claim, errors.Gone())
    assert (await queries.get(poison))["state"] == "needs_action"
    assert len(ended) == 2


async def test_kills_that_leave_more_of_the_file_each_time_are_not_counted(owner):
    """A power cut every minute is no fault of a download that resumes where it was."""
    id = (await lifecycle.submit(owner, "https://films.example/long"))["id"]
    for number in range(8):
        claim = await leases.claim()
        assert claim, number
        (workspace.make(id) / "media.mp4.part").write_bytes(b"x" * (100_000 * (number + 1)))
        await _killed([claim])
    assert (await queries.get(id))["state"] == "queued"


async def test_other_machines_that_fall_silent_count_too(owner):
    id = (await lifecycle.submit(owner, "https://films.example/poison"))["id"]
    for _ in range(12):
        await engine.execute(
            "update download set state = 'running', worker_id = 'another:machine', attempt = attempt + 1,"
            " lease_expires_at = now() - interval '1 second' where state = 'queued'"
        )
        await requeue.reconcile(0, _none)
    assert (await queries.get(id))["state"] == "needs_action"


async def _none() -> int:
    return 0
