"""`scripts/test` names at its end the tests that only passed when they were run again."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "lib" / "flaky_tests.py"
BROWSER = {
    "suites": [
        {
            "title": "player.spec.mjs",
            "specs": [
                {"title": "plays", "tests": [{"status": "expected"}]},
                {"title": "goes on", "tests": [{"status": "flaky"}]},
            ],
            "suites": [{"title": "phone", "specs": [{"title": "fits", "tests": [{"status": "unexpected"}]}]}],
        }
    ]
}
AGAIN = """<testsuites><testsuite>
<testcase classname="tests.unit.test_clock" name="test_ticks"/>
<testcase classname="tests.unit.test_clock" name="test_stops"><failure/></testcase>
</testsuite></testsuites>"""


def said(*reports: Path) -> str:
    return subprocess.run([sys.executable, SCRIPT, *reports], capture_output=True, text=True, check=True).stdout


def test_tests_that_passed_the_second_time_are_named(tmp_path: Path) -> None:
    browser, again = tmp_path / "browser-1.json", tmp_path / "again-1.xml"
    browser.write_text(json.dumps(BROWSER))
    again.write_text(AGAIN)
    assert said(browser, again, browser).splitlines() == [
        "Flaky tests, which failed once and then passed (3):",
        "  player.spec.mjs: goes on",
        "  player.spec.mjs: phone: fits",
        "  tests/unit/test_clock: test_ticks",
    ]


def test_run_without_a_flaky_test_says_so() -> None:
    assert said() == "No test was flaky.\n"
