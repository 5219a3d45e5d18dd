"""Patterns of users: their meaning stays, whatever Python makes of sets later."""

import re
import warnings

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mediafetcher.core import errors
from mediafetcher.subscriptions import patterns


@pytest.mark.parametrize(
    ("pattern", "title", "found"),
    [
        ("[[]Live[]]", "[Live] at home", True),
        ("[[Live]+]", "a [Live] b", True),
        ("[a--]", "-", False),  # a range that ends before it begins: no pattern
        ("[!--]", "#", True),
        ("[a&&b]", "&", True),
        ("[a||b]+ cut", "a|b cut", True),
        ("[~~~]", "~", True),
        ("[]a]", "]", True),
        ("[^[]", "[", False),
        (r"[\]\[-]", "-", True),
        (r"[\x41--]", "A", False),
        ("a#[[]", "a#[", True),
        ("(?x) a # [ no set\n [b]", "ab", True),
        ("a(?#[)[b]", "ab", True),
    ],
)
@pytest.mark.filterwarnings("error")
def test_pattern_with_special_sets_matches_without_a_warning(pattern: str, title: str, found: bool) -> None:
    try:
        assert patterns.match(pattern, "", [title]) == [(found, False)]
    except errors.InvalidPattern:
        assert not found


@given(st.text(alphabet="[]^-\\&|~#abx01\n(?:)", max_size=14))
@example("[a---]")
@example("[a-c--]")
@example("[^]--]")
@example("[--a]")
@hypothesis_settings(max_examples=500, deadline=None, database=None)
def test_pattern_of_any_form_keeps_its_meaning(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            before = re._parser.parse(pattern, re.IGNORECASE)  # type: ignore[attr-defined]
        except re.error:
            return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = patterns._with_plain_sets(pattern)
        assert repr(re._parser.parse(plain, re.IGNORECASE)) == repr(before), plain  # type: ignore[attr-defined]
