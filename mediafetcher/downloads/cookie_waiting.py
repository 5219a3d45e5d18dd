"""Downloads that wait for a site's cookies, and their resumption when the cookies arrive."""

from typing import Any
from urllib.parse import urlsplit

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.accounts.vault.cookie_formats import Cookie
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import lifecycle

# Errors that cookies may solve.
CODES = tuple(sorted(kind.code for kind in errors.UserActionRequired.__subclasses__()))


async def waiting(owner: int) -> list[dict[str, Any]]:
    """Return this user's downloads that wait for cookies, newest first: id, title, url, site, code."""
    return await engine.fetch(
        "select id, title, url, site, error_code as code from download where owner = $1 and state = 'needs_action'"
        " and error_code = any($2::text[]) and cleared_at is null order by id desc limit 100",
        owner,
        list(CODES),
    )


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
