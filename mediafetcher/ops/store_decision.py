"""Do what a person decided about the store. `separate` empties the library, so a backup is made before."""

import time
from pathlib import Path
from typing import Any

from mediafetcher.core import logging, settings
from mediafetcher.db import engine
from mediafetcher.library.storage import decisions
from mediafetcher.ops import backup

_log = logging.get("ownership")


async def decide(decision: decisions.Decision) -> dict[str, Any]:
    """Do what was decided -> the status. Raises `Away`, `BackupFailed`, `Invalid`, `WrongState`."""
    if decision == "separate":
        await decisions.require_separable()
        if await engine.fetchval("select exists (select from library_item)"):
            await _keep_library()
    return await decisions.decide(decision)


async def _keep_library() -> Path:
    """Make a backup below the state folder -> the file."""
    chosen = settings.get()
    folder = chosen.state / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"separated-{time.strftime('%Y%m%d-%H%M%S')}{backup.ENDING}"
    with backup.replacing(target) as file:
        await backup.write(str(engine.DB.config["dsn"]), chosen, file, with_secrets=True)
    _log.info("backup made before the library begins empty", path=target)
    return target
