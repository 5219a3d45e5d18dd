"""/api/downloads/actions and /order: many downloads in one request."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.api.responses import Asked
from mediafetcher.api.routes.downloads import Reason
from mediafetcher.core import errors
from mediafetcher.downloads import lifecycle, queue_order

Action = Literal["cancel", "retry", "pause", "resume", "clear"]
Ids = Annotated[list[int], msgspec.Meta(min_length=1, max_length=1000)]

_ACTIONS: dict[Action, Callable[[int, int], Awaitable[Any]]] = {
    "cancel": lifecycle.cancel,
    "retry": lifecycle.retry,
    "pause": lifecycle.pause,
    "resume": lifecycle.resume,
    "clear": lifecycle.clear,
}


class Actions(msgspec.Struct, forbid_unknown_fields=True):
    """One action for up to 1000 downloads."""

    action: Action
    ids: Ids


class Refused(msgspec.Struct):
    """A download that the action was not possible for, and why."""

    id: int
    reason: Reason


class ActionsDone(msgspec.Struct):
    """`done`: how many downloads changed; `refused`: those that did not."""

    done: int
    refused: list[Refused]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """Queued downloads, the one that starts first first."""

    ids: Ids


async def act(data: JSONBody[Actions], request: Asked) -> ActionsDone:
    """Apply one action to several downloads. A refused action does not stop the others."""
    refused = []
    ids = list(dict.fromkeys(data.ids))
    for id in ids:
        try:
            await _ACTIONS[data.action](id, request.user.id)
        except errors.Problem as problem:
            refused.append(Refused(id, Reason(problem.code, problem.detail)))
    return ActionsDone(len(ids) - len(refused), refused)


async def order(data: JSONBody[Order], request: Asked) -> None:
    """Put downloads into this order. Other downloads start after them."""
    await queue_order.arrange(list(dict.fromkeys(data.ids)), request.user.id)
