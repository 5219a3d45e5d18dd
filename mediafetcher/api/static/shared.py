"""/s/{secret}: the content of a share link, for every client who has the link (decision 47).

    /s/SECRET                      a page to watch it, without scripts
    /s/SECRET/media[/ITEM][.ext]   the bytes, in ranges; /poster[.jpg] and /subtitles/LANG below it
    /s/SECRET/feed.xml             a podcast feed
    /s/SECRET/list.m3u8            a playlist for VLC, mpv and others

The secret gives access to nothing else, and no cookie is read or set. A password is sent as Basic authentication,
which players and podcast programs support.
"""

import base64
import hashlib
import re
from urllib.parse import parse_qs

from mediafetcher.api import problems, request_guard
from mediafetcher.api.static import bare_page, media, ranges, share_page
from mediafetcher.core import errors, settings
from mediafetcher.feeds import rss, shares

# The item stands in the path if the link opens several. An extension is allowed, because players look at it.
_PATH = re.compile(
    r"^/s/([A-Za-z0-9_-]{1,100})(?:/(feed\.xml|list\.m3u8)|/media(?:/(\d{1,18}))?"
    r"(?:(\.[a-z0-9]{1,5})|/(poster)(?:\.jpg)?|/subtitles/([A-Za-z0-9-]{1,35})(?:\.vtt)?)?)?/?$"
)
_PRIVATE = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
}
# A cast receiver loads film and subtitles from a page of its manufacturer, and Chromium opens a film as a page without
# an origin. Both may read the bytes: no cookie is looked at, and the secret is in the address.
_BYTES = _PRIVATE | {
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "accept-ranges, content-length, content-range",
    "vary": "authorization",
}


async def answer(call: request_guard.Call, path: str, query: str) -> media.Answer:
    """Answer a request below /s/. Problems are a page for browsers, and raised for other programs."""
    try:
        return await _answer(call, path, query)
    except errors.Problem as problem:
        if "text/html" not in (call.get("accept") or ""):
            raise
        text = share_page.problem(call, problem)
        headers = bare_page.HEADERS | _PRIVATE | problems.headers(problem)
        return _text(call, text, "text/html; charset=utf-8", headers)._replace(status=problem.status)


async def _answer(call: request_guard.Call, path: str, query: str) -> media.Answer:
    if call.method not in ("GET", "HEAD"):
        raise errors.MethodNotAllowed(allow="GET, HEAD")
    match = _PATH.match(path)
    if match is None:
        raise errors.NotFound()
    secret, listed, item, extension, poster, lang = match.groups()
    share = await shares.find(secret, call.address)
    await shares.require_password(share, _password(call), call.address)
    if "/media" in path[len("/s/") + len(secret) :]:
        return await _bytes(call, share, query, item, extension, poster, lang)
    if listed:
        return await _list(call, share, secret, listed)
    return await _page(call, share, secret, query)


def _password(call: request_guard.Call) -> str | None:
    """Read the password of Basic authentication. The user name is ignored."""
    scheme, _, value = (call.get("authorization") or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


async def _bytes(
    call: request_guard.Call,
    share: shares.Opened,
    query: str,
    item: str | None,
    extension: str | None,
    poster: str | None,
    lang: str | None,
) -> media.Answer:
    number = share.item if item is None else int(item)
    if number is None or (item is not None and share.item is not None):
        raise errors.NotFound("Name the item of this link.")
    row = (await shares.items(share, number))[0]
    if extension is not None and extension != row["ext"]:
        raise errors.NotFound()
    if poster is None and lang is None and _begins(call):
        await shares.count(share, call.address)
    found = await media.send(call, row, query, poster=poster is not None, lang=lang)
    return found._replace(headers=found.headers | _BYTES)


def _begins(call: request_guard.Call) -> bool:
    """Return whether the request starts at the beginning of the file. Later pieces are not counted."""
    return call.method == "GET" and (call.get("range") or "bytes=0-").replace(" ", "").startswith("bytes=0-")


async def _list(call: request_guard.Call, share: shares.Opened, secret: str, name: str) -> media.Answer:
    found = await shares.items(share)
    origin = base(call)
    source = rss.Source(
        title=share.title,
        author=share.author,
        base=f"{origin}/s/{secret}",
        language=share_page.language(call),
        single=share.item is not None,
        icon=f"{origin}/icon-512.png",
    )
    text, kind = (
        (rss.rss(source, found), rss.RSS_TYPE) if name == "feed.xml" else (rss.m3u(source, found), rss.M3U_TYPE)
    )
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = request_guard.API_HEADERS | _BYTES | {"cache-control": "private, no-cache", "etag": tag}
    if ranges.matches(call.get("if-none-match"), tag):
        return media.Answer(304, headers, "", 0, 0)
    if call.method == "GET":
        await shares.count(share, call.address)
    return _text(call, text, kind, headers)


async def _page(call: request_guard.Call, share: shares.Opened, secret: str, query: str) -> media.Answer:
    chosen = parse_qs(query).get("item", [""])[0]
    found = await shares.items(share)
    shown = found[0] if share.item is not None and found else None
    if share.item is None and chosen.isascii() and chosen.isdigit():
        shown = (await shares.items(share, int(chosen)))[0]
    if call.method == "GET":
        await shares.count(share, call.address)
    html = share_page.html(call, share, secret, found, shown)
    return _text(call, html, "text/html; charset=utf-8", bare_page.HEADERS | _PRIVATE)


def _text(call: request_guard.Call, text: str, kind: str, headers: dict[str, str]) -> media.Answer:
    content = text.encode("utf-8", "replace")
    end = len(content) if call.method == "GET" else 0
    sized = headers | {"content-type": kind, "content-length": str(len(content))}
    return media.Answer(200, sized, "", 0, end, content)


def base(call: request_guard.Call) -> str:
    """Return the absolute address of this server, as configured or as the caller used it."""
    public = settings.get().public_url
    return public.rstrip("/") if public else f"{'https' if call.https else 'http'}://{call.host}"
