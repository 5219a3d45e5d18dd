"""The fifty-third version: an exported tree may have names by a template.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0053_export_templates"
VERSION = "1.38.0"
DESCRIPTION = "Templates of exported trees"

TEMPLATE = """
alter table export_tree add column if not exists template text;
alter table export_tree drop constraint if exists export_tree_layout_check;
alter table export_tree add constraint export_tree_layout_check
  check (layout in ('film', 'show', 'music', 'template') and (layout = 'template') = (template is not null));
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(TEMPLATE)

    manager.add_raw(run)
    return manager
