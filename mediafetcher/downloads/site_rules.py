"""Rules of a user for a site: preset, proxy, pause between downloads, hours of the day, whether cookies are required.

A rule also holds for the hosts below its site; the rule of the nearest one counts. The preset is applied when a link is
added, everything else when the site is asked.
"""

import json
import random
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from piccolo.querystring import QueryString

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.core import clock, daily_hours, errors
from mediafetcher.core.daily_hours import DailyHours
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, after, among, is_true
from mediafetcher.db.tables import Download, SiteRule
from mediafetcher.downloads import presets
from mediafetcher.downloads.presets import Chosen
from mediafetcher.fetch.options import Options

MAX_RULES = 200  # of one user
_COLUMNS = (
    SiteRule.id,
    SiteRule.site,
    SiteRule.preset.name.as_alias("preset"),
    SiteRule.preset.options.as_alias("options"),
    SiteRule.proxy,
    SiteRule.pause_seconds,
    SiteRule.hours,
    SiteRule.cookies_required,
    SiteRule.next_start_at,
)


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """The rule for a site. `pause_seconds`: between the beginnings of two downloads, on average."""

    preset: str | None = None
    proxy: str | None = None
    pause_seconds: int | None = None
    hours: DailyHours | None = None
    cookies_required: bool = False

    def __post_init__(self) -> None:
        if self.pause_seconds is not None and not 1 <= self.pause_seconds <= 86_400:
            raise ValueError("pause_seconds must be from 1 to 86400")
        if self.proxy is not None:
            Options(proxy=self.proxy)  # raises for what is no proxy
        if self.hours is not None:
            try:
                daily_hours.require_valid(self.hours)
            except errors.Invalid as problem:
                raise ValueError(f"hours: {problem.detail}") from None


class Applied(NamedTuple):
    """The options of a link with the preset of its site's rule. `ignored`: why that preset does not count."""

    options: Chosen
    ignored: str | None = None


class _Stored(NamedTuple):
    id: int
    site: str
    rule: Rule
    options: dict[str, Any]  # of the preset
    next_start_at: datetime


async def page(owner: int) -> list[dict[str, Any]]:
    """Return the rules of a user by site, with `password`: whether a name and password are kept for it."""
    rows = await SiteRule.select(*_COLUMNS).where(SiteRule.owner == owner).order_by(SiteRule.site)
    kept = await cookie_jars.sites_with_password(owner)
    rules = {row["site"]: _stored(row).rule for row in rows}
    return [_shown(site, rules.get(site, Rule()), kept) for site in sorted({*rules, *kept})]


async def get(owner: int, site: str) -> dict[str, Any]:
    """Return the rule of a site; one without wishes if there is none. Raises: `Invalid`."""
    site = cookie_formats.site_name(site)
    row = await SiteRule.select(*_COLUMNS).where(SiteRule.owner == owner, SiteRule.site == site).first()
    return _shown(site, _stored(row).rule if row else Rule(), await cookie_jars.sites_with_password(owner))


def _shown(site: str, rule: Rule, kept: set[str]) -> dict[str, Any]:
    return {"site": site, "password": site in kept} | msgspec.structs.asdict(rule)


async def save(owner: int, site: str, rule: Rule) -> dict[str, Any]:
    """Make or replace the rule of a site. Returns: it. Raises: `Invalid`, and `NotFound` for an unknown preset."""
    site = cookie_formats.site_name(site)
    preset = (await presets.get(rule.preset, owner))["id"] if rule.preset else None
    table = SiteRule
    hours = json.dumps(msgspec.to_builtins(rule.hours)) if rule.hours else None
    values: dict[Any, Any] = {
        table.preset: preset,
        table.proxy: rule.proxy,
        table.pause_seconds: rule.pause_seconds,
        table.hours: hours,
        table.cookies_required: rule.cookies_required,
        table.updated_at: NOW,
    }
    async with engine.transaction():
        added = table.insert(table(owner=owner, site=site))
        await added.on_conflict((table.owner, table.site), "DO NOTHING")
        await table.update(values | {table.next_start_at: NOW}).where(table.owner == owner, table.site == site)
        if await table.count().where(table.owner == owner) > MAX_RULES:
            raise errors.Invalid(f"You have rules for {MAX_RULES} sites. Remove one first.")
    return await get(owner, site)


