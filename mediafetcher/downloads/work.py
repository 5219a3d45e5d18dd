"""What a download does, step by step: look, fetch, probe, convert at most once, store; and how it ends.

Everything of an attempt lies in a folder of its own below `<state>/work`, kept only while the download may go
on here (its next try, a pause, a stop). One catch at the edge turns every end into one change of the row;
nothing that a link does can end the worker.
"""

import asyncio
import contextlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mediafetcher.accounts import cookies
from mediafetcher.base import child, clock, errors, log, settings
from mediafetcher.db import engine
from mediafetcher.downloads import anew, gate, held, jobs, journal, playlists, trial
from mediafetcher.fetching import extras
from mediafetcher.fetching.fetch import Fetch, Info, Result, Trial
from mediafetcher.fetching.options import Options
from mediafetcher.library import items, never, shares, store, sweeper
from mediafetcher.media import convert, probe

_log = log.get("work")
_HASHED = 0.9  # share of the store stage that is the pass over the bytes
_ENCODES = ("video", "both")  # the actions that count against TRANSCODES; all others are cheap


async def run(claim: jobs.Claim, *, stopping: bool = False) -> None:
    """Do one claimed download to its end, whatever that is. Raises nothing."""
    hold = held.take(claim.id, claim.owner, claim.attempt)
    began = clock.monotonic()
    with log.bind(job=claim.id, attempt=claim.attempt):
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
            if state not in ("queued", "paused"):
                await asyncio.to_thread(shutil.rmtree, _path(claim.id), ignore_errors=True)
        except Exception:
            _log.exception("the end of a download was not written")  # its lease runs out, and it is tried again
        finally:
            held.drop(hold)


async def _written(claim: jobs.Claim, hold: held.Hold) -> str:
    """Write down how it ended; a database that restarts is waited for, at most as long as the lease lasts."""
    until = clock.monotonic() + settings.get().lease_seconds
    while True:
        try:
            return await _settle(claim, hold)
        except errors.DatabaseAway:
            if hold.order == "stop" or clock.monotonic() > until:
                raise
            await asyncio.sleep(0.5)


async def _settle(claim: jobs.Claim, hold: held.Hold) -> str:
    """Write down how the steps ended -> the state of the row."""
    assert hold.task is not None
    error = None if hold.task.cancelled() else hold.task.exception()
    try:
        if error is None and not hold.task.cancelled():
            return "done"
        if hold.order is not None or error is None or isinstance(error, jobs.Lost):
            return await jobs.release(claim)  # the row says what it was: cancelled, paused, or queued again
        if isinstance(error, errors.LiveNotStarted):
            hold.say(error.detail)
            return await jobs.wait(claim, error)
        if isinstance(error, errors.Away):
            _log.warning("the queue waits", reason=error.code)
            return await jobs.release(claim, error)
        if not isinstance(error, errors.Problem):
            _log.error("download failed by an error of ours", trace=_trace(error))
            error = errors.Internal(f"{errors.Internal.words} (download {claim.id})")
        _log.info("download failed", error=error.code, detail=error.detail, facts=error.facts or None)
        hold.say(f"{error.detail} [{error.code}]", "error")
        if said := error.facts.get("said") or error.facts.get("reason"):
            hold.say(str(said), "error")
        return await jobs.fail(claim, error)
    except jobs.Lost:
        return "lost"


