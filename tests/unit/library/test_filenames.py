"""Names that users read and every file system takes."""

import re
import unicodedata

import pytest

from mediafetcher.library.export import filenames

_RESERVED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
CORPUS = [
    *("A film", "", " ", ".", "..", "...", ".hidden", "end.", "end. . ", " both ", "a/b\\c", 'q"<x>|?*:', "tab\there"),
    *("CON", "con", "nul.txt", "Aux.tar.gz", "COM1", "LPT9", "com¹", "CON ", "CON .x", "CONIN$", "prn", "CONcert"),
    *("\x00\x01\x7f\x85", "line\nbreak", "e\u0301te\u0301", "\ud800 alone", "evil\u202e4pm.exe", "\u2066x\u2069"),
    *(
        "x" * 400,
        "é" * 400,
        "漢" * 400,
        "🎬" * 400,
        "x" * 254 + "é",
        "x" * 254 + ". ",
        "👩‍👩‍👧 family",
        "\ufdd0",
        "a\u2028b",
    ),
    *("-rf", "~", "$(rm)", "%PATH%", "`x`", "Thumbs.db", "@eaDir", "a" * 243 + ".", "?" * 300, "e" + "\u0301" * 300),
]


@pytest.mark.parametrize("longest", [255, 244, 60])
@pytest.mark.parametrize("text", CORPUS, ids=ascii)
def test_every_name_is_safe(text, longest):
    name = filenames.safe(text, longest)
    assert name and len(name.encode()) <= longest
    assert not _RESERVED.search(name) and name == unicodedata.normalize("NFC", name)
    assert name == name.strip() and not name.startswith(".") and not name.endswith(".")
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name)
    assert name.partition(".")[0].rstrip().upper() not in filenames._DEVICES
    assert filenames.safe(name, longest) == name, "a safe name stays as it is"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AC/DC: live", "AC-DC- live"),
        ("What?", "What"),
        ('He said "no"', "He said 'no'"),
        ("CON", "CON_"),
        ("nul.mkv", "nul_.mkv"),
        ("Concert", "Concert"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("...", "Untitled"),
        ("À bientôt… 漢字 🎬", "À bientôt… 漢字 🎬"),
    ],
)
def test_names_stay_readable(text, name):
    assert filenames.safe(text) == name


def test_names_that_some_disk_takes_for_one_are_kept_apart():
    taken = filenames.Taken(["STRANGER.mp4"])
    made = [taken.free(text, [".mp4", ".nfo"]) for text in ("Film", "film", "FILM", "Film?", "stranger", "Film (2)")]
    assert made == ["Film", "film (2)", "FILM (3)", "Film (4)", "stranger (2)", "Film (2) (2)"]
    assert filenames.Taken(["Été"]).free("E\u0301TE\u0301", [""]) == "ÉTÉ (2)"
    assert filenames.Taken(["Straße"]).free("STRASSE", [""]) == "STRASSE (2)"


def test_the_number_and_the_ending_fit_into_the_longest_name():
    taken = filenames.Taken()
    ends = [".mp4", ".nfo", "-poster.jpg"]
    made = {taken.free("漢" * 300, ends) for _ in range(12)}
    assert len(made) == 12
    assert max(len((stem + end).encode()) for stem in made for end in ends) <= 255
