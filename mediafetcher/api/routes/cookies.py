"""/api/cookies: the sites with stored cookies, and the state of each. Cookie values are never returned."""

import ipaddress
from datetime import datetime

import msgspec
from litestar.params import FromPath, JSONBody

from mediafetcher.accounts.vault import cookie_formats, cookie_jars
from mediafetcher.api.responses import Asked, address, fit
from mediafetcher.core import errors
from mediafetcher.downloads import cookie_waiting
from mediafetcher.sandbox import parsing


class Jar(msgspec.Struct):
    """The stored cookies of a site, without values: their number, their age and the result of their last use."""

    site: str
    cookies: int
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None
    failed_at: datetime | None
    failure: str | None


class Jars(msgspec.Struct):
    cookies: list[Jar]


class NewCookies(msgspec.Struct, forbid_unknown_fields=True):
    """A `cookies.txt` in Netscape's format, or cookies as JSON."""

    text: str

    def __repr__(self) -> str:
        return "<cookies>"


class Kept(msgspec.Struct):
    """Numbers of stored cookies, of cookies dropped (other sites or expired), and of downloads that resume."""

    site: str
    kept: int
    left_out: int
    resumed: int


async def sites(request: Asked) -> Jars:
    """List the sites with stored cookies."""
    return fit(Jars, {"cookies": await cookie_jars.page(request.user.id)})


async def put(site: FromPath[str], data: JSONBody[NewCookies], request: Asked) -> Kept:
    """Store a site's cookies. Downloads that waited for them resume."""
    where = address(request)
    require_encrypted(request)
    cookies = await parsing.call(cookie_formats.parse, data.text, secret=True)
    return fit(Kept, await cookie_waiting.save_and_resume(request.user.id, site, cookies, where))


def require_encrypted(request: Asked) -> None:
    """Raises: `PlainHttp` if a secret of this request came over the network without encryption."""
    if not request.scope["state"].get("https") and not _is_this_machine(address(request)):
        raise errors.PlainHttp()


def _is_this_machine(where: str) -> bool:
    try:
        return ipaddress.ip_address(where).is_loopback
    except ValueError:
        return False


async def remove(site: FromPath[str], request: Asked) -> None:
    """Delete a site's cookies."""
    await cookie_jars.remove(request.user.id, site, address(request))
