"""The command `worker` as a child process: it downloads for a server, as on another machine."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.program import REPOSITORY, alive, below, settings_alone, until


class Worker:
    """`worker` with its own state folder, started at once."""

    def __init__(self, folder: Path, name: str, dsn: str, media: Path, *before: str, **given: Any) -> None:
        """Start it. `before`: a command that starts it instead; `given`: settings, or `environment` instead of all."""
        self.state = folder / name
        self.log = folder / f"{name}.log"
        quick = {
            "heartbeat_seconds": 0.5,
            "reconcile_seconds": 0.5,
            "lease_seconds": 5,
            "retry_seconds": 0.2,
            "min_free": 0,
        }
        chosen: dict[str, Any] = (
            quick | {"max_downloads": 2, "max_downloads_per_site": 8, "allow_hosts": "127.0.0.1,localhost"} | given
        )
        chosen |= {"state": self.state, "media": media, "database_url": dsn, "shutdown_seconds": 5}
        environment: dict[str, str] = chosen.pop("environment", None) or settings_alone(**chosen)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*before, *([] if before else [sys.executable, "-m", "mediafetcher", "worker"])],
                cwd=REPOSITORY,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def words(self) -> str:
        return self.log.read_text()

    def ready(self) -> "Worker":
        def said() -> bool:
            assert self.process.poll() is None, self.words
            return "worker is ready" in self.words

        until(said, 60, "the worker is ready")
        return self

    def kill(self) -> None:
        victims = {self.process.pid} | below(self.process.pid)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        until(lambda: not any(alive(pid) for pid in victims), 10, "everything of the worker is dead")

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)
