"""/api/notifications: events of a user, and the targets that are notified of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar.params import JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, address, fit
from mediafetcher.notifications import inbox, targets
from mediafetcher.notifications.quiet_hours import QuietHours

Language = Literal["en", "fr", "de"]


class Notification(msgspec.Struct):
    """An event; `data` depends on its type (docs/notifications.md)."""

    id: int
    type: str
    data: dict[str, Any]
    at: datetime
    read: bool


class Notifications(msgspec.Struct):
    """Newest first; `next` is the `before` of the next page."""

    notifications: list[Notification]
    next: int | None
    unread: int


class MarkRead(msgspec.Struct, forbid_unknown_fields=True):
    """These ids, or all up to `until`, or all."""

    ids: Annotated[list[Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]], msgspec.Meta(max_length=1000)] | None = None
    until: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


class NewTarget(msgspec.Struct, forbid_unknown_fields=True):
    """A target. `url`: of Apprise, `webhook+https://...` or `jellyfin+http://...`; `events`: names, or `all`."""

    url: str
    events: list[str] = []
    name: str = ""
    language: Language = "en"
    quiet: QuietHours | None = None


class MadeTarget(msgspec.Struct):
    """A new target. `secret`: the key that signs the webhooks; it is shown only this once."""

    id: int
    secret: str | None


class Answer(msgspec.Struct):
    """The result of a message: `ok`, or a short code."""

    at: datetime
    state: Literal["delivered", "failed"]
    answer: str | None
    type: str | None


class Target(msgspec.Struct):
    """A target. `label`: the address without secrets; `failures` in a row; `waiting` messages."""

    id: int
    name: str
    kind: Literal["apprise", "webhook", "jellyfin", "plex", "kodi"]
    label: str
    events: list[str]
    language: Language
    quiet: QuietHours | None
    enabled: bool
    created_at: datetime
    failures: int
    last_at: datetime | None
    last_answer: str | None
    waiting: int
    answers: list[Answer]


class Targets(msgspec.Struct):
    targets: list[Target]


class TargetChange(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a target. Fields that are not given stay unchanged."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    events: list[str] | msgspec.UnsetType = msgspec.UNSET
    language: Language | msgspec.UnsetType = msgspec.UNSET
    quiet: QuietHours | msgspec.UnsetType | None = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class Tested(msgspec.Struct):
    """`answer`: `ok`, or a short code."""

    ok: bool
    answer: str


async def page(
    *,
    request: Asked,
    before: Annotated[int | None, QueryParameter(ge=0, le=2**63 - 1)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    unread: Annotated[bool, QueryParameter()] = False,
) -> Notifications:
    """List events, newest first."""
    owner = request.user.id
    rows, following = await inbox.page(owner, before=before, limit=limit, unread=unread)
    return fit(Notifications, {"notifications": rows, "next": following, "unread": await inbox.unread(owner)})


async def read(request: Asked, data: JSONBody[MarkRead]) -> None:
    """Mark notifications as read."""
    await inbox.mark_read(request.user.id, data.ids, data.until)


async def own_targets(request: Asked) -> Targets:
    """List the caller's targets."""
    return fit(Targets, {"targets": await targets.page(request.user.id)})


async def add_target(request: Asked, data: JSONBody[NewTarget]) -> MadeTarget:
    """Add a target."""
    made = await targets.add(
        request.user.id,
        data.url,
        data.events,
        name=data.name,
        language=data.language,
        quiet=data.quiet,
        address=address(request),
    )
    return fit(MadeTarget, made)


async def change_target(id: Id, request: Asked, data: JSONBody[TargetChange]) -> Target:
    """Change the events and the state of a target."""
    values = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not msgspec.UNSET}
    return fit(Target, await targets.change(id, request.user.id, values, address(request)))


async def remove_target(id: Id, request: Asked) -> None:
    """Remove a target and its waiting messages."""
    await targets.remove(id, request.user.id, address(request))


async def test_target(id: Id, request: Asked) -> Tested:
    """Send a test message to a target."""
    answer = await targets.test(id, request.user.id)
    return Tested(answer == "ok", answer)
