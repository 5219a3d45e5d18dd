"""Another downloader's running server, by its URL: `--peer metube=http://127.0.0.1:8081`.

The name selects the API. If it runs on this machine, its processes are found by its port, and so their
memory and CPU time are measured too.
"""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import httpx
from figures import Figure, cpu, proportional

from tests.faults.program import below

_POLL = 0.05  # seconds between two checks for ended downloads
_PATIENCE = 900.0
_IDLE = 10.0


class _Api(Protocol):
    """The API of a kind of server: submit a link; the state of each link that has ended."""

    def submit(self, client: httpx.Client, link: str) -> None: ...

    def ended(self, client: httpx.Client) -> dict[str, str]: ...


class _MeTube:
    def submit(self, client: httpx.Client, link: str) -> None:
        wish = {"url": link, "quality": "best", "format": "any", "auto_start": True}
        said = client.post("add", json=wish).raise_for_status().json()
        if said.get("status") != "ok":
            raise RuntimeError(f"it refused {link}: {said.get('msg')}")

    def ended(self, client: httpx.Client) -> dict[str, str]:
        done = client.get("history").raise_for_status().json()["done"]
        return {row["url"]: row["status"] for row in done}


class _YTPTube:
    def submit(self, client: httpx.Client, link: str) -> None:
        client.post("api/history", json={"url": link, "auto_start": True}).raise_for_status()

    def ended(self, client: httpx.Client) -> dict[str, str]:
        found: dict[str, str] = {}
        page, more = 1, True
        while more:
            asked: dict[str, str | int] = {"type": "done", "page": page, "per_page": 200}
            said = client.get("api/history", params=asked).raise_for_status().json()
            found |= {row["url"]: row["status"] for row in said["items"]}
            page, more = page + 1, said["pagination"]["has_next"]
        return found


APIS: dict[str, _Api] = {"metube": _MeTube(), "ytptube": _YTPTube()}


class Peer:
    """A server under its name. Raises: ValueError unless it is NAME=URL with a known name."""

    def __init__(self, given: str) -> None:
        self.name, _, url = given.partition("=")
        if self.name not in APIS or not url.startswith(("http://", "https://")):
            raise ValueError(f"{given!r} is not NAME=URL with a name of {', '.join(APIS)}")
        self._api, self._url = APIS[self.name], httpx.URL(url if url.endswith("/") else f"{url}/")

    def fetch(self, links: list[str]) -> tuple[float, float]:
        """Return seconds and CPU seconds until it has all of them; nan if it runs on another machine."""
        with httpx.Client(base_url=self._url, timeout=60) as client:
            before, began = self._spent(), time.monotonic()
            for link in links:
                self._api.submit(client, link)
            while missing := set(links) - (ended := self._api.ended(client)).keys():
                if time.monotonic() - began > _PATIENCE:
                    raise RuntimeError(f"{self.name} has not ended {len(missing)} of {len(links)}")
                time.sleep(_POLL)
            took = time.monotonic() - began
        if bad := {link: ended[link] for link in links if ended[link] != "finished"}:
            raise RuntimeError(f"{self.name} failed: {bad}")
        return took, self._spent() - before

    def idle(self) -> list[Figure]:
        """Measure its idle costs; none for a server on another machine."""
        pids = self._processes()
        if not pids:
            return []
        before = cpu(pids)
        time.sleep(_IDLE)
        used, memory = (cpu(pids) - before) / _IDLE, sum(proportional(pid) for pid in pids)
        return [
            Figure(f"· {self.name}: idle memory (PSS)", f"{memory / 1e6:.0f} MB", "", good=True),
            Figure(f"· {self.name}: idle CPU", f"{used:.1%}", "", good=True),
        ]

    def _spent(self) -> float:
        """Return CPU seconds so far, including ended children (proc_pid_stat(5))."""
        pids, ticks = self._processes(), 0
        for pid in pids:
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(field) for field in fields[11:15])
        return ticks / os.sysconf("SC_CLK_TCK") if pids else float("nan")

    def _processes(self) -> set[int]:
        if self._url.host not in ("127.0.0.1", "localhost", "::1"):
            return set()
        pid = _listening(self._url.port or (443 if self._url.scheme == "https" else 80))
        return {pid, *below(pid)} if pid else set()


def _listening(port: int) -> int | None:
    """Return the process that listens on this local port; None if it is not visible to us."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    sockets.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with suppress(OSError):
                if any(os.readlink(held) in sockets for held in (process / "fd").iterdir()):
                    return int(process.name)
    return None


def idle(peers: Sequence[Peer]) -> list[Figure]:
    return [figure for peer in peers for figure in peer.idle()]
