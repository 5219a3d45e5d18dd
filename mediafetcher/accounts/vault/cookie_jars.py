"""Encrypted cookie jars, one for each user and site. They are given only to fetches of that site, and never shown.

A site is what a user signs in to (`example.org`); its jar also serves the hosts below it.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from piccolo.querystring import QueryString

from mediafetcher.accounts import audit
from mediafetcher.accounts.vault import cookie_formats, encryption
from mediafetcher.accounts.vault.cookie_formats import Cookie
from mediafetcher.core import errors, logging
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, among, is_true
from mediafetcher.db.tables import CookieJar, Device, PairingCode
from mediafetcher.net import urls
from mediafetcher.sandbox import parsing

# Short links redirect to a site with another name; the cookies of that site are needed.
_SHORT = {
    "youtu.be": "youtube.com", "youtube-nocookie.com": "youtube.com", "dai.ly": "dailymotion.com",
    "fb.watch": "facebook.com", "redd.it": "reddit.com", "instagr.am": "instagram.com", "b23.tv": "bilibili.com",
}  # fmt: skip

_SEALED = (CookieJar.id, CookieJar.owner, CookieJar.site, CookieJar.ciphertext)
_MAX_ACCOUNT = 2000  # characters of a name and password
_MAX_LOGINS = 20  # of one host: it may have several ports

_log = logging.get("cookies")


class _Contents(msgspec.Struct, omit_defaults=True):
    """The plain text of a jar. Earlier versions wrote the list of cookies alone."""

    cookies: list[Cookie] = []
    logins: list[tuple[str, str, str]] = []  # (origin, user, password) of HTTP Basic authentication
    account: tuple[str, str] | None = None  # (user, password) of the site


class Jar(msgspec.Struct):
    """A borrowed jar. `text` is in Netscape format; `returned` are the cookies after the fetch, if known."""

    id: int
    owner: int
    site: str
    text: str
    updated_at: datetime
    returned: str | None = None

    def __repr__(self) -> str:
        return f"<jar of {self.site}>"


def serves(site: str, host: str) -> bool:
    """Return whether a jar of this site applies to that host."""
    return cookie_formats.belongs(_SHORT.get(host, host), site)


async def put(owner: int, site: str, cookies: list[Cookie], address: str | None = None) -> dict[str, Any]:
    """Replace the cookies of a site. Returns: {"site", "kept", "left_out"}.

    Cookies of other sites are left out. Raises: `Invalid`, `BadCookies`.
    """
    site = cookie_formats.site_name(site)
    kept = cookie_formats.of_site(cookies, site)
    if not kept:
        raise errors.BadCookies(f"No valid cookies for {site} found. They may be expired or belong to another site.")
    async with engine.transaction():
        id = await _ensure(owner, site)
        await _fill(id, owner, site, kept)
        await audit.record("cookies_kept", owner, address, site=site, count=len(kept))
    return {"site": site, "kept": len(kept), "left_out": len(cookies) - len(kept)}


async def put_login(owner: int, login: urls.Login) -> None:
    """Store a name and password for HTTP Basic authentication, in the jar of its host."""
    site = urlsplit(login.origin).hostname or ""
    async with engine.transaction():
        id = await _ensure(owner, site)
        old = await _contents(id, owner, site)
        logins = [one for one in old.logins if one[0] != login.origin]
        kept = (login.origin, login.user, login.password)
        if kept in old.logins:
            return
        old.logins = [*logins, kept][-_MAX_LOGINS:]
        await _write(id, owner, site, old)
        await audit.record("cookies_kept", owner, site=site, count=len(old.cookies))


async def put_password(owner: int, site: str, user: str, password: str, address: str | None = None) -> None:
    """Keep a name and password for a site, as a `.netrc` would. Raises: `Invalid`."""
    site = cookie_formats.site_name(site)
    if not user or not password or len(user) + len(password) > _MAX_ACCOUNT:
        raise errors.Invalid(f"Enter a name and a password, together at most {_MAX_ACCOUNT} characters.")
    async with engine.transaction():
        id = await _ensure(owner, site)
        contents = await _contents(id, owner, site)
        contents.account = (user, password)
        await _write(id, owner, site, contents)
        await audit.record("password_kept", owner, address, site=site)


async def remove_password(owner: int, site: str, address: str | None = None) -> None:
    """Forget the name and password of a site; its cookies stay. Raises: `Invalid`, `NotFound`."""
    site = cookie_formats.site_name(site)
    table = CookieJar
    async with engine.transaction():
        jar = table.select(table.id).where(table.owner == owner, table.site == site, is_true(table.has_password))
        row = await jar.first()
        if row is None:
            raise errors.NotFound("No password is stored for this site.")
        contents = await _contents(row["id"], owner, site)
        contents.account = None
        if contents.cookies or contents.logins:
            await _write(row["id"], owner, site, contents)
        else:
            await table.delete().where(table.id == row["id"])
        await audit.record("password_forgotten", owner, address, site=site)


async def sites_with_password(owner: int) -> set[str]:
    """Return the sites for which a name and password are kept."""
    table = CookieJar
    rows = await table.select(table.site).where(table.owner == owner, is_true(table.has_password))
    return {row["site"] for row in rows}


async def _ensure(owner: int, site: str) -> int:
    """Return the id of a jar, created if missing, and lock its row. Its last failure no longer counts."""
    table = CookieJar
    jar = table.insert(table(owner=owner, site=site, ciphertext=b"", cookies=0))
    cleared = ((table.failed_at, None), (table.failure, None))
    rows = await jar.on_conflict((table.owner, table.site), "DO UPDATE", cleared).returning(table.id)
    return int(rows[0]["id"])


async def login_for(owner: int, url: str) -> urls.Login | None:
    """Return this user's name and password for the scheme, host and port of a link, else those of its site."""
    site = urlsplit(url).hostname or ""
    row = await CookieJar.select(CookieJar.id).where(CookieJar.owner == owner, CookieJar.site == site).first()
    found = await _contents(row["id"], owner, site) if row is not None else _Contents()
    basic = next((urls.Login(*one) for one in found.logins if one[0] == urls.origin(url)), None)
    return basic or await _account_for(owner, url)


