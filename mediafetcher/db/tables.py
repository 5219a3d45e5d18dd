"""All tables, with what always holds for each.

The database enforces what it can: the constraints, indexes and triggers stand in the migrations, and a test holds
these classes equal to the migrated schema. Every time is `timestamptz` and the database's own `now()`.
"""

from typing import Any

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    DoublePrecision,
    ForeignKey,
    Integer,
    OnDelete,
    Real,
    Text,
    Timestamptz,
)
from piccolo.columns.column_types import JSONB
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.querystring import QueryString
from piccolo.table import Table

from mediafetcher.db.engine import DB


class _ServerNow(TimestamptzNow):
    """The database's clock, where Piccolo would send the clock of this machine."""

    def python(self) -> Any:
        return QueryString("DEFAULT")


def _now() -> Timestamptz:
    return Timestamptz(default=_ServerNow())


def _time() -> Timestamptz:
    return Timestamptz(default=None, null=True)


def _text() -> Text:
    return Text(default=None, null=True)


class User(Table, tablename="account", db=DB):
    """A person. Names are unique without regard to case; no `password_hash`: cannot sign in (yet)."""

    id = BigSerial(primary_key=True)
    name = Text(required=True)
    password_hash = _text()
    admin = Boolean(default=False)
    created_at = _now()
    quota = BigInt(default=None, null=True)  # bytes that may be charged to them; None: no limit


class Session(Table, tablename="session", db=DB):
    """A browser that is signed in. Only the hash of its secret is kept."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)
    created_at = _now()
    last_seen_at = _now()
    expires_at = Timestamptz(required=True)
    address = _text()
    agent = _text()


class Token(Table, tablename="token", db=DB):
    """A token for programs. Only its hash is kept; no `expires_at`: it lasts until it is deleted."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(default="")
    hash = Bytea(required=True)
    scopes = Array(base_column=Text(), default=list)
    created_at = _now()
    last_used_at = _time()
    expires_at = _time()


class Folder(Table, tablename="folder", db=DB):
    """A virtual folder; no `parent`: at the top. Unique beside its siblings, without regard to case."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    parent: ForeignKey = ForeignKey("self", on_delete=OnDelete.no_action)
    name = Text(required=True)
    created_at = _now()


class MediaFile(Table, tablename="media_file", db=DB):
    """Bytes in the store, unique by SHA-256.

    `ref_count` is the number of library items that point here, kept by a trigger and by nothing else.
    `unreferenced_at` is set exactly while it is 0, and `unreferenced_in` is the lineage of the database in which that
    happened: the sweeper unlinks a file only if that is the present one (`Installation.lineage`).
    """

    id = BigSerial(primary_key=True)
    sha256 = Bytea(required=True)
    size = BigInt(required=True)
    kind = Text(required=True)  # MIME type
    ext = Text(required=True)  # with its dot
    duration = DoublePrecision(default=None, null=True)  # seconds
    width = Integer(default=None, null=True)
    height = Integer(default=None, null=True)
    video_codec = _text()
    audio_codec = _text()
    poster = Boolean(default=False)
    subtitles = Array(base_column=Text(), default=list)  # languages
    chapters = JSONB(default="[]")  # [[start in seconds, title], ...]
    ref_count = Integer(default=0)
    created_at = _now()
    unreferenced_at = _time()
    playable = Boolean(default=None, null=True)  # None: of a version that did not ask
    checked_at = _time()  # when the scrub last read it
    damaged_at = _time()  # when the scrub found that its bytes are not what they were
    unreferenced_running_seconds = DoublePrecision(default=0.0)  # `RunningTime.seconds` when its last reference went
    unreferenced_in = UUID(default=None, null=True)  # None while referenced, and if this lineage did not let it go


class Source(Table, tablename="source", db=DB):
    """What a link led to. Several keys may name one media file."""

    id = BigSerial(primary_key=True)
    key = Text(required=True)
    url = Text(required=True)
    media_file = ForeignKey(MediaFile, on_delete=OnDelete.set_null)
    created_at = _now()


class NeverAgain(Table, tablename="never_again", db=DB):
    """A person's mark on a source: not to be fetched again. `key` is the source's without owner and recipe."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    source = ForeignKey(Source, null=False, on_delete=OnDelete.cascade)
    key = Text(required=True)
    since = _now()


