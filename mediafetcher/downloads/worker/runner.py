"""A slot claims a due download. Its steps: extract, fetch, probe, convert at most once, store; and how it ends.

Each attempt has a folder of its own (workspace.py). One handler at the outermost level turns every end into one
change of the row; no link can end the worker.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import clock, errors, logging, settings
from mediafetcher.db import engine
from mediafetcher.downloads import dedup, leases, lifecycle, playlists, reprocess, site_rules, trouble, ytdlp_canary
from mediafetcher.downloads import log as journal
from mediafetcher.downloads.worker import active, checkpoint, postprocess, resume, wakeup, workspace
from mediafetcher.fetch.client import Fetch
from mediafetcher.fetch.models import Completed, Info, Result, Trial
from mediafetcher.fetch.options import FILE_STEM
from mediafetcher.library.catalog import blocklist, known_sources, quotas
from mediafetcher.media import assemble, posters, probe, wholeness

_log, _queue_log = logging.get("work"), logging.get("queue")
_OUTAGE = 600.0  # seconds without a new piece after which a recording with an unreachable source has ended
_POLL = 0.05
_PROGRESS_BYTES = 64 << 10  # more bytes than the attempt before: the connection is poor, but it makes progress


class Slots:
    """The slots of this process. Each is a task that works on one due row after the other, until none is due."""

    def __init__(self) -> None:
        self.stopping = False  # no row is claimed any more
        self._busy: set[asyncio.Task[None]] = set()
        self._claiming = 0  # wake-ups for which a row is being claimed

    async def serve(self) -> None:
        """Handle wake-ups, one after the other, until cancelled."""
        while True:
            await wakeup.received()
            await self.turn()

    async def turn(self) -> None:
        """Handle a wake-up: claim a due row for a free slot, which then works until nothing is due."""
        if len(self._busy) + self._claiming >= settings.get().max_downloads:
            return
        self._claiming += 1
        try:
            if claim := await self._claim():
                slot = asyncio.create_task(self._work(claim), name="slot")
                self._busy.add(slot)
                slot.add_done_callback(self._busy.discard)
        finally:
            self._claiming -= 1

    async def ended(self, seconds: float) -> None:
        """Wait until no row is being claimed and no slot works, at most so long."""
        until = clock.monotonic() + seconds
        while self._claiming and clock.monotonic() < until:
            await asyncio.sleep(_POLL)
        if self._busy:
            await asyncio.wait(self._busy, timeout=max(0.0, until - clock.monotonic()))

    async def _work(self, claim: leases.Claim) -> None:
        following: leases.Claim | None = claim
        while following is not None:
            await run(following, stopping=self.stopping)
            # The setting may have been lowered meanwhile: then this slot stays empty.
            following = await self._claim() if len(self._busy) <= settings.get().max_downloads else None

    async def _claim(self) -> leases.Claim | None:
        if self.stopping:
            return None
        try:
            return await leases.claim()
        except Exception as error:
            # The database may be unavailable; the pool's reconciliation wakes a slot again.
            _queue_log.warning("claim failed", reason=str(error) or type(error).__name__)
            return None


async def run(claim: leases.Claim, *, stopping: bool = False) -> None:
    """Run one claimed download to its end, whatever that is. Raises nothing."""
    download = active.register(claim.id, claim.owner, claim.attempt)
    began = clock.monotonic()
    with logging.bind(job=claim.id, attempt=claim.attempt):
        download.task = asyncio.create_task(_pipeline(claim, download), name=f"download {claim.id}")
        if stopping:
            download.request_stop("stop")
        try:
            await asyncio.wait({download.task})
        except asyncio.CancelledError:
            download.request_stop("stop")
            await asyncio.wait({download.task})
        try:
            state = await _record_outcome_with_retry(claim, download)
            _log.info("download ended", state=state, seconds=clock.monotonic() - began)
            download.log(f"finished: {state}")
            await journal.write(download)
            if not await asyncio.to_thread(workspace.kept, claim.id, state):
                await workspace.remove(claim.id)
        except Exception:
            _log.exception("the end of a download was not written")  # its lease expires, and it is tried again
        finally:
            active.unregister(download)


async def _record_outcome_with_retry(claim: leases.Claim, download: active.ActiveDownload) -> str:
    """Record the outcome; wait for an unavailable database, at most as long as the lease lasts."""
    until = clock.monotonic() + settings.get().lease_seconds
    while True:
        try:
            return await _record_outcome(claim, download)
        except (errors.DatabaseUnavailable, *engine.ServerTrouble) as error:
            if download.order == "stop" or clock.monotonic() > until:
                raise
            _log.warning("the end of a download is not written yet", reason=str(error) or type(error).__name__)
            await asyncio.sleep(0.5)


async def _record_outcome(claim: leases.Claim, download: active.ActiveDownload) -> str:
    """Record the outcome of the steps. Returns: the state of the row."""
    assert download.task is not None
    error = None if download.task.cancelled() else download.task.exception()
    try:
        if error is None and not download.task.cancelled():
            return "done"
        if download.order is not None or error is None or isinstance(error, leases.LeaseLost):
            return await leases.release(claim)  # the row contains the request: cancelled, paused, or queued again
        if not isinstance(error, errors.Problem):
            _log.error("download stopped by an unexpected error", trace=_trace(error))
        return await _record_problem(claim, download, trouble.problem(error, claim.id))
    except leases.LeaseLost:
        return await leases.outcome(claim)


async def _record_problem(claim: leases.Claim, download: active.ActiveDownload, problem: errors.Problem) -> str:
    """Record an error, and keep the fetched data unless it is proved bad. Returns: the state of the row."""
    if isinstance(problem, errors.LiveNotStarted) and download.finishing:
        download.log("nothing was recorded yet", "warning")
        await lifecycle.cancel(claim.id, claim.owner)
        return await leases.release(claim)
    if isinstance(problem, errors.LiveNotStarted):
        download.log(problem.detail)
        return await leases.defer(claim, problem)
    if isinstance(problem, errors.Unavailable):
        _log.warning("the queue waits", reason=problem.code)
        return await leases.release(claim, problem)
    _log.info("download failed", error=problem.code, detail=problem.detail, facts=problem.facts or None)
    download.log(f"{problem.detail} [{problem.code}]", "error")
    if said := problem.facts.get("said") or problem.facts.get("reason"):
        download.log(str(said), "error")
    folder = workspace.path(claim.id)
    if trouble.proves_file_bad(problem):
        await asyncio.to_thread(checkpoint.discard, folder)
    whole = await asyncio.to_thread(checkpoint.is_whole, folder)
    return await leases.fail(claim, problem, further=_made_progress(download), whole=whole)


def _made_progress(download: active.ActiveDownload) -> bool:
    return download.stage == "download" and workspace.fetched(download.id) >= download.resumed_bytes + _PROGRESS_BYTES


def _trace(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


# ---- the steps -------------------------------------------------------------------------------------------


async def _pipeline(claim: leases.Claim, download: active.ActiveDownload) -> None:
    download.log(f"attempt {claim.attempt}: {claim.url}")
    if claim.operation == "convert":
        await _convert_stored(claim, download)
        return
    await blocklist.ensure_allowed(claim.owner, [claim.link_key])
    if await _link(claim, download, [claim.link_key]):
        return
    folder = await asyncio.to_thread(workspace.make, claim.id)
    download.resumed_bytes = workspace.fetched(claim.id)
    if claim.finish_requested:
        download.request_stop("finish")
    if claim.options.playlist:
        await site_rules.take_turn(claim.owner, claim.url, claim.site)
        await ytdlp_canary.fetched(claim, download, lambda other: playlists.expand(claim, download, folder, other))
        return
    fetched = (
        await resume.completed_fetch(claim, download, folder)
        or await resume.ended_recording(download, folder)
        or await _fetch_in_turn(claim, download, folder)
    )
    if fetched is None:
        return
    info, result, own = fetched
    info = replace(info, duration=result.duration or info.duration)
    came = await probe.probe(result.file, result.file.with_name(posters.NAME))
    if not claim.options.audio and assemble.may_have_late_picture(came):
        late = await assemble.with_late_picture(result.file, result.file.with_name(f"{FILE_STEM}-late.mp4"))
        if late:
            result = replace(result, file=late, size=late.stat().st_size)
            came = await probe.probe(late, late.with_name(posters.NAME))
    came = await _judge(download, folder, info, result, came)
    came = probe.preferring(came, claim.options.audio_languages)
    claim = _limited(claim, result, came)
    made = await postprocess.convert(claim, download, info, result.file, came)
    download.enter("store")
    await leases.update_progress(claim, stage="store")
    keys = _keys(claim, info)
    sources = postprocess.Sources(dedup.private(claim.owner, keys) if own else keys, own, made.key)
    await postprocess.store(
        claim, download, postprocess.FetchedMedia(info, result, came, made.file, made.facts), sources
    )


async def _fetch_in_turn(claim: leases.Claim, download: active.ActiveDownload, folder: Path) -> resume.Fetched | None:
    """Fetch when the user's rule for the site allows it. A recording that was interrupted resumes at once."""
    if await asyncio.to_thread(checkpoint.recorded, folder) is None:
        await site_rules.take_turn(claim.owner, claim.url, claim.site)
    return await ytdlp_canary.fetched(claim, download, lambda other: _fetch_or_keep(claim, download, folder, other))


