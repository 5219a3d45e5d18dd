"""All tables, with what always holds for each.

The database enforces what it can: the constraints, indexes and triggers stand in the migrations, and a test holds
these classes equal to the migrated schema. Every time is `timestamptz` and the database's own `now()`.
"""

from typing import Any, TypeVar

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Column,
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

_C = TypeVar("_C", bound=Column)


class _ServerNow(TimestamptzNow):
    """The database's clock, where Piccolo would send the clock of this machine."""

    def python(self) -> Any:
        return QueryString("DEFAULT")


class TSVector(Column):
    """A column of full-text search, in the text form of a `tsvector`."""

    value_type = str


def _by_server(column: _C) -> _C:
    """Let an insert use the database's default of this column, because only the server can compute it."""
    column.default = lambda: QueryString("DEFAULT")
    return column


def _now() -> Timestamptz:
    return Timestamptz(default=_ServerNow())


def _time() -> Timestamptz:
    return Timestamptz(default=None, null=True)


def _text() -> Text:
    return Text(default=None, null=True)


class User(Table, tablename="account", db=DB):
    """A user. Names are unique regardless of case; no `password_hash`: cannot sign in (yet)."""

    id = BigSerial(primary_key=True)
    name = Text(required=True)
    password_hash = _text()
    admin = Boolean(default=False)
    created_at = _now()
    quota = BigInt(default=None, null=True)  # bytes that may be charged to them; None: no limit
    preferences = JSONB(default="{}")  # what they chose on the page


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
    parent: ForeignKey[Any] = ForeignKey("self", on_delete=OnDelete.no_action)
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
    unreferenced_at = Timestamptz(default=_ServerNow(), null=True)
    playable = Boolean(default=None, null=True)  # None: of a version that did not ask
    checked_at = _time()  # when the scrub last read it
    cut_at_origin = Boolean(default=False)  # its source has nothing beyond it: it ends too early
    damaged_at = _time()  # when the scrub found that its bytes are not what they were
    unreferenced_running_seconds = _by_server(DoublePrecision())  # `RunningTime.seconds` when its last reference went
    unreferenced_in = _by_server(UUID(null=True))  # None while referenced, and if this lineage did not let it go


class SourceMetadata(Table, tablename="source_metadata", db=DB):
    """The metadata of a source, for all its keys and items (library/catalog/metadata.py)."""

    id = BigSerial(primary_key=True)
    schema_version = Integer(default=1)  # of `facts` (core/source_metadata.py)
    published_at = _time()
    published_precision = _text()  # second or day
    channel = _text()  # the site's id of it, or its name
    channel_name = _text()
    channel_url = _text()
    channel_site = _text()  # the site of the channel's link
    live_status = _text()
    availability = _text()
    facts = JSONB(default="{}")  # the other fields of `SourceMetadata`
    read_at = _now()
    created_at = _now()


class Source(Table, tablename="source", db=DB):
    """The result of a link. Several keys may name one media file."""

    id = BigSerial(primary_key=True)
    key = Text(required=True)
    url = Text(required=True)
    media_file = ForeignKey(MediaFile, on_delete=OnDelete.set_null)
    created_at = _now()
    touched_at = _now()  # when the row was last written; a trigger keeps it
    touched_running_seconds = _by_server(DoublePrecision())  # `RunningTime.seconds` at `touched_at`
    metadata = ForeignKey(SourceMetadata, on_delete=OnDelete.set_null)


class BlockedSource(Table, tablename="blocked_source", db=DB):
    """A source that a user has blocked. `key` is the source's without owner and recipe."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    source = ForeignKey(Source, null=False, on_delete=OnDelete.cascade)
    key = Text(required=True)
    since = _now()


class LibraryItem(Table, tablename="library_item", db=DB):
    """One user's entry in one folder: one reference to a media file."""

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
    search = _by_server(TSVector())  # full text of its title and what is known of it
    sort_key = _text()  # None: of a version that sorted by the title in small letters
    text_version = Integer(default=0)  # of the computation of `search` and `sort_key` (library/catalog/text_index.py)
    metadata = ForeignKey(SourceMetadata, on_delete=OnDelete.set_null)
    published_at = _time()  # these three are copies of `metadata`; triggers keep them
    channel = _text()
    channel_site = _text()
    keep = Boolean(default=False)  # retention leaves it alone


