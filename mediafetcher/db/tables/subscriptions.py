"""Followed sources, and every entry that they have had."""

from piccolo.columns import BigSerial, DoublePrecision, ForeignKey, Integer, OnDelete, Text
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.accounts import User
from mediafetcher.db.tables.columns import now, null_text, null_time
from mediafetcher.db.tables.downloads import Download, Preset
from mediafetcher.db.tables.library import Folder, LibraryItem


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
    created_at = now()
    checked_at = null_time()
    succeeded_at = null_time()
    full_list_at = null_time()  # when the list was last read as a whole
    next_check_at = now()
    interval_seconds = DoublePrecision(default=3600.0)
    last_new = Integer(default=0)  # entries that the last check accepted
    failures = Integer(default=0)  # checks that failed in a row
    failing_since = null_time()
    error_code = null_text()
    error_message = null_text()
    attempt = Integer(default=0)  # the fencing token of a check
    worker_id = null_text()
    lease_expires_at = null_time()
    retention = JSONB(default="{}")  # which items are kept (subscriptions/retention.py)
    schedule = JSONB(default="{}")  # hours, caps and pace of its downloads
    preset = ForeignKey(Preset, on_delete=OnDelete.set_null)
    list_count = Integer(default=None, null=True)  # entries of the whole list when it was last read, if the site says
    list_mark = null_text()  # hash of its first entries at that time
    moved_to = null_text()  # the link that its site has moved it to for good


class SubscriptionEntry(Table, tablename="subscription_entry", db=DB):
    """An entry that a subscription has seen: decided once, and kept whatever becomes of the item."""

    id = BigSerial(primary_key=True)
    subscription = ForeignKey(Subscription, null=False, on_delete=OnDelete.cascade)
    source_key = Text(required=True)  # of its link
    site_key = null_text()  # the id that the site gives it
    url = Text(required=True)
    title = null_text()
    published_at = null_time()
    duration = DoublePrecision(default=None, null=True)  # seconds
    live_status = null_text()
    first_seen_at = now()
    decision = Text(required=True)  # queued, done, skipped, blocked or ignored
    reason = Text(required=True)
    decided_at = now()
    submitted_at = null_time()  # when it became a download; None for a queued one: it waits for its turn
    removed_at = null_time()  # when retention put its item into the trash
    download = ForeignKey(Download, on_delete=OnDelete.set_null)
    item = ForeignKey(LibraryItem, on_delete=OnDelete.set_null)
