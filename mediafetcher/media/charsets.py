"""Determine the charset of subtitles: by a byte order mark, else UTF-8, else the server's, the language, or detection.

Runs in a parsing worker and in the fetch child. Texts are short, so the language comes before statistics: text in
Russian is decoded as Russian Windows wrote it, and accepted if its letters are Russian.
"""

import re
import unicodedata

from charset_normalizer import from_bytes

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SAMPLE = 1 << 16  # bytes that are examined
_LIKELY = 0.9  # fraction of foreign letters that must be of the expected script
_PUNCTUATION = frozenset("«»‘’“”„‚‹›–—…·¡¿♪♫°§€£¥©®™\u00a0\u200b\u3000、。，．：；？！「」『』（）《》〈〉【】・ー～")
# Charsets of each script, ordered by their frequency in subtitles. GB 18030 includes GBK and GB 2312.
_CYRILLIC = ("cp1251", "koi8_u", "iso8859_5")
_CENTRAL = ("cp1250", "iso8859_2")
_BY_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "sr", "kk", "mn"), ("CYRILLIC", _CYRILLIC)),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"), ("LATIN", _CENTRAL)),
    **dict.fromkeys(("lt", "lv", "et"), ("LATIN", ("cp1257",))),
    **dict.fromkeys(("en", "fr", "de", "es", "it", "pt", "nl", "sv", "da", "no", "nb", "nn"), ("LATIN", ("cp1252",))),
    **dict.fromkeys(("fi", "is", "ca", "gl", "eu"), ("LATIN", ("cp1252",))),
    "tr": ("LATIN", ("cp1254",)),
    "az": ("LATIN", ("cp1254",)),
    "vi": ("LATIN", ("cp1258",)),
    "el": ("GREEK", ("cp1253", "iso8859_7")),
    "he": ("HEBREW", ("cp1255",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC", ("cp1256",))),
    "th": ("THAI", ("cp874",)),
    "ja": ("CJK HIRAGANA KATAKANA", ("cp932", "euc_jp")),
    "ko": ("HANGUL CJK", ("cp949",)),
    "zh": ("CJK", ("gb18030", "big5hkscs")),
}
_TRADITIONAL = ("zh-tw", "zh-hk", "zh-mo", "zh-hant")
# ISO 639-2 codes, as films name their languages, and those of sites.
_SHORT = {
    "rus": "ru", "ukr": "uk", "bul": "bg", "srp": "sr", "mkd": "mk", "pol": "pl", "ces": "cs", "cze": "cs", "slk": "sk",
    "slo": "sk", "hun": "hu", "hrv": "hr", "slv": "sl", "ron": "ro", "rum": "ro", "tur": "tr", "vie": "vi", "ell": "el",
    "gre": "el", "heb": "he", "iw": "he", "ara": "ar", "fas": "fa", "per": "fa", "tha": "th", "jpn": "ja", "kor": "ko",
    "zho": "zh", "chi": "zh", "lit": "lt", "lav": "lv", "est": "et",
}  # fmt: skip
# The names that servers use. ISO 8859-1 is left out: many servers name it for everything.
_NAMES = {
    "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "windows-31j": "cp932", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "koi8-r": "koi8_r", "koi8-u": "koi8_u", "tis-620": "cp874",
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "ibm866": "cp866", "cp866": "cp866",
    **{f"windows-{number}": f"cp{number}" for number in (874, *range(1250, 1259))},
    **{f"iso-8859-{number}": f"iso8859_{number}" for number in (2, *range(4, 11), 13, 14, 15, 16)},
}  # fmt: skip
_SPOKEN = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")


def decode(data: bytes, language: str = "") -> str:
    """Return the text of these bytes; `language` is their language, if known."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    strict = _strict(data, "utf-8")
    if strict is not None:
        return strict
    return _by_language(data, language) or _detected(data)


def as_said(data: bytes, said: str | None) -> bytes:
    """Return the bytes as UTF-8 if they match the server's charset, else unchanged: they are examined later."""
    if any(data.startswith(mark) for mark, _ in _MARKS) or _strict(data, "utf-8") is not None:
        return data
    text = _strict(data, _NAMES.get((said or "").strip().strip("\"'").lower(), ""))
    return data if text is None else text.encode()


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name) if name else None
    except UnicodeDecodeError:
        return None


def _by_language(data: bytes, language: str) -> str | None:
    main = language.lower().replace("_", "-").partition("-")[0]
    script, names = _BY_LANGUAGE.get(_SHORT.get(main, main), ("", ()))
    if language.lower().replace("_", "-").startswith(_TRADITIONAL):
        names = names[::-1]
    texts = [text for name in names if (text := _strict(data, name)) is not None]
    likely = [(_likelihood(text, script), -number, text) for number, text in enumerate(texts)]
    best = max(likely, default=(0.0, 0, ""))
    return best[2] if best[0] >= _LIKELY else None


def _likelihood(text: str, script: str) -> float:
    """Return the fraction of foreign letters that belong to this script, less capitals inside a word."""
    scripts = tuple(script.split())
    known = odd = foreign = 0
    before = ""
    for char in text[:_SAMPLE]:
        if not char.isascii() and char not in _PUNCTUATION:
            foreign += 1
            known += unicodedata.name(char, "").startswith(scripts)
            odd += before.islower() and char.isupper()
        before = char
    return (known - odd) / foreign if foreign else 0.0


def _detected(data: bytes) -> str:
    """Decode by the letters, else as western Windows. Only lines with such letters are examined."""
    spoken = b"\n".join(_SPOKEN.findall(data[: 4 * _SAMPLE]))[:_SAMPLE]
    names = list(dict.fromkeys(name for _, group in _BY_LANGUAGE.values() for name in group))
    best = from_bytes(spoken, cp_isolation=["cp1252", *names]).best()
    text = _strict(data, best.encoding) if best else None
    return data.decode("cp1252", "replace") if text is None else text