class LibraryItem(Table, tablename="library_item", db=DB):
    """One person's entry in one folder: one reference to a media file.

    The column `search` (generated, full text of title, uploader and site) is left out here: only queries use it.
    """

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.restrict)
    folder = ForeignKey(Folder, on_delete=OnDelete.restrict)
    media_file = ForeignKey(MediaFile, null=False, on_delete=OnDelete.restrict)
    title = Text(required=True)
    source = ForeignKey(Source, on_delete=OnDelete.set_null)
    source_url = _text()
    site = _text()
    uploader = _text()
    created_at = _now()
    trashed_at = _time()
    trashed_running_seconds = DoublePrecision(default=None, null=True)  # `RunningTime.seconds` at `trashed_at`


class Watch(Table, tablename="watch", db=DB):
    """How far a person has watched a media file; one row for each pair (a unique index says so)."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    media_file = ForeignKey(MediaFile, null=False, on_delete=OnDelete.cascade)
    position = DoublePrecision(default=0.0)  # seconds
    updated_at = _now()


class Download(Table, tablename="download", db=DB):
    """A job. It is held by somebody exactly while it runs; the same wish lives once, a source runs once."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    url = Text(required=True)
    site = Text(default="")
    source_key = Text(required=True)
    folder = ForeignKey(Folder, on_delete=OnDelete.set_null)
    options = JSONB(default="{}")
    state = Text(default="queued")
    stage = _text()
    progress = Real(default=0.0)  # 0..1 within the stage
    speed = Real(default=None, null=True)  # bytes per second
    eta = Real(default=None, null=True)  # seconds
    room = BigInt(default=0)  # bytes that it will still write, while it runs
    size = BigInt(default=None, null=True)
    title = _text()
    duration = DoublePrecision(default=None, null=True)
    converting = Boolean(default=False)
    item = ForeignKey(LibraryItem, on_delete=OnDelete.set_null)
    error_code = _text()
    error_message = _text()
    attempt = Integer(default=0)
    failures = Integer(default=0)
    priority = Integer(default=0)
    run_after = _now()
    held_by = _text()
    lease_until = _time()
    cancel_requested = Boolean(default=False)
    pause_requested = Boolean(default=False)
    created_at = _now()
    started_at = _time()
    finished_at = _time()
    cleared_at = _time()
    task = Text(default="fetch")  # or "refetch" or "convert": a new file for the item `subject`
    subject = ForeignKey(LibraryItem, on_delete=OnDelete.set_null)
    linked = Boolean(default=False)  # its source was in the store already: nothing was fetched
    kind = Text(default="media")  # media, or playlist: its entries are rows that name it as their parent
    parent: ForeignKey = ForeignKey("self", on_delete=OnDelete.set_null)
    crashes = Integer(default=0)  # how often the program died while it was in work, without getting further
    crash_bytes = BigInt(default=0)  # how much of its file lay there then
    needs_room = BigInt(default=0)  # free bytes of the media folder that the next try needs, if one found too little
    needs_work_room = BigInt(default=0)  # the same of the disk of the state folder
    begins_at = _time()  # when its stream was announced to begin


class DownloadLog(Table, tablename="download_log", db=DB):
    """A line of what happened to a download. Redacted when it is written."""

    id = BigSerial(primary_key=True)
    download = ForeignKey(Download, null=False, on_delete=OnDelete.cascade)
    at = _now()
    level = Text(default="info")  # info, warning, error
    message = Text(required=True)


class StoreRoot(Table, tablename="store_root", db=DB):
    """Where the media folder is, and the id that its sentinel file must carry. One row, id 1."""

    id = Integer(primary_key=True, default=1)
    path = Text(required=True)
    sentinel = UUID(required=True)


