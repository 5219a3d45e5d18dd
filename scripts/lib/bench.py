"""Benchmarks of the real program for the figures in the docs: each next to its limit or its peer, in one run."""

import argparse
import inspect
import os
import sys
import time
import traceback
from collections.abc import Callable

import bench_attacks
import bench_bytes
import bench_desktop
import bench_fetch
import bench_following
import bench_library
import bench_lists
import bench_load
import bench_media
import bench_notifications
import bench_page
import bench_program
import bench_server
import bench_storing
import report
from bench_peers import APIS, Peer
from figures import Figure, leave_out

PARTS: dict[str, Callable[..., list[Figure]]] = {
    "start": bench_program.start,
    "desktop": bench_desktop.starts,
    "accept": bench_program.accept,
    "links": bench_program.links,
    "fetching": bench_fetch.fetching,
    "notifying": bench_notifications.notifying,
    "health": bench_server.health,
    "endurance": bench_server.endurance,
    "attacks": bench_attacks.attacks,
    "burst": bench_load.burst,
    "ranges": bench_program.ranges,
    "serving": bench_bytes.serving,
    "lists": bench_lists.lists,
    "live": bench_load.live,
    "people": bench_load.people,
    "references": bench_load.references,
    "ladder": bench_program.ladder,
    "mix": bench_media.mix,
    "storing": bench_storing.storing,
    "import": bench_library.adopting,
    "large": bench_library.large,
    "export": bench_library.export,
    "page": bench_page.page,
    "following": bench_following.following,
}

SLOW = (
    "links",
    "notifying",
    "endurance",
    "attacks",
    "ranges",
    "large",
    "export",
    "page",
    "following",
)  # a quick run skips them


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)}")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--quick", action="store_true", help=f"smaller counts, fewer rounds, without {', '.join(SLOW)}")
    either.add_argument("--deep", action="store_true", help="the counts that the documents name")
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="how long the crowd of `people` stays; the full run is 10"
    )
    parser.add_argument(
        "--peer",
        dest="peers",
        metavar="NAME=URL",
        action="append",
        type=Peer,
        help=f"a server of another downloader that runs already and may fetch from 127.0.0.1; NAME: {', '.join(APIS)}",
    )
    asked = parser.parse_args(arguments)
    asked.alone = bool(asked.parts)
    if unknown := set(asked.parts) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if not asked.peers and "fetching" in (asked.parts or PARTS):
        leave_out("servers of other downloaders: none was named with --peer.")
    before, figures, start = os.getloadavg()[0], {}, time.monotonic()
    for name in asked.parts or [name for name in PARTS if not (asked.quick and name in SLOW)]:
        print(f"· {name}", file=sys.stderr)
        takes, began = inspect.signature(PARTS[name]).parameters, time.monotonic()
        given = {
            word: getattr(asked, word)
            for word in ("quick", "deep", "minutes", "peers", "alone")
            if getattr(asked, word)
        }
        try:
            figures[name] = PARTS[name](**{word: value for word, value in given.items() if word in takes})
        except Exception as error:  # the other parts are measured anyway
            traceback.print_exc()
            figures[name] = [Figure(f"{name}: broke off", type(error).__name__, "whole", good=False)]
        print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {before:.1f} before, {load:.1f} after\n")
    for figure in (figure for part in figures.values() for figure in part):
        print(f"{'ok ' if figure.good else 'NOT'}  {figure.what:56}  {figure.value:>12}  {figure.goal}")
    if not asked.parts and not asked.quick:
        report.write(figures, (before, load), time.monotonic() - start)
    return 0 if all(figure.good for part in figures.values() for figure in part) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
