"""Run the fault tests at the counts of docs/promises.md, and record the results."""

import argparse
import fcntl
import os
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/promises.md"
# The deep counts. The tests define the unit: kills, rounds, operations, cuts ...
DEEP = {1: 200, 2: 1, 3: 50, 4: 500, 5: 1_000_000, 6: 200, 7: 20, 8: 10, 9: 100, 10: 10_000, 11: 50, 12: 40, 13: 200}
DEEP |= {14: 240, 15: 50, 16: 30, 17: 1, 18: 10, 19: 10_000, 20: 600, 21: 200, 26: 60}
DEEP |= {22: 10_000, 23: 20, 24: 400, 25: 10_000, 27: 56, 31: 200, 32: 60}
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("promises", nargs="*", metavar="P7 | P5=100000", help="which, and how often")
    parser.add_argument("--quick", action="store_true", help="with the counts of the test command")
    asked = parser.parse_args()
    try:
        wanted = dict(_one(word) for word in asked.promises) or dict(DEEP)
    except ValueError as error:
        parser.error(str(error))
    bad = 0
    for promise, count in wanted.items():
        bad += _run(promise, None if asked.quick else count)
    return 1 if bad else 0


def _one(word: str) -> tuple[int, int]:
    match = re.fullmatch(r"[Pp]?(\d+)(?:=(\d+))?", word)
    if not match or int(match[1]) not in DEEP:
        raise ValueError(f"{word}: one of {', '.join(f'P{number}' for number in DEEP)}, with =COUNT if you like")
    return int(match[1]), int(match[2] or DEEP[int(match[1])])


def _run(promise: int, count: int | None) -> bool:
    """Run the tests of one promise and write its row. Returns: whether a test failed."""
    seed = int(os.environ.get("MF_SEED") or random.SystemRandom().randrange(1 << 32))
    environment = {name: value for name, value in os.environ.items() if not re.fullmatch(r"MF_P\d+", name)}
    environment |= {"MF_SEED": str(seed)} | ({} if count is None else {f"MF_P{promise}": str(count)})
    print(f"P{promise}: {'as in the test command' if count is None else count}, MF_SEED={seed}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *_files(promise),
            f"--promise={promise}",
            "-W",
            "ignore",
            "-p",
            "no:cacheprovider",
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    took = time.monotonic() - began
    words = _result(done.returncode, done.stdout)
    if done.returncode:
        wrong = [line for line in done.stdout.splitlines() if line.startswith("E ")]  # long logs may follow it
        print("\n".join(wrong[:40]), done.stdout[-6000:], sep="\n")
    print(f"  {words} in {took:.0f} s", flush=True)
    _write(
        promise,
        f"| P{promise} | {datetime.now(UTC):%Y-%m-%d %H:%M} | {_count(count)} | {seed} | {took:.0f} | {words} |",
    )
    return done.returncode != 0


def _files(promise: int) -> list[str]:
    """Return the test files that prove it: the others need not be read."""
    mark = f"promise({promise})"
    return [str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if mark in path.read_text()]


def _count(count: int | None) -> str:
    return "as in the test command" if count is None else f"{count:,}"


def _result(code: int, said: str) -> str:
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|errors?)\b", said)}
    if not counts.get("passed"):  # a promise whose tests were all skipped is not proved
        return f"not proved ({', '.join(f'{number} {word}' for word, number in counts.items()) or 'nothing ran'})"
    told = ", ".join(f"{number} {word}" for word, number in counts.items())
    return f"{'held' if code == 0 else '**broken**'} ({told})"


def _write(promise: int, row: str) -> None:
    """Write the row; several runs may do so at the same time."""
    with PAGE.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before, _, rest = file.read().partition(BEGIN)
        table, _, after = rest.partition(END)
        head, rows = table.splitlines()[:2], table.splitlines()[2:]
        kept = {int(re.match(r"\| P(\d+)", line)[1]): line for line in rows} | {promise: row}  # type: ignore[index]
        text = "\n".join([*head, *(kept[number] for number in sorted(kept))])
        file.seek(0)
        file.write(f"{before}{BEGIN}{text}\n{END}{after}")
        file.truncate()


if __name__ == "__main__":
    sys.exit(main())
