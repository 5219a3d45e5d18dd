"""Print branch coverage by package from the combined data of coverage, for docs/coverage.md.

`coverage_table.py` prints a row for each package and the files below the goal, `--missing` the lines that are missing.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

GOAL = 95.0
PACKAGES = ("library", "downloads", "accounts")
_COUNTS = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def measured() -> dict[str, dict[str, Any]]:
    """Return what coverage knows of each file, by its path."""
    with tempfile.NamedTemporaryFile(suffix=".json") as made:
        command = [sys.executable, "-m", "coverage", "json", "-q", "-o", made.name]
        subprocess.run(command, check=True)
        return dict(json.loads(Path(made.name).read_text())["files"])


def percent(covered: int, all_of_them: int) -> float:
    return 100.0 * covered / all_of_them if all_of_them else 100.0


def main() -> None:
    files = measured()
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COUNTS, 0))
    low = []
    for path, facts in files.items():
        counts = facts["summary"]
        for name in _COUNTS:
            sums[Path(path).parts[1]][name] += counts[name]
        share = percent(counts["covered_branches"], counts["num_branches"])
        if share < GOAL:
            low.append((share, path, counts["num_branches"] - counts["covered_branches"], facts))
    print("| Package | Lines | Branches |\n| --- | --- | --- |")
    for package in PACKAGES:
        found = sums[package]
        lines = percent(found["covered_lines"], found["num_statements"])
        branches = percent(found["covered_branches"], found["num_branches"])
        print(f"| `{package}` | {lines:.1f} % | {branches:.1f} % |")
    print(f"\nFiles below {GOAL:.0f} % of their branches:")
    for share, path, missing, facts in sorted(low, key=lambda row: -row[2]):
        print(f"{share:5.1f} %  {missing:3} missing  {path}")
        if "--missing" in sys.argv:
            print(f"         lines {facts['missing_lines']}\n         branches {facts['missing_branches']}")


if __name__ == "__main__":
    main()
