"""/api/items and /api/trash: the library, one entry at a time or a page of them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import FromQuery, JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.api.routes import downloads
from mediafetcher.api.routes.downloads import within
from mediafetcher.core import errors
from mediafetcher.downloads import reprocess
from mediafetcher.library.catalog import bulk, folders, items

Sort = Literal["-created", "created", "title", "-title", "-duration", "duration", "-size", "size"]
Kind = Literal["video", "audio"]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Media(msgspec.Struct):
    """The file behind an item; `kind` is its MIME type, `ref_count` how many items share it."""

    sha256: str
    size: int
    kind: str
    width: int | None
    height: int | None
    video_codec: str | None
    audio_codec: str | None
    ref_count: int


class Chapter(msgspec.Struct):
    """A part of a film, from `start` (seconds) to the next one."""

    start: float
    title: str


class Item(msgspec.Struct):
    """One entry of one person's library. `folder` is its path, "" at the top; times in seconds.

    `source`: what its link is known as; `never`: that is not fetched again; `playable`: browsers play it as it is;
    `damaged`: its stored file is not what it was, fetch it again.
    """

    id: int
    title: str
    folder: str
    duration: float | None
    position: float | None
    source: int | None
    never: bool
    playable: bool
    damaged: bool
    source_url: str | None
    site: str | None
    uploader: str | None
    created_at: datetime
    trashed_at: datetime | None
    poster: bool
    subtitles: list[str]
    media: Media
    chapters: list[Chapter] = []  # only where one item is asked for


class Items(msgspec.Struct):
    items: list[Item]
    next: str | None


class Site(msgspec.Struct):
    """A site, and how many items came from it."""

    site: str
    items: int


class Sites(msgspec.Struct):
    sites: list[Site]


class Trash(msgspec.Struct):
    """`frees`: bytes that purging all of it would free."""

    items: list[Item]
    next: str | None
    frees: int


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """A new title, a new folder (a path, made where it is missing), or both."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    folder: str | None = None


class Copy(msgspec.Struct, forbid_unknown_fields=True):
    """One more reference to the file of an item, in another folder."""

    item: Number
    folder: str


