"""Print the tests that failed once and passed when they were run again: `flaky_tests.py REPORT...`.

A REPORT is Playwright's JSON (of a run with retries, or of one that failed before another), or pytest's JUnit XML
of the second run of the tests that had failed.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_PASSED_LATER = {"flaky", "unexpected"}


def flaky(report: Path) -> Iterator[str]:
    """Yield the names of a report's tests that did not pass at once."""
    if report.suffix == ".json":
        for suite in json.loads(report.read_text())["suites"]:
            yield from _of_suite(suite, ())
        return
    for case in ElementTree.parse(report).iter("testcase"):
        if not any(case.find(outcome) is not None for outcome in ("failure", "error", "skipped")):
            yield f"{case.get('classname', '').replace('.', '/')}: {case.get('name')}"


def _of_suite(suite: dict[str, Any], within: tuple[str, ...]) -> Iterator[str]:
    titles = (*within, suite["title"])
    for spec in suite.get("specs", ()):
        if any(test["status"] in _PASSED_LATER for test in spec["tests"]):
            yield ": ".join((*titles, spec["title"]))
    for inner in suite.get("suites", ()):
        yield from _of_suite(inner, titles)


def main() -> None:
    names = sorted({name for report in sys.argv[1:] for name in flaky(Path(report))})
    if names:
        print(f"Flaky tests, which failed once and then passed ({len(names)}):", *names, sep="\n  ")
    else:
        print("No test was flaky.")


if __name__ == "__main__":
    main()
