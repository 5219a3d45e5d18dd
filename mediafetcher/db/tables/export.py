"""The trees of links, and what changed since their last update."""

from typing import Any

from piccolo.columns import JSONB, Array, BigInt, BigSerial, Boolean, ForeignKey, OnDelete, Text
from piccolo.table import Table

from mediafetcher.db.engine import DB
from mediafetcher.db.tables.columns import null_text


class ExportTree(Table, tablename="export_tree", db=DB):
    """A folder that shows the library as a tree of links."""

    id = BigSerial(primary_key=True)
    path = Text(required=True)
    people = Array(base_column=BigInt(), default=None, null=True)  # users whose items it has; None: all
    hard = Boolean(required=True)  # hard links; else symbolic ones
    behind = Boolean(default=False)  # it is compared as a whole at its next update
    layout = Text(default="film")  # film, show, show-by-playlist, music or template
    template = null_text()  # of the last one
    tagged = Boolean(default=False)  # music files are copies with tags and cover
    folder_layouts = JSONB(default="{}")  # of folders of the library, by path (arrangement.FolderLayouts)


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
    size = BigInt(default=None, null=True)  # bytes of a copy; None: a link, or a small file


class ExportChange(Table, tablename="export_change", db=DB):
    """An item that changed since the last update of a tree; triggers insert the rows."""

    id = BigSerial(primary_key=True)
    tree = ForeignKey(ExportTree, null=False, on_delete=OnDelete.cascade)
    item = BigInt(required=True)