def _limited(claim: leases.Claim, result: Result, came: probe.Facts) -> leases.Claim:
    """Return the claim with an end if a recording holds more seconds than requested: servers send some at once."""
    if not result.limit or claim.options.clip or claim.options.keep_original:
        return claim
    if (came.duration or 0.0) <= result.limit + 1.0:
        return claim
    return replace(claim, options=msgspec.structs.replace(claim.options, end=result.limit))


async def _judge(
    download: active.ActiveDownload, folder: Path, info: Info, result: Result, came: probe.Facts
) -> probe.Facts:
    """Determine whether the file is complete. A file that is incomplete at its origin is kept if it plays.

    Raises: `Truncated` the first time, because another attempt may fetch the rest, and `CutAtOrigin` if nothing plays.
    """
    verdict = await wholeness.judge(result.file, came, bounded=result.bounded, claimed=info.duration)
    why = verdict.cut or result.cut
    if not why:
        return verdict.facts
    if not await asyncio.to_thread(checkpoint.cut_before, folder, result.size):
        raise errors.Truncated(f"{errors.Truncated.default_detail[:-1]}: {why}. It is fetched once more.")
    if not verdict.plays:
        raise errors.CutAtOrigin()
    download.log(f"cut at its origin, and kept as far as it goes: {why}", "warning")
    return replace(verdict.facts, cut_at_origin=True)


