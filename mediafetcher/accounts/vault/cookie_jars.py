"""Cookie jars: one for each person and site, sealed. They come in, and go to a fetch of that site; nothing shows them.

A site is what one signs in to (`example.org`); its jar also serves the hosts below it.
"""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mediafetcher.accounts import audit
from mediafetcher.accounts.vault import cookie_formats, encryption
from mediafetcher.accounts.vault.cookie_formats import Cookie
from mediafetcher.core import errors, logging
from mediafetcher.db import engine
from mediafetcher.sandbox import parsing

# Short addresses lead to a site with another name, and it is that one's cookies that are asked for.
_SHORT = {
    "youtu.be": "youtube.com", "youtube-nocookie.com": "youtube.com", "dai.ly": "dailymotion.com",
    "fb.watch": "facebook.com", "redd.it": "reddit.com", "instagr.am": "instagram.com", "b23.tv": "bilibili.com",
}  # fmt: skip

_log = logging.get("cookies")


class Jar(msgspec.Struct):
    """A jar on loan. `text` is Netscape's form; `returned` what the site made of it, if it is known."""

    id: int
    owner: int
    site: str
    text: str
    updated_at: datetime
    returned: str | None = None

    def __repr__(self) -> str:
        return f"<jar of {self.site}>"


def serves(site: str, host: str) -> bool:
    """Whether a jar of this site is the one for that host."""
    return cookie_formats.belongs(_SHORT.get(host, host), site)


async def put(owner: int, site: str, cookies: list[Cookie], address: str | None = None) -> dict[str, Any]:
    """Keep these as the site's cookies, in place of those before -> {"site", "kept", "left_out"}.

    Cookies of other sites are left out. Raises `Invalid`, `BadCookies`.
    """
    site = cookie_formats.site_name(site)
    kept = cookie_formats.of_site(cookies, site)
    if not kept:
        raise errors.BadCookies(f"There is no cookie of {site} here that is still valid.")
    async with engine.transaction():
        id = await engine.fetchval(
            "INSERT INTO cookie_jar (owner, site, sealed, cookies) VALUES ($1, $2, ''::bytea, 0) "
            "ON CONFLICT (owner, site) DO UPDATE SET failed_at = NULL, failure = NULL RETURNING id",
            owner,
            site,
        )
        await _fill(id, owner, site, kept)
        await audit.record("cookies_kept", owner, address, site=site, count=len(kept))
    return {"site": site, "kept": len(kept), "left_out": len(cookies) - len(kept)}


async def _fill(id: int, owner: int, site: str, cookies: list[Cookie]) -> None:
    sealed = encryption.close(msgspec.json.encode(cookies), "cookie_jar", owner, site, id)
    await engine.execute(
        "UPDATE cookie_jar SET sealed = $2, cookies = $3, updated_at = clock_timestamp() WHERE id = $1",
        id,
        sealed,
        len(cookies),
    )


async def page(owner: int) -> list[dict[str, Any]]:
    """site, cookies (how many), created_at, updated_at, succeeded_at, failed_at, failure of each jar."""
    return await engine.fetch(
        "SELECT site, cookies, created_at, updated_at, succeeded_at, failed_at, failure FROM cookie_jar "
        "WHERE owner = $1 ORDER BY site",
        owner,
    )


async def remove(owner: int, site: str, address: str | None = None) -> None:
    """Forget a site's cookies. Raises `NotFound`."""
    async with engine.transaction():
        gone = await engine.fetchval(
            "DELETE FROM cookie_jar WHERE owner = $1 AND site = $2 RETURNING id", owner, cookie_formats.site_name(site)
        )
        if gone is None:
            raise errors.NotFound("There are no cookies of that site.")
        await audit.record("cookies_removed", owner, address, site=cookie_formats.site_name(site))


async def opens() -> bool:
    """Whether sealed jars open here: the key file is there, and is the one that they were sealed with."""
    if not encryption.present():
        return False
    row = await engine.fetchrow("SELECT id, owner, site, sealed FROM cookie_jar ORDER BY id DESC LIMIT 1")
    if row is None:
        return True
    try:
        encryption.open(row["sealed"], "cookie_jar", row["owner"], row["site"], row["id"])
    except encryption.Unreadable:
        return False
    return True


async def hosts() -> list[tuple[int, str]]:
    """(person, host) of everything that jars are for; each stands for the hosts below it too."""
    rows = await engine.fetch("SELECT owner, site FROM cookie_jar")
    short = [(row["owner"], name) for row in rows for name, site in _SHORT.items() if site == row["site"]]
    return [(row["owner"], row["site"]) for row in rows] + short


