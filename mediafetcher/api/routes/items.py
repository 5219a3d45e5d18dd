"""/api/items and /api/trash: the library, one item or a page of items."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import FromQuery, JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, fit
from mediafetcher.api.routes import downloads
from mediafetcher.api.routes.downloads import within
from mediafetcher.core import errors
from mediafetcher.downloads import refresh, reprocess
from mediafetcher.library.catalog import bulk, folders, items, queries, watching
from mediafetcher.library.catalog import trash as trash_bin
from mediafetcher.subscriptions import entries

Sort = Literal[
    "-created", "created", "-published", "published", "title", "-title", "-duration", "duration", "-size", "size"
]
Kind = Literal["video", "audio"]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class AudioTrack(msgspec.Struct):
    """A sound of a file. `language`: as the file says it, mostly a code of three letters."""

    codec: str
    language: str | None
    title: str | None
    channels: int | None


class Media(msgspec.Struct):
    """The file of an item. `kind` is its MIME type, `ref_count` the number of items that share it."""

    sha256: str
    size: int
    kind: str
    width: int | None
    height: int | None
    video_codec: str | None
    audio_codec: str | None
    ref_count: int
    cut_at_origin: bool


class Chapter(msgspec.Struct):
    """A chapter, from `start` (seconds) to the next one."""

    start: float
    title: str


class ListPlace(msgspec.Struct):
    """A place in a list of a site, counted from 1."""

    id: int
    position: int


class Channel(msgspec.Struct):
    """A channel of a site. `id` is the site's; its name if the site has no ids.

    `site`: the one of the channel's link. An item of the channel may come from another one.
    """

    id: str
    name: str
    url: str | None
    site: str | None


class BroughtBy(msgspec.Struct):
    """The subscription that an item came by."""

    id: int
    title: str


class Item(msgspec.Struct):
    """An item of a user's library. `folder` is its path, "" at the top; times in seconds.

    `source`: the id of its link; `never`: that link is blocked; `keep`: retention leaves it alone;
    `playable`: browsers play it without conversion; `damaged`: its stored file is corrupt, so fetch it again.
    `published_at`, `channel`, `description`, `tags`: as its site says.
    """

    id: int
    title: str
    folder: str
    duration: float | None
    position: float | None
    watched: bool
    in_list: ListPlace | None = msgspec.field(name="list")
    source: int | None
    never: bool
    keep: bool
    playable: bool
    damaged: bool
    source_url: str | None
    site: str | None
    uploader: str | None
    published_at: datetime | None
    channel: Channel | None
    created_at: datetime
    trashed_at: datetime | None
    poster: bool
    subtitles: list[str]
    media: Media
    # Only if a single item is requested:
    chapters: list[Chapter] = []
    description: str | None = None
    tags: list[str] = []
    categories: list[str] = []
    year: int | None = None  # of release
    views: int | None = None  # when its site was last asked
    audio_languages: list[str] = []  # that the site offers
    audio_tracks: list[AudioTrack] = []  # of the file, the default one first; none: a file of an earlier version
    subscription: BroughtBy | None = None


class Items(msgspec.Struct):
    items: list[Item]
    next: str | None


class Site(msgspec.Struct):
    """A site and the number of its items."""

    site: str
    items: int


class Sites(msgspec.Struct):
    sites: list[Site]


class Trash(msgspec.Struct):
    """`frees`: bytes that purging the whole trash would free."""

    items: list[Item]
    next: str | None
    frees: int


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """A new title, a new folder (a path, created if missing), `keep`: whether retention leaves it alone."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    folder: str | None = None
    keep: bool | None = None


class Copy(msgspec.Struct, forbid_unknown_fields=True):
    """Another reference to the file of an item, in another folder."""

    item: Number
    folder: str


class Position(msgspec.Struct, forbid_unknown_fields=True):
    """Watched position in seconds."""

    position: Annotated[float, msgspec.Meta(ge=0, le=watching.END)]


class Watched(msgspec.Struct, forbid_unknown_fields=True):
    watched: bool


class Trashed(msgspec.Struct):
    """`holders`: other items that keep the file; `frees`: bytes that purging this item would free."""

    trashed: bool
    holders: int
    frees: int


class Deletion(msgspec.Struct):
    """The effect of purging `items` items: `holders` other items keep their files, `frees` bytes are freed.

    `trash`: they would move to the trash first.
    """

    items: int
    holders: int
    frees: int
    trash: bool


class Several(msgspec.Struct, forbid_unknown_fields=True):
    """1 to 1000 items. Either all of them are changed, or none."""

    items: list[Number]


class SeveralTo(msgspec.Struct, forbid_unknown_fields=True):
    """1 to 1000 items and a folder (a path, created if missing)."""

    items: list[Number]
    folder: str


class SeveralWatched(msgspec.Struct, forbid_unknown_fields=True):
    """1 to 1000 items, and whether they are watched to the end."""

    items: list[Number]
    watched: bool


class Changed(msgspec.Struct):
    """The number of changed items. Items that needed no change do not count."""

    count: int


class SeveralTrashed(msgspec.Struct):
    """The number of trashed items, and the effect of purging them, as in `Deletion`."""

    count: int
    items: int
    holders: int
    frees: int
    trash: bool


class Purge(msgspec.Struct, forbid_unknown_fields=True):
    """The items of the trash to purge; all if none is named."""

    items: list[Number] | None = None


class Purged(msgspec.Struct):
    purged: int


