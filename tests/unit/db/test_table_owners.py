"""Each table is written by the package that owns it; the exceptions are few, and each has its reason here."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from piccolo.table import Table

from mediafetcher.db import tables

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts/lib"))

import sql_statements  # noqa: E402

# The owner of the tables in a file of mediafetcher/db/tables/, if it has another name than the file.
_OWNERS = {"storage": "library", "export": "library", "settings": "db"}
# Packages that write tables of others.
_OTHERS = {
    # A rebuild makes every row that the journal holds.
    ("account", "library"),
    ("preset", "library"),
    ("subscription", "library"),
    ("subscription_entry", "library"),
    # It also ends downloads that were done, and `check --repair` returns lost ones to the queue.
    ("download", "library"),
    # A copied database begins a lineage before any other package may use it.
    ("installation", "db"),
}
_CLASSES = {
    name: one._meta.tablename for name, one in vars(tables).items() if isinstance(one, type) and issubclass(one, Table)
}
_WRITES = {"insert", "update", "delete", "save", "remove"}
_RAW = re.compile(r"\b(?:insert into|update|delete from)\s+\"?(\w+)")
_SAMPLE = """
from mediafetcher.db.tables import Download as Row, Folder, Setting, User, Watch

async def f():
    table, other = Row, Folder
    await table.update({}).where()
    await Folder.select()
    await many.insert(Setting, {})
    await many.update(User.id, [], {})
    await other.exists()
    made = Watch(owner=1)
    await made.save()
"""


def _written(tree: ast.Module) -> Iterator[str]:
    """Yield the table of each write by a table class, also by another name that the class has in its function."""
    imported = dict(_CLASSES)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            imported |= {one.asname: _CLASSES[one.name] for one in node.names if one.asname and one.name in _CLASSES}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            names = dict(imported)
            for node in ast.walk(function):
                names |= _named(node, imported) if isinstance(node, ast.Assign) else {}
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and (name := _target(node)) in names:
                    yield names[name]


def _named(node: ast.Assign, known: dict[str, str]) -> dict[str, str]:
    """Return the names that an assignment gives to table classes or to new rows of them."""
    targets, values = [node.targets[0]], [node.value]
    if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        targets, values = node.targets[0].elts, node.value.elts
    found = {}
    for target, value in zip(targets, values, strict=True):
        source = value.func if isinstance(value, ast.Call) else value
        if isinstance(target, ast.Name) and isinstance(source, ast.Name) and source.id in known:
            found[target.id] = known[source.id]
    return found


def _target(call: ast.Call) -> str:
    """Return the name on which a call writes; empty if it does not write."""
    text = ast.unparse(call.func)
    if text in ("many.insert", "many.update"):
        return ast.unparse(call.args[0]).partition(".")[0]
    name, _, method = text.rpartition(".")
    return name if method in _WRITES else ""


def _writers() -> dict[str, set[str]]:
    """Return the packages that write each table."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "mediafetcher").rglob("*.py"):
        if "migrations" not in path.parts:
            for table in _written(ast.parse(path.read_text())):
                found[table].add(path.relative_to(ROOT / "mediafetcher").parts[0])
    for one in sql_statements.statements():
        for table in _RAW.findall(one.text):
            if table in _CLASSES.values():
                found[table].add(one.module.split("/")[1])
    return found


def _owner(name: str) -> str:
    file = getattr(tables, name).__module__.rpartition(".")[2]
    return _OWNERS.get(file, file)


def test_writes_are_found_by_every_name_of_a_class() -> None:
    assert sorted(_written(ast.parse(_SAMPLE))) == ["account", "download", "setting", "watch"]


def test_every_table_is_written_by_its_owner_alone() -> None:
    writers = _writers()
    assert {(table, one) for name, table in _CLASSES.items() for one in writers[table] - {_owner(name)}} == _OTHERS
    unwritten = {table for name, table in _CLASSES.items() if _owner(name) not in writers[table]}
    assert not unwritten, "tables that nothing writes"
