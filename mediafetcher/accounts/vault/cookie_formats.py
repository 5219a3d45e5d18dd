"""Cookie formats: parse what users paste and extensions send, and write what the fetch child reads.

Input is the Netscape format (`cookies.txt`: seven tab-separated fields, as curl and Mozilla define it) or JSON as
browser extensions export it. An invalid line is named by its number; a value is never repeated.
"""

import json
import re
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from mediafetcher.core import errors
from mediafetcher.net import urls

MOST = 2000  # cookies of one jar
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SITE = re.compile(r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$")
_IPV6 = re.compile(r"^[0-9a-f:.]*:[0-9a-f:.]*$")
_HTTP_ONLY = "#HttpOnly_"
_MILLISECONDS = 1e11  # no cookie lasts to the year 5138: some exports use milliseconds


class Cookie(msgspec.Struct, rename="camel"):
    """A cookie. `domain` has no leading dot; `expires` is in seconds since 1970, None for a session cookie."""

    name: str
    value: str
    domain: str
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    host_only: bool = False
    expires: int | None = None
    partition: str | None = None  # the host of the page that the site was framed in, if the cookie is kept for it alone


def site_name(text: str) -> str:
    """Return the stored form of a site: lower case, punycode, without `www.`. Raises: `Invalid`."""
    name = text.strip().strip("[]").rstrip(".").lower()
    if _IPV6.match(name):
        return name
    try:
        name = urls.to_ascii(name)
    except UnicodeError:
        name = ""
    name = name.removeprefix("www.") if name.count(".") > 1 else name
    if not _SITE.match(name):
        raise errors.Invalid("Enter the site as a name such as `example.org`.")
    return name


def belongs(host: str, site: str) -> bool:
    """Return whether a host is the site or a subdomain. Plain names such as `nas` or `org` have no subdomains."""
    return host == site or ("." in site and host.endswith(f".{site}"))


def parse(text: str) -> list[Cookie]:
    """Parse the cookies of a pasted text. Raises: `BadCookies`."""
    text = text.removeprefix("\ufeff").strip("\r\n ")
    return _from_json(text) if text.startswith(("[", "{")) else _from_netscape(text)


def _from_netscape(text: str) -> list[Cookie]:
    cookies = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not line.strip() or (line.lstrip().startswith("#") and not line.lstrip(" ").startswith(_HTTP_ONLY)):
            continue
        cookies.append(_from_line(line.lstrip(" "), f"Line {number}"))
    return cookies


def _from_line(line: str, where: str) -> Cookie:
    http_only = line.startswith(_HTTP_ONLY)
    # Editors turn tabs into spaces; only the last field may contain one.
    fields = line.removeprefix(_HTTP_ONLY).split("\t") if "\t" in line else line.split(None, 6)
    if len(fields) == 6:
        fields.append("")  # an empty value whose tab was trimmed
    if len(fields) != 7:
        raise errors.BadCookies(f"{where} is not a cookie. It has {len(fields)} fields instead of 7.")
    domain, below, path, secure, expires, name, value = fields
    if {below.upper(), secure.upper()} - {"TRUE", "FALSE"} or not re.fullmatch(r"-?\d{0,15}(\.\d+)?", expires):
        raise errors.BadCookies(f"{where} is not a cookie. One of its fields is not valid.")
    raw = {
        "name": name, "value": value, "domain": domain, "path": path, "secure": secure.upper() == "TRUE",
        "httpOnly": http_only, "hostOnly": below.upper() == "FALSE", "expires": float(expires or 0),
    }  # fmt: skip
    return _checked(raw, where)


def _from_json(text: str) -> list[Cookie]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise errors.BadCookies(f"This is not valid JSON (line {line}).") from None
    if isinstance(found, dict):
        found = found.get("cookies", [found])
    if not isinstance(found, list):
        raise errors.BadCookies("JSON must be a list of cookies.")
    return from_objects(found)


def from_objects(found: Iterable[Any]) -> list[Cookie]:
    """Parse cookie objects of `chrome.cookies` and exports. Raises: `BadCookies`."""
    return [_checked(entry, f"Cookie {number}") for number, entry in enumerate(found, 1)]


def _checked(raw: Any, where: str) -> Cookie:
    if not isinstance(raw, dict):
        raise errors.BadCookies(f"{where} is not a cookie. It is not an object.")
    for field in ("name", "value", "domain"):
        if not isinstance(raw.get(field), str):
            raise errors.BadCookies(f"{where} is not a cookie. Its field '{field}' is missing.")
    path = raw.get("path") or "/"
    expires = raw.get("expires", raw.get("expirationDate"))
    if isinstance(expires, str) and re.fullmatch(r"\d{1,15}(\.\d+)?", expires.strip()):
        expires = float(expires)
    domain = raw["domain"].lower()
    if isinstance(expires, bool) or not isinstance(expires, int | float | None) or not isinstance(path, str):
        raise errors.BadCookies(f"{where} is not a cookie. One of its fields is not valid.")
    if any(_CONTROL.search(text) for text in (raw["name"], raw["value"], domain, path)) or not domain.strip("."):
        raise errors.BadCookies(f"{where} is not a cookie. One of its fields is not valid.")
    host_only = bool(raw.get("hostOnly", not domain.startswith(".")))
    secure, http_only = bool(raw.get("secure")), bool(raw.get("httpOnly"))
    if expires and expires > _MILLISECONDS:
        expires /= 1000
    until = None if raw.get("session") or not expires or not 0 < expires < _MILLISECONDS else int(expires)
    domain = domain.lstrip(".")
    partition = _partition(raw.get("partitionKey"))
    return Cookie(raw["name"], raw["value"], domain, path, secure, http_only, host_only, until, partition)


def _partition(key: Any) -> str | None:
    """The host of a partition key (CHIPS), as browsers write it: an object, or its site alone."""
    site = key.get("topLevelSite") if isinstance(key, dict) else key
    if not isinstance(site, str) or not site:
        return None
    return site.partition("://")[2].partition("/")[0].partition(":")[0].lower() or site.lower()


def of_site(cookies: Iterable[Cookie], site: str) -> list[Cookie]:
    """Select the valid cookies of a site, the last of each name, without expired and nameless ones.

    Partitioned cookies of frames in other pages are not the user's own. Those of the site itself count if no
    unpartitioned cookie has the same name.
    """
    kept: dict[tuple[str, str, str], Cookie] = {}
    now = time.time()
    cookies = [cookie for cookie in cookies if cookie.partition is None or _is_own(cookie.partition, site)]
    for cookie in sorted(cookies, key=lambda cookie: cookie.partition is None):
        live = cookie.expires is None or cookie.expires > now
        if cookie.name and live and belongs(cookie.domain, site):
            kept[cookie.domain, cookie.path, cookie.name] = msgspec.structs.replace(cookie, partition=None)
    return list(kept.values())[:MOST]


def _is_own(partition: str, site: str) -> bool:
    return belongs(partition, site) or belongs(site, partition)


def netscape(cookies: Iterable[Cookie]) -> str:
    """Write the cookies in the format that the fetch child reads."""
    lines = ["# Netscape HTTP Cookie File"]
    for cookie in cookies:
        prefix = _HTTP_ONLY if cookie.http_only else ""
        domain = cookie.domain if cookie.host_only else f".{cookie.domain}"
        flags = ("FALSE" if cookie.host_only else "TRUE", cookie.path, "TRUE" if cookie.secure else "FALSE")
        lines.append("\t".join((prefix + domain, *flags, str(cookie.expires or 0), cookie.name, cookie.value)))
    return "\n".join(lines) + "\n"
