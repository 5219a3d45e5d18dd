"""The program that tests whether a yt-dlp can be loaded at all: `FOLDER`; started by ytdlp/updater.py, confined.

It loads what every download needs, and writes the compiled form, so that later starts need not compile. It reports
its version in one JSON line.
"""

import json
import sys
from pathlib import Path

from mediafetcher.fetch import gateway_client
from mediafetcher.fetch.child import javascript, preload
from mediafetcher.fetch.ytdlp import import_hook
from mediafetcher.sandbox import profiles


def main() -> None:
    folder = sys.argv[1]
    profiles.confine_fetch(Path(folder), [], None)
    gateway_client.install(None)
    javascript.stand_in()
    sys.dont_write_bytecode = False
    import_hook.prefer(folder)
    preload.preload()
    import yt_dlp
    from yt_dlp.version import __version__

    if not Path(yt_dlp.__file__).is_relative_to(folder):
        raise SystemExit(f"loaded from {yt_dlp.__file__}")
    print(json.dumps({"version": __version__}))


if __name__ == "__main__":
    main()
