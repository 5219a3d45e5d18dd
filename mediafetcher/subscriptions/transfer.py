"""Subscriptions in bulk: from the lists of other programs, and as OPML."""

from typing import Any

from piccolo.querystring import QueryString

from mediafetcher.core import errors
from mediafetcher.db.expressions import among
from mediafetcher.db.tables import Subscription
from mediafetcher.downloads.presets import Chosen
from mediafetcher.fetch.options import Options
from mediafetcher.net import urls
from mediafetcher.sandbox import parsing
from mediafetcher.subscriptions import entries, list_formats, subscriptions
from mediafetcher.subscriptions.filters import Filter
from mediafetcher.subscriptions.retention import Retention
from mediafetcher.subscriptions.schedule import Schedule
from mediafetcher.subscriptions.subscriptions import Existing

MAX_BYTES = 4 << 20
_PARSE_SECONDS = 20.0

_SECONDS_OF_ONE = 3.0  # between the first checks of two subscriptions, on average
_MAX_SPREAD = 86_400.0


async def load(
    owner: int,
    text: str,
    *,
    folder: str = "",
    options: Options | Chosen | None = None,
    filter: Filter | None = None,
    backfill: Existing = "new",
    retention: Retention | None = None,
    schedule: Schedule | None = None,
    preset: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Follow every link of a list. A link that cannot be followed stops no other. Their first checks are spread.

    `folder`: above the folders that the list has. Returns: `added`, `known`: links that are followed already, and
    `failed`, each with a reason. Raises: `UnknownList`, `TooLargeBody`, `Invalid`, `InvalidPattern`, `NotFound`.
    """
    if len(text.encode()) > MAX_BYTES:
        raise errors.TooLargeBody()
    found = await parsing.call(list_formats.parse, text, deadline=_PARSE_SECONDS)
    given: dict[str, Any] = {
        "options": options,
        "filter": filter,
        "backfill": backfill,
        "retention": retention,
        "schedule": schedule,
    }
    added: list[dict[str, Any]] = []
    ids: list[int] = []
    known: list[str] = []
    failed: list[dict[str, Any]] = []
    followed = await subscriptions.links(owner)
    for one in found:
        try:
            if entries.key_of(urls.parse(one.url)) in followed:
                raise errors.AlreadyFollowed()
            if not dry_run:
                place = "/".join(part for part in (folder.strip("/"), one.folder) if part)
                row = await subscriptions.follow(
                    owner, one.url, title=one.title or None, folder=place, preset=preset, **given
                )
                ids.append(row["id"])
            added.append({"url": one.url, "title": one.title or one.url})
        except errors.AlreadyFollowed:
            known.append(one.url)
        except (errors.InvalidUrl, errors.UnsupportedScheme, errors.TooManySubscriptions) as problem:
            failed.append({"url": one.url, "error": {"code": problem.code, "message": problem.detail}})
    await _spread_checks(ids)
    return {"added": added, "known": known, "failed": failed}


async def _spread_checks(ids: list[int]) -> None:
    """Let subscriptions be checked at random times from now on."""
    seconds = min(_MAX_SPREAD, _SECONDS_OF_ONE * len(ids))
    soon = QueryString("now() + make_interval(secs => random() * {})", seconds)
    await Subscription.update({Subscription.next_check_at: soon}).where(among(Subscription.id, ids))


async def dump(owner: int) -> str:
    """Return a user's subscriptions as OPML."""
    rows = await subscriptions.page(owner)
    return list_formats.opml([list_formats.Found(row["url"], row["title"], row["folder"]) for row in rows])
