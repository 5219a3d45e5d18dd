"""The page of a share link: a player and a list, without scripts, cookies or external resources."""

import base64
import hashlib
from html import escape
from typing import Any, NamedTuple

from mediafetcher.api import request_guard
from mediafetcher.core import errors
from mediafetcher.feeds import shares

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0 auto;max-width:60rem;padding:1rem}
video,audio{width:100%;max-height:75vh;background:#000;border-radius:.5rem}h1{font-size:1.25rem;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem}ul{padding:0;list-style:none}li{border-top:1px solid #8884}
li a{display:flex;gap:1rem;padding:.75rem .25rem;overflow-wrap:anywhere}li img{width:8rem;border-radius:.25rem}
a[aria-current]{font-weight:600}small{opacity:.7}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CSP = (
    f"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = request_guard.HEADERS | {"content-security-policy": CSP}


class _Words(NamedTuple):
    by: str
    download: str
    player: str
    podcast: str
    empty: str
    cast: str


_WORDS = {
    "en": _Words(
        "Shared by {name}", "Download", "Open in VLC or mpv", "Podcast feed", "There is nothing here.",
        "To cast it, use the menu of the player.",
    ),
    "fr": _Words(
        "Partagé par {name}", "Télécharger", "Ouvrir dans VLC ou mpv", "Flux podcast", "Il n’y a rien ici.",
        "Pour le diffuser sur un autre écran, utilisez le menu du lecteur.",
    ),
}  # fmt: skip


def language(call: request_guard.Call) -> str:
    """Return `fr` if the caller prefers it to English, else `en`."""
    for part in (call.get("accept-language") or "").lower().split(","):
        tag = part.partition(";")[0].strip().partition("-")[0]
        if tag in _WORDS:
            return tag
    return "en"


def html(
    call: request_guard.Call,
    share: shares.Opened,
    secret: str,
    items: list[dict[str, Any]],
    shown: dict[str, Any] | None,
) -> str:
    """Render the page. `shown` is the item in the player, if any."""
    lang = language(call)
    words, base = _WORDS[lang], f"/s/{secret}"
    single = share.item is not None
    title = shown["title"] if shown else share.title
    parts = [
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f'<link rel="alternate" type="application/rss+xml" href="{base}/feed.xml"></head><body>'
    ]
    if shown:
        parts.append(_player(f"{base}/media" if single else f"{base}/media/{shown['id']}", shown))
    parts.append(f"<h1>{escape(title)}</h1><p><small>{escape(words.by.format(name=share.author))}</small></p><nav>")
    if shown:
        where = f"{base}/media" if single else f"{base}/media/{shown['id']}"
        parts.append(f'<a href="{where}?download">{words.download}</a>')
    parts.append(f'<a href="{base}/list.m3u8">{words.player}</a><a href="{base}/feed.xml">{words.podcast}</a></nav>')
    if shown:
        parts.append(f"<p><small>{words.cast}</small></p>")
    if not single:
        parts.append(_list(base, items, shown) if items else f"<p>{words.empty}</p>")
    return "".join([*parts, "</body></html>"])


def problem(call: request_guard.Call, problem: errors.Problem) -> str:
    """Render the page that explains why a link cannot be opened."""
    lang = language(call)
    words = _PROBLEMS[lang].get(problem.code, _PROBLEMS[lang]["internal"])
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow">'
        f"<title>MediaFetcher</title><style>{_STYLE}</style></head><body><h1>{escape(words)}</h1></body></html>"
    )


_PROBLEMS = {
    "en": {
        "not_found": "This link does not exist, or it has ended.",
        "share_password": "This link needs its password. Reload the page to give it, with any user name.",
        "too_many_requests": "Too many attempts. Try again in a few minutes.",
        "media_offline": "The files are unavailable now. Try again later.",
        "internal": "This does not work now. Try again later.",
    },
    "fr": {
        "not_found": "Ce lien n’existe pas, ou il a pris fin.",
        "share_password": "Ce lien demande son mot de passe. Rechargez la page pour le donner, avec un nom quelconque.",
        "too_many_requests": "Trop d’essais. Réessayez dans quelques minutes.",
        "media_offline": "Les fichiers sont indisponibles pour le moment. Réessayez plus tard.",
        "internal": "Cela ne marche pas pour le moment. Réessayez plus tard.",
    },
}


def _player(where: str, item: dict[str, Any]) -> str:
    poster = f' poster="{where}/poster"' if item["poster"] else ""
    if item["kind"].startswith("audio/"):
        return f'<audio controls preload="metadata" src="{where}"></audio>'
    tracks = "".join(_track(where, escape(lang)) for lang in item["subtitles"])
    return (
        '<video controls playsinline preload="metadata" x-webkit-airplay="allow"'
        f' src="{where}"{poster}>{tracks}</video>'
    )


def _track(where: str, lang: str) -> str:
    return f'<track kind="subtitles" srclang="{lang}" label="{lang}" src="{where}/subtitles/{lang}">'


def _list(base: str, items: list[dict[str, Any]], shown: dict[str, Any] | None) -> str:
    rows = []
    for item in items:
        current = ' aria-current="page"' if shown and shown["id"] == item["id"] else ""
        picture = f'<img alt="" loading="lazy" src="{base}/media/{item["id"]}/poster">' if item["poster"] else ""
        rows.append(
            f'<li><a href="{base}?item={item["id"]}"{current}>{picture}<span>{escape(item["title"])}</span></a></li>'
        )
    return f"<ul>{''.join(rows)}</ul>"
