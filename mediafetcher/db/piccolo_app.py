"""The tables and migrations of this program, in Piccolo's form."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="mediafetcher",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=table_finder(["mediafetcher.db.tables"]),
    migration_dependencies=[],
)
