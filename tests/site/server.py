"""The server of the fixture site: requests, answers, files with Range. Its answer for each path: behaviours.py.

with Site(corpus) as site:
    site.url("/media/ok.mp4")
    site.log    # one dict for each request: method, path, host, range, cookie, status, sent, ...
"""

import contextlib
import hashlib
import http.server
import mimetypes
import re
import socket
import threading
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.site.channels import Channel

for _kind, _ending in (
    ("application/vnd.apple.mpegurl", ".m3u8"),
    ("application/dash+xml", ".mpd"),
    ("video/mp2t", ".ts"),
    ("video/iso.segment", ".m4s"),
    ("video/x-matroska", ".mkv"),
    ("video/webm", ".webm"),
    ("text/vtt", ".vtt"),
    ("audio/x-musepack", ".mpc"),
    ("audio/amr", ".amr"),
    ("audio/mp4", ".m4a"),
):
    mimetypes.add_type(_kind, _ending)

_CHUNK = 64 << 10
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
_DATE = formatdate(1_700_000_000, usegmt=True)
HTML = "text/html; charset=utf-8"


class Request(http.server.BaseHTTPRequestHandler):
    """One request and the means to answer it."""

    protocol_version = "HTTP/1.1"
    server: "_Server"
    entry: dict[str, Any]

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        from tests.site import behaviours

        parts = urlsplit(self.path)
        self.name, _, self.rest = unquote(parts.path).strip("/").partition("/")
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.site = self.server.site
        self.entry = self.site.record(self)
        try:
            behaviours.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.entry["broken"] = True
            self.close_connection = True

    do_HEAD = do_POST = do_GET

    @property
    def base(self) -> str:
        return f"http://{self.headers.get('Host')}"

    @property
    def times(self) -> int:
        """How often this path was asked for, this time included."""
        return self.entry["times"]

    def send(self, code: int, body: bytes | str = b"", kind: str = HTML, **headers: str) -> None:
        """A whole answer; header names are written with underscores."""
        body = body.encode() if isinstance(body, str) else body
        self._head(code, {"Content-Type": kind, "Content-Length": str(len(body))} | _dashed(headers))
        if self.command != "HEAD":
            self._write(body)

    def send_file(
        self,
        path: Path | None,
        *,
        kind: str | None = None,
        ranges: bool = True,
        rate: int | None = None,
        drop: int | None = None,
        length: int | None = None,
        tail: bytes = b"",
        shift: int = 0,
        tag: bool = True,
        **headers: str,
    ) -> None:
        """A file, or a part of it.

        `rate`: bytes per second. `drop`: the connection breaks after so many bytes. `length`: what is claimed.
        `tail`: bytes after the file's own. `shift`: answers a range from the wrong place. `tag`: with an ETag.
        """
        if path is None or not path.is_file():
            return self.send(404, "not here")
        data = path.read_bytes() + tail
        version = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
        start, end, code = self._range(len(data), version) if ranges else (0, len(data), 200)
        sent = {"Content-Type": kind or mimetypes.guess_type(path.name)[0] or "application/octet-stream"}
        if start is None:
            return self.send(416, "", Content_Range=f"bytes */{len(data)}")
        if code == 206:
            start, end = start + shift, end + shift
            sent["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        sent["Content-Length"] = str(length if length is not None else min(end, len(data)) - start)
        if ranges:
            sent["Accept-Ranges"] = "bytes"
        if tag:
            sent |= {"ETag": version, "Last-Modified": _DATE}
        self._head(code, sent | _dashed(headers))
        if self.command != "HEAD":
            self._stream(data[start:end], rate, drop)
        if length is not None:
            self.close_connection = True

    def _range(self, size: int, version: str) -> tuple[int | None, int, int]:
        asked = _RANGE.match(self.headers.get("Range") or "")
        if not asked or self.headers.get("If-Range", version) not in (version, _DATE):
            return 0, size, 200
        first, last = asked.groups()
        start = int(first) if first else max(0, size - int(last or 0))
        end = min(size, int(last) + 1) if first and last else size
        return (start, end, 206) if start < end else (None, size, 416)

    def _head(self, code: int, headers: dict[str, str]) -> None:
        self.entry["status"] = code
        self.send_response(code)
        for name, value in headers.items():
            for line in value.split("\n"):  # a name that comes several times
                self.send_header(name, line)
        self.end_headers()

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.entry["sent"] += len(data)

    def _stream(self, data: bytes, rate: int | None, drop: int | None) -> None:
        step = max(1024, rate // 20) if rate else _CHUNK
        whole, began = data, time.monotonic()
        data = data if drop is None else data[:drop]
        for at in range(0, len(data), step):
            self._write(data[at : at + step])
            if rate and self.site.stopping.wait(max(0, (at + step) / rate - (time.monotonic() - began))):
                break
        if len(data) < len(whole):
            self.break_off()

    def break_off(self) -> None:
        """End the connection in the middle."""
        self.entry["dropped"] = True
        self.close_connection = True
        self.wfile.flush()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    site: "Site"

    def handle_error(self, *_: Any) -> None:
        pass  # a client that goes away is what many tests are about


class Site:
    """A running fixture site that serves `root`: files under /media, streams under /hls and /dash."""

    def __init__(self, root: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.root = root.resolve()
        self.host = host
        self.log: list[dict[str, Any]] = []
        self.gone: set[str] = set()  # paths that some behaviours no longer know
        self.channels: dict[str, Channel] = {}  # by name; see channels.py
        self.moments: dict[str, float] = {}  # when a stream of the clock began
        self.stopping = threading.Event()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wanted = port

    def __enter__(self) -> Self:
        self._server = _Server((self.host, self._wanted), Request)
        self._server.site = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str, host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def asked(self, part: str) -> list[dict[str, Any]]:
        """The requests whose path contains `part`."""
        return [entry for entry in self.log if part in entry["path"]]

    def reset(self) -> None:
        """Forget all requests, and how often each path was asked for."""
        with self._lock:
            self.log.clear()
            self._counts.clear()

    def file(self, name: str) -> Path | None:
        """A file below the root; for names with folders that do not exist, the file of that name at the top."""
        for path in (self.root / name, self.root / Path(name).name):
            if path.is_file() and path.resolve().is_relative_to(self.root):
                return path
        from tests.site import more_streams

        return more_streams.file(name)

    def record(self, request: Request) -> dict[str, Any]:
        headers = request.headers
        entry = {
            "method": request.command,
            "path": request.path,
            "host": headers.get("Host"),
            "range": headers.get("Range"),
            "if_range": headers.get("If-Range"),
            "cookie": headers.get("Cookie"),
            "authorization": headers.get("Authorization"),
            "referer": headers.get("Referer"),
            "agent": headers.get("User-Agent"),
            "browser": headers.get("sec-ch-ua"),
            "status": 0,
            "sent": 0,
        }
        with self._lock:
            self._counts[request.path] += 1
            entry["times"] = self._counts[request.path]
            self.log.append(entry)
        return entry
