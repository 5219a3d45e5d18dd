"""Links that open something to others."""

from piccolo.columns import BigInt, BigSerial, Bytea, ForeignKey, OnDelete
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.accounts import User
from mediafetcher.db.tables.columns import now, null_text, null_time
from mediafetcher.db.tables.library import Folder, LibraryItem


class Share(Table, tablename="share", db=DB):
    """A link that opens one item, one folder with those below it, one channel or one search, without an account."""

    id = BigSerial(primary_key=True)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade)
    hash = Bytea(required=True)  # of its secret
    item = ForeignKey(LibraryItem, on_delete=OnDelete.cascade)
    folder = ForeignKey(Folder, on_delete=OnDelete.cascade)
    channel = null_text()
    channel_site = null_text()
    search = null_text()  # as typed
    title = null_text()  # of a channel or search; an item and a folder have their own
    password_hash = null_text()
    created_at = now()
    expires_at = null_time()
    uses = BigInt(default=0)  # how often it was opened
    last_used_at = null_time()