# ---- for a fetch -----------------------------------------------------------------------------------------


async def jar_for(owner: int, url: str) -> Jar | None:
    """This person's jar for a link: of its host, or of the nearest name above it."""
    host = urlsplit(url).hostname or ""
    host = _SHORT.get(host, host)
    parts = host.split(".")
    names = [".".join(parts[start:]) for start in range(len(parts))]
    seen = None
    while True:
        row = await engine.fetchrow(
            "SELECT id, site, sealed, updated_at FROM cookie_jar WHERE owner = $1 AND site = any($2::text[]) "
            "ORDER BY length(site) DESC LIMIT 1",
            owner,
            names,
        )
        if row is None:
            return None
        try:
            plain = encryption.open(row["sealed"], "cookie_jar", owner, row["site"], row["id"])
            break
        except encryption.Unreadable:
            if row["sealed"] != seen:  # a rotation may have ended between reading the row and reading the key
                seen = row["sealed"]
                continue
            # As without cookies: the site then asks for them, and sending them again mends it.
            _log.warning("a jar does not open with our key", site=row["site"], user=owner)
            return None
    live = cookie_formats.of_site(msgspec.json.decode(plain, type=list[Cookie]), row["site"])
    return Jar(row["id"], owner, row["site"], cookie_formats.netscape(live), row["updated_at"])


@contextlib.asynccontextmanager
async def lent(owner: int, url: str) -> AsyncIterator[Jar | None]:
    """The jar for one fetch; how that ends is noted, and what the site renewed is stored back."""
    jar = await jar_for(owner, url)
    try:
        yield jar
    except errors.NeedsPerson as problem:
        if jar is not None:
            await _failed(jar, problem.code)
        raise
    if jar is not None:
        await store_back(jar)


async def _failed(jar: Jar, code: str) -> None:
    query = "UPDATE cookie_jar SET failed_at = now(), failure = $3 WHERE id = $1 AND updated_at = $2"
    await engine.execute(query, jar.id, jar.updated_at, code)


async def store_back(jar: Jar) -> None:
    """It worked: note that, and keep the cookies as the site renewed them, unless newer ones were sent meanwhile."""
    returned = await parsing.call(cookie_formats.parse, jar.returned, secret=True) if jar.returned else []
    renewed = cookie_formats.of_site(returned, jar.site)
    async with engine.transaction():
        still = await engine.fetchval(
            "UPDATE cookie_jar SET succeeded_at = now(), failed_at = NULL, failure = NULL "
            "WHERE id = $1 AND updated_at = $2 RETURNING id",
            jar.id,
            jar.updated_at,
        )
        if still is not None and renewed and cookie_formats.netscape(renewed) != jar.text:
            await _fill(jar.id, jar.owner, jar.site, renewed)


# ---- rotation --------------------------------------------------------------------------------------------


async def rotate() -> dict[str, int]:
    """Seal every jar with a fresh key, make another for devices, forget the old ones -> {"sealed", "lost", "devices"}.

    Devices seal for the key that they were paired with, so they are removed and have to pair again.

    A kill at any moment leaves each key in the file that some jar needs, and the next rotation ends what it began.
    Where the whole is over, what the old key sealed (a copy of the database, an old backup) opens no more.
    """
    done = {"sealed": 0, "lost": 0, "devices": 0}
    async with engine.transaction():
        # Whoever writes a jar takes its row first and seals then, so none is on its way with the old key.
        await engine.execute("LOCK TABLE cookie_jar IN SHARE ROW EXCLUSIVE MODE")
        encryption.add_key()
        for row in await engine.fetch("SELECT id, owner, site, sealed FROM cookie_jar ORDER BY id"):
            place = ("cookie_jar", row["owner"], row["site"], row["id"])
            try:
                sealed = encryption.close(encryption.open(row["sealed"], *place), *place)
            except encryption.Unreadable:
                done["lost"] += 1
                continue
            await engine.execute("UPDATE cookie_jar SET sealed = $2 WHERE id = $1", row["id"], sealed)
            done["sealed"] += 1
        done["devices"] = len(await engine.fetch("delete from device returning id"))
        await engine.execute("delete from pairing_code")  # the page showed it with the old key
        await audit.record("key_rotated", sealed=done["sealed"], lost=done["lost"], devices=done["devices"])
    encryption.drop_old_keys()
    return done