async def _fetch_or_keep(
    claim: leases.Claim, download: active.ActiveDownload, folder: Path, other: Trial | None
) -> resume.Fetched | None:
    """Fetch. A recording resumes at once after a transient error, and is kept if its source no longer exists."""
    while True:
        had = workspace.fetched(claim.id)
        try:
            return await _fetch(claim, download, folder, other)
        except errors.FetchProblem as problem:
            there = await asyncio.to_thread(checkpoint.recorded, folder)
            if there is None:
                raise
            if isinstance(problem, errors.Transient) and not download.finishing:
                if workspace.fetched(claim.id) >= had + _PROGRESS_BYTES:
                    download.log(f"{problem.detail} The recording continues.", "warning")
                    continue
                if await asyncio.to_thread(checkpoint.recording_age, folder) < _OUTAGE:
                    raise
            try:
                kept = await resume.keep_recording(download, folder, there)
            except errors.LiveNotStarted:
                raise problem from None  # nothing was recorded
            download.log(f"{problem.detail} The recording so far is kept.", "warning")
            return kept


async def _fetch(
    claim: leases.Claim, download: active.ActiveDownload, folder: Path, other: Trial | None
) -> resume.Fetched | None:
    """Extract and download. Returns: the files, and whether they are private to this user; None if already linked."""
    login = await cookie_jars.login_for(claim.owner, claim.url)
    async with (
        cookie_jars.borrow(claim.owner, claim.url) as jar,
        Fetch(
            claim.url,
            await site_rules.for_request(claim.owner, claim.url, claim.options, signed_in=bool(jar or login)),
            folder,
            jar.text if jar else None,
            login=login,
            picture=next(iter(claim.listed.thumbnails), None) if claim.listed else None,
            trial=other,
            on_warning=lambda message: download.log(message, "warning"),
        ) as source,
    ):
        info = _named(claim, await source.info())
        download.log(f"found by {info.extractor}{', with cookies' if jar else ''}: {info.title}")
        await blocklist.ensure_allowed(claim.owner, [info.source_key, info.old_key])
        if info.is_live and claim.options.live_wait:
            raise errors.LiveNotEnded
        if not info.is_live and await _link(claim, download, [info.source_key]):
            return None
        download.enter("download")
        async with engine.transaction():
            if claim.operation == "fetch":
                await quotas.reserve(claim.owner, claim.id, info.filesize or 0)
            await leases.update_progress(
                claim, stage="download", title=info.title, duration=info.duration, size=info.filesize
            )
        own = dedup.is_private(claim.url, info.webpage_url, source.options, cookies=bool(jar or login))

        async def completed(what: Completed) -> None:
            if jar:
                jar.returned = what.cookies
            await asyncio.to_thread(checkpoint.note_completed, folder, info, what, own=own)

        if info.is_live:
            await asyncio.to_thread(checkpoint.note_recording, folder, info, own=own)
            await leases.update_progress(claim, recording=True)
            download.finisher = source.finish
            if download.finishing:
                source.finish()
        try:
            result = await source.download(_downloaded(download), completed)
        finally:
            download.finisher = None
        await asyncio.to_thread(resume.note, folder, info, result, own=own)
        download.log(f"downloaded {result.size} bytes")
        return resume.Fetched(info, result, own)


