"""Known vulnerabilities of locked packages: of Python packages by the package index, of the page's packages by npm.

Exit codes: 0 none is known, 1 some are, 3 a source did not answer (and the others know none).
"""

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mediafetcher.core.settings import Settings

ROOT = Path(__file__).parents[2]
FOUND, NOT_ASKED = 1, 3
_SECONDS = 20
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


class Advisory(NamedTuple):
    """A vulnerability of one locked package."""

    package: str
    version: str
    id: str
    fixed_in: str
    summary: str


class NotAskedError(Exception):
    """A source that does not answer."""


def locked(locks: Iterable[Path]) -> list[tuple[str, str]]:
    """Return name and version of every package in these locks."""
    found = {(name.lower(), version) for lock in locks for name, version in _LOCKED.findall(lock.read_text())}
    return sorted(found)


def of_python(index: str, packages: Iterable[tuple[str, str]]) -> list[Advisory]:
    """Ask the index's JSON interface about each release. Raises: `NotAskedError`."""
    found = []
    for name, version in packages:
        try:
            with urllib.request.urlopen(f"{index}/{name}/{version}/json", timeout=_SECONDS) as answer:
                told = json.load(answer)["vulnerabilities"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotAskedError(f"the package index has no advisories for {name} {version} ({error})") from error
        for one in told:
            if not one.get("withdrawn"):
                fixed = ", ".join(one.get("fixed_in") or ())
                words = (one.get("summary") or one.get("details") or "").strip().splitlines()
                found.append(Advisory(name, version, one["id"], fixed, words[0][:120] if words else ""))
    return found


def of_npm(folder: Path) -> list[Advisory]:
    """Ask npm about the lock in this folder. Raises: `NotAskedError`."""
    command = ["npm", "audit", "--json", "--package-lock-only"]
    try:
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        told = json.loads(said.stdout)["vulnerabilities"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        raise NotAskedError(f"npm has no advisories for {folder.name} ({type(error).__name__})") from error
    found = []
    for name, entry in told.items():
        for one in entry["via"]:
            if isinstance(one, dict):  # a string is another entry's name
                version = str(entry.get("range", ""))
                found.append(Advisory(name, version, str(one.get("url", "")), "", str(one.get("title", ""))))
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/check --advisories", description=__doc__)
    default = os.environ.get("MEDIAFETCHER_ADVISORIES") or Settings().ytdlp_index.removesuffix("/simple") + "/pypi"
    parser.add_argument("--index", default=default, help="the JSON interface of a package index")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with the locks")
    asked = parser.parse_args(arguments)
    locks = sorted(asked.root.glob("requirements*.lock"))
    folders = [folder for name in ("web", "extension") if (folder := asked.root / name / "package-lock.json").exists()]
    sources = [partial(of_python, asked.index, locked(locks)), *(partial(of_npm, folder.parent) for folder in folders)]
    found: list[Advisory] = []
    silent = []
    for source in sources:
        try:
            found += source()
        except NotAskedError as error:
            silent.append(str(error))
    for one in sorted(set(found)):
        print(f"{one.package} {one.version}: {one.id} {one.summary} (fixed in: {one.fixed_in or 'no release yet'})")
    for words in silent:
        print(f"! Not checked: {words}.", file=sys.stderr)
    if found:
        return FOUND
    if silent:
        return NOT_ASKED
    print("No advisory is known for the locked packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