async def _account_for(owner: int, url: str) -> urls.Login | None:
    """Return the name and password of the site of a link, or of the nearest site above it."""
    table, names = CookieJar, names_of(urlsplit(url).hostname or "")
    jars = table.select(table.id, table.site).where(
        table.owner == owner, among(table.site, names), is_true(table.has_password)
    )
    row = await jars.order_by(QueryString("length(site)"), ascending=False).first()
    account = (await _contents(row["id"], owner, row["site"])).account if row is not None else None
    return urls.Login(urls.origin(url), *account, for_site=True) if account else None


async def _contents(id: int, owner: int, site: str) -> _Contents:
    """Return the contents of a jar; nothing if it is new, or if our key does not open it."""
    row = await CookieJar.select(CookieJar.ciphertext).where(CookieJar.id == id).first()
    ciphertext = row["ciphertext"] if row is not None else None
    try:
        return _decoded(encryption.decrypt(ciphertext, "cookie_jar", owner, site, id)) if ciphertext else _Contents()
    except encryption.DecryptionError:
        _log.warning("a jar does not open with our key", site=site, user=owner)
        return _Contents()


def _decoded(plain: bytes) -> _Contents:
    if plain.startswith(b"["):
        return _Contents(msgspec.json.decode(plain, type=list[Cookie]))
    return msgspec.json.decode(plain, type=_Contents)


async def _fill(id: int, owner: int, site: str, cookies: list[Cookie]) -> None:
    """Replace the cookies of a jar; its logins stay."""
    old = await _contents(id, owner, site)
    await _write(id, owner, site, _Contents(cookies, old.logins, old.account))


async def _write(id: int, owner: int, site: str, contents: _Contents) -> None:
    plain = contents if contents.logins or contents.account else contents.cookies
    sealed = encryption.encrypt(msgspec.json.encode(plain), "cookie_jar", owner, site, id)
    table, clock = CookieJar, QueryString("clock_timestamp()")
    values: dict[Any, Any] = {table.ciphertext: sealed, table.cookies: len(contents.cookies), table.updated_at: clock}
    values[table.has_password] = contents.account is not None
    await table.update(values).where(table.id == id)


async def page(owner: int) -> list[dict[str, Any]]:
    """List the jars: site, cookies (number), created_at, updated_at, succeeded_at, failed_at, failure."""
    table = CookieJar
    times = (table.created_at, table.updated_at, table.succeeded_at, table.failed_at)
    jars = table.select(table.site, table.cookies, *times, table.failure)
    return await jars.where(table.owner == owner).order_by(table.site)


async def remove(owner: int, site: str, address: str | None = None) -> None:
    """Delete a site's cookies. Raises: `NotFound`."""
    async with engine.transaction():
        jar = (CookieJar.owner == owner) & (CookieJar.site == cookie_formats.site_name(site))
        if not await CookieJar.delete().where(jar).returning(CookieJar.id):
            raise errors.NotFound("No cookies are stored for this site.")
        await audit.record("cookies_removed", owner, address, site=cookie_formats.site_name(site))


async def can_decrypt() -> bool:
    """Return whether jars can be decrypted: the key file exists and has their key."""
    if not encryption.present():
        return False
    row = await CookieJar.select(*_SEALED).order_by(CookieJar.id, ascending=False).first()
    if row is None:
        return True
    try:
        encryption.decrypt(row["ciphertext"], "cookie_jar", row["owner"], row["site"], row["id"])
    except encryption.DecryptionError:
        return False
    return True


class Host(NamedTuple):
    """A host that a jar of this user applies to. `below`: and all hosts below it."""

    owner: int
    name: str
    below: bool

    def covers(self, owner: int, site: str) -> bool:
        """Return whether it applies to a download of this user and site (`urls.site`)."""
        return self.owner == owner and (serves(self.name, site) if self.below else self.name == site)


