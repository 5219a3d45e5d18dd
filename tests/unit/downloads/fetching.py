"""One download from its link to its item, as a test wants it."""

from typing import Any

from mediafetcher.downloads import leases, lifecycle, log, queries
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch.options import Options
from mediafetcher.library.catalog import queries as item_queries


async def downloaded(owner: int, url: str, **options: Any) -> dict[str, Any]:
    """Download a link that works. Returns: the download."""
    row = await lifecycle.submit(owner, url, options=Options(**options))
    claim = await leases.claim()
    assert claim is not None
    await runner.run(claim)
    row = await queries.get(row["id"], owner)
    assert row["state"] == "done", "\n".join(line["message"] for line in await log.read(row["id"], owner))
    return row


async def fetched(owner: int, url: str, **options: Any) -> dict[str, Any]:
    """Download a link that works. Returns: its item."""
    row = await downloaded(owner, url, **options)
    return await item_queries.get(row["item"], owner)