class SourceList(Table, tablename="source_list", db=DB):
    """A list of a site (a playlist, a channel) that a user downloaded; once for each link."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    url = Text(required=True)
    title = Text(required=True)
    site = Text(required=True)
    created_at = _now()
    updated_at = _now()  # when it was last read


class SourceListEntry(Table, tablename="source_list_entry", db=DB):
    """An entry of a list, in the order of the site. The items with its link belong to it."""

    id = BigSerial(primary_key=True)
    list = ForeignKey(SourceList, null=False, on_delete=OnDelete.cascade)
    position = Integer(required=True)  # counted from 1
    url = Text(required=True)
    title = _text()
    duration = DoublePrecision(default=None, null=True)  # seconds


class Watch(Table, tablename="watch", db=DB):
    """How far a user has watched a media file; one row for each pair (a unique index says so)."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    media_file = ForeignKey(MediaFile, null=False, on_delete=OnDelete.cascade)
    position = DoublePrecision(default=0.0)  # seconds
    updated_at = _now()


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
    stage = _text()
    progress = Real(default=0.0)  # 0..1 within the stage
    speed = Real(default=None, null=True)  # bytes per second
    eta = Real(default=None, null=True)  # seconds
    reserved_bytes = BigInt(default=0)  # bytes that it will still write, while it runs
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
    worker_id = _text()
    lease_expires_at = _time()
    cancel_requested = Boolean(default=False)
    pause_requested = Boolean(default=False)
    created_at = _now()
    started_at = _time()
    finished_at = _time()
    cleared_at = _time()
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
    begins_at = _time()  # when its stream was announced to begin
    recording = Boolean(default=False)  # pieces of a live stream lie in its folder
    finish_requested = Boolean(default=False)  # the recording is to end now, and what there is to be kept
    listed = JSONB(default=None, null=True)  # the metadata that its list has of it (core/source_metadata.py)


class DownloadLog(Table, tablename="download_log", db=DB):
    """A line of what happened to a download. Redacted when it is written."""

    id = BigSerial(primary_key=True)
    download = ForeignKey(Download, null=False, on_delete=OnDelete.cascade)
    at = _now()
    level = Text(default="info")  # info, warning, error
    message = Text(required=True)


class StoreRoot(Table, tablename="store_root", db=DB):
    """The path of the media folder, and the id that its sentinel file must carry. One row, id 1."""

    id = Integer(primary_key=True, default=1)
    path = Text(required=True)
    sentinel = UUID(required=True)


class Installation(Table, tablename="installation", db=DB):
    """This database as an owner of stored files (library/ownership.py). One row.

    `number` and `nonce` name the last claim made on the media folder, `pending_nonce` one that may have been made.
    """

    id = _by_server(UUID(primary_key=True))
    single = Boolean(default=True)  # unique, always true: there is one row
    lineage = _by_server(UUID())  # a restored, moved or cloned database begins another one
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


class Setting(Table, tablename="setting", db=DB):
    """A setting that a user changed at run time; without a row, the default applies."""

    name = Text(primary_key=True)
    value = JSONB(required=True)
    changed_at = _now()


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
    trouble = _text()  # the code of the error that keeps it from working
    started_at = _now()
    seen_at = _now()


class SiteBackoff(Table, tablename="site_backoff", db=DB):
    """A site that asked to slow down, and until when it is left alone."""

    site = Text(primary_key=True)
    strikes = Integer(default=1)  # consecutive errors
    struck_at = _now()
    until = Timestamptz(required=True)


class ExportTree(Table, tablename="export_tree", db=DB):
    """A folder that shows the library as a tree of links."""

    id = BigSerial(primary_key=True)
    path = Text(required=True)
    people = Array(base_column=BigInt(), default=None, null=True)  # users whose items it has; None: all
    hard = Boolean(required=True)  # hard links; else symbolic ones
    behind = Boolean(default=False)  # it is compared as a whole at its next update
    layout = Text(default="film")  # film, show or music


