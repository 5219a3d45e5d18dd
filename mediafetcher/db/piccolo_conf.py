"""Configuration with which Piccolo's own tools find the engine and the tables."""

from piccolo.conf.apps import AppRegistry

from mediafetcher.db.engine import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["mediafetcher.db.piccolo_app"])
