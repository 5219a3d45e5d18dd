"""Reuse earlier conversions: the fetched bytes and the options identify the converted file.

Encoding is expensive (a film of an hour is an hour of CPU time), and its bytes depend on the number of threads: so
another link to the same film would cost it again, and might be stored twice.
"""

import asyncio
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.db.tables import Source
from mediafetcher.downloads import leases
from mediafetcher.library.storage import blob_store


async def name(claim: leases.Claim, source: Path) -> str:
    """Return the key of the conversion of these bytes. Reads the whole file."""
    digest = await asyncio.to_thread(blob_store.verify, source)
    height = claim.options.max_height or settings.get().max_height
    return f"made2 {digest.hex()} {claim.options.recipe()} {height}"


async def find(key: str, target: Path) -> bool:
    """Tell whether it is already in the store; then `target` leads to it."""
    file = Source.media_file._
    found = Source.select(file.sha256.as_alias("sha256"), file.ext.as_alias("ext"))
    row = await found.where(Source.key == key, Source.media_file.is_not_null()).first()
    if row is None:
        return False
    target.unlink(missing_ok=True)
    target.symlink_to(blob_store.path_of(row["sha256"], row["ext"]))
    return await asyncio.to_thread(target.exists)
