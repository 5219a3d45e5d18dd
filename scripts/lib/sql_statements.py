"""List the raw SQL statements of the program, and write docs/sql.md.

A raw statement is a string that begins with select, insert, update, delete or with. It is named if it is a constant of
its module; the comment above the constant is the reason why it is no statement of a table class.

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
_BEGIN = re.compile(rf"\s*(select\b|insert into\s|delete from\s|update \S+( as)?( \w+)?\s+set\b|{_WITH}|{_UPPER})")
_KIND = re.compile(r"\s*(\w+)")
_HEAD = """# Raw SQL

Ordinary reads and writes go through the table classes of `mediafetcher/db/tables/`.
A statement stays raw SQL if Piccolo cannot say it in one round trip, or if it is on a measured hot path:
one statement takes 0.12 ms of processor time by asyncpg and 0.22 ms by a table class.
Migrations are not counted.

This page is written by `python scripts/lib/sql_statements.py`; a test lets the counts only fall.
"""


class Statement(NamedTuple):
    """A raw statement. `name` is empty if it is no constant of its module; `reason` is the comment above."""

    module: str
    line: int
    name: str
    reason: str
    text: str


def statements() -> list[Statement]:
    """Return the raw statements of the program, in the order of modules and lines."""
    found = []
    for path in sorted((ROOT / "mediafetcher").rglob("*.py")):
        if "migrations" not in path.parts:
            found += _of_module(path)
    return found


def _of_module(path: Path) -> list[Statement]:
    source = path.read_text()
    lines, module = source.splitlines(), path.relative_to(ROOT).as_posix()
    found = []
    for node in ast.parse(source).body:
        name = _name(node)
        for line, text in _texts(node):
            if _BEGIN.match(text):
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


def document(found: list[Statement]) -> str:
    """Return the text of docs/sql.md."""
    named = [one for one in found if one.name]
    rows = [_HEAD, f"{len(found)} statements, {len(named)} of them named.\n", "## Named statements\n"]
    rows += ["| Module | Name | Why it is raw SQL |", "| --- | --- | --- |"]
    rows += [f"| `{one.module.removeprefix('mediafetcher/')}` | `{one.name}` | {one.reason} |" for one in named]
    rest = Counter((one.module, _KIND.match(one.text)[1].lower()) for one in found if not one.name)  # type: ignore[index]
    if rest:
        rows += ["\n## Not named yet\n", "| Module | Statements |", "| --- | --- |"]
        for module in sorted({module for module, _ in rest}):
            counts = (f"{number} {kind}" for (one, kind), number in sorted(rest.items()) if one == module)
            rows.append(f"| `{module.removeprefix('mediafetcher/')}` | {', '.join(counts)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(statements()))