class Installation(Table, tablename="installation", db=DB):
    """This database as an owner of stored files (library/ownership.py). One row.

    `number` and `nonce` name the last claim made on the media folder, `pending_nonce` one that may have been made.
    """

    id = UUID(primary_key=True)
    single = Boolean(default=True)  # unique, always true: there is one row
    lineage = UUID(required=True)  # a restored, moved or cloned database begins another one
    number = BigInt(default=None, null=True)
    nonce = UUID(default=None, null=True)
    pending_nonce = UUID(default=None, null=True)
    settling = Boolean(default=False)  # taken a moment ago: the waiting time before the first unlink is not over
    folder = Text(default="")  # the store folder of its own below the media folder; empty: the media folder itself
    frozen_reason = _text()  # why nothing is unlinked, purged or fetched; None: this installation owns the store
    frozen_detail = _text()
    frozen_at = _time()


class Scrub(Table, tablename="scrub", db=DB):
    """When the scrub had last read every file in its time. One row, id 1; its place is in `media_file`."""

    id = Integer(primary_key=True, default=1)
    finished_at = _time()


class AuditEvent(Table, tablename="audit_event", db=DB):
    """Who did what that matters for security."""

    id = BigSerial(primary_key=True)
    at = _now()
    owner = ForeignKey(User, on_delete=OnDelete.set_null)
    act = Text(required=True)
    address = _text()
    facts = JSONB(default="{}")


class CookieJar(Table, tablename="cookie_jar", db=DB):
    """One site's cookies of one person, sealed (accounts/seal.py): what is in it is in no other column."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    site = Text(required=True)
    sealed = Bytea(required=True)
    cookies = Integer(default=0)  # how many
    created_at = _now()
    updated_at = _now()
    succeeded_at = _time()
    failed_at = _time()
    failure = _text()  # the code of the last failure


class Device(Table, tablename="device", db=DB):
    """A paired extension."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(default="")
    hash = Bytea(required=True)
    created_at = _now()
    last_seen_at = _time()
    address = _text()


class DeviceNonce(Table, tablename="device_nonce", db=DB):
    """A message that was taken. It is kept for as long as its time would still be accepted."""

    id = BigSerial(primary_key=True)
    device = ForeignKey(Device, null=False, on_delete=OnDelete.cascade)
    nonce = Bytea(required=True)
    at = _now()
    running_seconds = DoublePrecision(default=0.0)  # `RunningTime.seconds` at `at`


class PairingCode(Table, tablename="pairing_code", db=DB):
    """A code that a page shows just now: one of each person, for one pairing."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)
    tries = Integer(default=0)
    expires_at = Timestamptz(required=True)


class Guess(Table, tablename="guess", db=DB):
    """How many tries a secret has left at `at` (accounts/limits.py). The key is a hash: names are typed wrongly too."""

    id = BigSerial(primary_key=True)
    key = Bytea(required=True)
    places = DoublePrecision(required=True)
    at = _now()


class JournalState(Table, tablename="journal_state", db=DB):
    """The journal file that is appended to (library/journal.py). One row, id 1; no `epoch`: it is begun anew."""

    id = Integer(primary_key=True, default=1)
    recording = Boolean(default=True)  # triggers note changes
    generation = Integer(default=0)  # number of the file
    epoch = UUID(default=None, null=True)
    size = BigInt(default=0)  # bytes of the file
    base_size = BigInt(default=0)  # bytes of it when it was begun
    backed_up_at = _time()  # last backup in the media folder


class JournalChange(Table, tablename="journal_change", db=DB):
    """A row of the library that changed, and is not in the journal yet."""

    seq = BigSerial(primary_key=True)
    kind = Text(required=True)  # account, folder, file or item
    row_id = BigInt(required=True)
    at = _now()


class RunningTime(Table, tablename="running_time", db=DB):
    """How long servers of this database have run, in seconds (library/running.py). One row, id 1."""

    id = Integer(primary_key=True, default=1)
    seconds = DoublePrecision(default=0.0)
    holder = _text()  # the process that adds to it
    boot = DoublePrecision(default=0.0)  # seconds since the boot of its machine when it last did
