"""The checker compares the disk with the database. It reports, and repairs only what it is asked to repair.

One function for `mediafetcher check`, for the page, and for every fault test. Files that the database does not know
are no fault: they are listed as information, and no repair touches them. A running server may add and remove files
meanwhile, so each suspicion is checked again under the lock of its row before it becomes a finding.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import errors, logging, settings
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, ago
from mediafetcher.db.tables import Download, LibraryItem, MediaFile, Source
from mediafetcher.library.storage import blob_store, mount, ownership, sweeper, unknown
from mediafetcher.media import posters

# Every kind of finding, as text for users.
KINDS = {
    "store_offline": "the media folder is unavailable, so its files were not checked",
    "many_missing": "so many files are missing that the share may be incomplete; none of this is repaired",
    "missing_file": "the file of these items is missing",
    "wrong_size": "the size of the file has changed",
    "damaged_file": "the content of the file has changed",
    "unreadable_file": "the file cannot be read",
    "missing_side_file": "a poster or subtitle file is not in the store",
    "wrong_count": "the reference count does not match the number of items",
    "leftover": "a leftover file in incoming/",
    "unlisted_side_file": "a poster or subtitle file that the row of its file does not list, as a crash may leave it",
    "unknown_file": "a file in the store that this database does not know: it is kept",
    "store_frozen": "whether this installation may change the media folder is undecided",
    "stuck_download": "a running download whose worker no longer responds",
}
INFORMATION = {"unknown_file", "unlisted_side_file", "store_frozen"}  # nothing is wrong
# The effect of each repair, shown before the user asks for it.
_WOULD = {
    "missing_file": "allow its link to be downloaded or imported again, which restores the file",
    "wrong_size": "move the file to damaged/ and allow its link to be downloaded again",
    "damaged_file": "move the file to damaged/ and allow its link to be downloaded again",
    "unreadable_file": "move the file to damaged/ and allow its link to be downloaded again",
    "missing_side_file": "remove its entry for the side file",
    "unlisted_side_file": "list it, so that it is shown and removed with its file",
    "wrong_count": "recount the items",
    "leftover": "remove the file",
    "stuck_download": "return the download to the queue",
}
_MANY, _SHARE = 10, 5  # more missing files than 10, and than one in 5, is an outage

_log = logging.get("check")


@dataclass(frozen=True)
class Finding:
    """One fault: its kind, a sentence, and the facts that a repair needs."""

    kind: str
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def repair(self) -> str:
        """Describe what `--repair` would do about it. Returns: empty if it leaves the decision to the user."""
        return _WOULD.get(self.kind, "")

    @property
    def is_information(self) -> bool:
        """Tell whether it is reported although nothing is wrong."""
        return self.kind in INFORMATION

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"repair": self.repair, "information": self.is_information}


@engine.patiently
async def check(*, read_data: bool = False) -> list[Finding]:
    """Compare everything, without changing anything. `read_data`: also read every byte.

    Returns: the findings; none if everything agrees.
    """
    findings = await _ownership() + await _counts() + await _downloads()
    now = await mount.refresh()
    if now.state == "offline":
        return [*findings, Finding("store_offline", now.reason)]
    try:
        findings += _outage(await _files(read_data=read_data))
        findings += await _unknown()
    except errors.MediaOffline as problem:  # the store went offline during the check
        findings.append(Finding("store_offline", problem.detail))
    return findings


# ---- what the database says of itself ------------------------------------------------------------------


async def _ownership() -> list[Finding]:
    frozen = await ownership.refresh()
    return [Finding("store_frozen", f"{frozen.detail} `mediafetcher store` decides.")] if frozen else []


# All files with all items, grouped.
_WRONG_COUNTS = """
select m.id, m.sha256, m.ref_count, count(i.id) as items from media_file m
  left join library_item i on i.media_file = m.id group by m.id having m.ref_count <> count(i.id)
