"""/api/site-rules and /api/sites/{site}: rules of a user for a site, and its password, which is never returned."""

import msgspec
from litestar.params import FromPath, JSONBody

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.api.routes.cookies import require_encrypted
from mediafetcher.core.daily_hours import DailyHours
from mediafetcher.downloads import site_rules

_UNSET = msgspec.UNSET


class SiteRule(msgspec.Struct):
    """The rule of a site, which also holds for the hosts below it. `password`: a name and password are kept for it."""

    site: str
    password: bool
    preset: str | None
    proxy: str | None
    pause_seconds: int | None
    hours: DailyHours | None
    cookies_required: bool


class SiteRules(msgspec.Struct):
    rules: list[SiteRule]


class SiteAccount(msgspec.Struct, forbid_unknown_fields=True):
    """A name and password of a site."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "<account of a site>"


class SiteRuleChange(msgspec.Struct, forbid_unknown_fields=True):
    """The parts of a rule to change; null removes one. `account`: the name and password of the site."""

    preset: str | msgspec.UnsetType | None = _UNSET
    proxy: str | msgspec.UnsetType | None = _UNSET
    pause_seconds: int | msgspec.UnsetType | None = _UNSET
    hours: DailyHours | msgspec.UnsetType | None = _UNSET
    cookies_required: bool | msgspec.UnsetType = _UNSET
    account: SiteAccount | msgspec.UnsetType | None = _UNSET


async def page(request: Asked) -> SiteRules:
    """List the sites with a rule, or with a name and password."""
    return fit(SiteRules, {"rules": await site_rules.page(request.user.id)})


async def get(site: FromPath[str], request: Asked) -> SiteRule:
    """Get the rule of a site; one without wishes if there is none."""
    return fit(SiteRule, await site_rules.get(request.user.id, site))


async def change(site: FromPath[str], request: Asked, data: JSONBody[SiteRuleChange]) -> SiteRule:
    """Change the rule of a site, or its name and password. It counts from the next request to the site on."""
    owner, where = request.user.id, address(request)
    if isinstance(data.account, SiteAccount):
        require_encrypted(request)
        await cookie_jars.put_password(owner, site, data.account.user, data.account.password, where)
    elif data.account is None:
        await cookie_jars.remove_password(owner, site, where)
    given = {name: getattr(data, name) for name in site_rules.Rule.__struct_fields__}
    wanted = {name: value for name, value in given.items() if value is not _UNSET}
    if wanted:
        await site_rules.change(owner, site, wanted)
    return fit(SiteRule, await site_rules.get(owner, site))


async def remove(site: FromPath[str], request: Asked) -> None:
    """Remove the rule of a site with its name and password. Its cookies stay."""
    name = cookie_formats.site_name(site)
    if name in await cookie_jars.sites_with_password(request.user.id):
        await cookie_jars.remove_password(request.user.id, name, address(request))
        await site_rules.discard(request.user.id, name)
    else:
        await site_rules.remove(request.user.id, name)
