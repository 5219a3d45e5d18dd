"""Find the language in the name of a subtitle file: `film.en.srt`, `film.eng.forced.srt`, `film.pt-BR.srt`."""

import re
from typing import NamedTuple

from mediafetcher.core import languages

_KNOWN = languages.TWO_LETTERS | languages.FREQUENT
_NAMES = {
    "arabic": "ar", "basque": "eu", "bengali": "bn", "bulgarian": "bg", "cantonese": "yue", "catalan": "ca",
    "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et",
    "farsi": "fa", "filipino": "fil", "finnish": "fi", "french": "fr", "galician": "gl", "german": "de", "greek": "el",
    "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is", "indonesian": "id", "italian": "it",
    "japanese": "ja", "korean": "ko", "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms",
    "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru",
    "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swedish": "sv", "tamil": "ta", "telugu": "te",
    "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "vietnamese": "vi",
    "deutsch": "de", "español": "es", "français": "fr", "francais": "fr", "italiano": "it", "português": "pt",
}  # fmt: skip
_FORCED = {"forced", "foreign", "signs"}
_IMPAIRED = {"sdh", "cc", "hi"}
_WORDS = re.compile(r"[._\s()\[\]]+")
_TAG = re.compile(r"(?P<main>[A-Za-z]{2,3})(-[A-Za-z0-9]{2,8}){1,3}")


class Named(NamedTuple):
    """`language`: a tag, `und` if the name has none. `plain`: every word of the name was understood."""

    language: str
    forced: bool
    impaired: bool  # for the deaf and hard of hearing
    plain: bool


def read(rest: str) -> Named:
    """Read the words between the name of a film and the suffix of its subtitles."""
    words = [word for word in _WORDS.split(rest) if word]
    lower = [word.lower() for word in words]
    known = {number: tag for number, word in enumerate(words) if (tag := _tag(word))}
    # `hi` is Hindi if nothing else names a language.
    spoken = {number: tag for number, tag in known.items() if lower[number] not in _IMPAIRED} or known
    others = [word for number, word in enumerate(lower) if number not in spoken]
    return Named(
        next(reversed(spoken.values()), "und"),
        forced=any(word in _FORCED for word in others),
        impaired=any(word in _IMPAIRED for word in others),
        plain=all(word in _FORCED | _IMPAIRED | {"default", "full"} for word in others),
    )


def _tag(word: str) -> str:
    """Return the language that a word means; "" if it means none."""
    lower = word.lower()
    found = _TAG.fullmatch(word)
    if found and found["main"].lower() in _KNOWN:
        return found["main"].lower() + word[len(found["main"]) :]
    return lower if lower in _KNOWN else _NAMES.get(lower, "")
