"""The page for a browser that opened the server under a name that is not in the settings: what to type, where."""

import html
from typing import NamedTuple

from mediafetcher.api import request_guard
from mediafetcher.api.static import bare_page
from mediafetcher.core import errors, settings

HEADERS = bare_page.HEADERS | {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}


class _Words(NamedTuple):
    title: str
    what: str
    address: str
    allow: str
    line: str


_WORDS = {
    "en": _Words(
        "This name is not set up yet",
        "MediaFetcher runs here, but it does not know the name {name}.",
        "Open it by its IP address instead.",
        "Or allow this name.",
        "As an administrator, add it under Settings → Limits → Host names, or type on the server:",
    ),
    "fr": _Words(
        "Ce nom n’est pas encore configuré",
        "MediaFetcher fonctionne ici, mais ne connaît pas le nom {name}.",
        "Ouvrez-le par son adresse IP.",
        "Ou autorisez ce nom.",
        "En tant qu’administrateur, ajoutez-le sous Réglages → Limites → Noms d’hôte, ou tapez sur le serveur\u00a0:",
    ),
    "de": _Words(
        "Dieser Name ist noch nicht eingerichtet",
        "MediaFetcher läuft hier, kennt den Namen {name} aber nicht.",
        "Öffnen Sie es stattdessen über die IP-Adresse.",
        "Oder lassen Sie diesen Namen zu.",
        "Fügen Sie ihn als Administrator unter Einstellungen → Grenzen → Hostnamen hinzu, oder geben Sie auf dem "
        "Server ein:",
    ),
}


def wants_page(call: request_guard.Call, path: str) -> bool:
    """Whether a browser navigates: a program gets the error as JSON."""
    return (
        call.method in ("GET", "HEAD")
        and not path.startswith(("/api", "/media"))
        and "text/html" in (call.get("accept") or "")
    )


def page(call: request_guard.Call) -> bytes:
    """The page, in the language of the browser. The host comes from outside: it is escaped, and long ones are cut."""
    language = bare_page.language(call, _WORDS)
    words = _WORDS[language]
    name = html.escape(call.host.rpartition(":")[0] or call.host)[:253]
    line = f"echo 'host_names = [&quot;{name}&quot;]' &gt;&gt; {settings.SYSTEM_FILE}"
    return (
        f"{bare_page.head(language, f'{words.title} · MediaFetcher')}{bare_page.header(str(errors.WrongHost.status))}"
        f'<main class="short"><h1>{words.title}</h1><p>{words.what.format(name=f"<strong>{name}</strong>")}</p>'
        f"<ol><li>{words.address}</li>"
        f'<li>{words.allow}<p class="soft">{words.line}</p><pre tabindex="0"><code>{line}</code></pre></li></ol>'
        f'<p class="soft"><code>{errors.WrongHost.code}</code></p></main></body></html>'
    ).encode()
