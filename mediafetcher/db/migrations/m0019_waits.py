"""The nineteenth version: what a download waits for is in its row.

How often the program died while it was in work, and how much of its file lay there then; the room that it needs before
it is worth another try; when its stream was announced to begin. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0019_waits"
VERSION = "1.38.0"
DESCRIPTION = "What downloads wait for"


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
