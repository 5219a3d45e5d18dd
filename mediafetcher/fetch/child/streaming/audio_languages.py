"""Choose further sounds of a source, by the languages that a user prefers. Part of the fetch child.

The main sound is the one that yt-dlp chose. It comes first, unless the user names `original` at another place. A
language without a sound of its own is left out. Nothing happens unless languages are wished for.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mediafetcher.core import languages
from mediafetcher.core import text as normal
from mediafetcher.fetch.child.streaming import main_sound

Format = dict[str, Any]
Sounds = list[tuple[int, str, str]]  # position among the chosen formats, language, title

_FILE = ".sounds.json"
_LANGUAGE, _TITLE = 35, 100  # characters
_DASH = "DASH audio"  # the note of yt-dlp on every such format


class Chosen:
    """The formats to fetch: the picture, and the sounds in the order in which the file is to have them."""

    def __init__(self, formats: list[Format], sounds: Sounds) -> None:
        self.formats = formats
        self.sounds = sounds

    def note(self, folder: Path) -> None:
        """Keep the sounds beside a recording, which may be kept when its source no longer exists."""
        (folder / _FILE).write_text(json.dumps(self.sounds))

    def described(self) -> Format:
        """Return what the source then says about its formats."""
        if len(self.formats) > 1:
            return {"requested_formats": self.formats}
        return {"requested_formats": None, "filesize": None, "filesize_approx": None} | self.formats[0]

    def install(self, client: Any) -> None:
        """Let yt-dlp choose these formats."""
        names = [one.get("format_id") for one in self.formats]

        def select(context: dict[str, Any]) -> Iterator[Format]:
            known = {one.get("format_id"): one for one in context["formats"]}
            found = [known.get(name, one) for name, one in zip(names, self.formats, strict=True)]
            yield found[0] if len(found) == 1 else _merged(found)

        client.format_selector = select


def noted(folder: Path) -> Sounds:
    """Return the sounds that `note` kept; none if there were no wishes."""
    with contextlib.suppress(OSError, ValueError):
        return [
            (int(at), str(language), str(title)) for at, language, title in json.loads((folder / _FILE).read_text())
        ]
    return []


def choose(found: Format, wished: list[str]) -> Chosen | None:
    """Choose formats by the wished languages. Returns: None if yt-dlp's own choice is right already.

    Of a source without a picture only one sound is kept: that of the first language that exists.
    """
    own = list(found.get("requested_formats") or [found])
    main = next((one for one in own if _has_sound(one)), None)
    if not wished or main is None:
        return None
    wished = wished if languages.ORIGINAL in wished else [languages.ORIGINAL, *wished]
    sounds: list[Format] = []
    for language in wished:
        one = main if language == languages.ORIGINAL else _best(language, found.get("formats") or [], main)
        if one is not None and one not in sounds:
            sounds.append(one)
    picture = next((one for one in own if _has_picture(one)), None)
    if picture is None:
        return None if sounds[0] is main else Chosen(sounds[:1], [])
    if sounds == [main]:
        return None
    formats = [picture, *(one for one in sounds if one is not picture)]
    return Chosen(formats, [(formats.index(one), _language(one), _title(one)) for one in sounds])


def _best(language: str, formats: list[Format], main: Format) -> Format | None:
    """Return the sound of a language: the main one, the best one alone, or else that of the smallest film."""
    fitting = [one for one in formats if _fits(language, one)]
    alone = [one for one in fitting if not _has_picture(one)]
    best = max(enumerate(alone), key=lambda pair: (_closeness(language, pair[1]), pair[0]), default=(0, None))[1]
    if _closeness(language, main) >= (_closeness(language, best) if best else 1):
        return main
    return best or (fitting[0] if fitting else None)


def _fits(language: str, one: Format) -> bool:
    return _has_sound(one) and _closeness(language, one) > 0 and not main_sound.is_extra(one)


def _closeness(language: str, one: Format) -> int:
    return languages.closeness(language, one.get("language"))


def _has_sound(one: Format) -> bool:
    return one.get("acodec") != "none"


def _has_picture(one: Format) -> bool:
    return one.get("vcodec") != "none"


def _language(one: Format) -> str:
    return normal.one_line(str(one.get("language") or ""), _LANGUAGE)


def _title(one: Format) -> str:
    """Return the name of a sound for users: that of the site, or its tag if the region matters."""
    note = normal.one_line(str(one.get("format_note") or ""), _TITLE)
    alone = note and not _has_picture(one) and not note.startswith(_DASH)
    return note if alone else (_language(one) if "-" in _language(one) else "")


def _merged(found: list[Format]) -> Format:
    """Return one format of several, as yt-dlp's `+` makes it."""
    text: Callable[[str], str] = lambda key: "+".join(str(one.get(key)) for one in found if one.get(key))  # noqa: E731
    sizes = [one.get("filesize") or one.get("filesize_approx") or 0 for one in found]
    return {
        "requested_formats": found,
        "format": text("format"),
        "format_id": text("format_id"),
        "ext": "mkv",
        "protocol": text("protocol"),
        "filesize_approx": sum(sizes) if all(sizes) else None,
    } | {key: found[0].get(key) for key in ("width", "height", "fps", "vcodec")}