async def page(
    *,
    request: Asked,
    folder: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    sort: FromQuery[Sort] = "-created",
    deep: FromQuery[bool] = False,
    kind: FromQuery[Kind | None] = None,
    site: FromQuery[str | None] = None,
    channel: FromQuery[str | None] = None,
    tag: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    unwatched: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Items:
    """List a page of the library. No `folder`: everything; "": only the top; `deep` includes subfolders.

    `channel`: its id or its name; `since`, `until`: a day of publication such as 2026-01-31, or an age such as 30d.
    """
    found = await queries.page(
        request.user.id,
        folder=folder,
        deep=deep,
        q=q or "",
        kind=kind,
        site=site,
        channel=channel,
        tag=tag,
        since=since,
        until=until,
        unwatched=unwatched,
        sort=sort,
        cursor=cursor,
        limit=within(limit),
    )
    return fit(Items, found)


async def sites(request: Asked) -> Sites:
    """List the sites of the items, the most frequent first."""
    return fit(Sites, {"sites": await queries.sites(request.user.id)})


async def get(id: Id, request: Asked) -> Item:
    """Get one item."""
    owner = request.user.id
    found = await queries.get(id, owner)
    return fit(Item, found | {"subscription": await entries.subscription_of(id, owner)})


async def change(id: Id, data: JSONBody[Change], request: Asked) -> Item:
    """Rename an item, move it, or protect it from the retention of subscriptions."""
    if data.title is None and data.folder is None and data.keep is None:
        raise errors.Invalid("Enter a title, a folder, or whether to keep it.")
    return fit(Item, await bulk.change(id, request.user.id, data.title, data.folder, keep=data.keep))


async def deletion(id: Id, request: Asked) -> Deletion:
    """Describe the effect of purging an item. Nothing is changed."""
    return fit(Deletion, await trash_bin.deletion(request.user.id, [id]))


async def move_several(data: JSONBody[SeveralTo], request: Asked) -> Changed:
    """Move items to one folder."""
    return Changed(await bulk.move(request.user.id, data.items, data.folder))


async def copy_several(data: JSONBody[SeveralTo], request: Asked) -> Changed:
    """Copy items to another folder as references to the same files."""
    return Changed(await bulk.copy(request.user.id, data.items, data.folder))


async def trash_several(data: JSONBody[Several], request: Asked) -> SeveralTrashed:
    """Move items to the trash. The answer describes the effect of purging them."""
    return fit(SeveralTrashed, await bulk.trash(request.user.id, data.items))


async def restore_several(data: JSONBody[Several], request: Asked) -> Changed:
    """Restore items from the trash."""
    return Changed(await bulk.restore(request.user.id, data.items))


async def refetch(id: Id, request: Asked) -> downloads.Download:
    """Fetch the file again from its source, to repair a damaged file or to get a newer version."""
    return fit(downloads.Download, await reprocess.submit(id, request.user.id, "refetch"))


async def refresh_metadata(id: Id, request: Asked) -> Item:
    """Ask the site again what it says of an item, without a download."""
    return fit(Item, await refresh.refresh_item(id, request.user.id))


async def convert(id: Id, request: Asked, *, accept_loss: FromQuery[bool] = False) -> downloads.Download:
    """Convert the file so that every browser plays it. An error names first what the conversion would lose."""
    row = await reprocess.submit(id, request.user.id, "convert", accept_loss=accept_loss)
    return fit(downloads.Download, row)


async def trash(id: Id, request: Asked) -> Trashed:
    """Move an item to the trash. The answer describes the effect of purging it."""
    return fit(Trashed, await trash_bin.trash(id, request.user.id))


async def restore(id: Id, request: Asked) -> Item:
    """Restore an item from the trash."""
    return fit(Item, await trash_bin.restore(id, request.user.id))


async def watched(id: Id, data: JSONBody[Position], request: Asked) -> None:
    """Store the watched position."""
    await watching.report(id, request.user.id, data.position)


async def mark_watched(id: Id, data: JSONBody[Watched], request: Asked) -> None:
    """Mark it as watched to the end, or as not begun."""
    await bulk.mark_watched(request.user.id, [id], seen=data.watched)


async def mark_several_watched(data: JSONBody[SeveralWatched], request: Asked) -> Changed:
    """Mark items as watched to the end, or as not begun."""
    return Changed(await bulk.mark_watched(request.user.id, data.items, seen=data.watched))


async def copy(data: JSONBody[Copy], request: Asked) -> Item:
    """Copy an item to another folder as a reference to the same file."""
    owner = request.user.id
    await queries.get(data.item, owner)
    made = await items.copy(data.item, owner, await folders.ensure(owner, data.folder))
    return fit(Item, await queries.get(made, owner))


async def trashed(request: Asked, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50) -> Trash:
    """List the trash, newest first."""
    return fit(Trash, await queries.trashed(request.user.id, cursor=cursor, limit=within(limit)))


async def purging(request: Asked, named: Annotated[str | None, QueryParameter(name="items")] = None) -> Deletion:
    """Describe the effect of purging the trash, or some of its items (ids with commas). Nothing is changed."""
    parts = named.split(",") if named else None
    if parts and not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise errors.Invalid("List the item numbers separated by commas.")
    return fit(Deletion, await trash_bin.deletion(request.user.id, [int(part) for part in parts] if parts else None))


async def purge(request: Asked, data: JSONBody[Purge | None] = None) -> Purged:
    """Purge the trash, or some of its items."""
    return Purged(await trash_bin.purge(request.user.id, data.items if data else None))
