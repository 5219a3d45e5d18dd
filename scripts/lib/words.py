"""Check the English of comments, docstrings, messages, page strings and docs against a list of words.

In tests only comments and docstrings are checked: their strings are data. `words.py` prints every finding, and exits
with 1 if there is one.
`words.py PATH...` prints those in files whose path starts with one of these, also in files that are not checked yet.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# As `git ls-files` matches: `*` spans folders.
CHECKED = (
    "*.md",
    "build/*.py",
    "mediafetcher/*.py",
    "scripts/*.py",
    "tests/*.py",
    "web/src/*.ts",
    "web/src/*.tsx",
    "extension/src/*.ts",
    "extension/src/_locales/en/messages.json",
)
# Release notes, names of other projects, French, the list itself and its test.
SKIPPED = ("CHANGELOG.md", "NOTICE.md", "README.fr.md", "scripts/lib/words.py", "tests/unit/core/test_words.py")
TYPESCRIPT = (".ts", ".tsx", ".json")
# Comments and strings. A pattern in code may hold quotes, but no string spans lines except a template.
_TYPESCRIPT_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL
)
SQL = re.compile(r"(?i)^\s*(select|insert|update|delete|with|create|alter|drop|do|values|lock|copy|begin)\b")

# A sentence starts at the start of the text, or after a full stop or a colon.
_START = r"(?:^|(?<=[.:!?] )|(?<=[.:!?]\n))"

# Pattern and what to write instead. Case matters only if the pattern names an upper-case letter.
RULES: tuple[tuple[str, str], ...] = (
    # No metaphors.
    (r"\b[Bb]ells?\b|\b[Rr]ings?\b(?! buffer)|\brung\b", "wake-up, notification"),
    (r"\b[Ff]arewell\b", "shutdown, last message"),
    (r"\b[Kk]eepers?\b", "the name of the module"),
    (r"\b[Hh](?:a|u)ngs? up\b|\bhung up\b", "close the connection, queue"),
    (r"\bkeeps? house\b|\bhouse[- ]?kept\b|\bhouse is kept\b", "housekeeping"),
    (r"\b[Rr]ooms?\b", "space, module, package"),
    (r"\b[Pp]ens?\b", "sandbox"),
    (r"\b[Ff]ences?\b", "filter, fencing token"),
    (r"\b(?<!stage )[Gg]ates?\b", "filter, semaphore"),
    (r"\b[Ss]mothers?\b|\b[Pp]okes?\b|\b[Ff]orsak\w+\b|\b[Ss]truck\b|\b[Ss]tricken\b", "the technical term"),
    # Words nobody uses for this today.
    (r"\banew\b", "again"),
    (r"\bbeside (?:those|these|it|them|what)\b", "in addition to, next to"),
    (r"\bno more\b(?! than)|\bnot any ?more\b|\b(?:n't|not) [^.;:]{0,40}\bany ?more\b", "no longer"),
    (r"\blooks? after\b|\blooked after\b", "manage, monitor"),
    (r"\bgoes on\b|\bwent on\b|\bgo on\b", "continue, resume"),
    (r"\bcame back\b|\bcomes? back\b", "return, be online again"),
    (r"\bbroken off\b|\bbreaks? off\b|\bbroke off\b", "interrupted, aborted"),
    (r"\bgiven back\b|\bgives? back\b|\bgave back\b", "release, return"),
    (r"\bof its own accord\b|\bby itself alone\b", "automatically"),
    (r"\bnone of (?:ours|its own)\b|\bof ours\b", "name the subject"),
    (r"\b(?:are|is|was|were) (?:away|gone)\b", "is missing, is unavailable, no longer exists"),
    (r"\b[Ii]s there\b(?=[.,;:]|$)|\bare there\b(?=[.,;:]|$)", "exists, is available"),
    # Users are users.
    (r"\b[Pp]erson\b|\b[Pp]ersons\b|\b[Pp]eople\b", "user"),
    (r"\b(?:[Ss]ome|[Nn]o|[Aa]ny|[Ee]very)body\b|\b[Ww]hoever\b", "user, client, anyone, none"),
    (r"\b[Ss]trangers?\b", "another user, an unauthenticated client"),
    # The subject first.
    (_START + r"Where\b", "if, when"),
    (_START + r"What (?!\w+ (?:does|is) (?:this|it)\b)[^?.]*(?:[.:,]|$)", "name the subject"),
    (_START + r"(?:One|Those) (?:that|who|which|whose)\b", "name the subject"),
    (
        _START
        + r"(?:Of|Nor|Only so) [a-z]+ \w+ (?:is|are|was|does|do|can|may)\b|"
        + _START
        + r"So (?:is|are|was|does|do|can|may)\b",
        "subject first",
    ),
    # Docstrings say in words what they return.
    (r"(?<!`)(?<=[a-z.)`\]] )-> (?=[a-z`(\[])", "Returns: in words"),
)
_RULES = tuple((re.compile(pattern, re.MULTILINE), better) for pattern, better in RULES)


class Finding(NamedTuple):
    """One passage that a rule matches."""

    path: str
    line: int
    text: str
    better: str


def findings(text: str) -> Iterator[tuple[int, str, str]]:
    """Find what the rules match in prose.

    Returns: the line within the text (from 0), the words, and what to write instead.
    """
    for pattern, better in _RULES:
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()), match[0], better


def python_prose(source: str, *, messages: bool = True) -> Iterator[tuple[int, str]]:
    """Find the docstrings, messages and blocks of comments of a Python file. Returns: first line, and text."""
    docstrings = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in docstrings:
                yield node.lineno, _without_code(re.sub(r"\n +", "\n", node.value))
            elif messages and _is_message(node.value):
                yield node.lineno, _without_code(node.value)
    yield from _comments(source)


def _without_code(text: str) -> str:
    """Replace names in backticks, which are code."""
    return re.sub(r"`[^`\n]*`", "`code`", text)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Find comments. Comments on lines that follow each other are one text."""
    start, last, lines = 0, -1, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        row, whole = token.start[0], not token.line[: token.start[1]].strip()
        if lines and not (whole and row == last + 1):
            yield start, _without_code("\n".join(lines))
            lines = []
        if not lines:
            start = row
        lines.append(token.string.lstrip("#! "))
        last = row if whole else -1
    if lines:
        yield start, _without_code("\n".join(lines))


