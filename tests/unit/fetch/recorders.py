"""Run a recorder in a process of its own (recorder_driver.py)."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.site import Site
from tests.waiting import eventually_blocking

_ROOT = Path(__file__).parents[3]


class Recorded(NamedTuple):
    """The end of a recording, the kind of its error, and its warnings."""

    seconds: float
    size: int
    parts: int
    gaps: float
    failed: str | None
    warnings: list[str]


def record(kind: str, url: str, folder: Path, **wished: Any) -> Recorded:
    """Record to the end."""
    return _ended(_begin(kind, url, folder, wished))


def record_until(site: Site, requests: int, kind: str, url: str, folder: Path, **wished: Any) -> Recorded:
    """Record until the site was asked so often; then ask the recorder to end."""
    program = _begin(kind, url, folder, wished)
    eventually_blocking(lambda: len(site.log) >= requests)
    program.send_signal(signal.SIGUSR1)
    return _ended(program)


def _begin(kind: str, url: str, folder: Path, wished: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("recorder_driver.py")), kind, url, str(folder)]
    command.append(json.dumps(wished))
    environment = {"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_ROOT, env=environment
    )


def _ended(program: subprocess.Popen[str]) -> Recorded:
    told, trace = program.communicate(timeout=60)
    assert program.returncode == 0, trace
    said = [json.loads(line) for line in told.splitlines()]
    facts = said.pop()
    assert facts.pop("event") == "ended", said
    failed = next((one["kind"] for one in said if one["event"] == "failed"), None)
    return Recorded(**facts, failed=failed, warnings=[one["message"] for one in said if one["event"] == "warning"])
