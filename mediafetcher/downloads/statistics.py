"""The outcomes of download attempts, on all machines, since the database was created. A trigger inserts the rows.

Each ended attempt appends one row, and `compact` replaces rows of the same kind by their sum. A reader sees either
the rows or their sum, because the replacement is one statement.
"""

from typing import NamedTuple

from piccolo.query.functions.aggregate import Sum

from mediafetcher.db import engine
from mediafetcher.db.tables import DownloadStatistic

_COMPACT_ABOVE = 2000  # rows
# One statement: with several, a reader between them would see counters decrease.
_COMPACT = """
with old as (delete from download_statistic returning outcome, site, error_code, attempts, bytes)
insert into download_statistic (outcome, site, error_code, attempts, bytes)
  select outcome, site, error_code, sum(attempts), sum(bytes) from old group by outcome, site, error_code
"""


class Total(NamedTuple):
    """All attempts with one outcome. `bytes`: of files that were stored."""

    outcome: str
    site: str
    error_code: str
    attempts: int
    bytes: int


async def totals() -> list[Total]:
    """Return one total for each outcome, site and error code that occurred; the most frequent first."""
    table = DownloadStatistic
    rows = await table.select(
        table.outcome,
        table.site,
        table.error_code,
        Sum(table.attempts, alias="n"),
        Sum(table.bytes, alias="b"),
    ).group_by(table.outcome, table.site, table.error_code)
    found = [Total(row["outcome"], row["site"], row["error_code"], int(row["n"]), int(row["b"])) for row in rows]
    return sorted(found, key=lambda total: (-total.attempts, total))


async def compact() -> None:
    """Add up rows of the same kind if there are many. Safe while others append or compact."""
    if await DownloadStatistic.count() > _COMPACT_ABOVE:
        await engine.execute(_COMPACT)
