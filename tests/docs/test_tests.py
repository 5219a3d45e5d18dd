"""How tests are written, by their syntax trees."""

import ast
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
