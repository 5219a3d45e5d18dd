"""The twentieth version: tables, columns and states under the names that the rest of the program uses.

A list that waited for its entries is `expanded`, and a stream that has not begun is `scheduled`: both were `waiting`.
Settings that users changed keep their values under the new names. Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0020_names"
VERSION = "1.38.0"
DESCRIPTION = "Names of tables, columns, states and settings"

TABLES = {"never_again": "blocked_source", "guess": "rate_limit_bucket", "site_pause": "site_backoff"}
COLUMNS = {
    "download": {
        "held_by": "worker_id",
        "lease_until": "lease_expires_at",
        "room": "reserved_bytes",
        "needs_room": "needs_media_bytes",
        "needs_work_room": "needs_work_bytes",
        "task": "operation",
        "subject": "target_item",
        "linked": "deduplicated",
    },
    "cookie_jar": {"sealed": "ciphertext"},
    "audit_event": {"act": "action"},
}
INDEXES = {
    "never_again_source": "blocked_source_source",
    "never_again_key": "blocked_source_key",
    "never_again_of": "blocked_source_of",
    "guess_at": "rate_limit_bucket_at",
}
SETTINGS = {"jobs": "max_downloads", "jobs_per_site": "max_downloads_per_site", "transcodes": "max_conversions"}

# The check of the states is replaced before the rows change.
STATES = """
alter table download drop constraint if exists download_state_check;
update download set state = 'needs_action' where state = 'parked';
update download set state = case kind when 'playlist' then 'expanded' else 'scheduled' end where state = 'waiting';
alter table download add constraint download_state_check check (state in
  ('queued', 'running', 'scheduled', 'expanded', 'paused', 'needs_action', 'done', 'failed', 'cancelled'));
drop index if exists download_wish;
create unique index download_wish on download (owner, coalesce(folder, 0), source_key)
  where state in ('queued', 'running', 'scheduled', 'expanded', 'paused', 'needs_action');
drop index if exists download_waiting;
drop index if exists download_scheduled;
create index download_scheduled on download (run_after) where state = 'scheduled';
"""


async def _column_exists(table: str, column: str) -> bool:
    return bool(
        await engine.fetchval(
            "select exists (select from information_schema.columns"
            " where table_schema = current_schema() and table_name = $1 and column_name = $2)",
            table,
            column,
        )
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        for old, new in TABLES.items():
            await engine.execute(f"alter table if exists {old} rename to {new}")
        for table, columns in COLUMNS.items():
            for old, new in columns.items():
                if await _column_exists(table, old):
                    await engine.execute(f"alter table {table} rename column {old} to {new}")
        for old, new in INDEXES.items():
            await engine.execute(f"alter index if exists {old} rename to {new}")
        await engine.execute(STATES)
        for old, new in SETTINGS.items():
            await engine.execute(
                "update setting set name = $2 where name = $1"
                " and not exists (select from setting as other where other.name = $2)",
                old,
                new,
            )

    manager.add_raw(run)
    return manager
