"""Raw SQL statements of the program are counted, and their number only falls (docs/sql.md)."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts/lib"))

import sql_statements  # noqa: E402

# Lower these with every statement that goes; never raise them.
TOTAL, ADMINISTRATION, UPPER_CASE = 90, 17, 0

_SAMPLE = '''"""select nothing: the docstring of a module."""
# One round trip.
_NAMED = "select 1"
_BARE = "delete from t"
WORDS = {"signed_in": "with a password, or by a header", "page": "Select 1 to 3 items."}

def f(t):
    """update t set x = 1"""
    t.select("column").where("(select 1 from u)")
    Setting.select(), other.delete(), table.exists(), settings.get(), table.column.count()
    return ["insert into t values (1)", f"update {t} set x = 1", f"with a as (select 1) select {t}", "SELECT 2",
      "(select 1) union all (select 2)", "lock table t in share mode"]

from mediafetcher.db.tables import Account, Setting
table, other = Setting, Account
# The reason.
_MAKE = "create database {name}"
GRANT = "grant Ada access"
'''


def test_statements_of_a_module_are_found(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sql_statements, "ROOT", tmp_path)
    path = tmp_path / "mediafetcher/one.py"
    path.parent.mkdir()
    path.write_text(_SAMPLE)
    found = [(one.line, one.name, one.reason) for one in sql_statements.statements()]
    assert found == [(3, "_NAMED", "One round trip."), (4, "_BARE", "")] + [(11, "", "")] * 4 + [(12, "", "")] * 2
    made = [(one.name, one.reason) for one in sql_statements.administration()]
    assert made == [("_MAKE", "The reason.")]
    assert sql_statements.of_table_classes() == {"mediafetcher/one.py": 3}


@pytest.mark.parametrize(
    ("found", "most"), [(sql_statements.statements(), TOTAL), (sql_statements.administration(), ADMINISTRATION)]
)
def test_number_of_raw_statements_only_falls(found: list[sql_statements.Statement], most: int) -> None:
    assert len(found) <= most, "Use a table class (docs/decisions/0054-table-classes.md)."
    assert [f"{one.module}:{one.line}" for one in found if not one.name] == []
    assert [f"{one.module}: {one.name}" for one in found if one.name and not one.reason] == []


def test_table_classes_have_more_statements_than_raw_sql() -> None:
    assert sql_statements.of_table_classes().total() > 3 * len(sql_statements.statements())


def test_raw_statements_are_lower_case() -> None:
    shouting = [f"{one.module}:{one.line}" for one in sql_statements.statements() if one.text.lstrip()[:1].isupper()]
    assert len(shouting) <= UPPER_CASE, shouting
