"""Downloads that wait for a site's cookies, and their resumption when the cookies arrive."""

from typing import Any
from urllib.parse import urlsplit

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.accounts.vault.cookie_formats import Cookie
from mediafetcher.core import errors
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import Download
from mediafetcher.downloads import lifecycle

# Errors that cookies may solve.
CODES = tuple(sorted(kind.code for kind in errors.UserActionRequired.__subclasses__()))


async def waiting(owner: int) -> list[dict[str, Any]]:
    """Return this user's downloads that wait for cookies, newest first: id, title, url, site, code."""
    table = Download
    downloads = table.select(table.id, table.title, table.url, table.site, table.error_code.as_alias("code")).where(
        table.owner == owner,
        table.state == "needs_action",
        among(table.error_code, CODES),
        table.cleared_at.is_null(),
    )
    return await downloads.order_by(table.id, ascending=False).limit(100)


async def save_and_resume(owner: int, site: str, given: list[Cookie], address: str | None = None) -> dict[str, Any]:
    """Store a site's cookies, and resume this user's downloads that waited for them.

    Returns: {"site", "kept", "left_out", "resumed"}. Raises: `Invalid`, `BadCookies`.
    """
    kept = await cookie_jars.put(owner, site, given, address)
    resumed = 0
    for row in await waiting(owner):
        if not cookie_jars.serves(kept["site"], urlsplit(row["url"]).hostname or ""):
            continue
        try:
            await lifecycle.retry(row["id"], owner)
        except (errors.NotFound, errors.InvalidState):
            continue  # another process resumed it first
        resumed += 1
    return kept | {"resumed": resumed}
