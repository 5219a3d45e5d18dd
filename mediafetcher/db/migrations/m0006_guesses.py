"""The sixth version: the number of guesses of a secret, which a restart does not reset. Safe to run twice."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0006_guesses"
VERSION = "1.38.0"
DESCRIPTION = "Limits on guessing that survive a restart"

GUESSES = """
create table if not exists guess (
  id bigserial primary key,
  key bytea not null unique check (octet_length(key) = 32),
  places double precision not null,
  at timestamptz not null default clock_timestamp());
create index if not exists guess_at on guess (at);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(GUESSES)

    manager.add_raw(run)
    return manager
