"""The page of a share link: a player and a list, without scripts, cookies or external resources."""

from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

from mediafetcher.api import request_guard
from mediafetcher.api.static import bare_page
from mediafetcher.core import errors
from mediafetcher.feeds import shares


class _Words(NamedTuple):
    by: str
    download: str
    player: str
    podcast: str
    empty: str
    cast: str
    ends: str
    private: str
    day: str
    months: tuple[str, ...]


_WORDS = {
    "en": _Words(
        "Shared with you by {name}", "Download", "Open in VLC or mpv", "Podcast feed", "There is nothing here.",
        "To cast it, use the menu of the player.", "This link ends on {day}.",
        "Shared from a private MediaFetcher: no account, no cookies, no tracking.",
        "{day} {month} {year}",
        ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
         "December"),
    ),
    "fr": _Words(
        "Partagé avec vous par {name}", "Télécharger", "Ouvrir dans VLC ou mpv", "Flux podcast", "Il n’y a rien ici.",
        "Pour le diffuser sur un autre écran, utilisez le menu du lecteur.", "Ce lien prend fin le {day}.",
        "Partagé depuis un MediaFetcher privé : sans compte, sans cookies, sans suivi.",
        "{day} {month} {year}",
        ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
         "décembre"),
    ),
    "de": _Words(
        "Geteilt von {name}", "Herunterladen", "In VLC oder mpv öffnen", "Podcast-Feed", "Hier ist nichts.",
        "Zum Übertragen auf ein anderes Gerät dient das Menü des Players.", "Dieser Link endet am {day}.",
        "Geteilt von einem privaten MediaFetcher: ohne Konto, ohne Cookies, ohne Tracking.",
        "{day}. {month} {year}",
        ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
         "Dezember"),
    ),
}  # fmt: skip


def language(call: request_guard.Call) -> str:
    """Return the language of the page for this caller."""
    return bare_page.language(call, _WORDS)


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
    parts = [bare_page.head(lang, title, feed), bare_page.header(words.by.format(name=share.author)), "<main>"]
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
    return f"{bare_page.head(lang, 'MediaFetcher')}{bare_page.header('')}<main><h1>{text}</h1></main></body></html>"


def _facts(words: _Words, shown: dict[str, Any] | None) -> str:
    """Return who made the film and when it was published, and how to cast it."""
    if shown is None:
        return ""
    published = _day(words, shown["published_at"]) if shown["published_at"] else ""
    facts = [fact for fact in (shown["channel"] or shown["uploader"], published) if fact]
    return f'<p class="soft">{escape(" · ".join(facts))}</p><p class="soft">{words.cast}</p>'


def _day(words: _Words, time: datetime) -> str:
    day = time.astimezone(UTC)
    return words.day.format(day=day.day, month=words.months[day.month - 1], year=day.year)


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
    "de": {
        "not_found": "Diesen Link gibt es nicht, oder er ist abgelaufen.",
        "share_password": "Dieser Link braucht sein Passwort. Laden Sie die Seite neu und geben Sie es mit einem "
        "beliebigen Benutzernamen ein.",
        "too_many_requests": "Zu viele Versuche. Versuchen Sie es in einigen Minuten noch einmal.",
        "media_offline": "Die Dateien sind im Moment nicht verfügbar. Versuchen Sie es später noch einmal.",
        "internal": "Das funktioniert im Moment nicht. Versuchen Sie es später noch einmal.",
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
