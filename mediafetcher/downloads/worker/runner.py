"""What a download does, step by step: look, fetch, probe, convert at most once, store; and how it ends.

Everything of an attempt lies in a folder of its own (workspace.py). One catch at the edge turns every end into one
change of the row; nothing that a link does can end the worker.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import clock, errors, logging, settings
from mediafetcher.db import engine
from mediafetcher.downloads import dedup, lifecycle, playlists, reprocess, trouble, ytdlp_canary
from mediafetcher.downloads import log as journal
from mediafetcher.downloads.worker import active, checkpoint, convert_step, store_step, workspace
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Info, Result, Trial
from mediafetcher.library.catalog import blocklist, quotas
from mediafetcher.media import posters, probe

_log = logging.get("work")
_FURTHER = 64 << 10  # bytes more than the attempt before: then the line is poor, but it brings something


async def run(claim: lifecycle.Claim, *, stopping: bool = False) -> None:
    """Do one claimed download to its end, whatever that is. Raises nothing."""
    hold = active.take(claim.id, claim.owner, claim.attempt)
    began = clock.monotonic()
    with logging.bind(job=claim.id, attempt=claim.attempt):
        hold.task = asyncio.create_task(_steps(claim, hold), name=f"download {claim.id}")
        if stopping:
            hold.obey("stop")
        try:
            await asyncio.wait({hold.task})
        except asyncio.CancelledError:
            hold.obey("stop")
            await asyncio.wait({hold.task})
        try:
            state = await _written(claim, hold)
            _log.info("download ended", state=state, seconds=clock.monotonic() - began)
            hold.say(f"ended: {state}")
            await journal.write(hold)
            if not await asyncio.to_thread(workspace.kept, claim.id, state):
                await workspace.remove(claim.id)
        except Exception:
            _log.exception("the end of a download was not written")  # its lease runs out, and it is tried again
        finally:
            active.drop(hold)


async def _written(claim: lifecycle.Claim, hold: active.Hold) -> str:
    """Write down how it ended; a database in trouble is waited for, at most as long as the lease lasts."""
    until = clock.monotonic() + settings.get().lease_seconds
    while True:
        try:
            return await _settle(claim, hold)
        except (errors.DatabaseAway, *engine.ServerTrouble) as error:
            if hold.order == "stop" or clock.monotonic() > until:
                raise
            _log.warning("the end of a download is not written yet", reason=str(error) or type(error).__name__)
            await asyncio.sleep(0.5)


async def _settle(claim: lifecycle.Claim, hold: active.Hold) -> str:
    """Write down how the steps ended -> the state of the row."""
    assert hold.task is not None
    error = None if hold.task.cancelled() else hold.task.exception()
    try:
        if error is None and not hold.task.cancelled():
            return "done"
        if hold.order is not None or error is None or isinstance(error, lifecycle.Lost):
            return await lifecycle.release(claim)  # the row says what it was: cancelled, paused, or queued again
        if not isinstance(error, errors.Problem):
            _log.error("download stopped by an unexpected error", trace=_trace(error))
        return await _settle_problem(claim, hold, trouble.problem(error, claim.id))
    except lifecycle.Lost:
        return await lifecycle.ended(claim)


async def _settle_problem(claim: lifecycle.Claim, hold: active.Hold, problem: errors.Problem) -> str:
    """Write down what stopped it, and keep what was fetched unless that is proved bad -> the state of the row."""
    if isinstance(problem, errors.LiveNotStarted):
        hold.say(problem.detail)
        return await lifecycle.wait(claim, problem)
    if isinstance(problem, errors.Away):
        _log.warning("the queue waits", reason=problem.code)
        return await lifecycle.release(claim, problem)
    _log.info("download failed", error=problem.code, detail=problem.detail, facts=problem.facts or None)
    hold.say(f"{problem.detail} [{problem.code}]", "error")
    if said := problem.facts.get("said") or problem.facts.get("reason"):
        hold.say(str(said), "error")
    folder = workspace.path(claim.id)
    if trouble.proves_file_bad(problem):
        await asyncio.to_thread(checkpoint.forget, folder)
    whole = await asyncio.to_thread(checkpoint.found, folder) is not None
    return await lifecycle.fail(claim, problem, further=_further(hold), whole=whole)


def _further(hold: active.Hold) -> bool:
    return hold.stage == "download" and workspace.fetched(hold.id) >= hold.had + _FURTHER


def _trace(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


# ---- the steps -------------------------------------------------------------------------------------------


async def _steps(claim: lifecycle.Claim, hold: active.Hold) -> None:
    hold.say(f"attempt {claim.attempt}: {claim.url}")
    if claim.task == "convert":
        await _convert_stored(claim, hold)
        return
    await blocklist.require(claim.owner, [claim.link_key])
    if await _link(claim, hold, [claim.link_key]):
        return
    folder = await asyncio.to_thread(workspace.make, claim.id)
    hold.had = workspace.fetched(claim.id)
    if claim.options.playlist:
        await ytdlp_canary.fetched(claim, hold, lambda other: playlists.expand(claim, hold, folder, other))
        return
    fetched = await _again(claim, hold, folder) or await ytdlp_canary.fetched(
        claim, hold, lambda other: _fetch(claim, hold, folder, other)
    )
    if fetched is None:
        return
    info, result, own = fetched
    info = replace(info, duration=result.duration or info.duration)
    came = await probe.probe(result.file, result.file.with_name(posters.NAME))
    made = await convert_step.make(claim, hold, info, result.file, came)
    hold.enter("store")
    await lifecycle.note(claim, stage="store")
    keys = _keys(claim, info)
    known = [*(dedup.private(claim.owner, keys) if own else keys), *([made.key] if made.key else [])]
    await store_step.keep(claim, hold, store_step.Arrived(info, result, came, made.file, made.facts), known)


async def _fetch(
    claim: lifecycle.Claim, hold: active.Hold, folder: Path, other: Trial | None
) -> tuple[Info, Result, bool] | None:
    """Look and download -> what came, and whether it is this person's alone; None: it is linked already."""
    async with (
        cookie_jars.lent(claim.owner, claim.url) as jar,
        Fetch(
            claim.url,
            claim.options,
            folder,
            jar.text if jar else None,
            trial=other,
            on_warning=lambda message: hold.say(message, "warning"),
        ) as source,
    ):
        info = await source.info()
        hold.say(f"found by {info.extractor}{', with cookies' if jar else ''}: {info.title}")
        await blocklist.require(claim.owner, [info.source_key, info.old_key])
        if not info.is_live and await _link(claim, hold, [info.source_key]):
            return None
        hold.enter("download")
        async with engine.transaction():
            if claim.task == "fetch":
                await quotas.reserve(claim.owner, claim.id, info.filesize or 0)
            await lifecycle.note(claim, stage="download", title=info.title, duration=info.duration, size=info.filesize)
        result = await source.download(_downloaded(hold))
        if jar:
            jar.returned = result.cookies
        own = dedup.is_private(claim.url, info.webpage_url, claim.options, cookies=bool(jar))
        await asyncio.to_thread(checkpoint.note, folder, info, result, own)
        hold.say(f"fetched {result.size} bytes")
        return info, result, own


