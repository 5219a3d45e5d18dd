"""/api/shares: links that open an item, a folder, a channel or a search to others. static/shared.py answers them."""

from datetime import datetime

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked, Id, address, fit
from mediafetcher.core import settings
from mediafetcher.feeds import shares


class Share(msgspec.Struct):
    """A share link to `item`, `folder`, `channel` or the search `q`. Its address is shown only when it is created.

    `uses`: how often it was opened.
    """

    id: int
    item: int | None
    folder: int | None
    channel: str | None
    site: str | None
    q: str | None
    title: str
    password: bool
    created_at: datetime
    expires_at: datetime | None
    expired: bool
    uses: int
    last_used_at: datetime | None


class Shares(msgspec.Struct):
    shares: list[Share]


class NewShare(msgspec.Struct, forbid_unknown_fields=True):
    """A new link to one of `item`, `folder` (id or path), `channel` (id or name) and `q` (a search).

    `site`: of the channel; the one with most items if not given. `days`: its lifetime; unlimited if not given.
    """

    item: int | None = None
    folder: int | str | None = None
    channel: str | None = None
    site: str | None = None
    q: str | None = None
    days: float | None = None
    password: str | None = None


class MadeShare(msgspec.Struct):
    """A new link. Its address is shown only this once."""

    id: int
    url: str
    expires_at: datetime | None


async def page(request: Asked) -> Shares:
    """List the caller's links."""
    return fit(Shares, {"shares": await shares.page(request.user.id)})


async def make(request: Asked, data: JSONBody[NewShare]) -> MadeShare:
    """Create a link. Its address is shown only in this answer."""
    made = await shares.make(
        request.user.id,
        item=data.item,
        folder=data.folder,
        channel=data.channel,
        site=data.site,
        q=data.q,
        days=data.days,
        password=data.password,
        address=address(request),
    )
    scheme = "https" if request.scope["state"].get("https") else "http"
    base = (settings.get().public_url or f"{scheme}://{request.headers['host']}").rstrip("/")
    return MadeShare(made["id"], f"{base}/s/{made['secret']}", made["expires_at"])


async def revoke(id: Id, request: Asked) -> None:
    """Revoke a link immediately."""
    await shares.revoke(id, request.user.id, address(request))
