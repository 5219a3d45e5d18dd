"""Record what only this process knows as an event: the state of the media folder, and an offered yt-dlp.

The row is changed only if it differs, so a restart repeats nothing.
"""

import asyncio

from mediafetcher.core import errors, logging, settings
from mediafetcher.db.tables import InstallationStatus
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.library.storage import mount

_SETTLED = 2  # consecutive checks that must agree
_log = logging.get("notifications")


async def follow() -> None:
    """Run until cancelled."""
    seen: list[str] = []
    while True:
        await asyncio.sleep(max(0.2, settings.get().mount_check_seconds))
        try:
            seen = [*seen, mount.state().state][-_SETTLED:]
            offered = versions.kept().offered
            if len(set(seen)) == 1 and len(seen) == _SETTLED:
                await note(seen[-1], offered.version if offered else None)
        except errors.Unavailable:
            continue
        except Exception:
            _log.exception("the state of the installation was not noted")


async def note(storage: str, offer: str | None) -> None:
    """Write the state if it changed; the trigger of the table records the events."""
    table = InstallationStatus
    row = await table.select(table.storage, table.ytdlp_offer).first()
    if row and (row["storage"], row["ytdlp_offer"]) == (storage, offer):
        return
    await table.update({table.storage: storage, table.ytdlp_offer: offer}).where(
        (table.storage != storage)
        | (table.ytdlp_offer.is_null() if offer is not None else table.ytdlp_offer.is_not_null())
        | (table.ytdlp_offer != (offer or ""))
    )
