"""The fifteenth version: the sites that asked to slow down are found without reading all waiting rows.

Safe to run twice, as the others.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mediafetcher.db import engine

ID = "m0015_limited"
VERSION = "1.38.0"
DESCRIPTION = "Index of downloads that wait for a site"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="mediafetcher", description=DESCRIPTION)

    async def run() -> None:
        await engine.execute(
            "create index if not exists download_limited on download (site)"
            " where state = 'queued' and error_code = 'rate_limited'"
        )

    manager.add_raw(run)
    return manager
