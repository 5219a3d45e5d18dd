"""The JavaScript runtime that yt-dlp asks where a site wants a small program run: deno, which comes along.

It is the only program that a fetch child may start, and only as `deno run` of what it reads on standard input: in
deno's own sandbox, without network, files or the environment, and without fetching anything (`remote_components` is
empty; the solver scripts are those of the package yt-dlp-ejs).
"""

import os
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from mediafetcher.core import bundle


@cache
def deno() -> str | None:
    """Where deno is; None where it did not come along, as on machines that it is not built for."""
    root = bundle.root()
    path = root / "bin" / "deno" if root else Path(sysconfig.get_path("scripts")) / "deno"
    return str(path) if os.access(path, os.X_OK) else None


def runtimes() -> dict[str, Any]:
    """yt-dlp's option `js_runtimes`."""
    path = deno()
    return {"deno": {"path": path}} if path else {}
