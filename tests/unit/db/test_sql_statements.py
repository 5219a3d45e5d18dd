"""Raw SQL statements of the program are counted, and their number only falls (docs/sql.md)."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts/lib"))

import sql_statements  # noqa: E402

# Lower these with every statement that goes; never raise them.
TOTAL, UNNAMED, WITHOUT_REASON, UPPER_CASE = 89, 0, 0, 0

_SAMPLE = '''"""select nothing: the docstring of a module."""
# One round trip.
_NAMED = "select 1"
_BARE = "delete from t"
WORDS = {"signed_in": "with a password, or by a header", "page": "Select 1 to 3 items."}

def f(t):
    """update t set x = 1"""
    return ["insert into t values (1)", f"update {t} set x = 1", f"with a as (select 1) select {t}", "SELECT 2"]
'''


def test_statements_of_a_module_are_found(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sql_statements, "ROOT", tmp_path)
    path = tmp_path / "mediafetcher/one.py"
    path.parent.mkdir()
    path.write_text(_SAMPLE)
    found = [(one.line, one.name, one.reason) for one in sql_statements.statements()]
    assert found == [(3, "_NAMED", "One round trip."), (4, "_BARE", "")] + [(9, "", "")] * 4


def test_number_of_raw_statements_only_falls() -> None:
    found = sql_statements.statements()
    unnamed = [f"{one.module}:{one.line}" for one in found if not one.name]
    unexplained = [f"{one.module}: {one.name}" for one in found if one.name and not one.reason]
    assert len(found) <= TOTAL, "Use a table class (docs/decisions/0054-table-classes.md)."
    assert len(unnamed) <= UNNAMED, unnamed
    assert len(unexplained) <= WITHOUT_REASON, unexplained


def test_raw_statements_are_lower_case() -> None:
    shouting = [f"{one.module}:{one.line}" for one in sql_statements.statements() if one.text.lstrip()[:1].isupper()]
    assert len(shouting) <= UPPER_CASE, shouting