async def change(owner: int, site: str, values: dict[str, Any]) -> dict[str, Any]:
    """Change some wishes of a rule, which is made if it is missing. Returns: it. Raises: as `save`."""
    now = await get(owner, site)
    kept = {name: now[name] for name in Rule.__struct_fields__} | values
    try:
        rule = Rule(**kept)
    except ValueError as error:
        raise errors.Invalid(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    return await save(owner, site, rule)


async def discard(owner: int, site: str) -> None:
    """Remove the rule of a site, if there is one."""
    await SiteRule.delete().where(SiteRule.owner == owner, SiteRule.site == cookie_formats.site_name(site))


async def remove(owner: int, site: str) -> None:
    """Remove the rule of a site. Raises: `Invalid`, `NotFound`."""
    site = cookie_formats.site_name(site)
    gone = await SiteRule.delete().where(SiteRule.owner == owner, SiteRule.site == site).returning(SiteRule.id)
    if not gone:
        raise errors.NotFound("There is no rule for this site.")


async def _for_url(owner: int, url: str) -> _Stored | None:
    """Return the rule that holds for a link: of its host, or of the nearest host above it."""
    names = cookie_jars.names_of(urlsplit(url).hostname or "")
    rows = SiteRule.select(*_COLUMNS).where(SiteRule.owner == owner, among(SiteRule.site, names))
    row = await rows.order_by(QueryString("length(site_rule.site)"), ascending=False).first()
    return _stored(row) if row else None


def _stored(row: dict[str, Any]) -> _Stored:
    hours, options = (
        json.loads(value) if isinstance(value, str) else value for value in (row["hours"], row["options"])
    )
    rule = Rule(
        row["preset"],
        row["proxy"],
        row["pause_seconds"],
        msgspec.convert(hours, DailyHours) if hours else None,
        row["cookies_required"],
    )
    return _Stored(row["id"], row["site"], rule, options or {}, row["next_start_at"])


async def with_preset(owner: int, url: str, own: Chosen) -> Applied:
    """Return the options of a link with those of its site's preset below them.

    A preset that contradicts them does not count: the link was wished for as it is.
    """
    found = await _for_url(owner, url)
    if found is None or not found.options:
        return Applied(own)
    try:
        return Applied(presets.merged(found.options, presets.stated(own)))
    except errors.Invalid as problem:
        return Applied(
            own, f"The preset {found.rule.preset!r} of your rule for {found.site} is not used: {problem.detail}"
        )


async def for_request(owner: int, url: str, options: Options, *, signed_in: bool) -> Options:
    """Return the options with the proxy of the site's rule, before the site is asked.

    Raises: `LoginRequired` if the rule requires cookies and there are none.
    """
    found = await _for_url(owner, url)
    if found is None:
        return options
    if found.rule.cookies_required and not signed_in:
        raise errors.LoginRequired(
            "Your rule for this site requires cookies, and there are none. Send them, then retry."
        )
    if found.rule.proxy is None or options.proxy is not None:
        return options
    return msgspec.structs.replace(options, proxy=found.rule.proxy, impersonate=False)


async def owners_with_own_way(url: str) -> list[int]:
    """Return the users whose rule for the site of a link has a proxy, or requires cookies.

    Their lists of the site may differ from those of other users.
    """
    table = SiteRule
    names = cookie_jars.names_of(urlsplit(url).hostname or "")
    own = table.proxy.is_not_null() | is_true(table.cookies_required)
    rows = await table.select(table.owner).where(among(table.site, names), own)
    return [row["owner"] for row in rows]


async def take_turn(owner: int, url: str, site: str) -> None:
    """Begin a download by the rule of its site. The others of the site wait for their pause.

    Raises: `OutsideHours`, `SitePace`.
    """
    found = await _for_url(owner, url)
    if found is None:
        return
    now = clock.now()
    if found.rule.hours is not None and not daily_hours.contain(found.rule.hours, now):
        begins = daily_hours.next_start(found.rule.hours, now)
        raise errors.OutsideHours(retry_after=max(1.0, (begins - now).total_seconds()))
    if found.rule.pause_seconds is not None:
        await _take_pace(owner, site, found.id, found.rule.pause_seconds)


async def _take_pace(owner: int, site: str, id: int, pause_seconds: int) -> None:
    pause = pause_seconds * random.uniform(0.5, 1.5)  # noqa: S311
    table, wait = SiteRule, QueryString("extract(epoch from next_start_at - now())::float8").as_alias("wait")
    async with engine.transaction():
        free = table.update({table.next_start_at: after(pause)}).where(table.id == id, table.next_start_at <= NOW)
        if await free.returning(table.id):
            # The others do not have to be claimed to learn that they wait.
            others = (Download.owner == owner) & (Download.site == site) & (Download.state == "queued")
            waits: dict[Any, Any] = {
                Download.run_after: after(pause),
                Download.error_code: errors.SitePace.code,
                Download.error_message: errors.SitePace.default_detail,
            }
            await Download.update(waits).where(others, Download.run_after < after(pause))
            return
    row = await table.select(wait).where(table.id == id).first()
    raise errors.SitePace(retry_after=max(1.0, row["wait"] if row else 1.0))
