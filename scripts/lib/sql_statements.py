"""List the SQL statements of the program, of three kinds, and write docs/sql.md.

A raw statement is a string that begins with select, insert, update, delete, with or lock; parentheses before it do not
hide it if it is a union. A statement of administration makes or changes databases, roles, keys and transactions. Both
are named if they are constants of their module; the comment above the constant is the reason why it is no statement
of a table class. The third kind is the statements of table classes, which are only counted.

    python scripts/lib/sql_statements.py       writes docs/sql.md again
"""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/sql.md"
_WITH = r"with (recursive )?\w+( ?\([^)]*\))? as\b"
_UPPER = "SELECT |INSERT INTO |DELETE FROM |UPDATE |WITH "
_UNION = r"\(+select\b.*\)\s*union\b"  # other parentheses hold an expression of a statement
_BEGIN = re.compile(
    r"\s*(select\b|insert into\s|delete from\s|update \S+( as)?( \w+)?\s+set\b|lock table\s"
    rf"|{_WITH}|{_UNION}|{_UPPER})",
    re.DOTALL,
)
_ADMINISTRATION = re.compile(
    r"\s*((create|alter|drop) (database|role|table|schema|extension|system)\b|truncate\b|analyze$|do \$\$"
    r"|set (local|session|role)\b|begin( |;)|grant \w+ (on|to)\b|revoke \w+ (on|from)\b)"
)
_VERBS = {"select", "insert", "update", "delete", "exists", "count", "objects"}
_HEAD = """# Raw SQL

Ordinary reads and writes go through the table classes of `mediafetcher/db/tables/`.
A statement stays raw SQL if Piccolo cannot say it in one round trip, or if it is on a measured hot path:
one statement takes 0.12 ms of processor time by asyncpg and 0.22 ms by a table class.
Migrations are not counted.

Piccolo has no form for statements of administration: databases, roles, keys, transactions.

This page is written by `python scripts/lib/sql_statements.py`; a test lets the counts only fall.
"""


class Statement(NamedTuple):
    """A raw statement, or one of administration. `name` is empty if it is no constant of its module; `reason` is the
    comment above."""

    module: str
    line: int
    name: str
    reason: str
    text: str


def statements() -> list[Statement]:
    """Return the raw statements of the program, in the order of modules and lines."""
    return [one for path in _modules() for one in _of_module(path, _BEGIN)]


def administration() -> list[Statement]:
    """Return the statements of administration, in the same order."""
    return [one for path in _modules() for one in _of_module(path, _ADMINISTRATION)]


def of_table_classes() -> Counter[str]:
    """Return how many statements of table classes each module has, by its path."""
    return Counter({path.relative_to(ROOT).as_posix(): number for path in _modules() if (number := _queries(path))})


def _modules() -> list[Path]:
    return [path for path in sorted((ROOT / "mediafetcher").rglob("*.py")) if "migrations" not in path.parts]


def _queries(path: Path) -> int:
    """Return how many statements begin at a table class, or at another name that the module gives it."""
    tree = ast.parse(path.read_text())
    tables: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mediafetcher.db.tables"):
            tables |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Table") for base in node.bases):
            tables.add(node.name)
    for node in ast.walk(tree):  # `table = Setting`, `table, file = Setting, MediaFile`
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
            for target, value in pairs:
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs += zip(target.elts, value.elts, strict=False)
                elif isinstance(target, ast.Name) and isinstance(value, ast.Name) and value.id in tables:
                    tables.add(target.id)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sum(
        isinstance(call, ast.Attribute)
        and call.attr in _VERBS
        and isinstance(call.value, ast.Name)
        and call.value.id in tables
        for call in calls
    )


def _of_module(path: Path, begin: re.Pattern[str]) -> list[Statement]:
    source = path.read_text()
    lines, module = source.splitlines(), path.relative_to(ROOT).as_posix()
    found = []
    for node in ast.parse(source).body:
        name = _name(node)
        for line, text in _texts(node):
            if begin.match(text):
                reason = _reason(lines, node.lineno) if name else ""
                found.append(Statement(module, line, name, reason, text))
    return sorted(found, key=lambda one: one.line)


def _name(node: ast.stmt) -> str:
    """Return the name of a module's constant; empty for any other statement of a module."""
    target: ast.expr | None = None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else ""


def _texts(node: ast.AST) -> list[tuple[int, str]]:
    """Return the line and text of each string in this part of a module, docstrings excluded."""
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        return [(node.lineno, "".join(parts))]
    if isinstance(node, ast.Constant):
        return [(node.lineno, node.value)] if isinstance(node.value, str) else []
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return []
    return [text for child in ast.iter_child_nodes(node) for text in _texts(child)]


def _reason(lines: list[str], line: int) -> str:
    """Return the comment directly above a line (counted from 1) as one text."""
    above: list[str] = []
    for text in reversed(lines[: line - 1]):
        if not text.startswith("# ") or text.startswith("# ----"):
            break
        above.insert(0, text.removeprefix("# "))
    return " ".join(above)


def document() -> str:
    """Return the text of docs/sql.md."""
    raw, others, tables = statements(), administration(), of_table_classes()
    rows = [_HEAD, f"{len(raw)} raw statements and {len(others)} of administration, all of them named;"]
    rows += [f"{tables.total()} statements by table classes, in {len(tables)} modules.\n"]
    for title, found in (("Raw statements", raw), ("Administration", others)):
        rows += [f"## {title}\n", "| Module | Name | Why it is raw SQL |", "| --- | --- | --- |"]
        rows += [f"| `{one.module.removeprefix('mediafetcher/')}` | `{one.name}` | {one.reason} |" for one in found]
        rows.append("")
    return "\n".join(rows)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
