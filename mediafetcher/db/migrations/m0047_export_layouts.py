"""The forty-seventh version: an exported tree has a layout (decision 52).

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0047_export_layouts"
VERSION = "1.38.0"
DESCRIPTION = "Layouts of exported trees"

LAYOUT = """
alter table export_tree add column if not exists layout text not null default 'film';
alter table export_tree drop constraint if exists export_tree_layout_check;
alter table export_tree add constraint export_tree_layout_check check (layout in ('film', 'show', 'music'));
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(LAYOUT)

    manager.add_raw(run)
    return manager
