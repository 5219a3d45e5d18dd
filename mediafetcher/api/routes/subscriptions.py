"""/api/subscriptions: channels and lists that are followed, and every entry that was seen of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar.params import FromQuery, JSONBody, QueryParameter

from mediafetcher.api.responses import Asked, Id, chosen, fit
from mediafetcher.api.routes.downloads import Reason, earlier, within
from mediafetcher.api.routes.downloads import State as DownloadState
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.fetch.options import Options
from mediafetcher.subscriptions import entries, requested, retention, subscriptions, transfer
from mediafetcher.subscriptions.filters import Filter
from mediafetcher.subscriptions.retention import Retention
from mediafetcher.subscriptions.schedule import Schedule
from mediafetcher.subscriptions.subscriptions import Action, Existing, State

Decision = Literal["queued", "done", "skipped", "blocked", "ignored"]


class Counts(msgspec.Struct):
    """How many entries have each decision."""

    queued: int
    done: int
    skipped: int
    blocked: int
    ignored: int


class Subscription(msgspec.Struct):
    """A subscription. `failures`: checks in a row that failed, for the reason in `error`.

    `state`: needs_action waits for cookies. `action`: what the user can do about `error`: send cookies, change the link
    because the source vanished or moved, or wait. `interval_seconds`: between two checks, adapted to how often the
    source publishes. `last_new`: entries that the last check accepted. `moved_to`: the link that the site has moved the
    source to for good; it is followed once `url` is changed to it.
    """

    id: int
    url: str
    site: str
    title: str
    folder: str
    options: dict[str, Any]
    filter: Filter
    backfill: Existing
    retention: Retention
    schedule: Schedule
    preset: str | None
    state: State
    checking: bool
    created_at: datetime
    checked_at: datetime | None
    succeeded_at: datetime | None
    next_check_at: datetime
    interval_seconds: float
    last_new: int
    failures: int
    failing_since: datetime | None
    error: Reason | None
    action: Action | None
    moved_to: str | None
    counts: Counts


class Subscriptions(msgspec.Struct):
    subscriptions: list[Subscription]


class NewSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """A link to follow. `backfill`: which of the existing entries are wanted.

    `options`: of each download; they win over those of `preset`.
    """

    url: str
    title: str | None = None
    folder: str | None = None
    options: Options | None = None
    filter: Filter | None = None
    backfill: Existing = "new"
    retention: Retention | None = None
    schedule: Schedule | None = None
    preset: str | None = None


class ChangedSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a subscription. A new filter decides again on entries that the old one skipped, and on no others.

    `preset`: "" means none. `url`: where the source moved to; what was seen of it stays known.
    """

    url: str | None = None
    title: str | None = None
    folder: str | None = None
    options: Options | None = None
    filter: Filter | None = None
    retention: Retention | None = None
    schedule: Schedule | None = None
    preset: str | None = None
    paused: bool | None = None


class Entry(msgspec.Struct):
    """An entry with the decision on it and its reason. `state`: of its download; `duration` in seconds.

    `removed_at`: when retention put its item into the trash; `trashed`: it is there now; `poster`: it has a picture.
    """

    id: int
    source_url: str
    title: str | None
    published_at: datetime | None
    duration: float | None
    first_seen_at: datetime
    decision: Decision
    reason: str
    decided_at: datetime
    download: int | None
    state: DownloadState | None
    item: int | None
    removed_at: datetime | None
    poster: bool
    trashed: bool


class Entries(msgspec.Struct):
    """Entries, newest first. `next` is the cursor of the next page."""

    entries: list[Entry]
    next: str | None


class PreviewedEntry(msgspec.Struct):
    """The decision on an entry if its list were followed. `item`: the entry of the library that it is already."""

    source_url: str
    title: str | None
    published_at: datetime | None
    duration: float | None
    decision: Decision
    reason: str
    item: int | None


class DryRun(msgspec.Struct):
    """A dry run of following a link: `wanted` of `listed` entries are fetched, each with its reason.

    `bytes`: about how much that is; `quota_share`: its part of the quota, 1 is all of it. Null if it is not known.
    """

    title: str
    site: str
    listed: int
    wanted: int
    bytes: int | None
    quota_share: float | None
    entries: list[PreviewedEntry]


class RetentionRules(msgspec.Struct, forbid_unknown_fields=True):
    """Rules to try. None: those of the subscription."""

    retention: Retention | None = None


class Removal(msgspec.Struct):
    """An item that retention would put into the trash. `rule`: the one that says so; `size` in bytes."""

    id: int
    title: str
    created_at: datetime
    published_at: datetime
    size: int
    rule: Literal["keep_last", "keep_days", "watched_days"]


class RetentionPreview(msgspec.Struct):
    """Items that would go to the trash now: how many, their bytes, and the bytes that are freed once they are purged.

    `items` has the first 1,000 of them.
    """

    count: int
    bytes: int
    frees: int
    items: list[Removal]