def _trace(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


# ---- the steps -------------------------------------------------------------------------------------------


async def _steps(claim: jobs.Claim, hold: held.Hold) -> None:
    hold.say(f"attempt {claim.attempt}: {claim.url}")
    if claim.task == "convert":
        await _convert_stored(claim, hold)
        return
    await never.require(claim.owner, [claim.link_key])
    if await _link(claim, hold, [claim.link_key]):
        return
    folder = _path(claim.id)
    await asyncio.to_thread(_make, folder)
    if claim.options.playlist:
        await trial.fetched(claim, hold, lambda other: playlists.expand(claim, hold, folder, other))
        return
    fetched = await trial.fetched(claim, hold, lambda other: _fetch(claim, hold, folder, other))
    if fetched is None:
        return
    info, result, own = fetched
    hold.say(f"fetched {result.size} bytes")
    info = replace(info, duration=result.duration or info.duration)
    came = await probe.probe(result.file)
    media, facts = await _playable(claim, hold, info, result.file, came)
    hold.enter("store")
    await jobs.note(claim, stage="store")
    keys = _keys(claim, info)
    known = jobs.private(claim.owner, keys) if own else keys
    kept = await _beside(claim, info, result, came, media, facts)
    await _store(claim, hold, info, media, kept, known)


async def _fetch(
    claim: jobs.Claim, hold: held.Hold, folder: Path, other: Trial | None
) -> tuple[Info, Result, bool] | None:
    """Look and download -> what came, and whether the person's own cookies opened it; None: it is linked already."""
    async with (
        cookies.lent(claim.owner, claim.url) as jar,
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
        await never.require(claim.owner, [info.source_key])
        if not info.is_live and await _link(claim, hold, [info.source_key]):
            return None
        if claim.task == "fetch":
            await shares.require(claim.owner, info.filesize or 0)
        hold.enter("download")
        await jobs.note(claim, stage="download", title=info.title, duration=info.duration, size=info.filesize)
        result = await source.download(_downloaded(hold))
        if jar:
            jar.returned = result.cookies
        return info, result, bool(jar)


def _keys(claim: jobs.Claim, info: Info) -> list[str]:
    """What the source is known by from now on. A live stream is another one tomorrow."""
    return [f"live {claim.id}"] if info.is_live else [claim.link_key, info.source_key]


async def _convert_stored(claim: jobs.Claim, hold: held.Hold) -> None:
    """What is stored already, made playable."""
    folder = _path(claim.id)
    await asyncio.to_thread(_make, folder)
    info, result, side_files = await anew.stored(claim, folder)
    came = await probe.probe(result.file)
    media, facts = await _playable(claim, hold, info, result.file, came)
    hold.enter("store")
    await jobs.note(claim, stage="store")
    kept = await _beside(claim, info, result, came, media, facts)
    await _store(claim, hold, info, media, kept._replace(side_files=side_files | kept.side_files), [])


async def _link(claim: jobs.Claim, hold: held.Hold, keys: list[str]) -> bool:
    """The source is in the store already: end with an item, without a download."""
    if claim.task != "fetch":
        return False

    async def link() -> bool:
        async with engine.transaction():
            item = await jobs.known(claim.owner, claim.folder, keys, claim.url, claim.site)
            if item is not None:
                # For this person alone: what they know may have been opened by their cookies.
                await jobs.remember(jobs.private(claim.owner, [claim.source_key, *keys]), claim.url, item)
                await jobs.finish(claim, item, linked=True)
        return item is not None

    known = await engine.retrying(link)
    if known:
        hold.say("it is in the library already")
    return known


def _downloaded(hold: held.Hold):  # type: ignore[no-untyped-def]
    def report(done: int, total: int | None, speed: float | None, eta: float | None) -> None:
        hold.report(done / total if total else 0.0, speed, eta)

    return report


async def _playable(
    claim: jobs.Claim, hold: held.Hold, info: Info, source: Path, facts: probe.Facts
) -> tuple[Path, probe.Facts]:
    """The file as browsers play it: as it came, or converted once, and then proved to be right."""
    wished = claim.options
    decision = _decide(claim, facts)
    hold.say(f"decision: {decision.action}{f', since {decision.reason}' if decision.reason else ''}")
    if decision.action == "reject":
        raise decision.problem()
    _whole(info.duration, facts)
    if wished.clip:
        decision = _clip(wished, facts, decision)
    if decision.action == "none" or wished.keep_original:
        return source, facts
    hold.enter("convert")
    await jobs.note(claim, stage="convert", converting=True)
    await journal.write(hold)
    target = source.with_name("converted.mp4")
    async with gate.conversion() if decision.action in _ENCODES else contextlib.nullcontext():
        await _convert(claim, hold, source, target, facts, decision)
    proved = await probe.probe(target)
    again = _decide(claim, proved)
    if again.action != "none":
        raise errors.TranscodeFailed("The converted file is not what browsers play.", reason=again.reason)
    _whole(convert.clip_length(facts.duration, wished.start or 0.0, wished.end), proved)
    return target, proved


def _clip(wished: Options, facts: probe.Facts, decision: probe.Decision) -> probe.Decision:
    """A part is cut where the whole would have been kept as it came; nothing is encoded for its sake."""
    if facts.duration is not None and (wished.start or 0.0) >= facts.duration:
        raise errors.BadClip(f"{errors.BadClip.words[:-1]}, which has {facts.duration:.0f} seconds.")
    if decision.action != "none":
        return decision
    return probe.Decision("remux" if facts.video else "audio_only", "a part is wanted")


def _decide(claim: jobs.Claim, facts: probe.Facts) -> probe.Decision:
    chosen = claim.options
    return probe.decide(facts, audio=chosen.audio, never_transcode=chosen.never_transcode)


def _whole(expected: float | None, facts: probe.Facts) -> None:
    """What is there must be about as long as it was said to be: an end in the middle can look like success."""
    if expected and facts.duration and facts.duration < expected - max(min(5.0, expected / 2), 0.1 * expected):
        raise errors.Truncated(
            f"The file is shorter than it should be: {facts.duration:.0f} of {expected:.0f} seconds."
        )


async def _convert(
    claim: jobs.Claim,
    hold: held.Hold,
    source: Path,
    target: Path,
    facts: probe.Facts,
    decision: probe.Decision,
) -> None:
    chosen = settings.get()
    left = convert.clip_length(facts.duration, claim.options.start or 0.0, claim.options.end) or 0.0

    def report(fraction: float, speed: float | None) -> None:
        hold.report(fraction, None, left * (1 - fraction) / speed if speed else None)

    await convert.convert(
        source,
        target,
        facts,
        decision,
        max_height=claim.options.max_height or chosen.max_height,
        threads=chosen.ffmpeg_threads,
        audio=claim.options.audio,
        start=claim.options.start or 0.0,
        end=claim.options.end,
        on_progress=report,
    )


class _Kept(NamedTuple):
    facts: items.MediaFacts
    side_files: dict[str, Path]


async def _beside(
    claim: jobs.Claim, info: Info, result: Result, came: probe.Facts, media: Path, facts: probe.Facts
) -> _Kept:
    """What the library keeps with the bytes: facts, chapters, picture, subtitles."""
    side_files = await extras.texts(result, came, claim.options)
    if poster := await extras.poster(media, facts, result):
        side_files["poster.jpg"] = poster
    chapters = extras.chapters(info, result, came, claim.options)
    return _Kept(replace(media_facts(facts), chapters=chapters), side_files)


async def _store(claim: jobs.Claim, hold: held.Hold, info: Info, media: Path, kept: _Kept, keys: list[str]) -> None:
    """Bytes first, rows last; the item, what its source is known by (`keys`), and the end in one transaction."""
    if claim.task == "fetch":
        await shares.require(claim.owner, media.stat().st_size)
    staged = await store.stage(media, lambda done: hold.report(_HASHED * done))
    try:
        if claim.task != "fetch":
            await _replace(claim, staged, kept, keys)
            return
        source_id = await jobs.source(keys[0], claim.url)

        async def also(item: int) -> None:
            await jobs.remember(keys, claim.url, item)
            await jobs.finish(claim, item)

        await items.add_media(
            owner=claim.owner,
            staged=staged,
            facts=kept.facts,
            entry=items.Entry(
                title=info.title,
                folder_id=claim.folder,
                source_id=source_id,
                source_url=claim.url,
                site=claim.site,
                uploader=info.uploader,
            ),
            side_files=kept.side_files,
            also=also,
        )
    except BaseException:
        # To its end, also where we are cancelled just now: nobody else knows of these files.
        taking_back = asyncio.ensure_future(sweeper.take_back(staged, [kept.facts.ext, *kept.side_files]))
        try:
            await asyncio.shield(taking_back)
        finally:
            await asyncio.wait({taking_back})
        raise


async def _replace(claim: jobs.Claim, staged: store.Staged, kept: _Kept, keys: list[str]) -> None:
    """The new file is there: the item that asked for it gets it."""

    async def also(item: int) -> None:
        await jobs.remember(keys, claim.url, item)
        await jobs.finish(claim, item)

    if claim.subject is None:
        raise errors.NotFound("The item is not there any more.")
    await items.replace(
        claim.subject,
        claim.owner,
        staged=staged,
        facts=kept.facts,
        side_files=kept.side_files,
        follow=claim.task == "convert",
        also=also,
    )


def media_facts(facts: probe.Facts) -> items.MediaFacts:
    """What the library keeps of a file."""
    kind, ext = convert.kind_of(facts)
    picture = facts.video
    return items.MediaFacts(
        kind=kind,
        ext=ext,
        duration=facts.duration,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        video_codec=picture.codec if picture else None,
        audio_codec=facts.audio[0].codec if facts.audio else None,
        playable=probe.is_playable(facts),
        chapters=facts.chapters,
    )


# ---- folders ---------------------------------------------------------------------------------------------


def _path(id: int) -> Path:
    return settings.get().work / str(id)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    child.give(folder)


def left(id: int) -> bool:
    """Whether a folder of this download lies here that nobody works in."""
    return held.get(id) is None and _path(id).exists()


async def tidy() -> None:
    """Remove the folders of downloads that will not go on here."""
    root = settings.get().work
    found = {int(path.name): path for path in root.glob("*") if path.name.isdecimal()} if root.is_dir() else {}
    if not found:
        return
    rows = await engine.fetch(
        "select id from download where id = any($1::bigint[]) and state in ('queued', 'running', 'paused')",
        list(found),
    )
    for id in found.keys() - {row["id"] for row in rows}:
        if held.get(id) is None:
            await asyncio.to_thread(shutil.rmtree, found[id], ignore_errors=True)
