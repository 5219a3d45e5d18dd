"""Subscriptions: at rest, many due at once, and one check against yt-dlp's own flat list."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from bench_program import AS_SHIPPED, SETTLED
from figures import Figure, cpu, leave_out, program, proportional, scratch, sql

from tests.faults.program import Program, until
from tests.site.channels import Channel
from tests.site.server import Site

REST, QUICK_REST = 120.0, 40.0  # seconds that it is watched at rest: a tick is a minute
DUE, SITES = 10_000, 200
_PLANT = """
insert into subscription (owner, url, site, source_key, title, source_order, succeeded_at, full_list_at, next_check_at)
select (select min(id) from account), 'https://site' || n %% %(sites)s::int || '.example/c/' || n,
  'site' || n %% %(sites)s::int || '.example', 'url entry ' || n, 'Channel ' || n, 'newest_first', now(), now(),
  now() + %(wait)s::interval
from generate_series(1, %(count)s::int) n on conflict do nothing
"""


def following(*, quick: bool = False) -> list[Figure]:
    return [*_at_rest(quick=quick), *_due_at_once(), *_one_check(quick=quick)]


def _at_rest(*, quick: bool) -> list[Figure]:
    """Measure what 1,000 subscriptions that are not due add to a server at rest."""
    with program(**AS_SHIPPED) as running:
        time.sleep(SETTLED)
        seconds = QUICK_REST if quick else REST
        before, memory_before = _used(running, seconds)
        with sql(running) as database:
            database.execute(_PLANT, {"sites": 1000, "count": 1000, "wait": "1 day"})
        after, memory_after = _used(running, seconds)
    more, memory = max(0.0, after - before), max(0, memory_after - memory_before)
    return [
        Figure("1,000 subscriptions at rest: processor", f"{more:.2%} of a core", "<= 0.2 %", more <= 0.002),
        Figure("1,000 subscriptions at rest: memory", f"{memory / 1e6:.1f} MB", "<= 10 MB", memory <= 10e6),
    ]


def _used(running: Program, seconds: float) -> tuple[float, int]:
    everything = running.everything()
    before = cpu(everything)
    time.sleep(seconds)
    return (cpu(everything) - before) / seconds, sum(proportional(pid) for pid in everything)


def _due_at_once() -> list[Figure]:
    """Watch checks that fail at once (no such host): how many run together, and how many of one site."""
    with program(**AS_SHIPPED) as running, sql(running) as database:
        database.execute(_PLANT, {"sites": SITES, "count": DUE, "wait": "0"})
        running.ask("POST", "/subscriptions/check")  # instead of the next tick
        together = of_one_site = checked = 0
        began = time.monotonic()
        while time.monotonic() - began < 30.0:
            row = database.execute(
                "select count(*), coalesce(max(number), 0), (select count(*) from subscription where attempt > 0)"
                " from subscription s left join lateral (select count(*) as number from subscription o"
                " where o.site = s.site and o.lease_expires_at > now()) o on true where s.lease_expires_at > now()"
            ).fetchone()
            assert row is not None
            together, of_one_site, checked = max(together, row[0]), max(of_one_site, row[1]), row[2]
            time.sleep(0.1)
    value = f"{together} at once, {of_one_site} of a site, {checked / 30:.1f} a second"
    good = checked > 0 and together <= 2 and of_one_site <= 1
    return [Figure("10,000 subscriptions due at once", value, "2 at once, 1 of a site", good)]


def _one_check(*, quick: bool) -> list[Figure]:
    """Compare a check of a known channel with yt-dlp's own flat list of the same page."""
    with scratch() as root, Site(root) as site, program(**AS_SHIPPED) as running:
        site.channels["one"] = channel = Channel()
        channel.publish(*range(1, 201), published=1_700_000_000.0)
        made = running.ask("POST", "/subscriptions", {"url": site.url("/channel/one")})
        if made.status_code != 201:
            leave_out(f"a check of a channel: {made.text[:100]}")
            return []
        id = made.json()["id"]
        for _ in range(2):  # the order is learned
            _check(running, id)
        url, ours, theirs, seen, known = site.url("/channel/one"), [], [], [0], [0]
        for _ in range(5 if quick else 11):  # one of each in turn
            ours.append(_counted(site, seen, lambda: _check(running, id)))
            theirs.append(_counted(site, known, lambda: _flat(url)))
    requests, least = max(seen), max(known)
    times, flat = statistics.median(ours), statistics.median(theirs)
    return [
        Figure(
            "a check of a known channel: requests",
            f"{requests} (yt-dlp {least})",
            "<= 1 more than yt-dlp --flat-playlist",
            requests <= least + 1,
        ),
        Figure(
            "a check of a known channel: time",
            f"{times:.2f} s (yt-dlp {flat:.2f} s)",
            "<= 1.1 x yt-dlp --flat-playlist",
            times <= 1.1 * flat,
        ),
    ]


def _counted(site: Site, requests: list[int], once: Callable[[], float]) -> float:
    """Add how many requests it makes. Returns: seconds."""
    site.reset()
    took = once()
    requests.append(len(site.log))
    return took


def _check(running: Program, id: int) -> float:
    """Request a check, and wait for its end. Returns: seconds."""
    before = running.ask("GET", f"/subscriptions/{id}").json()["checked_at"]
    began = time.monotonic()
    running.ask("POST", f"/subscriptions/{id}/check")
    until(lambda: running.ask("GET", f"/subscriptions/{id}").json()["checked_at"] != before, 60, "the check")
    return time.monotonic() - began


def _flat(url: str) -> float:
    began = time.monotonic()
    command = [sys.executable, "-m", "yt_dlp", "--flat-playlist", "-I", "1:50", "-J", url]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return time.monotonic() - began
