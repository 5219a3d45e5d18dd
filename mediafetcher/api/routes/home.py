"""/api/home: the rows of the start page."""

import msgspec

from mediafetcher.api.responses import Asked, fit
from mediafetcher.api.routes.items import Item
from mediafetcher.library.catalog import home
from mediafetcher.subscriptions import entries


class Home(msgspec.Struct, rename={"continued": "continue"}):
    """Items by row. `continue`: begun and not watched to the end; `followed`: new from what is followed."""

    continued: list[Item]
    followed: list[Item]
    recent: list[Item]
    unwatched: list[Item]


async def rows(request: Asked) -> Home:
    """Return the content of the start page."""
    owner = request.user.id
    return fit(Home, await home.rows(owner, followed=await entries.newest_items(owner, home.ROW)))
