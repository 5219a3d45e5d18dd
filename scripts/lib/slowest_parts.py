"""Print the ten slowest parts of a test run: `slowest_parts.py DURATIONS REPORT...`.

DURATIONS has a line of seconds and name for each part; a REPORT is pytest's JUnit XML, whose parts are test files.
"""

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

durations, *reports = map(Path, sys.argv[1:])
seconds: defaultdict[str, float] = defaultdict(float)
for line in durations.read_text().splitlines():
    spent, name = line.split(" ", 1)
    seconds[name] += float(spent)
for report in reports:
    for case in ElementTree.parse(report).iter("testcase"):
        seconds[case.get("classname", "").replace(".", "/")] += float(case.get("time", 0))
print("The ten slowest parts, in seconds:")
for name, total in sorted(seconds.items(), key=lambda row: -row[1])[:10]:
    print(f"{total:8.0f}  {name}")