class Position(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds watched."""

    position: Annotated[float, msgspec.Meta(ge=0, le=10_000_000)]


class Trashed(msgspec.Struct):
    """`holders`: other entries that keep the file; `frees`: bytes that go when this one goes for good."""

    trashed: bool
    holders: int
    frees: int


class Deletion(msgspec.Struct):
    """What removing `items` entries for good would do: `holders` other entries keep their files, `frees` bytes go.

    `trash`: they would go to the trash first.
    """

    items: int
    holders: int
    frees: int
    trash: bool


class Several(msgspec.Struct, forbid_unknown_fields=True):
    """Items, 1 to 1000: all of them are changed, or none."""

    items: list[Number]


class SeveralTo(msgspec.Struct, forbid_unknown_fields=True):
    """Items, 1 to 1000, and a folder (a path, made where it is missing)."""

    items: list[Number]
    folder: str


class Changed(msgspec.Struct):
    """How many were changed; what was so already does not count."""

    count: int


class SeveralTrashed(msgspec.Struct):
    """How many went to the trash, and what going for good means, as in `Deletion`."""

    count: int
    items: int
    holders: int
    frees: int
    trash: bool


class Purge(msgspec.Struct, forbid_unknown_fields=True):
    """Which items of the trash go for good; all of them where none is named."""

    items: list[Number] | None = None


class Purged(msgspec.Struct):
    purged: int


async def page(
    request: Asked,
    folder: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    sort: FromQuery[Sort] = "-created",
    deep: FromQuery[bool] = False,
    kind: FromQuery[Kind | None] = None,
    site: FromQuery[str | None] = None,
    unwatched: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Items:
    """A page of the library. No `folder`: everything; "": the top only; with `deep` also what is below."""
    found = await items.page(
        request.user.id,
        folder=folder,
        deep=deep,
        q=q or "",
        kind=kind,
        site=site,
        unwatched=unwatched,
        sort=sort,
        cursor=cursor,
        limit=within(limit),
    )
    return fit(Items, found)


async def sites(request: Asked) -> Sites:
    """Where the items come from, the most frequent first."""
    return fit(Sites, {"sites": await items.sites(request.user.id)})


async def get(id: Id, request: Asked) -> Item:
    """One item."""
    return fit(Item, await items.get(id, request.user.id))


async def change(id: Id, data: JSONBody[Change], request: Asked) -> Item:
    """Rename it, move it, or both."""
    if data.title is None and data.folder is None:
        raise errors.Invalid("Give a title, a folder, or both.")
    return fit(Item, await bulk.change(id, request.user.id, data.title, data.folder))


async def deletion(id: Id, request: Asked) -> Deletion:
    """What removing it for good would do. Nothing is changed."""
    return fit(Deletion, await items.deletion(request.user.id, [id]))


async def move_several(data: JSONBody[SeveralTo], request: Asked) -> Changed:
    """Put items into one folder."""
    return Changed(await bulk.move(request.user.id, data.items, data.folder))


async def copy_several(data: JSONBody[SeveralTo], request: Asked) -> Changed:
    """One more reference to each of these items' files, in another folder."""
    return Changed(await bulk.copy(request.user.id, data.items, data.folder))


async def trash_several(data: JSONBody[Several], request: Asked) -> SeveralTrashed:
    """Move items to the trash; the answer says what going for good would do."""
    return fit(SeveralTrashed, await bulk.trash(request.user.id, data.items))


async def restore_several(data: JSONBody[Several], request: Asked) -> Changed:
    """Bring items back from the trash."""
    return Changed(await bulk.restore(request.user.id, data.items))


async def refetch(id: Id, request: Asked) -> downloads.Download:
    """Fetch its file again from where it came: a damaged one becomes whole, a newer one takes its place."""
    return fit(downloads.Download, await reprocess.submit(id, request.user.id, "refetch"))


async def convert(id: Id, request: Asked, accept_loss: FromQuery[bool] = False) -> downloads.Download:
    """Make its file one that every browser plays. What a conversion cannot keep is named first, as an error."""
    row = await reprocess.submit(id, request.user.id, "convert", accept_loss=accept_loss)
    return fit(downloads.Download, row)


async def trash(id: Id, request: Asked) -> Trashed:
    """Move it to the trash; the answer says what going for good would do."""
    return fit(Trashed, await items.trash(id, request.user.id))


async def restore(id: Id, request: Asked) -> Item:
    """Bring it back from the trash."""
    return fit(Item, await items.restore(id, request.user.id))


async def watched(id: Id, data: JSONBody[Position], request: Asked) -> None:
    """Remember how far it was watched."""
    await items.watched(id, request.user.id, data.position)


async def copy(data: JSONBody[Copy], request: Asked) -> Item:
    """One more reference to the same file, in another folder."""
    owner = request.user.id
    await items.get(data.item, owner)
    made = await items.copy(data.item, owner, await folders.ensure(owner, data.folder))
    return fit(Item, await items.get(made, owner))


async def trashed(request: Asked, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50) -> Trash:
    """What is in the trash, newest first."""
    return fit(Trash, await items.trashed(request.user.id, cursor=cursor, limit=within(limit)))


async def purging(request: Asked, named: Annotated[str | None, QueryParameter(name="items")] = None) -> Deletion:
    """What purging the trash would do, or these items of it (numbers with commas). Nothing is changed."""
    parts = named.split(",") if named else None
    if parts and not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise errors.Invalid("Name the items by their numbers, with commas.")
    return fit(Deletion, await items.deletion(request.user.id, [int(part) for part in parts] if parts else None))


async def purge(request: Asked, data: JSONBody[Purge | None] = None) -> Purged:
    """Remove for good what is in the trash, or some of it."""
    return Purged(await items.purge(request.user.id, data.items if data else None))
