"""The rows of the journal as the database has them: what is read of each kind, and how it is written as JSON."""

import datetime
from typing import Any

from piccolo.table import Table

from mediafetcher.db.tables import (
    BlockedSource,
    Folder,
    LibraryItem,
    MediaFile,
    Preset,
    SourceList,
    SourceMetadata,
    Subscription,
    SubscriptionEntry,
    User,
    Watch,
)
from mediafetcher.library.recovery import journal_file
from mediafetcher.library.recovery.journal_file import Row

PAGE = 1000  # rows that are read at once
_PAGES = {"list": 10, "metadata": 100}  # a list has thousands of entries, a description 20 kB

# The condition is that of the caller; rows are not made dicts, because there are hundreds of thousands.
_SELECT = "select {columns} from {table} where {{where}}"
_ENTRIES = (
    "(select coalesce(jsonb_agg(jsonb_build_object('url', e.url, 'title', e.title, 'duration', e.duration)"
    " order by e.position), '[]') from source_list_entry e where e.list = source_list.id) as entries"
)
_SOURCE = (
    "(select s.key from source s where s.id = source) as source_key,"
    " (select s.url from source s where s.id = source) as url"
)


def _columns(table: type[Table], names: str, *computed: str) -> str:
    """Return the statement that reads these columns, which the class must have, and expressions with their names."""
    known = [table._meta.get_column_by_name(name)._meta.db_column_name for name in names.split()]
    return _SELECT.format(columns=", ".join([*known, *computed]), table=table._meta.tablename)


# All columns of a row that the journal holds, by kind; `{where}` is the condition of the caller.
SELECT = {
    "account": _columns(User, "id name admin quota created_at"),
    "folder": _columns(Folder, "id owner parent name created_at"),
    "file": _columns(
        MediaFile,
        "id size kind ext duration width height video_codec audio_codec poster subtitles chapters playable"
        " cut_at_origin audio_tracks",
        "encode(sha256, 'hex') as sha256",
    ),
    "item": _columns(
        LibraryItem,
        "id owner folder title source_url site uploader created_at trashed_at keep metadata",
        "media_file as file",
    ),
    "list": _columns(SourceList, "id owner url title site created_at updated_at", _ENTRIES),
    "block": _columns(BlockedSource, "id owner key", "since as created_at", _SOURCE),
    "preset": _columns(Preset, "id owner name options created_at updated_at"),
    "subscription": _columns(
        Subscription,
        "id owner url site source_key title folder options filter backfill state source_order retention schedule"
        " preset succeeded_at created_at",
    ),
    "entry": _columns(
        SubscriptionEntry,
        "id subscription source_key site_key url title duration published_at live_status decision reason decided_at"
        " submitted_at item removed_at",
        "first_seen_at as created_at",
    ),
    "watch": _columns(Watch, "id owner position updated_at", "media_file as file"),
    "metadata": _columns(
        SourceMetadata,
        "id published_at published_precision channel channel_name channel_url live_status availability facts"
        " created_at",
    ),
}


def page_size(kind: str) -> int:
    """Return how many rows of a kind are read at once."""
    return _PAGES.get(kind, PAGE)


def plain(row: Any) -> Row:
    """Return a row as JSON has it, without its id and without the credentials of its links."""
    values: Row = {name: text(value) if isinstance(value, datetime.datetime) else value for name, value in row.items()}
    del values["id"]
    for name in ("source_url", "url", "channel_url"):
        if name in values:
            values[name] = journal_file.without_credentials(values[name])
    for name in ("key", "source_key"):
        if name in values:
            values[name] = key_without_credentials(values[name])
    if "facts" in values:
        values["facts"] = _facts(values["facts"])
    if "entries" in values:
        values["entries"] = [
            entry | {"url": journal_file.without_credentials(entry["url"]) or ""} for entry in values["entries"]
        ]
    return values


def _facts(facts: Row) -> Row:
    """Return facts of a source without the credentials of its links."""
    plain = dict(facts)
    if "webpage_url" in plain:
        plain["webpage_url"] = journal_file.without_credentials(plain["webpage_url"])
    if "thumbnails" in plain:
        plain["thumbnails"] = [journal_file.without_credentials(link) for link in plain["thumbnails"]]
    return plain


def key_without_credentials(key: str) -> str:
    """Return the key of a source, which ends in a link or the site's id, without the credentials of the link."""
    start, space, end = key.rpartition(" ")
    return f"{start}{space}{journal_file.without_credentials(end) or ''}"


def text(moment: datetime.datetime) -> str:
    """Return a time as the journal writes it."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="microseconds")
