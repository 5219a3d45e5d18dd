"""/api/home: the rows and shelves of the start page."""

import msgspec

from mediafetcher.api.responses import Asked, fit
from mediafetcher.api.routes.items import Item
from mediafetcher.library.catalog import home
from mediafetcher.subscriptions import entries


class Shelf(msgspec.Struct):
    """Items of one channel, the last published first, or those of one `playlist` that were added last, in its
    order; the other is null.

    `site`: that of the channel, as /api/channels has it.
    """

    title: str
    channel: str | None
    site: str | None
    playlist: int | None
    items: list[Item]


class Home(msgspec.Struct, rename={"continued": "continue"}):
    """Items by row. `continue`: begun and not watched to the end; `followed`: new from what is followed."""

    continued: list[Item]
    followed: list[Item]
    recent: list[Item]
    unwatched: list[Item]
    shelves: list[Shelf]


async def rows(request: Asked) -> Home:
    """Return the content of the start page."""
    owner = request.user.id
    rows = await home.rows(owner, followed=await entries.newest_items(owner, home.ROW))
    return fit(Home, rows | {"shelves": await home.shelves(owner)})
