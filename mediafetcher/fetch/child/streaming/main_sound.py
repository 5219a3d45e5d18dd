"""Tell yt-dlp which sound of a stream is not the main one: a dub, a commentary, a description of the picture.

yt-dlp prefers the better codec and the higher bit rate, whatever is said in it. HLS names the purpose of a sound by
`DEFAULT` and `CHARACTERISTICS` (RFC 8216, 4.3.4.1), DASH by `Role` and `Accessibility` (ISO/IEC 23009-1, 5.8.4.2).
"""

import re
from typing import Any
from urllib.parse import urljoin

KEY = "language_preference"  # yt-dlp sorts by it before the quality; without it a format counts as -1
_OTHER, _EXTRA = -10, -20  # another sound than the main one; a commentary or description
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_NAMED_EXTRA = re.compile(r"\b(comment(ary|aries|aire)|kommentar|audio ?descri|descri(bed|ptive|ption))", re.IGNORECASE)
_ROLES = "urn:mpeg:dash:role:2011"
_PURPOSES = "urn:tva:metadata:cs:AudioPurposeCS:2007"  # 1: for the visually impaired
_EXTRA_ROLES = {"commentary", "description", "karaoke"}
_OTHER_ROLES = {"dub", "alternate", "supplementary"}

Ranks = dict[str, int]


def mark(formats: list[dict[str, Any]], ranks: Ranks, key: str) -> None:
    """Give each format of sound alone its rank, by the value of `key`."""
    for one in formats:
        rank = ranks.get(str(one.get(key)))
        if rank is not None and one.get("vcodec") == "none":
            one[KEY] = rank


def is_extra(one: dict[str, Any]) -> bool:
    """Tell whether a format is a commentary, or a description of the picture."""
    rank = one.get(KEY)
    return isinstance(rank, int | float) and rank <= _EXTRA


def of_hls(document: str, url: str) -> Ranks:
    """Return the ranks of the sounds of a master playlist, by their addresses; none for a main sound."""
    ranks: Ranks = {}
    chosen = "DEFAULT=YES" in document
    for line in document.splitlines():
        if not line.startswith("#EXT-X-MEDIA:") or "TYPE=AUDIO" not in line:
            continue
        named = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line)}
        extra = "describes-video" in named.get("CHARACTERISTICS", "") or _NAMED_EXTRA.search(named.get("NAME", ""))
        if extra or (chosen and named.get("DEFAULT") != "YES"):
            ranks[urljoin(url, named.get("URI", ""))] = _EXTRA if extra else _OTHER
    return ranks


def of_dash(period: Any, space: str) -> Ranks:
    """Return the ranks of the sounds of a period, by the ids of their representations; none for a main sound."""
    sounds = [one for one in period.findall(f"{space}AdaptationSet") if _is_sound(one, space)]
    roles = [_values(one, space, "Role", _ROLES) for one in sounds]
    has_main = any("main" in values for values in roles)
    ranks: Ranks = {}
    for sound, values in zip(sounds, roles, strict=True):
        extra = _EXTRA_ROLES & values or "1" in _values(sound, space, "Accessibility", _PURPOSES)
        if extra or _OTHER_ROLES & values or (has_main and "main" not in values):
            names = [one.get("id") for one in sound.findall(f"{space}Representation")]
            ranks |= dict.fromkeys([str(name) for name in names if name], _EXTRA if extra else _OTHER)
    return ranks


def _is_sound(adaptation: Any, space: str) -> bool:
    elements = [adaptation, *adaptation.findall(f"{space}Representation")]
    return any(
        "audio" in (one.get("contentType"), str(one.get("mimeType") or "").partition("/")[0]) for one in elements
    )


def _values(element: Any, space: str, name: str, scheme: str) -> set[str]:
    found = element.findall(f"{space}{name}")
    return {str(one.get("value")) for one in found if one.get("schemeIdUri") == scheme}
