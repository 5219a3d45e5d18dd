"""/api/store: whether this installation owns the store, and the administrator's decision about it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import FromQuery, JSONBody

from mediafetcher.accounts import audit
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.api.routes.downloads import within
from mediafetcher.importing import adoption, unknown_files
from mediafetcher.library.storage import decisions
from mediafetcher.ops import store_decision


class OtherInstallation(msgspec.Struct):
    """The installation with the highest claim on the media folder."""

    host: str
    program: str
    claim: int


class StoreStatus(msgspec.Struct):
    """Status of the store. `frozen`: media plays, but nothing is fetched or removed until a decision.

    `reason` is a stable code, `detail` a sentence. `unknown`: files of the store that the database does not know,
    counted up to 1000 (`unknown_more`); None while the media folder is offline. `settling`: ownership was taken a
    moment ago, nothing is removed for a minute.
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
    """`take`: this installation owns the store. `separate`: use a new store folder. `read-only`: play only, write
    nothing.
    """

    decision: Literal["take", "separate", "read-only"]


class AdoptFiles(msgspec.Struct, forbid_unknown_fields=True):
    """`after`: the `next` of the answer before; empty at the beginning. `files`: the `sha256` of those that are to be
    adopted; None: all."""

    after: str = ""
    files: Annotated[list[str], msgspec.Meta(max_length=1000)] | None = None


class UnknownFile(msgspec.Struct):
    """A file of the store that the database does not know. `title` and `folder` are guesses; `size` in bytes."""

    name: str
    sha256: str
    size: int
    title: str | None
    folder: str | None


class UnknownFiles(msgspec.Struct):
    """`next` is the `after` of the next request; None: it was the last page."""

    files: list[UnknownFile]
    next: str | None


class AdoptedFiles(msgspec.Struct):
    """Numbers of adopted and of other files. `next` is for the next request; None after the last one."""

    added: int
    refused: int
    next: str | None


async def show(request: Asked) -> StoreStatus:
    """Get the ownership of the store."""
    return _status(await decisions.status())


async def decide(request: Asked, data: JSONBody[StoreDecision]) -> StoreStatus:
    """Decide who owns the store."""
    await audit.record("store_decided", request.user.id, address(request), decision=data.decision)
    return _status(await store_decision.decide(data.decision))


async def unknown(request: Asked, after: FromQuery[str] = "", limit: FromQuery[int] = 50) -> UnknownFiles:
    """The files of the store that the database does not know, in the order of their hashes."""
    page = await unknown_files.page(after, within(limit))
    return UnknownFiles([fit(UnknownFile, asdict(one)) for one in page.files], page.next)


async def adopt(request: Asked, data: JSONBody[AdoptFiles]) -> AdoptedFiles:
    """Adopt files of the store that the database does not know into your library, for about 5 s."""
    return fit(AdoptedFiles, asdict(await adoption.adopt_slice(request.user.id, data.after, data.files)))


def _status(row: dict[str, object]) -> StoreStatus:
    other = row["other"]
    return fit(StoreStatus, row | {"other": fit(OtherInstallation, other) if other else None})
