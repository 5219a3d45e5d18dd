"""Subtitles in the charsets of old, with and without a word on their language."""

import pytest

from mediafetcher.media import charsets, webvtt

SPOKEN = {
    "ru": ("Привет, как дела? Ещё один день.", "cp1251 koi8-r iso8859-5"),
    "uk": ("Привіт, як справи? Її їжак ґрунт.", "cp1251"),
    "bg": ("Здравей, свят", "cp1251"),
    "zh": ("你好,世界", "gbk gb18030"),
    "zh-TW": ("你好,世界,歡迎", "big5"),
    "ja": ("こんにちは、世界", "cp932 euc-jp"),
    "ko": ("안녕하세요 세계", "cp949"),
    "el": ("Καλημέρα κόσμε", "cp1253"),
    "he": ("שלום עולם", "cp1255"),
    "ar": ("مرحبا بالعالم", "cp1256"),
    "th": ("สวัสดีชาวโลก", "cp874"),
    "pl": ("Zażółć gęślą jaźń", "cp1250 iso8859-2"),
    "tr": ("Işık ağaç şöyle", "cp1254"),
    "lt": ("Labas vakaras, ąžuolas", "cp1257"),
    "fr": ("Bonjour à tous, c’est l’été", "cp1252"),
    "rus": ("Привет", "cp1251"),
    "ru-RU": ("Привет, мир. Как дела сегодня?", "cp866 mac_cyrillic"),
    "sr": ("Добар дан", "cp1251"),
    "sr-Latn": ("Dobar dan, želim šećer", "cp1250 iso8859-2"),
    "hr": ("Dobar dan, želim šećer", "cp1250 iso8859-2 cp852"),
    "cs": ("Příliš žluťoučký kůň", "cp1250 iso8859-2"),
    "fr-FR": ("Déjà vu à l'œuvre", "cp1252 iso8859-15"),
    "de": ("Grüße aus München", "cp1252 cp850"),
    "en": ("3 × 4 is 12 ½", "cp1252"),
}


@pytest.mark.parametrize(
    ("language", "said", "charset"),
    [(language, said, charset) for language, (said, names) in SPOKEN.items() for charset in names.split()],
)
def test_text_in_its_language_is_readable(language, said, charset):
    data = f"1\r\n00:00:01,000 --> 00:00:02,000\r\n{said}\r\n".encode(charset)
    assert webvtt.decode(data, language).split("\n")[2] == said


@pytest.mark.parametrize(("said", "charset"), [("Привет, как дела?", "utf-8"), ("你好", "utf-16"), ("é", "utf-8-sig")])
def test_unicode_needs_no_word(said, charset):
    assert webvtt.decode(said.encode(charset), "ja") == said


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("said", ["Hello", "Привет, как дела?", "你好,世界"])
def test_unicode_without_a_mark_is_known_by_its_zeros(said, charset):
    data = f"1\n00:00:01,000 --> 00:00:02,000\n{said}\n".encode(charset)
    assert webvtt.decode(data).split("\n")[2] == said
    assert charsets.as_said(data, "windows-1251") == data


@pytest.mark.parametrize("charset", ["cp1251", "koi8-r"])
def test_longer_text_is_detected_without_its_language(charset):
    said = "Привет, как дела? Сегодня мы поедем в город и купим новую книгу.\n" * 10
    assert webvtt.decode(said.encode(charset)) == said


def test_server_names_the_charset():
    assert charsets.as_said("Привет".encode("koi8-r"), "KOI8-R") == "Привет".encode()
    assert charsets.as_said("Привет".encode(), "windows-1251") == "Привет".encode(), "UTF-8 is what it is"
    for name in (None, "utf-7", "idna", "no-such", "iso-8859-1", "rot13"):
        assert charsets.as_said(b"\xcf\xf0", name) == b"\xcf\xf0"


def test_any_bytes_become_text():
    for data in (bytes(range(256)) * 40, b"\xff", b"\x80" * 70_000, b""):
        for language in ("", "ru", "zh", "xx-" * 20):
            assert isinstance(charsets.decode(data, language), str)