"""


async def _counts() -> list[Finding]:
    rows = await engine.fetch(_WRONG_COUNTS)
    return [
        Finding(
            "wrong_count",
            f"{row['sha256'].hex()[:12]} counts {row['ref_count']} references but has {row['items']} items",
            {"media_file": row["id"]},
        )
        for row in rows
    ]


async def _downloads() -> list[Finding]:
    table = Download
    late = table.lease_expires_at < ago(settings.get().lease_seconds)
    rows = await table.select(table.id, table.url).where(table.state == "running", late)
    return [
        Finding("stuck_download", f"download {row['id']} ({logging.redact(row['url'])})", {"download": row["id"]})
        for row in rows
    ]


# ---- files that should be there ------------------------------------------------------------------------


_FACTS = (
    MediaFile.id,
    MediaFile.sha256,
    MediaFile.size,
    MediaFile.ext,
    MediaFile.poster,
    MediaFile.subtitles,
    MediaFile.damaged_at,
)


async def _files(*, read_data: bool) -> list[Finding]:
    findings: list[Finding] = []
    last = b""
    while True:
        after_last = MediaFile.select(*_FACTS).where(MediaFile.ref_count > 0, MediaFile.sha256 > last)
        rows = await after_last.order_by(MediaFile.sha256).limit(1000)
        if not rows:
            return findings
        last = rows[-1]["sha256"]
        for row in await mount.run_io(_suspects, rows, read_data=read_data):
            findings += await _again(row["id"], read_data=read_data)


def _suspects(rows: list[dict[str, Any]], *, read_data: bool) -> list[dict[str, Any]]:
    with mount.writing():  # its errors become "offline"
        mount.require()
        return [row for row in rows if _examine(row, read_data=read_data)]


async def _again(media_file: int, *, read_data: bool) -> list[Finding]:
    """Check one file again, while no transaction can place or remove it."""
    async with engine.transaction():
        referenced = MediaFile.select(*_FACTS).where(MediaFile.id == media_file, MediaFile.ref_count > 0)
        row = await referenced.lock_rows("UPDATE").first()
        wrong = (await mount.run_io(_suspects_of, row, read_data=read_data)) if row else []
        items = LibraryItem.select(LibraryItem.title).where(LibraryItem.media_file == media_file)
        titles = ", ".join(item["title"] for item in await items.order_by(LibraryItem.id).limit(5))
    return [Finding(kind, f"{detail} ({titles})", {"media_file": media_file, **facts}) for kind, detail, facts in wrong]


def _suspects_of(row: dict[str, Any], *, read_data: bool) -> list[tuple[str, str, dict[str, Any]]]:
    mount.require()
    return _examine(row, read_data=read_data)


def _examine(row: dict[str, Any], *, read_data: bool) -> list[tuple[str, str, dict[str, Any]]]:
    """Check the files of one row. Returns: kind, detail and facts of each fault."""
    path = blob_store.path_of(row["sha256"], row["ext"])
    found: list[tuple[str, str, dict[str, Any]]] = []
    size = blob_store.size_of(path)
    if size is None:
        found.append(("missing_file", str(path), {"path": str(path)}))
    elif size != row["size"]:
        found.append(("wrong_size", f"{path}: {size} bytes instead of {row['size']}", {"path": str(path)}))
    elif read_data or row["damaged_at"] is not None:  # files that the scrub found damaged are read again
        found += _read(path, row["sha256"])
    for name in unknown.side_names(row):
        if blob_store.size_of(side := blob_store.path_of(row["sha256"], name)) is None:
            found.append(("missing_side_file", str(side), {"name": name}))
    return found


def _read(path: Path, sha256: bytes) -> list[tuple[str, str, dict[str, Any]]]:
    try:
        if blob_store.verify(path) == sha256:
            return []
    except OSError as error:
        return [("unreadable_file", f"{path}: {error.strerror}", {"path": str(path)})]
    return [("damaged_file", str(path), {"path": str(path)})]


def _outage(findings: list[Finding]) -> list[Finding]:
    """Report many missing files as one finding, not as a list of things to clean up."""
    missing = [finding for finding in findings if finding.kind == "missing_file"]
    there = sum(1 for _ in unknown.walk()) if len(missing) > _MANY else 0
    if len(missing) <= _MANY or len(missing) * _SHARE < there:
        return findings
    rest = [finding for finding in findings if finding.kind not in ("missing_file", "missing_side_file")]
    return [Finding("many_missing", f"{len(missing)} files; the first is {missing[0].detail}"), *rest]


# ---- files that should not -----------------------------------------------------------------------------


async def _unknown() -> list[Finding]:
    grace = settings.get().grace_hours * 3600

    def look() -> tuple[list[Path], list[Path]]:
        with mount.writing():
            mount.require()
            foreign = [file for file in unknown.walk() if isinstance(file, Path)]
            return foreign, [path for path in sweeper.leftovers() if blob_store.age(path) >= grace]

    foreign, leftovers = await mount.run_io(look)
    findings = [Finding("unknown_file", str(path), {"path": str(path)}) for path in foreign]
    findings += [Finding("leftover", str(path), {"path": str(path)}) for path in leftovers]
    async for file in unknown.files():
        # Checked again: its own row may have unlinked the file meanwhile.
        if await mount.run_io(blob_store.size_of, file.path) is not None:
            findings.append(Finding("unknown_file", str(file.path), {"path": str(file.path)}))
    async for file in unknown.unlisted_side_files():
        if await _is_unlisted(file.sha256, file.kind):
            facts = {"sha256": file.sha256.hex(), "name": file.kind}
            findings.append(Finding("unlisted_side_file", str(file.path), facts))
    return findings


async def _is_unlisted(sha256: bytes, name: str) -> bool:
    """Check one side file again, while no transaction can place or remove it."""
    async with engine.transaction():
        table = MediaFile
        listed = table.select(table.poster, table.subtitles).where(table.sha256 == sha256, table.ref_count > 0)
        row = await listed.lock_rows("UPDATE").first()
        if row is None or name in unknown.side_names(row):
            return False
        return await mount.run_io(blob_store.size_of, blob_store.path_of(sha256, name)) is not None


# ---- repair --------------------------------------------------------------------------------------------


@engine.patiently
async def repair(findings: list[Finding]) -> list[str]:
    """Repair what can be repaired. Entries of users are never removed. Returns: what was done, as text.

    A missing or damaged file is restored by its next download: its link no longer counts as known,
    and damaged bytes are moved away, to `damaged/`. If so many files are damaged that the disk itself may be
    faulty, they stay where they are. Raises: `StoreFrozen`.
    """
    if any(finding.kind in (*_DAMAGE, "leftover") for finding in findings):
        await ownership.require_owner()
    brake = await _too_many(findings)
    done = []
    for finding in findings:
        if brake and finding.kind in _DAMAGE:
            continue
        mend = _REPAIRS.get(finding.kind)
        if mend is not None and (words := await mend(finding)):
            done.append(words)
            _log.info("repaired", kind=finding.kind, detail=finding.detail)
    return done


_DAMAGE = ("wrong_size", "damaged_file", "unreadable_file")


async def _too_many(findings: list[Finding]) -> bool:
    """Tell whether so many files are damaged that nothing about them should be changed."""
    damaged = sum(finding.kind in _DAMAGE for finding in findings)
    if damaged <= _MANY or damaged * _SHARE < await MediaFile.count():
        return False
    _log.warning("so many files are damaged that they stay where they are", count=damaged)
    return True


# Three columns follow from one count, in one statement.
_RECOUNT = """
update media_file m set ref_count = n,
  unreferenced_at = case when n = 0 then coalesce(unreferenced_at, now()) end,
  unreferenced_in = case when n = 0 then coalesce(unreferenced_in, mf_lineage()) end
