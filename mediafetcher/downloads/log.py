"""The log of a download: a few short lines for its user, stored with its row, redacted, bounded.

Lines are collected while the download runs (`ActiveDownload.log`) and written a few times at most; a failure to write
them never affects the download.
"""

from typing import Any

from mediafetcher.core import clock, errors, logging
from mediafetcher.db import engine
from mediafetcher.db.tables import Download, DownloadLog
from mediafetcher.downloads.worker import active

LINES = 200  # of each download, the newest
_LENGTH = 300  # characters
_log = logging.get("journal")

# Lines of a download that was removed meanwhile are dropped, in one round trip.
_INSERT = """
insert into download_log (download, at, level, message)
  select $1, now() - make_interval(secs => age), level, message
  from unnest($2::float8[], $3::text[], $4::text[]) as line(age, level, message)
  where exists (select from download where id = $1)
"""


async def write(download: active.ActiveDownload) -> None:
    """Write the collected lines."""
    lines, download.unsaved_log = download.unsaved_log, []
    if not lines:
        return
    now = clock.monotonic()
    try:
        await engine.execute(
            _INSERT,
            download.id,
            [now - at for at, _, _ in lines],
            [level for _, level, _ in lines],
            [engine.storable(logging.redact(message))[:_LENGTH] for _, _, message in lines],
        )
        table = DownloadLog
        lines_of_it = table.select(table.id).where(table.download == download.id)
        old = lines_of_it.order_by(table.id, ascending=False).offset(LINES)
        await table.delete().where(table.id.is_in(old))
    except Exception as error:
        _log.warning("the log of a download was not written", reason=str(error) or type(error).__name__)


async def add(id: int, message: str, level: str = "info") -> None:
    """Write one line at once, in the transaction of the caller."""
    table = DownloadLog
    text = engine.storable(logging.redact(message))[:_LENGTH]
    await table.insert(table(download=id, level=level, message=text))


async def read(id: int, owner: int) -> list[dict[str, Any]]:
    """Return the lines of a download, oldest first: {"at", "level", "message"}. Raises: `NotFound`."""
    if not await Download.exists().where(Download.id == id, Download.owner == owner):
        raise errors.NotFound("This download does not exist.")
    table = DownloadLog
    return await table.select(table.at, table.level, table.message).where(table.download == id).order_by(table.id)
