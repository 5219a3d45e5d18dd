"""Print the tests that failed in the last run of pytest.

`failed_tests.py --at-most N` exits with 1 if there are more than N, or none: then the run itself failed.
"""

import argparse
import json
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".pytest_cache/v/cache/lastfailed"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-most", type=int, required=True, metavar="N")
    most = parser.parse_args().at_most
    failed = sorted(json.loads(CACHE.read_text())) if CACHE.exists() else []
    print(f"{len(failed)} tests failed:", *failed, sep="\n  ")
    return 0 if 0 < len(failed) <= most else 1


if __name__ == "__main__":
    raise SystemExit(main())
