"""/api/store: does this installation own the store, and what a person decides about it."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.accounts import audit
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.importing import adoption
from mediafetcher.library.storage import decisions
from mediafetcher.ops import store_decision


class OtherInstallation(msgspec.Struct):
    """Who made the highest claim on the media folder."""

    host: str
    program: str
    claim: int


class StoreStatus(msgspec.Struct):
    """`frozen`: everything plays, nothing is fetched or removed until a decision; `reason` is a stable code, `detail`
    a sentence. `unknown`: files of the store that the database does not know, counted up to 1000 (`unknown_more`);
    None while the media folder is away. `settling`: taken a moment ago, nothing is removed for a minute.
    """

    state: Literal["owned", "frozen", "read_only"]
    reason: str | None
    detail: str | None
    since: datetime | None
    folder: str
    installation: str
    claim: int | None
    settling: bool
    other: OtherInstallation | None
    unknown: int | None
    unknown_more: bool


class StoreDecision(msgspec.Struct, forbid_unknown_fields=True):
    """`take`: this installation owns the store from now on. `separate`: a store folder of its own. `read-only`:
    everything plays, nothing is written."""

    decision: Literal["take", "separate", "read-only"]


class AdoptFiles(msgspec.Struct, forbid_unknown_fields=True):
    """`after`: the `next` of the answer before; empty at the beginning."""

    after: str = ""


class AdoptedFiles(msgspec.Struct):
    """Files that became items, and files that did not. `next` is for the next request; None: it was the last."""

    added: int
    refused: int
    next: str | None


async def show(request: Asked) -> StoreStatus:
    """Whether this installation owns the store."""
    return _status(await decisions.status())


async def decide(request: Asked, data: JSONBody[StoreDecision]) -> StoreStatus:
    """Decide who owns the store."""
    await audit.record("store_decided", request.user.id, address(request), decision=data.decision)
    return _status(await store_decision.decide(data.decision))


async def adopt(request: Asked, data: JSONBody[AdoptFiles]) -> AdoptedFiles:
    """Adopt files of the store that the database does not know into your library, for about 5 s."""
    return fit(AdoptedFiles, asdict(await adoption.adopt_slice(request.user.id, data.after)))


def _status(row: dict[str, object]) -> StoreStatus:
    other = row["other"]
    return fit(StoreStatus, row | {"other": fit(OtherInstallation, other) if other else None})
