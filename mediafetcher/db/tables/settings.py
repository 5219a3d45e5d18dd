"""Settings that users changed at run time."""

from piccolo.columns import Text
from piccolo.columns.column_types import JSONB
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.columns import now


class Setting(Table, tablename="setting", db=DB):
    """A setting that a user changed at run time; without a row, the default applies."""

    name = Text(primary_key=True)
    value = JSONB(required=True)
    changed_at = now()
