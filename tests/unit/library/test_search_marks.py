"""Marks of scripts: combined with the letter before them, in words and in scripts without spaces."""

import pytest

from mediafetcher.library.catalog import search_terms


@pytest.mark.parametrize("text", ["ที่นี่", "हिन्दी फ़िल्म", "ខ្មែរ"])
def test_word_with_marks_is_found_by_each_of_its_letters(text: str) -> None:
    terms = search_terms.of(text)
    assert terms and not any(search_terms._is_mark(term.strip("'")[:1]) for term in terms.split())


def test_mark_without_a_letter_is_no_term() -> None:
    assert search_terms.of("\u0301") == search_terms.of("\u0301 ")
    assert "film" in search_terms.of("\u0301 film")


@pytest.mark.parametrize("before", range(4))
def test_long_word_with_marks_is_asked_for_by_pieces_that_it_is_found_by(before: int) -> None:
    word = "ก" * before + "กี่" * 12  # pieces of twelve letters begin at each place of a letter with its marks
    terms = {term.strip("'") for term in search_terms.of(word).split()}
    wanted = search_terms.wanted(word)
    assert wanted is not None
    for wish in wanted.split(" & "):
        piece = wish.removesuffix(":*").strip("'")
        assert not search_terms._is_mark(piece[0])
        assert any(term.startswith(piece) for term in terms)
