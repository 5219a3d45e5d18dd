"""The pages of the fixture site: every usual way to put a film into a page, and titles that are no file names."""

import html
import json
from collections.abc import Mapping
from typing import Any

from tests.site import texts

HTML = "text/html; charset=utf-8"
_UNICODE = "Árvíztűrő tükörfúrógép 🎬 العربية \u202e evil"
_TRAVERSAL = "../../../../etc/cron.d/x/../..\\..\\%(id)s $(id) `id` ;rm -rf"
_FILM = '<video src="/media/ok.mp4"></video>'


def page(title: str, head: str, body: str) -> str:
    title = html.escape(title)
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body><h1>{title}</h1>{body}</body></html>"


def index(table: Mapping[str, Any], base: str) -> str:
    """The page of all behaviours, with a link to try each that has one."""
    rows = "".join(
        f"<li>{html.escape(entry.usage)}"
        + (f' <a href="{entry.example}">{html.escape(base + entry.example)}</a>' if entry.example else "")
        for entry in table.values()
    )
    return page("Fixture site", "", f"<ul>{rows}</ul>")


def answer(kind: str, base: str) -> tuple[bytes | str, str]:
    """(body, type) of a kind of page."""
    kinds = _kinds(base)
    if kind == "latin2":
        text = page("Tűrő", '<meta charset="iso-8859-2">', _FILM)
        return text.encode("iso-8859-2"), "text/html; charset=iso-8859-2"
    title, head, body = kinds.get(kind, (f"Fixture {kind}", "", "<p>nothing here</p>"))
    return page(title, head, body), HTML


def _kinds(base: str) -> dict[str, tuple[str, str, str]]:
    """By kind: (title, head, body)."""
    film, cover = f"{base}/media/ok.mp4", f"{base}/media/cover.jpg"
    linked = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "Linked title",
        "description": "Words",
        "thumbnailUrl": [cover],
        "uploadDate": "2025-01-01T00:00:00Z",
        "duration": "PT4S",
        "contentUrl": film,
    }
    described = linked | {
        "description": "First line.\n\nA zeppelin over the lake.",
        "keywords": "airship, Bodensee",
        "author": "Lake Channel",
    }
    sources = [{"file": film, "label": "180p", "height": 180}, {"file": f"{base}/hls/master.m3u8"}]
    player = json.dumps({"playlist": [{"title": "Player", "sources": sources}]})
    return {
        "video": (
            "Fixture video",
            "",
            '<video controls><source src="/media/ok.mp4" type="video/mp4">'
            '<track kind="subtitles" src="/media/sub.vtt" srclang="hu" label="Hungarian"></video>',
        ),
        "og": (
            "Fixture og",
            f'<meta property="og:title" content="OG title"><meta property="og:video" content="{film}">'
            f'<meta property="og:image" content="{cover}">',
            "",
        ),
        "described": ("Fixture described", f'<script type="application/ld+json">{json.dumps(described)}</script>', ""),
        "jsonld": ("Fixture jsonld", f'<script type="application/ld+json">{json.dumps(linked)}</script>', ""),
        "hour": ("Fixture hour", _an_hour(linked, film), ""),
        "unsized-hour": ("Fixture unsized hour", _an_hour(linked, f"{base}/unsized/h264_aac.ts"), ""),
        "charsets": ("Fixture charsets", "", f'<video><source src="/media/ok.mp4">{texts.FOREIGN}</video>'),
        "subtitles": ("Fixture subtitles", "", f'<video><source src="/media/ok.mp4">{texts.TRACKS}</video>'),
        "subtitles-again": (
            "Fixture again",
            "",
            f'<video><source src="/media/h264_chapters.mp4">{texts.TRACKS}</video>',
        ),
        "chapters": (
            "Fixture chapters",
            f'<script type="application/ld+json">{json.dumps({**linked, "hasPart": texts.CHAPTERS})}</script>',
            "",
        ),
        "many-chapters": (
            "Fixture many chapters",
            f'<script type="application/ld+json">{json.dumps({**linked, "hasPart": texts.MANY_CHAPTERS})}</script>',
            "",
        ),
        "sound": (
            "Fixture sound",
            f'<meta property="og:title" content="Song"><meta property="og:image" content="{cover}">'
            f'<meta property="og:video" content="{base}/media/a.mp3">',
            "",
        ),
        "twitter": ("Fixture twitter", f'<meta name="twitter:player:stream" content="{film}">', ""),
        "player": ("Fixture player", "", f'<div id="p"></div><script>jwplayer("p").setup({player});</script>'),
        "hls": ("Fixture hls", "", '<video src="/hls/master.m3u8"></video>'),
        "clock": (
            "Fixture clock",
            "",
            '<video src="/media/clock/clock.mp4"><track kind="subtitles" src="/clock/unmapped/full.vtt" srclang="en">'
            "</video>",
        ),
        "live": ("Fixture live", "", '<video src="/broadcast/plain/page.m3u8"></video>'),
        "dash-live": ("Fixture live DASH", "", '<video src="/dash-live/time/page.mpd"></video>'),
        "dash": ("Fixture dash", "", '<video src="/dash/m.mpd"></video>'),
        "multi": (
            "Fixture multi",
            "",
            "".join(f'<video src="/media/{name}"></video>' for name in ("ok.mp4", "vp9_opus.webm", "a.mp3")),
        ),
        "unicode": (_UNICODE, "", _FILM),
        "long": ("L" * 400 + "é" * 300, "", _FILM),
        "traversal": (_TRAVERSAL, "", _FILM),
        "script": ("<script>alert(1)</script>", "", _FILM),
        "broken": ("Fixture broken", '<meta property="og:video" content="http://[::bad/film.mp4">', ""),
        "private": ("Fixture private", "", '<video src="http://127.0.0.2:1/film.mp4"></video>'),
    }


def _an_hour(linked: dict[str, Any], film: str) -> str:
    """Data of a page that claims an hour for a film of four seconds."""
    return (
        f'<script type="application/ld+json">{json.dumps({**linked, "contentUrl": film, "duration": "PT1H"})}</script>'
    )


def film_page(title: str, film: str, seconds: int) -> str:
    """Page of one film, which tells its length."""
    data = {"@type": "VideoObject", "name": title, "contentUrl": film, "duration": f"PT{seconds}S"}
    told = json.dumps({"@context": "https://schema.org", **data})
    return page(title, f'<script type="application/ld+json">{told}</script>', "")


def feed(base: str) -> str:
    films = (("a.mp3", "audio/mpeg"), ("ok.mp4", "video/mp4"), ("a.m4a", "audio/mp4"))
    items = "".join(
        f"<item><title>Episode {number}</title><link>{base}/page/video?e={number}</link><guid>e{number}</guid>"
        f'<enclosure url="{base}/media/{name}" type="{kind}" length="1"/></item>'
        for number, (name, kind) in enumerate(films)
    )
    head = f"<title>Feed</title><link>{base}</link><description>d</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'
