"""Language tags of users and sites against the codes of files."""

import pytest

from mediafetcher.core import languages


@pytest.mark.parametrize(
    ("tag", "code"),
    [("de", "deu"), ("ger", "deu"), ("DEU", "deu"), ("pt-BR", "por"), ("zh_Hans", "zho"), ("yue", "yue"), ("iw", "heb"),
     ("und", "und"), ("", "und"), (None, "und"), ("english", "und"), ("x1", "und")],
)  # fmt: skip
def test_tag_has_its_code_of_three_letters(tag, code):
    assert languages.three_letters(tag) == code


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [("de", "de", 2), ("de", "de-AT", 2), ("de", "ger", 2), ("de-AT", "de", 1), ("de-AT", "deu", 1),
     ("pt-BR", "pt-PT", 0), ("pt-BR", "pt-br", 2), ("de", "en", 0), ("de", None, 0), ("und", "und", 0),
     ("original", "en", 0)],
)  # fmt: skip
def test_language_fits_by_itself_and_by_its_region(wanted, given, fits):
    assert languages.closeness(wanted, given) == fits