def _named(claim: leases.Claim, info: Info) -> Info:
    """Prefer the list's title of an entry to the name of a file: podcast files are all called "media"."""
    if not info.file_named and (info.extractor != "Generic" or info.title != info.id):
        return info
    title = claim.title if claim.operation == "fetch" else None
    return replace(info, title=title or info.title, file_named=True)


def _keys(claim: leases.Claim, info: Info) -> list[str]:
    """Return the keys of the source from now on. A live stream is another one tomorrow."""
    return [f"live {claim.id}"] if info.is_live else [claim.link_key, info.source_key]


async def _convert_stored(claim: leases.Claim, download: active.ActiveDownload) -> None:
    """Convert the stored file to a playable one."""
    folder = await asyncio.to_thread(workspace.make, claim.id)
    await asyncio.to_thread(checkpoint.discard, folder)
    info, result, side_files = await reprocess.stored(claim, folder)
    came = await probe.probe(result.file, result.file.with_name(posters.NAME))
    came = (await wholeness.judge(result.file, came)).facts
    made = await postprocess.convert(claim, download, info, result.file, came)
    download.enter("store")
    await leases.update_progress(claim, stage="store")
    await postprocess.store(
        claim, download, postprocess.FetchedMedia(info, result, came, made.file, made.facts, side_files)
    )


async def _link(claim: leases.Claim, download: active.ActiveDownload, keys: list[str]) -> bool:
    """End with an item, without a download, if the source is already in the store."""
    if claim.operation != "fetch":
        return False

    async def link() -> bool:
        async with engine.transaction():
            item = await dedup.known(
                claim.owner, claim.folder, keys, claim.url, claim.site, title=claim.title, listed=claim.listed
            )
            if item is not None:
                # For this user alone: the user's cookies may have opened what the keys identify.
                own = dedup.private(claim.owner, [claim.source_key, *keys])
                await known_sources.remember(own, claim.url, item, with_metadata=True)
                await leases.finish(claim, item, deduplicated=True)
        return item is not None

    known = await engine.retrying(link)
    if known:
        download.log("already in the library")
    return known


def _downloaded(download: active.ActiveDownload):  # type: ignore[no-untyped-def]
    def report(done: int, total: int | None, speed: float | None, eta: float | None) -> None:
        download.report(done / total if total else 0.0, speed, eta)

    return report
