"""The queue, its machines, and the sites that asked to slow down."""

from typing import Any

from piccolo.columns import (
    Array,
    BigInt,
    BigSerial,
    Boolean,
    DoublePrecision,
    ForeignKey,
    Integer,
    OnDelete,
    Real,
    Text,
    Timestamptz,
)
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.accounts import User
from mediafetcher.db.tables.columns import now, null_text, null_time
from mediafetcher.db.tables.library import Folder, LibraryItem


class Download(Table, tablename="download", db=DB):
    """A job. A worker holds it exactly while it runs; the same wish lives once, a source runs once."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    url = Text(required=True)
    site = Text(default="")
    source_key = Text(required=True)
    folder = ForeignKey(Folder, on_delete=OnDelete.set_null)
    options = JSONB(default="{}")
    state = Text(default="queued")
    stage = null_text()
    progress = Real(default=0.0)  # 0..1 within the stage
    speed = Real(default=None, null=True)  # bytes per second
    eta = Real(default=None, null=True)  # seconds
    reserved_bytes = BigInt(default=0)  # bytes that it will still write, while it runs
    size = BigInt(default=None, null=True)
    title = null_text()
    duration = DoublePrecision(default=None, null=True)
    converting = Boolean(default=False)
    item = ForeignKey(LibraryItem, on_delete=OnDelete.set_null)
    error_code = null_text()
    error_message = null_text()
    attempt = Integer(default=0)
    failures = Integer(default=0)
    priority = Integer(default=0)
    run_after = now()
    worker_id = null_text()
    lease_expires_at = null_time()
    cancel_requested = Boolean(default=False)
    pause_requested = Boolean(default=False)
    created_at = now()
    started_at = null_time()
    finished_at = null_time()
    cleared_at = null_time()
    operation = Text(default="fetch")  # or "refetch" or "convert": a new file for the item `target_item`
    target_item = ForeignKey(LibraryItem, on_delete=OnDelete.set_null)
    deduplicated = Boolean(default=False)  # its source was in the store already: nothing was fetched
    kind = Text(default="media")  # media, or playlist: its entries are rows that name it as their parent
    parent: ForeignKey[Any] = ForeignKey("self", on_delete=OnDelete.set_null)
    crashes = Integer(default=0)  # how often the program died while it was in work, without getting further
    crash_bytes = BigInt(default=0)  # how much of its file lay there then
    needs_media_bytes = BigInt(
        default=0
    )  # free bytes of the media folder that the next try needs, if one found too little
    needs_work_bytes = BigInt(default=0)  # the same of the disk of the state folder
    begins_at = null_time()  # when its stream was announced to begin
    recording = Boolean(default=False)  # pieces of a live stream lie in its folder
    finish_requested = Boolean(default=False)  # the recording is to end now, and what there is to be kept
    listed = JSONB(default=None, null=True)  # the metadata that its list has of it (core/source_metadata.py)


class DownloadLog(Table, tablename="download_log", db=DB):
    """A line of what happened to a download. Redacted when it is written."""

    id = BigSerial(primary_key=True)
    download = ForeignKey(Download, null=False, on_delete=OnDelete.cascade)
    at = now()
    level = Text(default="info")  # info, warning, error
    message = Text(required=True)


class Machine(Table, tablename="machine", db=DB):
    """A machine that works on the queue, as it last reported."""

    instance = Text(primary_key=True)
    name = Text(required=True)  # of its host
    role = Text(required=True)  # server or worker
    version = Text(required=True)
    jobs = Integer(required=True)  # slots
    running = Integer(default=0)
    encoders = Array(base_column=Text(), default=list)
    cookies = Boolean(default=True)  # it decrypts jars
    trouble = null_text()  # the code of the error that keeps it from working
    started_at = now()
    seen_at = now()


class SiteBackoff(Table, tablename="site_backoff", db=DB):
    """A site that asked to slow down, and until when it is left alone."""

    site = Text(primary_key=True)
    failures = Integer(default=1)  # consecutive
    failed_at = now()  # the last of them
    until = Timestamptz(required=True)


class DownloadStatistic(Table, tablename="download_statistic", db=DB):
    """How many attempts of downloads ended in the same way. Several rows of one kind are added up."""

    id = BigSerial(primary_key=True)
    outcome = Text(required=True)  # the state after the attempt; queued: it is tried again
    site = Text(required=True)
    error_code = Text(default="")
    attempts = BigInt(default=1)
    bytes = BigInt(default=0)  # size of the files of downloads that are done


class Preset(Table, tablename="preset", db=DB):
    """Named options of a user, for downloads and subscriptions."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(required=True)
    options = JSONB(default="{}")
    created_at = now()
    updated_at = now()


class SiteRule(Table, tablename="site_rule", db=DB):
    """The rule of a user for a site: preset, proxy, pause, hours, cookies (downloads/site_rules.py)."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    site = Text(required=True)
    preset = ForeignKey(Preset, on_delete=OnDelete.set_null)
    proxy = null_text()
    pause_seconds = Integer(default=None, null=True)  # between the beginnings of two downloads, on average
    hours = JSONB(default=None, null=True)
    cookies_required = Boolean(default=False)
    next_start_at = now()  # no download of the site begins before that
    created_at = now()
    updated_at = now()
