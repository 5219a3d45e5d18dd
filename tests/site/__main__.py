"""`python -m tests.site [--port N]`: the fixture site by hand, for a trial and for the tests in a browser."""

import argparse
import threading

from tests.site import Site, behaviours, media


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--host", default="127.0.0.1")
    asked = parser.parse_args()
    with Site(media.corpus(), asked.host, asked.port) as site:
        for behaviour in behaviours.TABLE.values():
            if behaviour.example:
                print(site.url(behaviour.example))
        for name in ("vp9_opus.webm", "h264_aac.mkv", "a.mp3"):
            print(site.url(f"/media/{name}"))
        print(
            f"All of it: {site.url('/')} (allow it with MEDIAFETCHER_ALLOW_HOSTS={site.host}:{site.port})", flush=True
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