from (select count(*)::int as n from library_item where media_file = $1) as real where m.id = $1
"""


async def _mend_count(finding: Finding) -> str:
    async with engine.transaction():
        media_file = finding.facts["media_file"]
        await _lock(media_file)
        await engine.execute(_RECOUNT, media_file)
    return f"recounted: {finding.detail}"


async def _lock(media_file: int) -> None:
    await MediaFile.select(MediaFile.id).where(MediaFile.id == media_file).lock_rows("UPDATE")


async def _unlink_sources(media_file: int) -> None:
    """Let the links that led to a file no longer count as known."""
    await Source.update({Source.media_file: None}).where(Source.media_file == media_file)


async def _mend_missing(finding: Finding) -> str:
    await _unlink_sources(finding.facts["media_file"])
    return f"its link can be downloaded again: {finding.detail}"


async def _mend_damaged(finding: Finding) -> str:
    path = Path(finding.facts["path"])

    def set_aside() -> None:
        with mount.writing():
            mount.require()
            folder = mount.root() / "damaged"
            folder.mkdir(exist_ok=True)
            path.rename(folder / path.name)

    async with engine.transaction():
        media_file = finding.facts["media_file"]
        await _lock(media_file)
        await blob_store.run_io(set_aside)
        await _unlink_sources(media_file)
    return f"moved to damaged/, its link can be downloaded again: {finding.detail}"


async def _mend_side(finding: Finding) -> str:
    name = finding.facts["name"]
    table, rest = MediaFile, QueryString("array_remove(subtitles, {}::text)", name.removesuffix(".vtt"))
    gone = table.update({table.poster: False} if name == posters.NAME else {table.subtitles: rest})
    await gone.where(table.id == finding.facts["media_file"])
    return f"removed from the database: {finding.detail}"


async def _list_side_file(finding: Finding) -> str | None:
    sha256, name = bytes.fromhex(finding.facts["sha256"]), finding.facts["name"]
    if not await _is_unlisted(sha256, name):
        return None
    table, added = MediaFile, "(select array_agg(distinct x order by x) from unnest(subtitles || {}::text) as x)"
    subtitles = QueryString(added, name.removesuffix(".vtt"))
    listed = table.update({table.subtitles: subtitles} if name.endswith(".vtt") else {table.poster: True})
    await listed.where(table.sha256 == sha256, table.ref_count > 0)
    return f"listed: {finding.detail}"


async def _mend_leftover(finding: Finding) -> str | None:
    path = Path(finding.facts["path"])
    if not await mount.run_io(blob_store.abandoned, path):
        return None
    await mount.run_io(blob_store.remove_staged, path)
    return f"removed: {path}"


async def _mend_download(finding: Finding) -> str:
    table = Download
    queued = table.update(
        {table.state: "queued", table.worker_id: None, table.lease_expires_at: None, table.stage: None}
    )
    lost = (table.state == "running") & (table.lease_expires_at < NOW)
    await queued.where(table.id == finding.facts["download"], lost)
    return f"returned to the queue: {finding.detail}"


_REPAIRS: dict[str, Callable[[Finding], Awaitable[str | None]]] = {
    "wrong_count": _mend_count,
    "missing_file": _mend_missing,
    "wrong_size": _mend_damaged,
    "damaged_file": _mend_damaged,
    "unreadable_file": _mend_damaged,
    "missing_side_file": _mend_side,
    "unlisted_side_file": _list_side_file,
    "leftover": _mend_leftover,
    "stuck_download": _mend_download,
}
