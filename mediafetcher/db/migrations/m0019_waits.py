"""The nineteenth version: what a download waits for is in its row.

The crashes of the program while it ran, and how much of its file existed then; the space that it needs before
another attempt is useful; the announced time of its stream. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0019_waits"
VERSION = "1.38.0"
DESCRIPTION = "Reasons why downloads wait"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(
            "alter table download add column if not exists crashes integer not null default 0;"
            "alter table download add column if not exists crash_bytes bigint not null default 0;"
            "alter table download add column if not exists needs_room bigint not null default 0;"
            "alter table download add column if not exists needs_work_room bigint not null default 0;"
            "alter table download add column if not exists begins_at timestamptz"
        )

    manager.add_raw(run)
    return manager
