"""A package index of our own on loopback, and wheels of yt-dlp for it that are newer, broken, or mended."""

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yt_dlp

NEWER, NIGHTLY, BROKEN = "2099.1.2", "2099.1.3.40506.dev0", "2099.2.1"
BROKEN_DOWNLOAD = "# it loads, and then cannot download"
MENDED = "# it knows what the one in use does not"
CRASHING = "# it ends its process at what the one in use cannot read"
_MENDED = b"""        if "/page/broken" in url:
            film = urllib.parse.urljoin(url, "/media/ok.mp4")
            return {"id": url[-9:], "title": "Mended", "url": film, "ext": "mp4"}
"""
_CRASHING = b"""        if "/page/broken" in url:
            import os
            os.kill(os.getpid(), 9)
"""
_EXTRACTING = {MENDED: _MENDED, CRASHING: _CRASHING}


class Index:
    """A package index on loopback; `files` are what it lists, `bytes` what it sends."""

    def __init__(self) -> None:
        self.bytes: dict[str, bytes] = {}
        self.hashes: dict[str, str] = {}
        index = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                body = index.bytes.get(name) if name else index.listing()
                self.send_response(200 if body is not None else 404)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/simple"

    def listing(self) -> bytes:
        files = [{"filename": n, "url": f"files/{n}", "hashes": {"sha256": h}} for n, h in self.hashes.items()]
        return json.dumps({"meta": {"api-version": "1.1"}, "files": files}).encode()

    def put(self, version: str, data: bytes) -> str:
        name = f"yt_dlp-{version}-py3-none-any.whl"
        self.bytes[name], self.hashes[name] = data, hashlib.sha256(data).hexdigest()
        return name


def wheel(version: str, extra: str = "") -> bytes:
    """The installed yt-dlp as a wheel that says another version of itself."""
    home = Path(yt_dlp.__file__).parent
    said = version.removesuffix(".dev0")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in home.rglob("*.py"):
            text = path.read_bytes()
            if path == home / "version.py":
                text = f"__version__ = {said!r}\nCHANNEL = 'stable'\n{extra}\n".encode() + text.partition(b"\n")[2]
                text = text.replace(b"__version__ = '2026", b"_old = '2026")
            if extra == BROKEN_DOWNLOAD and path.name == "http.py":
                text = text.replace(
                    b"def real_download(self, filename, info_dict):", b"def real_download(self, a, b): 1/0"
                )
                text = text.replace(b"1/0\n", b"return 1/0\n    def other(self, filename, info_dict):\n")
            if extra in _EXTRACTING and path == home / "extractor" / "generic.py":
                at = b"    def _real_extract(self, url):\n"
                assert at in text
                text = text.replace(at, at + _EXTRACTING[extra])
            archive.writestr(f"yt_dlp/{path.relative_to(home)}", text)
        archive.writestr(f"yt_dlp-{version}.dist-info/METADATA", "Name: yt-dlp\n")
    return out.getvalue()
