"""Text of the whole world: one normal form, one folding, one order, the same on every machine."""

import random
import unicodedata

import pytest

from mediafetcher.core import sort_key, text
from mediafetcher.library.catalog import search_terms

PERSIAN, FAMILY = "می\u200cخواهم فیلم ببینم", "Family \U0001f468\u200d\U0001f469\u200d\U0001f467 trip"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize("title", [PERSIAN, FAMILY, SCOTLAND, "क्\u200dष", "a \u05d0\u200f!", "ගම්පහ ශ්\u200dරී"])
def test_joiners_that_belong_to_the_writing_stay(title):
    assert text.one_line(title, 500) == title


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\x00b\tc\nd", "a b c d"),
        ("\ufeffTitle\u00ad", "Title"),
        ("evil\u202e4pm.exe", "evil 4pm.exe"),
        ("E\u0301te\u0301", "Été"),
        ("wide\u3000space\u00a0here", "wide space here"),
        ("\u200d \u200c\u200e", ""),
        ("lone \ud800 half", "lone half"),
        ("\ufdd0\uffff", ""),
    ],
)
def test_foreign_text_has_one_form(given, kept):
    assert text.one_line(given, 500) == kept
    assert text.one_line(kept, 500) == kept


def test_cut_text_ends_between_letters():
    assert text.one_line("x" * 9 + "e\u0323\u0301" * 3, 10) == "x" * 9
    assert text.one_line("12345678" + FAMILY[7:12], 10) == "12345678"
    assert text.one_line("é" * 600, 500) == "é" * 500


FOUND = [
    ("東京の朝の市場を歩く", "市場"),
    ("東京の朝の市場を歩く", "東京 歩く"),
    ("第10話 はじまり", "10話"),
    ("カタカナ", "かたかな"),
    ("ﾊﾝｶｸ", "ハンカク"),
    ("スター・ウォーズ", "スターウォーズ"),
    ("スター・ウォーズ", "ウォーズ"),
    ("한국영화특선", "영화"),
    ("กรุงเทพมหานครในวันฝนตก", "มหานคร"),
    ("ພາສາລາວງາມ", "ລາວ"),
    ("ភាសាខ្មែរ", "ខ្មែរ"),
    ("長い題名がとても長く続くので全部は入りませんでした", "題名がとても長く続くので全部は入り"),
    ("हिन्दी समाचार", "हिन्दी"),
    ("हिन्दी फ़िल्म", "फिल्म"),
    ("हिन्दी फिल्म", "फ़िल्म"),
    ("தமிழ் செய்திகள்", "தமிழ்"),
    (unicodedata.normalize("NFD", "Été à la plage"), "été"),
    ("Été à la plage", unicodedata.normalize("NFD", "été")),
    ("Žižkov v noci", "zizkov"),
    ("Łódź nocą", "lodz"),
    ("Đường phố Hà Nội", "duong"),
    ("Ísland í myrkri: Þór", "thor"),
    ("İstanbul'da ışık", "istanbul isik"),
    ("Cœur de pirate", "coeur"),
    ("L’été indien", "été"),
    ("L’été indien", "l'été"),
    ("Straße", "strasse"),
    ("Müller kommt", "mueller"),
    ("Müller kommt", "muller"),
    ("Blå bær", "blaa baer"),
    ("Ελληνική ΜΟΥΣΙΚΉ", "μουσικη"),
    ("Ёлки зелёные", "елки"),
    ("שָׁלוֹם עולם", "שלום"),
    ("السَّلامُ عليكم", "السلام"),
    ("كتاب", "کتاب"),
    (PERSIAN, "میخواهم"),
    (PERSIAN, "می خواهم"),
    ("قسمت ۱۲", "12"),
    ("C++ in an hour", "c++"),
    ("F# for all", "f#"),
    ("AC/DC live", "acdc"),
    ("AC⧸DC live", "acdc"),
    ("AC⧸DC live", "ac/dc"),
    ("Hawaiʻi", "hawaii"),
    ("Don't look up", "dont look"),
    ("Dont look up", "don't"),
    ("Spider-Man", "spiderman"),
    ("my_holiday.final.mp4", "holiday mp4"),
    ("Merry 🎄 to all", "🎄"),
    ("???", "??"),
    ("1+1=2", "1+1"),
]
MISSED = [
    ("C in an hour", "c++"),
    ("C++ in an hour", "c#"),
    ("東京の朝", "京東"),
    ("plage", "lage"),
    ("Rock n roll", "🎄"),
]


def _finds(title: str, search: str) -> bool:
    """Whether PostgreSQL would find it: the terms are plain, and a wish is a conjunction of alternatives."""
    terms = [term.replace("''", "'") for term in search_terms.of(title)[1:-1].split("' '")]
    wish = search_terms.wanted(search)
    if wish is None:
        return False
    plain = "".join(_truth(part, terms) for part in _parts(wish))
    return bool(eval(plain))


def _parts(wish: str) -> list[str]:
    import re

    return re.findall(r"'(?:[^']|'')*':\*|[()&|]", wish)


def _truth(part: str, terms: list[str]) -> str:
    if part in "()":
        return part
    if part in "&|":
        return {"&": " and ", "|": " or "}[part]
    start = part[1:-3].replace("''", "'")
    return str(any(term.startswith(start) for term in terms))


@pytest.mark.parametrize(("title", "search"), FOUND)
def test_title_is_found_in_its_script(title, search):
    assert _finds(title, search), (search_terms.of(title), search_terms.wanted(search))


@pytest.mark.parametrize(("title", "search"), MISSED)
def test_title_without_the_word_is_not_found(title, search):
    assert not _finds(title, search)


@pytest.mark.parametrize("search", ["", " ", "\x00", "\u200d", "\u0301"])
def test_search_for_nothing_wants_nothing(search):
    assert search_terms.wanted(search) is None or not _finds("a title", search)


ORDERS = [
    ["apple", "Éclair", "Episode 2", "Episode 10", "Zoo"],
    ["cote", "Cote", "coté", "côte", "côté", "cotes"],
    ["(live)", "2 days", "10 days", "a", "A", "æon", "Œuvre", "œuvres", "zebra"],
    ["File 1", "File 01b", "File 9", "File 009 x", "File 99999999999999999999", "File 100000000000000000000"],
    ["Part 2", "Part 2a", "Part 10", "Part ۱۱", "Part 12", "Part １３"],
    ["naive", "naïve", "naive x"],
    ["a b", "a-b", "ab"],
    ["z", "α", "Ω", "я", "日"],
]


@pytest.mark.parametrize("expected", ORDERS, ids=lambda names: names[0])
def test_names_sort_as_readers_expect(expected):
    mixed = list(expected)
    random.Random(7).shuffle(mixed)
    assert sorted(mixed, key=sort_key.of) == expected
    assert sorted(mixed, key=lambda name: sort_key.of(unicodedata.normalize("NFD", name)).encode()) == expected


def test_key_of_any_text_fits_into_an_index():
    for value in ("🎬" * 500, "1a" * 250, "e" + "\u0301" * 499, "É" * 500, "\u0958" * 500, "\ufdfa" * 500):
        assert len(sort_key.of(value).encode()) <= 2000
        assert len(search_terms.of(value)) < 100_000


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1_500, "2 kB"), (5 << 20, "5.2 MB"), (123_000_000, "123 MB"), (2.5e15, "2500 TB")],
)
def test_size_is_said_in_powers_of_a_thousand(count, said):
    assert text.size(count) == said
