"""The forty-eighth version: notifications in German, too. Safe to run twice, as the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0048_german"
VERSION = "1.38.0"
DESCRIPTION = "German notifications"

LANGUAGES = """
alter table notification_target drop constraint if exists notification_target_language_check;
alter table notification_target add constraint notification_target_language_check
  check (language in ('en', 'fr', 'de'));
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(LANGUAGES)

    manager.add_raw(run)
    return manager
