"""Folders, files and items, their sources, and the lists, marks and positions that users keep for them."""

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
    Text,
    Timestamptz,
)
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.accounts import User
from mediafetcher.db.tables.columns import ServerNow, TSVector, by_server, now, null_text, null_time


class Folder(Table, tablename="folder", db=DB):
    """A virtual folder; no `parent`: at the top. Unique beside its siblings, without regard to case."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    parent: ForeignKey[Any] = ForeignKey("self", on_delete=OnDelete.no_action)
    name = Text(required=True)
    created_at = now()


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
    video_codec = null_text()
    audio_codec = null_text()
    poster = Boolean(default=False)
    subtitles = Array(base_column=Text(), default=list)  # languages
    chapters = JSONB(default="[]")  # [[start in seconds, title], ...]
    audio_tracks = JSONB(default="[]")  # `items.AudioTrack`, the default one first; empty: of an earlier version
    ref_count = Integer(default=0)
    created_at = now()
    unreferenced_at = Timestamptz(default=ServerNow(), null=True)
    playable = Boolean(default=None, null=True)  # None: of a version that did not ask
    checked_at = null_time()  # when the scrub last read it
    cut_at_origin = Boolean(default=False)  # its source has nothing beyond it: it ends too early
    damaged_at = null_time()  # when the scrub found that its bytes are not what they were
    unreferenced_running_seconds = by_server(DoublePrecision())  # `RunningTime.seconds` when its last reference went
    unreferenced_in = by_server(UUID(null=True))  # None while referenced, and if this lineage did not let it go


class SourceMetadata(Table, tablename="source_metadata", db=DB):
    """The metadata of a source, for all its keys and items (library/catalog/metadata.py)."""

    id = BigSerial(primary_key=True)
    schema_version = Integer(default=1)  # of `facts` (core/source_metadata.py)
    published_at = null_time()
    published_precision = null_text()  # second or day
    channel = null_text()  # the site's id of it, or its name
    channel_name = null_text()
    channel_url = null_text()
    channel_site = null_text()  # the site of the channel's link
    live_status = null_text()
    availability = null_text()
    facts = JSONB(default="{}")  # the other fields of `SourceMetadata`
    read_at = now()
    created_at = now()


class Source(Table, tablename="source", db=DB):
    """The result of a link. Several keys may name one media file."""

    id = BigSerial(primary_key=True)
    key = Text(required=True)
    url = Text(required=True)
    media_file = ForeignKey(MediaFile, on_delete=OnDelete.set_null)
    created_at = now()
    touched_at = now()  # when the row was last written; a trigger keeps it
    touched_running_seconds = by_server(DoublePrecision())  # `RunningTime.seconds` at `touched_at`
    metadata = ForeignKey(SourceMetadata, on_delete=OnDelete.set_null)


class BlockedSource(Table, tablename="blocked_source", db=DB):
    """A source that a user has blocked. `key` is the source's without owner and recipe."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    source = ForeignKey(Source, null=False, on_delete=OnDelete.cascade)
    key = Text(required=True)
    since = now()


class LibraryItem(Table, tablename="library_item", db=DB):
    """One user's entry in one folder: one reference to a media file."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.restrict)
    folder = ForeignKey(Folder, on_delete=OnDelete.restrict)
    media_file = ForeignKey(MediaFile, null=False, on_delete=OnDelete.restrict)
    title = Text(required=True)
    source = ForeignKey(Source, on_delete=OnDelete.set_null)
    source_url = null_text()
    site = null_text()
    uploader = null_text()
    created_at = now()
    trashed_at = null_time()
    trashed_running_seconds = DoublePrecision(default=None, null=True)  # `RunningTime.seconds` at `trashed_at`
    search = by_server(TSVector())  # full text of its title and what is known of it
    sort_key = null_text()  # None: of a version that sorted by the title in small letters
    text_version = Integer(default=0)  # of the computation of `search` and `sort_key` (library/catalog/text_index.py)
    metadata = ForeignKey(SourceMetadata, on_delete=OnDelete.set_null)
    published_at = null_time()  # these three are copies of `metadata`; triggers keep them
    channel = null_text()
    channel_site = null_text()
    keep = Boolean(default=False)  # retention leaves it alone
    refresh_after = null_time()  # its link could not be asked for metadata, and is not asked again before


class SourceList(Table, tablename="source_list", db=DB):
    """A list of a site (a playlist, a channel) that a user downloaded; once for each link."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    url = Text(required=True)
    title = Text(required=True)
    site = Text(required=True)
    created_at = now()
    updated_at = now()  # when it was last read


class SourceListEntry(Table, tablename="source_list_entry", db=DB):
    """An entry of a list, in the order of the site. The items with its link belong to it."""

    id = BigSerial(primary_key=True)
    list = ForeignKey(SourceList, null=False, on_delete=OnDelete.cascade)
    position = Integer(required=True)  # counted from 1
    url = Text(required=True)
    title = null_text()
    duration = DoublePrecision(default=None, null=True)  # seconds


class Watch(Table, tablename="watch", db=DB):
    """How far a user has watched a media file; one row for each pair (a unique index says so)."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    media_file = ForeignKey(MediaFile, null=False, on_delete=OnDelete.cascade)
    position = DoublePrecision(default=0.0)  # seconds
    updated_at = now()
