"""The media folder and its owner, the age of its files, and the journal in it."""

from piccolo.columns import UUID, BigInt, BigSerial, Boolean, DoublePrecision, Integer, Text
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.columns import by_server, now, null_text, null_time


class StoreRoot(Table, tablename="store_root", db=DB):
    """The path of the media folder, and the id that its sentinel file must carry. One row, id 1."""

    id = Integer(primary_key=True, default=1)
    path = Text(required=True)
    sentinel = UUID(required=True)


class Installation(Table, tablename="installation", db=DB):
    """This database as an owner of stored files (library/storage/ownership.py). One row.

    `number` and `nonce` name the last claim made on the media folder, `pending_nonce` one that may have been made.
    """

    id = by_server(UUID(primary_key=True))
    single = Boolean(default=True)  # unique, always true: there is one row
    lineage = by_server(UUID())  # a restored, moved or cloned database begins another one
    number = BigInt(default=None, null=True)
    nonce = UUID(default=None, null=True)
    pending_nonce = UUID(default=None, null=True)
    settling = Boolean(default=False)  # taken a moment ago: the waiting time before the first unlink is not over
    folder = Text(default="")  # the store folder of its own below the media folder; empty: the media folder itself
    frozen_reason = null_text()  # why nothing is unlinked, purged or fetched; None: this installation owns the store
    frozen_detail = null_text()
    frozen_at = null_time()


class Scrub(Table, tablename="scrub", db=DB):
    """When the scrub had last read every file in its time. One row, id 1; its place is in `media_file`."""

    id = Integer(primary_key=True, default=1)
    finished_at = null_time()


class JournalState(Table, tablename="journal_state", db=DB):
    """The current journal file (library/recovery/journal.py). One row, id 1. No `epoch`: begin a new file."""

    id = Integer(primary_key=True, default=1)
    recording = Boolean(default=True)  # triggers note changes
    generation = Integer(default=0)  # number of the file
    epoch = UUID(default=None, null=True)
    size = BigInt(default=0)  # bytes of the file
    base_size = BigInt(default=0)  # bytes of it when it was begun
    backed_up_at = null_time()  # last backup in the media folder


class JournalChange(Table, tablename="journal_change", db=DB):
    """A row of the library that changed, and is not in the journal yet."""

    seq = BigSerial(primary_key=True)
    kind = Text(required=True)  # account, folder, file or item
    row_id = BigInt(required=True)
    at = now()


class RunningTime(Table, tablename="running_time", db=DB):
    """How long servers of this database have run, in seconds (library/storage/running.py). One row, id 1."""

    id = Integer(primary_key=True, default=1)
    seconds = DoublePrecision(default=0.0)
    holder = null_text()  # the process that adds to it
    boot = DoublePrecision(default=0.0)  # seconds since the boot of its machine when it last did
