"""Determine the charset of subtitles: by a byte order mark, else UTF-8, else the server's, the language, or detection.

Runs in a parsing worker and in the fetch child. Texts are short, so the language comes before statistics: text in
Russian is decoded as Russian Windows wrote it, and accepted if its letters are Russian.
"""

import re
import unicodedata

from charset_normalizer import from_bytes

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE = 1 << 16  # bytes that are examined
_ZEROS = 0.2  # fraction of NUL bytes at one place of each unit that UTF-16 and UTF-32 have: times are digits
_LIKELY = 0.9  # fraction of foreign letters that must be of the expected script
_PUNCTUATION = frozenset(
    "«»‘’“”„‚‹›–—…·¡¿♪♫°§€£¥©®™\u00a0\u200b\u3000、。，．：；？！「」『』（）《》〈〉【】・ー～×÷±²³½¼¾ªº¶•†"
)
_FRACTIONS = ("¼", "½", "¾")
# Charsets of each script, ordered by their frequency in subtitles. GB 18030 includes GBK and GB 2312.
_CYRILLIC = ("cp1251", "koi8_u", "iso8859_5", "cp866", "mac_cyrillic")
_CENTRAL = ("cp1250", "iso8859_2", "cp852")
_WESTERN = ("cp1252", "iso8859_15", "cp850")
_BY_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "sr", "kk", "mn"), ("CYRILLIC", _CYRILLIC)),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"), ("LATIN", _CENTRAL)),
    **dict.fromkeys(("lt", "lv", "et"), ("LATIN", ("cp1257",))),
    **dict.fromkeys(("en", "fr", "de", "es", "it", "pt", "nl", "sv", "da", "no", "nb", "nn"), ("LATIN", _WESTERN)),
    **dict.fromkeys(("fi", "is", "ca", "gl", "eu"), ("LATIN", _WESTERN)),
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
_ALSO = {"sr": ("LATIN", _CENTRAL)}  # languages that are written in two scripts
# The letters of languages whose charsets differ in few letters, all of which are Latin.
_ALPHABETS = {
    **dict.fromkeys(("hr", "bs", "sl", "sr"), "čćđšž"),
    "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "pl": "ąćęłńóśźż", "hu": "áéíóöőúüű", "ro": "ăâîșțşţ",
    "sq": "çë",
}  # fmt: skip
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
    if unmarked := _of_wide_units(data):
        return data.decode(unmarked, "replace")
    strict = _strict(data, "utf-8")
    if strict is not None:
        return strict
    return _by_language(data, language) or _detected(data)


def _of_wide_units(data: bytes) -> str | None:
    """Return the name of UTF-16 or UTF-32 without a byte order mark; None for any other text."""
    sample = data[: _SAMPLE - _SAMPLE % 4]
    if b"\0" not in sample:
        return None
    zeros = [sample[at::4].count(0) / max(1, len(sample) // 4) for at in range(4)]
    is_zero = [share > _ZEROS for share in zeros]
    return {
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, False, True, True): "utf-32-le",
        (True, True, False, False): "utf-32-be",
    }.get((is_zero[0], is_zero[1], is_zero[2], is_zero[3]))


def as_said(data: bytes, said: str | None) -> bytes:
    """Return the bytes as UTF-8 if they match the server's charset, else unchanged: they are examined later."""
    if any(data.startswith(mark) for mark, _ in _MARKS) or _of_wide_units(data) or _strict(data, "utf-8") is not None:
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
    main = _SHORT.get(main, main)
    groups = [group for group in (_BY_LANGUAGE.get(main), _ALSO.get(main)) if group]
    tried = [(script, name) for script, names in groups for name in names]
    if language.lower().replace("_", "-").startswith(_TRADITIONAL):
        tried = tried[::-1]
    texts = [(script, text) for script, name in tried if (text := _strict(data, name)) is not None]
    alphabet = _ALPHABETS.get(main, "")
    likely = [
        (_likelihood(text, script, alphabet if script == "LATIN" else ""), -number, text)
        for number, (script, text) in enumerate(texts)
    ]
    best = max(likely, default=(0.0, 0, ""))
    return best[2] if best[0] >= _LIKELY else None


def _likelihood(text: str, script: str, alphabet: str = "") -> float:
    """Return the fraction of foreign letters that belong to this script.

    Less are capitals inside a word, and letters of another script inside a Latin word. A letter that the alphabet
    of the language lacks counts a little less.
    """
    scripts = tuple(script.split())
    known = foreign = 0.0
    before = ""
    for char in text[:_SAMPLE]:
        if not char.isascii() and char not in _PUNCTUATION:
            foreign += 1
            known += unicodedata.name(char, "").startswith(scripts)
            known -= before.islower() and char.isupper()
            known -= script != "LATIN" and before.isascii() and before.isalpha()
            known -= 0.05 * (bool(alphabet) and char.lower() not in alphabet)
        foreign += before in _FRACTIONS and char.isalpha()  # the letter œ of another charset
        before = char
    return known / foreign if foreign else 1.0


def _detected(data: bytes) -> str:
    """Decode by the letters, else as western Windows. Only lines with such letters are examined."""
    spoken = b"\n".join(_SPOKEN.findall(data[: 4 * _SAMPLE]))[:_SAMPLE]
    names = list(dict.fromkeys(name for _, group in _BY_LANGUAGE.values() for name in group))
    best = from_bytes(spoken, cp_isolation=["cp1252", *names]).best()
    text = _strict(data, best.encoding) if best else None
    return data.decode("cp1252", "replace") if text is None else text
