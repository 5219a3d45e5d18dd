"""The fifty-fifth version: the sounds of a file are known one by one. Safe to run twice, as the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0055_audio_tracks"
VERSION = "1.39.0"
DESCRIPTION = "Audio tracks of files"

COLUMN = """
alter table media_file add column if not exists audio_tracks jsonb not null default '[]';
create or replace trigger media_file_audio_journal after update of audio_tracks on media_file for each row
  when (old.audio_tracks is distinct from new.audio_tracks) execute function mf_journal('file');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(COLUMN)

    manager.add_raw(run)
    return manager
