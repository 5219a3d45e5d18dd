"""Apply an administrator's decision about the store. `separate` empties the library, so a backup is made first."""

import time
from pathlib import Path
from typing import Any

from mediafetcher.core import logging, settings
from mediafetcher.db import engine
from mediafetcher.db.tables import LibraryItem
from mediafetcher.library.storage import decisions
from mediafetcher.ops import backup

_log = logging.get("ownership")


async def decide(decision: decisions.Decision) -> dict[str, Any]:
    """Apply a decision. Returns: the status. Raises: `Unavailable`, `BackupFailed`, `Invalid`, `InvalidState`."""
    if decision == "separate":
        await decisions.require_separable()
        if await LibraryItem.exists():
            await _keep_library()
    return await decisions.decide(decision)


async def _keep_library() -> Path:
    """Make a backup below the state folder. Returns: its path."""
    chosen = settings.get()
    folder = chosen.state / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"separated-{time.strftime('%Y%m%d-%H%M%S')}{backup.ENDING}"
    with backup.replacing(target) as file:
        await backup.write(str(engine.DB.config["dsn"]), chosen, file, with_secrets=True)
    _log.info("backup made before the library begins empty", path=target)
    return target
