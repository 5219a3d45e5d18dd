"""How tests are written, by their syntax trees."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# Loops that look and sleep, and wait for no condition.
_OTHER_LOOPS = {
    "waiting.py": "the only place that waits",
    "floods.py": "samples memory while a flood runs",
    "unit/downloads/suspensions.py": "lets the loop turn inside a generator that drives a task",
    "unit/importing/test_adoption.py": "measures how long a turn of the loop takes",
    "unit/media/test_subtitles.py": "measures how long a turn of the loop takes",
}


def _looks(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing but look, sleep, or leave the loop."""
    if isinstance(statement, ast.Assert | ast.Assign | ast.Break | ast.Continue | ast.Pass | ast.Raise | ast.Return):
        return True
    if isinstance(statement, ast.Expr):
        return "sleep(" in ast.unparse(statement)
    if isinstance(statement, ast.If):
        return all(map(_looks, [*statement.body, *statement.orelse]))
    if isinstance(statement, ast.With | ast.AsyncWith):
        return all(map(_looks, statement.body))
    if isinstance(statement, ast.Try):
        handled = [line for handler in statement.handlers for line in handler.body]
        return all(map(_looks, [*statement.body, *statement.orelse, *statement.finalbody, *handled]))
    return False


def _waiting_loops(source: str) -> list[int]:
    """Return the lines of loops that wait for a condition by looking again and again."""
    loops = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.While | ast.For)]
    return [loop.lineno for loop in loops if "sleep(" in ast.unparse(loop) and all(map(_looks, loop.body))]


def test_condition_is_waited_for_by_eventually_alone() -> None:
    found = {str(path.relative_to(TESTS)): _waiting_loops(path.read_text()) for path in TESTS.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines and name not in _OTHER_LOOPS} == {}
    assert [name for name in _OTHER_LOOPS if not found[name]] == []


@pytest.mark.parametrize(
    "loop",
    [
        "while not done():\n    time.sleep(1)",
        "while True:\n    if done():\n        break\n    await asyncio.sleep(0)",
        "for _ in range(9):\n    with suppress(OSError):\n        return look()\n    time.sleep(1)",
        "while time.monotonic() < end:\n    try:\n        return look()\n    except OSError:\n        time.sleep(1)",
    ],
)
def test_waiting_loop_in_any_form_is_found(loop: str) -> None:
    assert _waiting_loops(f"async def wait():\n    {loop.replace(chr(10), chr(10) + '    ')}") == [2]


# Words that no name of a test has (design: `subject_condition_result`), and words that it does not begin with.
_NO_WORDS = {
    "anew",
    "bell",
    "bells",
    "gate",
    "house",
    "keeper",
    "person",
    "people",
    "room",
    "stranger",
    "strangers",
} | {f"{some}body" for some in ("any", "every", "no", "some")}
_NO_SUBJECTS = {"what", "where", "who", "whoever"}
_FEWEST_WORDS = 3


def _test_names(source: str) -> list[str]:
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [function.name for function in functions if function.name.startswith("test_")]


def _is_badly_named(name: str) -> bool:
    words = name.removeprefix("test_").split("_")
    return len(words) < _FEWEST_WORDS or words[0] in _NO_SUBJECTS or not _NO_WORDS.isdisjoint(words)


def test_name_of_a_test_has_subject_condition_and_result() -> None:
    found = [(path.name, name) for path in TESTS.rglob("test_*.py") for name in _test_names(path.read_text())]
    assert [(file, name) for file, name in found if _is_badly_named(name)] == []


@pytest.mark.parametrize("name", ["test_head", "test_the_cookie", "test_what_came_is_kept", "test_a_bell_is_rung"])
def test_name_without_subject_or_result_is_found(name: str) -> None:
    assert _is_badly_named(name)


# Tests that write rows of these tables as SQL: many rows in one statement, old schemas, other connections, constraints.
_RAW_ROWS = {
    "api/shelf.py",
    "api/test_api_cookies.py",
    "api/test_api_events.py",
    "faults/test_jobs_survive.py",
    "faults/test_workers.py",
    "unit/accounts/test_users.py",
    "unit/db/test_engine.py",
    "unit/db/test_foreign_backup.py",
    "unit/db/test_names_migration.py",
    "unit/db/test_private_sources.py",
    "unit/db/test_schema.py",
    "unit/downloads/test_delete_user.py",
    "unit/downloads/test_lifecycle.py",
    "unit/downloads/test_pool.py",
    "unit/downloads/test_retention.py",
    "unit/library/ownership_machine.py",
    "unit/library/test_check.py",
    "unit/library/test_listing.py",
    "unit/library/test_selection.py",
    "unit/library/test_text_index.py",
    "unit/notifications/test_outbox.py",
    "unit/subscriptions/test_subscription_retention.py",
    "unit/test_backup_parts.py",
}


def test_rows_are_added_by_factories_except_in_named_files() -> None:
    raw = re.compile(r"insert into (?:download|library_item|media_file|account)\b")
    files = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if raw.search(path.read_text())}
    assert files == _RAW_ROWS


PACKAGE = TESTS.parent / "mediafetcher"
# Modules that no test names, by folder or by module, and the tests that reach them through others.
_REACHED_THROUGH = {
    "api/": "tests/api",
    "app/": "tests/system/test_service.py",
    "cli/": "tests/unit/test_control.py",
    "core/bundle": "tests/unit/fetch/test_outliving.py",
    "core/errors/": "tests/unit/core/test_errors.py",
    "core/setting_values": "tests/unit/core/test_settings.py",
    "core/signals": "tests/system/test_service.py",
    "db/piccolo_": "tests/unit/db/test_schema.py",
    "db/tables/": "tests/unit/db/test_schema.py",
    "fetch/child/main": "tests/unit/fetch/test_fetch.py",
    "importing/": "tests/unit/importing",
    "library/export/episodes": "tests/unit/library/test_export_shows.py",
    "library/export/folder_files": "tests/unit/library/test_export_shows.py",
    "media/assemble": "tests/unit/downloads/test_one_clock.py",
    "notifications/": "tests/unit/notifications",
    "ops/doctor/": "tests/system/test_doctor.py",
    "ops/licences": "tests/alpine/test_bill_of_materials.py",
    "sandbox/libc": "tests/unit/sandbox/test_confinement.py",
    "sandbox/namespaces": "tests/unit/sandbox/test_confinement.py",
    "sandbox/run_as": "tests/unit/sandbox/test_process.py",
    "subscriptions/looks": "tests/unit/subscriptions/test_checks.py",
}


def _named_modules() -> set[str]:
    """Return the modules that a test file imports, names as a text, or is named after."""
    named = set()
    for path in TESTS.rglob("*.py"):
        named.add(path.stem.removeprefix("test_"))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Constant) and str(node.value).startswith("mediafetcher."):
                named.add(str(node.value))
    return named


def test_module_is_named_by_a_test_or_reached_through_one() -> None:
    named = _named_modules()
    modules, without = [], []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(PACKAGE).with_suffix(""))
        modules.append(name)
        known = {path.stem, f"mediafetcher.{name.replace('/', '.')}"} & named
        if not known and path.name != "__init__.py" and "migrations" not in path.parts:
            without.append(name)
    assert [name for name in without if not name.startswith(tuple(_REACHED_THROUGH))] == []
    assert [start for start in _REACHED_THROUGH if not any(name.startswith(start) for name in modules)] == []
    assert [test for test in _REACHED_THROUGH.values() if not (TESTS.parent / test).exists()] == []
