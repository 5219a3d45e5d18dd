"""The real program in a process of its own: start it, speak to it, kill everything of it, start it again."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import httpx

from tests.waiting import eventually_blocking

REPOSITORY = Path(__file__).parents[2]
NAME, PASSWORD = "owner", "correct horse battery staple"
ENDED = ("done", "failed", "cancelled")
TLS = ssl.create_default_context()  # one for all clients: making it takes longer than any answer here


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def until(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until it is true. Returns: its value. For what happens in other processes."""
    return eventually_blocking(true, seconds=seconds, what=what)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def below(pid: int) -> set[int]:
    """Every process that descends from this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    wave = {pid}
    while wave:
        wave = {child for child, parent in parents.items() if parent in wave} - found
        found |= wave
    return found


def settings_alone(**given: Any) -> dict[str, str]:
    """Return the environment of this process with these settings alone."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MEDIAFETCHER_")}
    return inherited | {f"MEDIAFETCHER_{name.upper()}": str(value) for name, value in given.items()}


def drain(pipe: IO[Any]) -> threading.Thread:
    """Read a pipe to its end on a thread, which then closes it. Returns: the thread."""

    def read() -> None:
        with pipe:
            pipe.read()

    reader = threading.Thread(target=read, name="drain", daemon=True)
    reader.start()
    return reader


class Program:
    """`serve` on one state folder, with its own port."""

    def __init__(self, folder: Path, allow: str, **given: Any) -> None:
        self.state = folder / "state"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None  # of its standard output
        self._token = ""
        quick = {
            "heartbeat_seconds": 0.5,
            "reconcile_seconds": 0.5,
            "lease_seconds": 10,
            "retry_seconds": 0.2,
            "shutdown_seconds": 5,
            "min_free": 0,
            "trash_days": 0,
            "grace_hours": 0,
            "max_downloads": 3,
            "max_downloads_per_site": 3,
        }
        chosen = quick | {"state": self.state, "port": self.port, "allow_hosts": allow} | given
        self.environment = settings_alone(**chosen)

    # ---- its life --------------------------------------------------------------------------------------

    def start(self, before: str = "") -> "Program":
        """Start it and wait until it is ready; at the first start the administrator is made.

        `before` is Python that runs first, for an older program than this one.
        """
        run = ["-m", "mediafetcher", "serve"]
        if before:
            run = ["-c", f"{before}; from mediafetcher.cli import main; main.main(['serve'])"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *run],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        said: list[str] = []
        for line in self.process.stdout:
            said.append(line)
            if "is ready" in line:
                break
        else:
            self.process.stdout.close()
            raise AssertionError(f"it did not start: {said}\n{self.log.read_text()[-3000:]}")
        self._reader = drain(self.process.stdout)
        if not self._token:
            self._set_up()
        return self

    def _set_up(self) -> None:
        code = self.command("setup").stdout.strip().splitlines()[-1]
        with httpx.Client(base_url=self.url, headers={"Origin": self.url}, verify=TLS) as browser:
            answer = browser.post("/api/setup", json={"code": code, "name": NAME, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            wanted = {"name": "tests", "scopes": ["read", "download", "library"]}
            answer = browser.post("/api/tokens", json=wanted)
            assert answer.status_code == 201, answer.text
        self._token = answer.json()["token"]

    def everything(self) -> set[int]:
        """The program and all that descends from it, PostgreSQL too."""
        return {self.process.pid} | below(self.process.pid) if self.process else set()

    def at_work(self, id: int) -> set[int]:
        """The processes that work in the folder of a download."""
        folder, found = str(self.state / "fetch" / str(id)), set()
        for pid in self.everything():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)") == folder:
                    found.add(pid)
        return found

    def kill(self) -> None:
        """kill -9 of everything at once; returns when nothing of it runs."""
        victims = self.everything()
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)
        until(lambda: not any(alive(pid) for pid in victims), 10, "everything is dead")
        self._forget()

    def stop(self) -> float:
        """SIGTERM -> seconds until it had exited with 0, and nothing of it ran any more."""
        assert self.process is not None
        family, began = self.everything(), time.monotonic()
        self.process.terminate()
        code = self.process.wait(60)
        took = time.monotonic() - began
        self._forget()
        assert code == 0, self.log.read_text()[-3000:]
        until(lambda: not any(alive(pid) for pid in family), 5, "nothing of it runs")  # killed, but not gone yet
        return took

    def _forget(self) -> None:
        """Forget the process, which has ended, with its standard output."""
        self.process = None
        if self._reader is not None:
            self._reader.join(10)
            self._reader = None

    def end(self) -> None:
        if self.process is not None:
            self.kill()

    # ---- its words -------------------------------------------------------------------------------------

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mediafetcher", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def ask(self, method: str, path: str, json: Any = None) -> httpx.Response:
        head = {"Authorization": f"Bearer {self._token}"}
        return httpx.request(method, f"{self.url}/api{path}", json=json, headers=head, timeout=30, verify=TLS)

    def submit(self, url: str, folder: str | None = None) -> int:
        answer = self.ask("POST", "/downloads", {"url": url, "folder": folder})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def download(self, id: int) -> dict[str, Any]:
        return self.ask("GET", f"/downloads/{id}").json()

    def downloads(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/downloads?limit=200").json()["downloads"]

    def items(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/items?limit=200").json()["items"]

    def all_ended(self, seconds: float) -> list[dict[str, Any]]:
        until(lambda: all(row["state"] in ENDED for row in self.downloads()), seconds, "all downloads ended")
        return self.downloads()

    def reach(self, id: int, stage: str, seconds: float = 60) -> None:
        """Wait until a download is in this stage."""

        def there() -> bool:
            row = self.download(id)
            assert row["state"] not in ENDED, row
            return row["stage"] == stage

        until(there, seconds, f"stage {stage}")

    # ---- what it leaves --------------------------------------------------------------------------------

    def work(self) -> list[str]:
        """List the folder of work in progress."""
        folders = [folder for folder in (self.state / "work", self.state / "fetch") if folder.exists()]
        return sorted(path.name for folder in folders for path in folder.iterdir())

    def assert_clean(self) -> None:
        """The checker finds nothing, nothing is half stored, nothing is left of any attempt."""
        found = self.command("check", "--read-data")
        assert found.returncode == 0, found.stdout + found.stderr
        until(lambda: self.work() == [], 10, f"no folder of an ended download: {self.work()}")
        incoming = self.state / "media" / "incoming"
        assert not incoming.exists() or list(incoming.iterdir()) == []
