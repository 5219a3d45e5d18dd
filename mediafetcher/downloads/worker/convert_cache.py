"""What was encoded once is not encoded again: the bytes that came and the wishes name what was made of them.

Encoding is what costs (a film of an hour is an hour of a processor), and its bytes depend on the number of threads: so
another link to the same film would cost it again, and perhaps be kept twice.
"""

import asyncio
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.db import engine
from mediafetcher.downloads import leases
from mediafetcher.library.storage import blob_store


async def name(claim: leases.Claim, source: Path) -> str:
    """The key of what becomes of these bytes. Reads the whole file."""
    digest = await asyncio.to_thread(blob_store.verify, source)
    height = claim.options.max_height or settings.get().max_height
    return f"made2 {digest.hex()} {claim.options.recipe()} {height}"


async def find(key: str, target: Path) -> bool:
    """Whether it is in the store already; then `target` leads there."""
    row = await engine.fetchrow(
        "select m.sha256, m.ext from source s join media_file m on m.id = s.media_file where s.key = $1", key
    )
    if row is None:
        return False
    target.unlink(missing_ok=True)
    target.symlink_to(blob_store.path_of(row["sha256"], row["ext"]))
    return await asyncio.to_thread(target.exists)