class ExportFolder(Table, tablename="export_folder", db=DB):
    """A folder of a tree. `owner` and `folder` name what it shows, without a foreign key."""

    id = BigSerial(primary_key=True)
    tree = ForeignKey(ExportTree, null=False, on_delete=OnDelete.cascade)
    parent: ForeignKey[Any] = ForeignKey("self", on_delete=OnDelete.cascade)
    name = Text(required=True)
    key = Text(required=True)  # the name by which a file system may take two for one
    owner = BigInt(default=None, null=True)
    folder = BigInt(default=None, null=True)
    ours = Boolean(required=True)  # this program made it


class ExportFile(Table, tablename="export_file", db=DB):
    """A file of a tree."""

    id = BigSerial(primary_key=True)
    tree = ForeignKey(ExportTree, null=False, on_delete=OnDelete.cascade)
    folder = ForeignKey(ExportFolder, null=False, on_delete=OnDelete.cascade)
    item = BigInt(required=True)
    stem = Text(required=True)
    suffix = Text(required=True)
    key = Text(required=True)
    made = Text(required=True)  # how


class ExportChange(Table, tablename="export_change", db=DB):
    """An item that changed since the last update of a tree; triggers insert the rows."""

    id = BigSerial(primary_key=True)
    tree = ForeignKey(ExportTree, null=False, on_delete=OnDelete.cascade)
    item = BigInt(required=True)


class AuditEvent(Table, tablename="audit_event", db=DB):
    """Who did what that matters for security."""

    id = BigSerial(primary_key=True)
    at = _now()
    owner = ForeignKey(User, on_delete=OnDelete.set_null)
    action = Text(required=True)
    address = _text()
    facts = JSONB(default="{}")
    running_seconds = _by_server(DoublePrecision())  # `RunningTime.seconds` at `at`


class CookieJar(Table, tablename="cookie_jar", db=DB):
    """One site's cookies of one user, encrypted (accounts/vault/encryption.py). No other column contains them."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    site = Text(required=True)
    ciphertext = Bytea(required=True)
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
    running_seconds = _by_server(DoublePrecision())  # `RunningTime.seconds` at `at`


class PairingCode(Table, tablename="pairing_code", db=DB):
    """A code that a page shows at present: one of each user, for one pairing."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)
    tries = Integer(default=0)
    expires_at = Timestamptz(required=True)


class RateLimitBucket(Table, tablename="rate_limit_bucket", db=DB):
    """How many tries a secret has left at `at` (accounts/limits.py). The key is a hash: names are typed wrongly too."""

    id = BigSerial(primary_key=True)
    key = Bytea(required=True)
    places = DoublePrecision(required=True)
    at = _now()


class JournalState(Table, tablename="journal_state", db=DB):
    """The journal file that is appended to (library/journal.py). One row, id 1; no `epoch`: it is started again."""

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


class DownloadStatistic(Table, tablename="download_statistic", db=DB):
    """How many attempts of downloads ended in the same way. Several rows of one kind are added up."""

    id = BigSerial(primary_key=True)
    outcome = Text(required=True)  # the state after the attempt; queued: it is tried again
    site = Text(required=True)
    error_code = Text(default="")
    attempts = BigInt(default=1)
    bytes = BigInt(default=0)  # size of the files of downloads that are done


class NotificationTarget(Table, tablename="notification_target", db=DB):
    """A target of notifications: an Apprise URL, a webhook or a media server. The address and secret are sealed."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(default="")
    kind = Text(required=True)  # apprise, webhook, jellyfin, plex or kodi
    label = Text(required=True)  # the address without anything secret
    ciphertext = Bytea(required=True)  # URL and signing secret
    events = Array(base_column=Text(), default=list)
    language = Text(default="en")
    quiet = JSONB(default=None, null=True)  # {"start": "22:00", "end": "07:00", "timezone": null or a name}
    enabled = Boolean(default=True)
    created_at = _now()
    failures = Integer(default=0)  # in a row
    last_at = _time()
    last_answer = _text()
    lease_holder = _text()  # the installation that delivers to it now
    lease_ends_at = _time()


class Notification(Table, tablename="notification", db=DB):
    """An event that concerns a user; a trigger makes the deliveries. The page shows it until it is old."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    type = Text(required=True)
    data = JSONB(default="{}")
    at = _now()
    read_at = _time()