async def hosts() -> list[Host]:
    """Return the hosts of all jars. Cookies and passwords also apply to the hosts below theirs, a login to its own."""
    table, cookies = CookieJar, QueryString("(cookies > 0 or has_password)").as_alias("cookies")
    rows = await table.select(table.owner, table.site, cookies)
    named = [Host(row["owner"], urls.site(f"https://{row['site']}"), row["cookies"]) for row in rows]
    short = [
        Host(row["owner"], name, below=True) for row in rows if row["cookies"] for name in _short_names(row["site"])
    ]
    return named + short


def names_of(host: str) -> list[str]:
    """Return the sites that a host may belong to: itself, and every name above it; of a short link its full site."""
    parts = _SHORT.get(host, host).split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _short_names(site: str) -> list[str]:
    return [name for name, full in _SHORT.items() if full == site]


# ---- for a fetch -----------------------------------------------------------------------------------------


async def jar_for(owner: int, url: str) -> Jar | None:
    """Return this user's jar for a link: of its host, or of the nearest parent domain."""
    names = names_of(urlsplit(url).hostname or "")
    seen = None
    while True:
        jars = CookieJar.select(*_SEALED, CookieJar.updated_at).where(
            CookieJar.owner == owner, among(CookieJar.site, names), CookieJar.cookies > 0
        )
        row = await jars.order_by(QueryString("length(site)"), ascending=False).first()
        if row is None:
            return None
        try:
            plain = encryption.decrypt(row["ciphertext"], "cookie_jar", owner, row["site"], row["id"])
            break
        except encryption.DecryptionError:
            if row["ciphertext"] != seen:  # a rotation may have ended between reading the row and the key
                seen = row["ciphertext"]
                continue
            # Same as without cookies: the site then asks for them, and sending them again repairs the jar.
            _log.warning("a jar does not open with our key", site=row["site"], user=owner)
            return None
    live = cookie_formats.of_site(_decoded(plain).cookies, row["site"])
    return Jar(row["id"], owner, row["site"], cookie_formats.netscape(live), row["updated_at"])


@contextlib.asynccontextmanager
async def borrow(owner: int, url: str) -> AsyncIterator[Jar | None]:
    """Lend the jar to one fetch. Records the outcome, and stores the cookies that the site renewed."""
    jar = await jar_for(owner, url)
    try:
        yield jar
    except errors.UserActionRequired as problem:
        if jar is not None:
            await _failed(jar, problem.code)
        raise
    if jar is not None:
        await store_back(jar)


async def _failed(jar: Jar, code: str) -> None:
    table = CookieJar
    unchanged = (table.id == jar.id) & (table.updated_at == jar.updated_at)
    await table.update({table.failed_at: NOW, table.failure: code}).where(unchanged)


async def store_back(jar: Jar) -> None:
    """Record a success, and store renewed cookies unless newer ones were sent in the meantime."""
    returned = await parsing.call(cookie_formats.parse, jar.returned, secret=True) if jar.returned else []
    renewed = cookie_formats.of_site(returned, jar.site)
    async with engine.transaction():
        table = CookieJar
        unchanged = (table.id == jar.id) & (table.updated_at == jar.updated_at)
        success = table.update({table.succeeded_at: NOW, table.failed_at: None, table.failure: None})
        still = await success.where(unchanged).returning(table.id)
        if still and renewed and cookie_formats.netscape(renewed) != jar.text:
            await _fill(jar.id, jar.owner, jar.site, renewed)


# ---- rotation --------------------------------------------------------------------------------------------


async def rotate(*others: Callable[[], Awaitable[tuple[int, int]]]) -> dict[str, int]:
    """Encrypt every jar with a new key, replace the key for devices, and drop the old ones.

    Returns: {"sealed", "lost", "devices"}. Each of `others` encrypts rows of another table again in the same
    transaction, and returns how many it sealed and lost. Devices encrypt for the key that they were paired with, so
    they are removed and must pair again.

    If killed at any moment, each key that a jar needs is still in the file, and the next rotation completes the work.
    After that, data sealed with the old key (a copy of the database, an old backup) can no longer be decrypted.
    """
    done = {"sealed": 0, "lost": 0, "devices": 0}
    async with engine.transaction():
        # Writers of a jar lock its row before they encrypt, so no write with the old key is in progress.
        await engine.lock_table(CookieJar)
        encryption.add_key()
        for row in await CookieJar.select(*_SEALED).order_by(CookieJar.id):
            place = ("cookie_jar", row["owner"], row["site"], row["id"])
            try:
                sealed = encryption.encrypt(encryption.decrypt(row["ciphertext"], *place), *place)
            except encryption.DecryptionError:
                done["lost"] += 1
                continue
            await CookieJar.update({CookieJar.ciphertext: sealed}).where(CookieJar.id == row["id"])
            done["sealed"] += 1
        for seal_again in others:
            sealed_rows, lost_rows = await seal_again()
            done["sealed"] += sealed_rows
            done["lost"] += lost_rows
        done["devices"] = len(await Device.delete(force=True).returning(Device.id))
        await PairingCode.delete(force=True)  # the page showed it with the old key
        await audit.record("key_rotated", sealed=done["sealed"], lost=done["lost"], devices=done["devices"])
    encryption.drop_old_keys()
    return done
