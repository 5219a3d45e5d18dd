"""The page of a share link: a player and a list, without scripts, cookies or external resources."""

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

from mediafetcher.api import request_guard
from mediafetcher.core import errors
from mediafetcher.feeds import shares

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;--back:#fbfaf7;--fore:#1b1c22;--soft:#5c5e69;
--line:#1b1c221f;--card:#fff;--mark:#c14f14;--on:#fff}
@media(prefers-color-scheme:dark){:root{--back:#0d0e14;--fore:#f1f1f4;--soft:#a3a5b0;--line:#ffffff1f;--card:#16171f;
--mark:#ff9b4a;--on:#2a1604}}
*{box-sizing:border-box}body{margin:0 auto;max-width:65rem;min-height:100dvh;padding:0 1rem 1.5rem;display:flex;
flex-direction:column;background:var(--back);color:var(--fore)}
header{display:flex;align-items:center;gap:.625rem;padding:1rem 0;font-weight:600}header svg{width:1.75rem}
header small{margin-left:auto;font-weight:400;text-align:right;overflow-wrap:anywhere}
video,audio{width:100%;display:block}video{max-height:72vh;background:#000;border-radius:.75rem}
main{flex:1}.about{display:flex;flex-wrap:wrap;align-items:flex-start;gap:.75rem 1.5rem;padding:1rem 0}
.about div{flex:1 1 18rem;min-width:0}h1{margin:0;font-size:1.25rem;line-height:1.3;overflow-wrap:anywhere}
p{margin:.25rem 0}small,footer,.soft{color:var(--soft);font-size:.875rem}
nav{display:flex;flex-wrap:wrap;gap:.5rem}a{color:inherit}
nav a{padding:.5rem .875rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);
text-decoration:none;font-size:.875rem;font-weight:500}
nav a:hover,li a:hover{border-color:var(--soft)}a:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
ul{margin:0;padding:0;list-style:none;display:grid;gap:.5rem}
li a{display:flex;align-items:center;gap:.875rem;padding:.5rem;border:1px solid var(--line);border-radius:.75rem;
background:var(--card);text-decoration:none;overflow-wrap:anywhere}li a>span{min-width:0;flex:1}
li img,li i{flex:none;width:8rem;aspect-ratio:16/9;object-fit:cover;border-radius:.5rem;background:var(--line)}
a[aria-current]{font-weight:600;border-color:var(--mark)}time{white-space:nowrap;padding-right:.5rem}
footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line)}
@media(max-width:40rem){video{width:100vw;max-width:none;margin:0 -1rem;border-radius:0}nav a{flex:1 1 auto;
text-align:center;padding:.625rem}li img,li i{width:6rem}header small{font-size:.75rem}}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CSP = (
    f"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = request_guard.HEADERS | {"content-security-policy": CSP}


_LOGO = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="var(--mark)"/>'
    '<path d="M16 7v12m-5.5-5 5.5 5.5 5.5-5.5M9.5 24.5h13" fill="none" stroke="var(--on)" stroke-width="2.8"'
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


class _Words(NamedTuple):
    by: str
    download: str
    player: str
    podcast: str
    empty: str
    cast: str
    ends: str
    private: str
    months: tuple[str, ...]


_WORDS = {
    "en": _Words(
        "Shared with you by {name}", "Download", "Open in VLC or mpv", "Podcast feed", "There is nothing here.",
        "To cast it, use the menu of the player.", "This link ends on {day}.",
        "Shared from a private MediaFetcher: no account, no cookies, no tracking.",
        ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
         "December"),
    ),
    "fr": _Words(
        "Partagé avec vous par {name}", "Télécharger", "Ouvrir dans VLC ou mpv", "Flux podcast", "Il n’y a rien ici.",
        "Pour le diffuser sur un autre écran, utilisez le menu du lecteur.", "Ce lien prend fin le {day}.",
        "Partagé depuis un MediaFetcher privé : sans compte, sans cookies, sans suivi.",
        ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
         "décembre"),
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
    where = "" if not shown else f"{base}/media" if single else f"{base}/media/{shown['id']}"
    feed = f'<link rel="alternate" type="application/rss+xml" href="{base}/feed.xml">'
    parts = [_head(lang, title, feed), _header(words.by.format(name=share.author)), "<main>"]
    if shown:
        parts.append(_player(where, shown))
    parts.append(f'<div class="about"><div><h1>{escape(title)}</h1>{_facts(words, shown)}</div><nav>')
    parts.append(f'<a href="{base}/list.m3u8">{words.player}</a>')
    if shown:
        parts.append(f'<a href="{where}?download">{words.download}</a>')
    parts.append(f'<a href="{base}/feed.xml">{words.podcast}</a></nav></div>')
    if not single:
        parts.append(_list(base, items, shown) if items else f"<p>{words.empty}</p>")
    ends = words.ends.format(day=_day(words, share.expires_at)) + " " if share.expires_at else ""
    parts.append(f"</main><footer>{ends}{words.private}</footer></body></html>")
    return "".join(parts)


def problem(call: request_guard.Call, problem: errors.Problem) -> str:
    """Render the page that explains why a link cannot be opened."""
    lang = language(call)
    text = escape(_PROBLEMS[lang].get(problem.code, _PROBLEMS[lang]["internal"]))
    return f"{_head(lang, 'MediaFetcher')}{_header('')}<main><h1>{text}</h1></main></body></html>"


def _head(lang: str, title: str, more: str = "") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{more}</head><body>"
    )


def _header(text: str) -> str:
    return f"<header>{_LOGO}MediaFetcher<small>{escape(text)}</small></header>"


def _facts(words: _Words, shown: dict[str, Any] | None) -> str:
    """Return who made the film and when it was published, and how to cast it."""
    if shown is None:
        return ""
    published = _day(words, shown["published_at"]) if shown["published_at"] else ""
    facts = [fact for fact in (shown["channel"] or shown["uploader"], published) if fact]
    return f'<p class="soft">{escape(" · ".join(facts))}</p><p class="soft">{words.cast}</p>'


def _day(words: _Words, time: datetime) -> str:
    day = time.astimezone(UTC)
    return f"{day.day} {words.months[day.month - 1]} {day.year}"


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
        picture = f'<img alt="" loading="lazy" src="{base}/media/{item["id"]}/poster">' if item["poster"] else "<i></i>"
        length = f'<time class="soft">{_clock(item["duration"])}</time>' if item["duration"] else ""
        rows.append(
            f'<li><a href="{base}?item={item["id"]}"{current}>{picture}<span>{escape(item["title"])}</span>{length}</a>'
            "</li>"
        )
    return f"<ul>{''.join(rows)}</ul>"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