async def page(request: Asked) -> Subscriptions:
    """List the caller's subscriptions by title."""
    return fit(Subscriptions, {"subscriptions": await subscriptions.page(request.user.id)})


async def follow(request: Asked, data: JSONBody[NewSubscription]) -> Subscription:
    """Follow a channel or a list. It is checked soon."""
    given = msgspec.structs.asdict(data) | {"options": await chosen(request, data.options)}
    return fit(Subscription, await subscriptions.follow(request.user.id, given.pop("url"), **given))


async def preview(request: Asked, data: JSONBody[NewSubscription]) -> DryRun:
    """Show what following a link would do, without following it."""
    shown = await subscriptions.preview(
        request.user.id,
        data.url,
        options=await chosen(request, data.options),
        filter=data.filter,
        backfill=data.backfill,
        preset=data.preset,
    )
    return fit(DryRun, shown)


async def get(id: Id, request: Asked) -> Subscription:
    """Get one subscription."""
    return fit(Subscription, await subscriptions.get(id, request.user.id))


async def change(id: Id, request: Asked, data: JSONBody[ChangedSubscription]) -> Subscription:
    """Change a subscription, pause or resume it."""
    given = msgspec.structs.asdict(data) | {"options": await chosen(request, data.options)}
    return fit(Subscription, await subscriptions.change(id, request.user.id, **given))


async def unfollow(id: Id, request: Asked) -> None:
    """End a subscription. Its items and downloads stay."""
    await subscriptions.unfollow(id, request.user.id)


async def check(id: Id, request: Asked) -> Subscription:
    """Check a subscription now; one that waits for cookies too."""
    return fit(Subscription, await subscriptions.request_check(id, request.user.id))


class RequestedChecks(msgspec.Struct):
    """How many subscriptions are checked now, two at a time."""

    count: int


async def check_all(request: Asked) -> RequestedChecks:
    """Check all active subscriptions now. Subscriptions that are paused or wait for cookies are left alone."""
    return RequestedChecks(await subscriptions.request_all_checks(request.user.id))


async def preview_retention(id: Id, request: Asked, data: JSONBody[RetentionRules | None] = None) -> RetentionPreview:
    """Show which items retention would put into the trash now. Nothing is changed."""
    rules = data.retention if data else None
    return fit(RetentionPreview, await retention.preview(id, request.user.id, rules))


class SubscriptionList(msgspec.Struct, forbid_unknown_fields=True):
    """A list of another program: OPML, Takeout (CSV), NewPipe (JSON) or FreeTube (JSON lines).

    The other fields are those of each subscription. `folder` is above the folders that the list has.
    """

    content: str
    folder: str = ""
    options: Options | None = None
    filter: Filter | None = None
    backfill: Existing = "new"
    retention: Retention | None = None
    schedule: Schedule | None = None
    preset: str | None = None
    dry_run: bool = False


class AddedLink(msgspec.Struct):
    url: str
    title: str


class FailedLink(msgspec.Struct):
    url: str
    error: Reason


class ImportedList(msgspec.Struct):
    """`added`: links that are followed now, or would be; `known`: those that were followed already."""

    added: list[AddedLink]
    known: list[str]
    failed: list[FailedLink]


class ExportedList(msgspec.Struct):
    """Subscriptions as OPML."""

    content: str


async def load(request: Asked, data: JSONBody[SubscriptionList]) -> ImportedList:
    """Follow every link of a list. A link that cannot be followed stops no other."""
    given = {name: getattr(data, name) for name in data.__struct_fields__ if name != "content"}
    given["options"] = await chosen(request, data.options)
    return fit(ImportedList, await transfer.load(request.user.id, data.content, **given))


async def dump(request: Asked) -> ExportedList:
    """Export the caller's subscriptions as OPML."""
    return ExportedList(await transfer.dump(request.user.id))


async def download(id: Id, entry: Id, request: Asked) -> Entry:
    """Download an entry that was skipped, or whose item no longer exists. It stays an entry of the subscription."""
    return fit(Entry, await requested.download(id, entry, request.user.id))


async def ledger(
    id: Id,
    request: Asked,
    decision: Annotated[str | None, QueryParameter(name="decision")] = None,
    q: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Entries:
    """List every entry that was ever seen, newest first.

    `decision` may name several, separated by commas; `q` is text in the title.
    """
    named = decision.split(",") if decision else None
    for name in named or ():
        if name not in entries.DECISIONS:
            raise errors.Invalid(f"Unknown decision {name[:30]!r}. Use one of: {', '.join(entries.DECISIONS)}.")
    await subscriptions.get(id, request.user.id)
    rows, following = await entries.page(
        id, request.user.id, decisions=named, q=engine.storable(q or ""), cursor=earlier(cursor), limit=within(limit)
    )
    return fit(Entries, {"entries": rows, "next": str(following) if following is not None else None})
