"""Pages without scripts, cookies or external resources: their style, their header, and the language of the caller."""

import base64
import hashlib
from collections.abc import Collection
from html import escape

from mediafetcher.api import request_guard

STYLE = """
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
p{margin:.25rem 0;overflow-wrap:anywhere}small,footer,.soft{color:var(--soft);font-size:.875rem}
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
main.short{align-content:center;width:100%;max-width:42rem;margin:0 auto;padding-bottom:6rem}
ol{margin:1.5rem 0;padding:0;list-style:none;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
ol li{padding:1rem 1.25rem}ol li+li{border-top:1px solid var(--line)}
pre{margin:.75rem 0 0;padding:.75rem;border:1px solid var(--line);border-radius:.5rem;background:var(--back);
overflow-x:auto;font-size:.8125rem;line-height:1.5}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
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


def language(call: request_guard.Call, known: Collection[str]) -> str:
    """Return the first language of the caller that is known, else `en`."""
    for part in (call.get("accept-language") or "").lower().split(","):
        tag = part.partition(";")[0].strip().partition("-")[0]
        if tag in known:
            return tag
    return "en"


def head(lang: str, title: str, more: str = "") -> str:
    """Render the page up to its body."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex,nofollow">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{more}</head><body>"
    )


def header(text: str) -> str:
    """Render the name of the product and a short text next to it."""
    return f"<header>{_LOGO}MediaFetcher<small>{escape(text)}</small></header>"
