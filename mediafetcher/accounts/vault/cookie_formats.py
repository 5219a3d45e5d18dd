"""Cookies as text: what people paste and extensions send, and what the fetch child reads.

In: the Netscape form (`cookies.txt`: seven fields separated by tabs, as curl and Mozilla define it) or JSON as
browser extensions export it. A line that is no cookie is named by its number; a value is never repeated.
"""

import json
import re
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from mediafetcher.core import errors

MOST = 2000  # cookies of one jar
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SITE = re.compile(r"^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$")
_IPV6 = re.compile(r"^[0-9a-f:.]*:[0-9a-f:.]*$")
_HTTP_ONLY = "#HttpOnly_"
_MILLISECONDS = 1e11  # no cookie lasts to the year 5138: some exports count in thousandths of a second


class Cookie(msgspec.Struct, rename="camel"):
    """One cookie. `domain` has no dot in front; `expires` is in seconds since 1970, None for a session's."""

    name: str
    value: str
    domain: str
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    host_only: bool = False
    expires: int | None = None


def site_name(text: str) -> str:
    """The form in which a site is kept: lower case, punycode, without `www.`. Raises `Invalid`."""
    name = text.strip().strip("[]").rstrip(".").lower()
    if _IPV6.match(name):
        return name
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    name = name.removeprefix("www.") if name.count(".") > 1 else name
    if not _SITE.match(name):
        raise errors.Invalid("A site is named like `example.org`.")
    return name


def belongs(host: str, site: str) -> bool:
    """Whether a host is the site or lies below it; below a plain name such as `nas`, or `org`, is nothing."""
    return host == site or ("." in site and host.endswith(f".{site}"))


def parse(text: str) -> list[Cookie]:
    """Cookies of a pasted text. Raises `BadCookies`."""
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
    # Editors turn tabs into spaces; no field but the last may hold one.
    fields = line.removeprefix(_HTTP_ONLY).split("\t") if "\t" in line else line.split(None, 6)
    if len(fields) == 6:
        fields.append("")  # an empty value whose tab was trimmed
    if len(fields) != 7:
        raise errors.BadCookies(f"{where} is not a cookie: it has {len(fields)} fields instead of 7.")
    domain, below, path, secure, expires, name, value = fields
    if {below.upper(), secure.upper()} - {"TRUE", "FALSE"} or not re.fullmatch(r"-?\d{0,15}(\.\d+)?", expires):
        raise errors.BadCookies(f"{where} is not a cookie: a field does not fit.")
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
        raise errors.BadCookies(f"This begins like JSON and is not: line {line} does not fit.") from None
    if isinstance(found, dict):
        found = found.get("cookies", [found])
    if not isinstance(found, list):
        raise errors.BadCookies("JSON must be a list of cookies.")
    return from_objects(found)


def from_objects(found: Iterable[Any]) -> list[Cookie]:
    """Cookies of objects as `chrome.cookies` and exports write them. Raises `BadCookies`."""
    return [_checked(entry, f"Cookie {number}") for number, entry in enumerate(found, 1)]


def _checked(raw: Any, where: str) -> Cookie:
    if not isinstance(raw, dict):
        raise errors.BadCookies(f"{where} is not a cookie: it is no object.")
    for field in ("name", "value", "domain"):
        if not isinstance(raw.get(field), str):
            raise errors.BadCookies(f"{where} is not a cookie: it has no {field}.")
    path = raw.get("path") or "/"
    expires = raw.get("expires", raw.get("expirationDate"))
    if isinstance(expires, str) and re.fullmatch(r"\d{1,15}(\.\d+)?", expires.strip()):
        expires = float(expires)
    domain = raw["domain"].lower()
    if isinstance(expires, bool) or not isinstance(expires, int | float | None) or not isinstance(path, str):
        raise errors.BadCookies(f"{where} is not a cookie: a field does not fit.")
    if any(_CONTROL.search(text) for text in (raw["name"], raw["value"], domain, path)) or not domain.strip("."):
        raise errors.BadCookies(f"{where} is not a cookie: a field does not fit.")
    host_only = bool(raw.get("hostOnly", not domain.startswith(".")))
    secure, http_only = bool(raw.get("secure")), bool(raw.get("httpOnly"))
    if expires and expires > _MILLISECONDS:
        expires /= 1000
    until = None if raw.get("session") or not expires or not 0 < expires < _MILLISECONDS else int(expires)
    return Cookie(raw["name"], raw["value"], domain.lstrip("."), path, secure, http_only, host_only, until)


def of_site(cookies: Iterable[Cookie], site: str) -> list[Cookie]:
    """Those that the site may have, the last of each name; without expired ones and those without a name."""
    kept: dict[tuple[str, str, str], Cookie] = {}
    now = time.time()
    for cookie in cookies:
        live = cookie.expires is None or cookie.expires > now
        if cookie.name and live and belongs(cookie.domain, site):
            kept[cookie.domain, cookie.path, cookie.name] = cookie
    return list(kept.values())[:MOST]


def netscape(cookies: Iterable[Cookie]) -> str:
    """The form that the fetch child reads."""
    lines = ["# Netscape HTTP Cookie File"]
    for cookie in cookies:
        prefix = _HTTP_ONLY if cookie.http_only else ""
        domain = cookie.domain if cookie.host_only else f".{cookie.domain}"
        flags = ("FALSE" if cookie.host_only else "TRUE", cookie.path, "TRUE" if cookie.secure else "FALSE")
        lines.append("\t".join((prefix + domain, *flags, str(cookie.expires or 0), cookie.name, cookie.value)))
    return "\n".join(lines) + "\n"