async def _again(claim: lifecycle.Claim, hold: active.Hold, folder: Path) -> tuple[Info, Result, bool] | None:
    """What an earlier attempt brought, where the rest was not its fault; None: it is to be fetched."""
    there = await asyncio.to_thread(checkpoint.found, folder)
    if there is None:
        await asyncio.to_thread(checkpoint.forget, folder)
        return None
    hold.say(f"{there.result.size} bytes were fetched before")
    await blocklist.require(claim.owner, [there.info.source_key, there.info.old_key])
    await lifecycle.note(claim, stage="download", title=there.info.title, duration=there.info.duration)
    return there.info, there.result, there.own


def _keys(claim: lifecycle.Claim, info: Info) -> list[str]:
    """What the source is known by from now on. A live stream is another one tomorrow."""
    return [f"live {claim.id}"] if info.is_live else [claim.link_key, info.source_key]


async def _convert_stored(claim: lifecycle.Claim, hold: active.Hold) -> None:
    """What is stored already, made playable."""
    folder = await asyncio.to_thread(workspace.make, claim.id)
    await asyncio.to_thread(checkpoint.forget, folder)
    info, result, side_files = await reprocess.stored(claim, folder)
    came = await probe.probe(result.file, result.file.with_name(posters.NAME))
    made = await convert_step.make(claim, hold, info, result.file, came)
    hold.enter("store")
    await lifecycle.note(claim, stage="store")
    await store_step.keep(claim, hold, store_step.Arrived(info, result, came, made.file, made.facts, side_files), [])


async def _link(claim: lifecycle.Claim, hold: active.Hold, keys: list[str]) -> bool:
    """The source is in the store already: end with an item, without a download."""
    if claim.task != "fetch":
        return False

    async def link() -> bool:
        async with engine.transaction():
            item = await dedup.known(claim.owner, claim.folder, keys, claim.url, claim.site)
            if item is not None:
                # For this person alone: what they know may have been opened by their cookies.
                await dedup.remember(dedup.private(claim.owner, [claim.source_key, *keys]), claim.url, item)
                await lifecycle.finish(claim, item, linked=True)
        return item is not None

    known = await engine.retrying(link)
    if known:
        hold.say("it is in the library already")
    return known


def _downloaded(hold: active.Hold):  # type: ignore[no-untyped-def]
    def report(done: int, total: int | None, speed: float | None, eta: float | None) -> None:
        hold.report(done / total if total else 0.0, speed, eta)

    return report
