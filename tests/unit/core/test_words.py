"""The word list that scripts/check holds comments, messages and docs against."""

import importlib.util
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[3] / "scripts/lib/words.py"
_spec = importlib.util.spec_from_file_location("words", _FILE)
assert _spec and _spec.loader
words = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(words)


def found(text: str) -> list[str]:
    return [match for _, match, _ in words.findings(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Ring the bell once.",
        "Start anew.",
        "It is no more than that, and ours no more.",
        "They do not exist any more.",
        "Where a token is sent, it counts.",
        "Read it. Where it is empty, nothing happens.",
        "What came in the meantime is lost.",
        "Whoever signs in leaves.",
        "Nobody may read it.",
        "A person comes with a cookie.",
        "Those that remain are removed.",
        "The volume is gone.",
        "Let it in -> who it is.",
    ],
)
def test_findings_listed_words_reported(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Renew the lease of every active download.",
        "Return the folder where the file is.",
        "Use no more than two threads.",
        "A lease that is no longer valid raises `LeaseLost`.",
        "Personal data stay on the server.",
        "Measure from 1 to 2, opened and closed.",
        "Fails during spring.",
        'Annotate as `Callable[[int], str]`: "->" in code is fine.',
    ],
)
def test_findings_plain_english_accepted(text: str) -> None:
    assert not found(text)


def test_check_file_python_reports_docstrings_comments_and_messages() -> None:
    source = (
        '"""Whoever reads."""\n'
        "x = 1  # nobody\n"
        "# one line\n"
        "# and somebody in the second\n"
        'raise ValueError("Try it anew later.")\n'
        'name = "person"\n'
        'sql = "SELECT person FROM x WHERE nobody"\n'
    )
    assert [(one.line, one.text) for one in words.check_file("a.py", source)] == [
        (1, "Whoever"),
        (2, "nobody"),
        (4, "somebody"),
        (5, "anew"),
    ]


def test_check_file_markdown_ignores_code_and_headings() -> None:
    source = "# What it does\nA `person` column.\n```\nnobody\n```\nNobody reads it.\n"
    assert [(one.line, one.text) for one in words.check_file("a.md", source)] == [(6, "Nobody")]


def test_grown_more_findings_or_new_file_reported() -> None:
    assert words.grown({"a": 2, "b": 1, "c": 1}, {"a": 2, "b": 0}) == ["b", "c"]


def test_lowered_counts_never_rise() -> None:
    assert words.lowered({"a": 3, "b": 1, "new": 5}, {"a": 2, "b": 4, "clean": 1}) == {"a": 2, "b": 1}
