"""A machine of its own: in a network namespace of its own, the site of films and a worker that fetches from it.

usage: island.py ROOT PORT. The worker's settings come by the environment; its words go to standard output.
"""

import signal
import subprocess
import sys
from pathlib import Path

from tests.faults.program import REPOSITORY
from tests.site import Site


def main(root: str, port: str) -> int:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with Site(Path(root), "127.0.0.1", int(port)):
        worker = subprocess.Popen([sys.executable, "-m", "mediafetcher", "worker"], cwd=REPOSITORY)
        signal.signal(signal.SIGTERM, lambda *_: worker.terminate())
        return worker.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
