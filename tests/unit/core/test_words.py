"""The word list that scripts/check holds comments, messages and docs against."""

import importlib.util
import re
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


def test_check_file_of_tests_leaves_out_their_strings() -> None:
    source = '"""What came."""\n\nSAID = "Nobody knows this one."  # start anew\n'
    assert [one.text for one in words.check_file("tests/test_x.py", source)] == ["What came.", "anew"]
    assert "Nobody" in [one.text for one in words.check_file("mediafetcher/x.py", source)]


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


def test_check_file_typescript_reports_comments_and_messages_but_no_code() -> None:
    source = (
        "/** What a list shows. */\n"
        "const person = 1; // nobody\n"
        "// one line\n"
        "// and somebody in the second, not `anew`\n"
        'say("The volume is gone.");\n'
        'const name = "person";\n'
        'const link = "https://a.example/nobody"; // plain\n'
    )
    assert [(one.line, one.text) for one in words.check_file("web/src/a.ts", source)] == [
        (1, "What a list shows."),
        (2, "nobody"),
        (4, "somebody"),
        (5, "is gone"),
    ]


def test_check_file_english_strings_reports_short_texts_but_no_keys() -> None:
    source = 'export const en = {\n  "set.people": "People",\n  "a.b": "see nobody",\n};\n'
    found = words.check_file("web/src/i18n/en-set.ts", source)
    assert [(one.line, one.text) for one in found] == [(2, "People"), (3, "nobody")]


def test_check_tree_covers_code_docs_and_strings_and_is_clean() -> None:
    assert words.check_tree(_FILE.parents[2]) == []


# The metaphors of the first versions, as whole words: `_` is a part of a word, so it is split off.
_METAPHORS = re.compile(r"(?i)(?<![a-z])(bell|farewell|anew|keeper|hang.?up|house.?keep|brought|made_before)(?![a-z])")
# `Bell` is an icon of lucide; checkpoints of 0.2.0 and earlier are still read.
_OTHER_NAMES = re.compile(r"\bBell\b|_NAME_BEFORE = .*")


def test_product_has_no_name_or_text_with_a_metaphor() -> None:
    root = _FILE.parents[2]
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for folder in ("mediafetcher", "web/src", "extension/src")
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in {".py", ".ts", ".tsx", ".json", ".toml", ".html", ".css"} and "node_modules" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _METAPHORS.search(_OTHER_NAMES.sub("", line))
    ]
    assert found == []