class NotificationDelivery(Table, tablename="notification_delivery", db=DB):
    """A notification for one target. Without a notification: a media server is to look at its folders again."""

    id = BigSerial(primary_key=True)
    message = _by_server(UUID())  # the same for every try
    target = ForeignKey(NotificationTarget, null=False, on_delete=OnDelete.cascade)
    notification = ForeignKey(Notification, on_delete=OnDelete.cascade)
    state = Text(default="waiting")  # waiting, delivered or failed
    tries = Integer(default=0)
    created_at = _now()
    noted_at = _now()
    due_at = _now()
    ended_at = _time()
    answer = _text()


class InstallationStatus(Table, tablename="installation_status", db=DB):
    """The last state that the server saw; a trigger notes a change as an event. One row, id 1."""

    id = Integer(primary_key=True, default=1)
    storage = Text(default="online")
    ytdlp_offer = _text()


class Share(Table, tablename="share", db=DB):
    """A link that opens one item, one folder with those below it, one channel or one search, without an account."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)  # of its secret
    item = ForeignKey(LibraryItem, on_delete=OnDelete.cascade)
    folder = ForeignKey(Folder, on_delete=OnDelete.cascade)
    channel = _text()
    channel_site = _text()
    search = _text()  # as typed
    title = _text()  # of a channel or search; an item and a folder have their own
    password_hash = _text()
    created_at = _now()
    expires_at = _time()
    uses = BigInt(default=0)  # how often it was opened
    last_used_at = _time()


class Preset(Table, tablename="preset", db=DB):
    """Named options of a user, for downloads and subscriptions."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    name = Text(required=True)
    options = JSONB(default="{}")
    created_at = _now()
    updated_at = _now()


class Subscription(Table, tablename="subscription", db=DB):
    """A channel or list that a user follows; once for each link. A checker holds it while it looks at the source."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    url = Text(required=True)
    site = Text(required=True)
    source_key = Text(required=True)
    title = Text(required=True)
    folder = ForeignKey(Folder, on_delete=OnDelete.set_null)
    options = JSONB(default="{}")  # of its downloads
    filter = JSONB(default="{}")
    backfill = Integer(default=0, null=True)  # how many existing entries are wanted; None: all
    state = Text(default="active")  # active, paused or needs_action
    source_order = Text(default="unknown")  # newest_first, appended, unordered, or not known yet
    created_at = _now()
    checked_at = _time()
    succeeded_at = _time()
    full_list_at = _time()  # when the list was last read as a whole
    next_check_at = _now()
    interval_seconds = DoublePrecision(default=3600.0)
    last_new = Integer(default=0)  # entries that the last check accepted
    failures = Integer(default=0)  # checks that failed in a row
    failing_since = _time()
    error_code = _text()
    error_message = _text()
    attempt = Integer(default=0)  # the fencing token of a check
    worker_id = _text()
    lease_expires_at = _time()
    retention = JSONB(default="{}")  # which items are kept (subscriptions/retention.py)
    schedule = JSONB(default="{}")  # hours, caps and pace of its downloads
    preset = ForeignKey(Preset, on_delete=OnDelete.set_null)
    list_count = Integer(default=None, null=True)  # entries of the whole list when it was last read, if the site says
    list_mark = _text()  # hash of its first entries at that time
    moved_to = _text()  # another link that its site leads to


class SubscriptionEntry(Table, tablename="subscription_entry", db=DB):
    """An entry that a subscription has seen: decided once, and kept whatever becomes of the item."""

    id = BigSerial(primary_key=True)
    subscription = ForeignKey(Subscription, null=False, on_delete=OnDelete.cascade)
    source_key = Text(required=True)  # of its link
    site_key = _text()  # the id that the site gives it
    url = Text(required=True)
    title = _text()
    published_at = _time()
    duration = DoublePrecision(default=None, null=True)  # seconds
    live_status = _text()
    first_seen_at = _now()
    decision = Text(required=True)  # queued, done, skipped, blocked or ignored
    reason = Text(required=True)
    decided_at = _now()
    submitted_at = _time()  # when it became a download; None for a queued one: it waits for its turn
    removed_at = _time()  # when retention put its item into the trash
    download = ForeignKey(Download, on_delete=OnDelete.set_null)
    item = ForeignKey(LibraryItem, on_delete=OnDelete.set_null)
