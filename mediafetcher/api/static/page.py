"""The built page: its files, and the index for every other address, so that deep links work.

Files under `assets/` have their hash in the name and never change. If the build made a `.br` or `.gz` of a file,
clients that accept it get that.
"""

import html
import mimetypes
from pathlib import Path
from typing import NamedTuple

import mediafetcher
from mediafetcher.api import compression, request_guard
from mediafetcher.core import errors

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; "
    "media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = request_guard.HEADERS | {"content-security-policy": CSP}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_KINDS = {
    ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
    ".json": "application/json", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip


class Answer(NamedTuple):
    """A file, or the text of a generated page."""

    status: int
    headers: dict[str, str]
    path: str | None
    text: str = ""


class _File(NamedTuple):
    path: Path
    kind: str
    size: int
    tag: str


class Site:
    """The files of one build. They are listed once, so a request can only name built files."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or built_page()
        self._files: dict[str, _File] = {}
        self._built = 0

    def _list(self) -> None:
        """List the files again if the build is new."""
        try:
            built = (self._root / "index.html").stat().st_mtime_ns
        except OSError:
            self._files, self._built = {}, 0
            return
        if built == self._built:
            return
        self._files, self._built = {}, built
        for path in self._root.rglob("*"):
            if path.is_file():
                facts = path.stat()
                suffix = path.suffix.lower()
                kind = _KINDS.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                tag = f"{facts.st_size:x}-{facts.st_mtime_ns:x}"
                self._files["/" + path.relative_to(self._root).as_posix()] = _File(path, kind, facts.st_size, tag)

    def answer(self, call: request_guard.Call, path: str) -> Answer:
        """Answer a request. Raises: `MethodNotAllowed`, `NotFound`."""
        if call.method not in ("GET", "HEAD"):
            raise errors.MethodNotAllowed(allow="GET, HEAD")
        self._list()
        name = path
        if name not in self._files or name.endswith((".br", ".gz")):
            if "." in path.rpartition("/")[2]:
                raise errors.NotFound()
            name = "/index.html"
        if name not in self._files:
            headers = HEADERS | {"content-type": _KINDS[".html"], "cache-control": "no-store"}
            return Answer(200, headers, None, _NOT_BUILT)
        return self._send(call, name)

    def _send(self, call: request_guard.Call, name: str) -> Answer:
        file, encoding = self._files[name], None
        accepted = compression.accepted(call.get("accept-encoding") or "")
        smaller = [(label, self._files[name + end]) for label, end in _ENCODINGS if name + end in self._files]
        headers = HEADERS | {"content-type": file.kind}
        if smaller:
            headers["vary"] = "accept-encoding"
        for label, packed in smaller:
            if label in accepted:
                file, encoding = packed, label
                break
        if encoding:
            headers["content-encoding"] = encoding
        immutable = name.startswith("/assets/")
        headers["cache-control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
        headers["etag"] = f'"{file.tag}"'
        if headers["etag"] in (call.get("if-none-match") or ""):
            return Answer(304, headers, None)
        headers["content-length"] = str(file.size)
        return Answer(200, headers, str(file.path))


def built_page() -> Path:
    """Return the folder of the built page: in the package if installed with it, else in the checkout."""
    package = Path(mediafetcher.__file__).parent
    installed = package / "page"
    return installed if installed.is_dir() else package.parent / "web" / "dist"


_NOT_BUILT = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>MediaFetcher</title>
<h1>MediaFetcher runs, but its page is not built</h1>
<p>Run <code>scripts/run</code> in the checkout: it builds the page. The files are expected in
<code>{html.escape(str(built_page()))}</code>. The API answers under <code>/api</code>.</p></html>
"""
