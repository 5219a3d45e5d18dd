"""The twenty-ninth version: recordings of live streams, and files that their origin has cut.

A download says whether it records, and whether it was asked to end now and be kept. A stored file says
whether its origin is truncated too. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0029_recordings"
VERSION = "1.48.0"
DESCRIPTION = "Recordings, and files cut at their origin"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(
            "alter table media_file add column if not exists cut_at_origin boolean not null default false;"
            "create or replace trigger media_file_cut_journal after update of cut_at_origin on media_file for each row"
            " when (old.cut_at_origin is distinct from new.cut_at_origin) execute function mf_journal('file');"
            "alter table download add column if not exists recording boolean not null default false;"
            "alter table download add column if not exists finish_requested boolean not null default false"
        )

    manager.add_raw(run)
    return manager
