"""Check the English of comments, docstrings, messages and docs against a list of words.

`words.py` prints every file that has more findings than `words-baseline.tsv` allows, and exits with 1 if there is one.
`words.py --list [PATH...]` prints every finding.
`words.py --lower` writes the counts of today to the baseline if they are lower. No count can be raised this way.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ROOT / "scripts/lib/words-baseline.tsv"
CHECKED = ("*.md", "docs/*.md", "mediafetcher/*.py", "scripts/*.py")  # as `git ls-files` matches: `*` spans folders
SKIPPED = ("CHANGELOG.md", "NOTICE.md", "README.fr.md", "docs/decisions/", "scripts/lib/words.py")
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
    (_START + r"(?:Of|Such|Nor|Only so|So) [a-z]+ \w+ (?:is|are|was|does|do|can|may)\b", "subject first"),
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


def python_prose(source: str) -> Iterator[tuple[int, str]]:
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
                yield node.lineno, re.sub(r"\n +", "\n", node.value)
            elif _is_message(node.value):
                yield node.lineno, node.value
    yield from _comments(source)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Find comments. Comments on lines that follow each other are one text."""
    start, last, lines = 0, -1, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        row, whole = token.start[0], not token.line[: token.start[1]].strip()
        if lines and not (whole and row == last + 1):
            yield start, "\n".join(lines)
            lines = []
        if not lines:
            start = row
        lines.append(token.string.lstrip("#! "))
        last = row if whole else -1
    if lines:
        yield start, "\n".join(lines)


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


def check_file(path: str, source: str) -> list[Finding]:
    """Find what the rules match in one file."""
    prose = markdown_prose(source) if path.endswith(".md") else python_prose(source)
    found = [
        Finding(path, first + line, words, better) for first, text in prose for line, words, better in findings(text)
    ]
    return sorted(found)


def check_tree(root: Path, only: tuple[str, ...] = ()) -> list[Finding]:
    """Check every file that git tracks, or those whose path starts with one of `only`."""
    command = ["git", "-C", str(root), "ls-files", *CHECKED]
    paths = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [
        finding
        for path in paths
        if not path.startswith(SKIPPED) and (not only or path.startswith(only)) and (root / path).is_file()
        for finding in check_file(path, (root / path).read_text())
    ]


def read_baseline(text: str) -> dict[str, int]:
    """Read the number of findings that each file may have."""
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {path: int(count) for count, path in lines}


def grown(counts: dict[str, int], allowed: dict[str, int]) -> list[str]:
    """Compare with the baseline. Returns: the files that have more findings than they may."""
    return sorted(path for path, count in counts.items() if count > allowed.get(path, 0))


def lowered(counts: dict[str, int], allowed: dict[str, int]) -> dict[str, int]:
    """Take the lower count of each file in the baseline. A clean file leaves it, a new one is never added."""
    lower = {path: min(count, counts.get(path, 0)) for path, count in allowed.items()}
    return {path: count for path, count in sorted(lower.items()) if count}


def _write_baseline(counts: dict[str, int]) -> None:
    head = (
        "# Findings of scripts/lib/words.py that each file may have. Counts may only become lower: words.py --lower\n"
    )
    BASELINE.write_text(head + "".join(f"{count}\t{path}\n" for path, count in counts.items()))


def _show(found: list[Finding]) -> None:
    for one in found:
        print(f"{one.path}:{one.line}: {one.text!r} (better: {one.better})")


def main(arguments: list[str]) -> int:
    """Run the command line. Returns: the exit code."""
    if arguments[:1] == ["--list"]:
        _show(check_tree(ROOT, tuple(arguments[1:])))
        return 0
    if arguments not in ([], ["--lower"]):
        print(__doc__)
        return 2
    found = check_tree(ROOT)
    counts = dict(Counter(one.path for one in found))
    allowed = read_baseline(BASELINE.read_text())
    if arguments:
        _write_baseline(lowered(counts, allowed))
        return 0
    worse = grown(counts, allowed)
    _show([one for one in found if one.path in worse])
    for path in worse:
        print(f"{path}: {counts[path]} findings, {allowed.get(path, 0)} allowed. Reword the new ones.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
