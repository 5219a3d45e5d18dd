"""/api/shares: links that open an item or a folder to others. What they open is answered by static/shared.py."""

from datetime import datetime

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked, Id, address, fit
from mediafetcher.core import settings
from mediafetcher.feeds import shares


class Share(msgspec.Struct):
    """A link; its address is shown only when it is made. `uses`: how often it was opened."""

    id: int
    item: int | None
    folder: int | None
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
    """One of `item` and `folder` (its id or its path). `days`: how long it lasts; until it is revoked if not given."""

    item: int | None = None
    folder: int | str | None = None
    days: float | None = None
    password: str | None = None


class MadeShare(msgspec.Struct):
    """The address is shown this once."""

    id: int
    url: str
    expires_at: datetime | None


async def page(request: Asked) -> Shares:
    """One's links."""
    return fit(Shares, {"shares": await shares.page(request.user.id)})


async def make(request: Asked, data: JSONBody[NewShare]) -> MadeShare:
    """Make a link; the answer is the only place where its address is ever shown."""
    made = await shares.make(
        request.user.id,
        item=data.item,
        folder=data.folder,
        days=data.days,
        password=data.password,
        address=address(request),
    )
    scheme = "https" if request.scope["state"].get("https") else "http"
    base = (settings.get().public_url or f"{scheme}://{request.headers['host']}").rstrip("/")
    return MadeShare(made["id"], f"{base}/s/{made['secret']}", made["expires_at"])


async def revoke(id: Id, request: Asked) -> None:
    """End a link at once."""
    await shares.revoke(id, request.user.id, address(request))
