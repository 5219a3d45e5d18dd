"""The page for a browser that opened the server under a name that is not in the settings: what to type, where."""

import html

from mediafetcher.api import request_guard
from mediafetcher.core import errors, settings

HEADERS = request_guard.HEADERS | {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
}

_TEXTS = {
    "en": (
        "This name is not set up yet",
        "MediaFetcher runs here, but it does not know the name {name}.",
        "Open it by its IP address instead, or allow the name. As an administrator, add it under Settings → Limits → "
        "Host names, or type on the server:",
    ),
    "fr": (
        "Ce nom n’est pas encore configuré",
        "MediaFetcher fonctionne ici, mais ne connaît pas le nom {name}.",
        "Ouvrez-le par son adresse IP, ou autorisez ce nom. En tant qu’administrateur, ajoutez-le sous Réglages → "
        "Limites → Noms d’hôte, ou tapez sur le serveur\u00a0:",
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
    language = "fr" if (call.get("accept-language") or "").lower().startswith("fr") else "en"
    title, what, do = _TEXTS[language]
    name = html.escape(call.host.rpartition(":")[0] or call.host)[:253]
    line = f"echo 'host_names = [&quot;{name}&quot;]' &gt;&gt; {settings.SYSTEM_FILE}"
    return f"""<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} · MediaFetcher</title>
<main><h1>{title}</h1><p>{what.format(name=f"<strong>{name}</strong>")}</p><p>{do}</p>
<pre><code>{line}</code></pre><p>{errors.WrongHost.code}</p></main></html>
""".encode()