def _is_message(text: str) -> bool:
    """Tell a sentence from a name, a pattern or a statement."""
    return bool(re.match(r"[A-Z][a-z]", text)) and text.count(" ") >= 2 and not SQL.match(text)


def markdown_prose(source: str) -> Iterator[tuple[int, str]]:
    """Find the lines of a Markdown file outside blocks of code and headings, without code, bars and links."""
    fenced = False
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("#"):
            text = re.sub(r"`[^`]*`", "`code`", line)
            yield number, re.sub(r"\]\([^)]*\)", "]", text).lstrip("#>-*| ")


def typescript_prose(source: str, *, english: bool = False) -> Iterator[tuple[int, str]]:
    """Find the comments and messages of a TypeScript file, or the texts of a file of English strings (`english`)."""
    start, lines = 0, list[str]()
    for match in _TYPESCRIPT_TOKEN.finditer(source):
        token, line = match[0], source.count("\n", 0, match.start()) + 1
        if lines and not (token.startswith("//") and line == start + len(lines)):
            yield start, _without_code("\n".join(lines))
            lines = []
        if token.startswith("//"):
            start = start if lines else line
            lines.append(token.lstrip("/ "))
        elif token.startswith("/*"):
            yield line, _without_code(re.sub(r"\n\s*\*? *", "\n", token[2:-2].strip("*")).lstrip())
        elif _is_message(token[1:-1]) or (english and re.match(r"[A-Z]|\w+ ", token[1:-1])):
            yield line, token[1:-1]
    if lines:
        yield start, _without_code("\n".join(lines))


def prose(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Find the texts of a file, by the language it is written in. Returns: first line, and text."""
    if path.endswith(".md"):
        return markdown_prose(source)
    if path.endswith(TYPESCRIPT):
        return typescript_prose(source, english="/en" in path)
    return python_prose(source, messages=not path.startswith("tests/"))


def check_file(path: str, source: str) -> list[Finding]:
    """Find what the rules match in one file."""
    return sorted(
        Finding(path, first + line, words, better)
        for first, text in prose(path, source)
        for line, words, better in findings(text)
    )


def check_tree(root: Path, only: tuple[str, ...] = ()) -> list[Finding]:
    """Check every file that git tracks and `CHECKED` names, or those whose path starts with one of `only`."""
    kinds = ("*.md", "*.py", "*.ts", "*.tsx", "*/en/messages.json") if only else CHECKED
    command = ["git", "-C", str(root), "ls-files", *kinds]
    paths = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [
        finding
        for path in paths
        if not path.startswith(SKIPPED) and (not only or path.startswith(only)) and (root / path).is_file()
        for finding in check_file(path, (root / path).read_text())
    ]


def main(arguments: list[str]) -> int:
    """Run the command line. Returns: the exit code."""
    found = check_tree(ROOT, tuple(arguments))
    for one in found:
        print(f"{one.path}:{one.line}: {one.text!r} (better: {one.better})")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
