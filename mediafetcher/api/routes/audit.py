"""/api/audit: the audit log of security events, for administrators."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from litestar.params import FromQuery

from mediafetcher.accounts import audit
from mediafetcher.api.responses import Asked, fit
from mediafetcher.api.routes.downloads import earlier, within

if TYPE_CHECKING:
    Act = str
else:
    Act = Literal[tuple(audit.ACTIONS)]  # so that the API description lists them all


class Recorded(msgspec.Struct):
    """One audited action. `person`: the user, if known; `facts` never contain a secret."""

    id: int
    at: datetime
    act: Act
    person: str | None
    address: str | None
    facts: dict[str, Any]


class Trail(msgspec.Struct):
    events: list[Recorded]
    next: str | None


async def page(
    request: Asked,
    act: FromQuery[Act | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Trail:
    """List security events such as sign-ins, failures and changes, newest first."""
    rows = await audit.page(within(limit), act, earlier(cursor))
    following = str(rows[-1]["id"]) if len(rows) == limit else None
    return fit(Trail, {"events": rows, "next": following})
