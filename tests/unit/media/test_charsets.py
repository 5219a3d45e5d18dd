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
