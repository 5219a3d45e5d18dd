"""Notifications: whether a target that does not answer slows the downloads that it is told of."""

import statistics

from bench_fetch import AT_ONCE, films, make_film, ours, served
from figures import MIB, Figure, program, scratch

from tests.faults.program import Program
from tests.receiver import Receiver

ROUNDS, FILES = 9, 20
_PATH = "/notifications/targets"


def notifying(*, quick: bool = False) -> list[Figure]:
    """Fetch the same number of files without a target, with one that answers, and with one that never answers.

    The three take turns in one run, each round in another order, so that the noise of the machine meets them alike.
    """
    rounds = 3 if quick else ROUNDS
    with (
        scratch() as folder,
        served(folder) as base,
        Receiver() as receiver,
        program(max_downloads=AT_ONCE, max_downloads_per_site=AT_ONCE, retry_seconds=0.05) as running,
    ):
        make_film(folder / "film.mp4")
        ours(running, films(base, folder, "first", AT_ONCE, MIB))  # excludes the costs of the first downloads
        target = _add(running, receiver.host)
        times: dict[str, list[float]] = {"none": [], "fast": [], "stalled": []}
        for number in range(rounds):
            kinds = list(times)
            for kind in [*kinds[number % 3 :], *kinds[: number % 3]]:
                receiver.behave = lambda request, kind=kind: "stall" if kind == "stalled" else 200  # type: ignore[misc]
                _enable(running, target, enabled=kind != "none")
                links = films(base, folder, f"{kind}-{number}", FILES, MIB)
                times[kind].append(ours(running, links)[0])
        assert receiver.requests, "the target was never told"
    none, fast, stalled = (statistics.median(times[kind]) for kind in ("none", "fast", "stalled"))
    what = f"{FILES} files of 1 MiB, {AT_ONCE} at once"
    return [
        Figure(f"{what}, without a target", f"{none:.2f} s", "", good=True),
        Figure("· time with a webhook that answers / without", f"{fast / none:.2f} x", "", good=True),
        Figure(
            "· time with a webhook that never answers / without",
            f"{stalled / none:.2f} x",
            "<= 1.1 x",
            stalled / none <= 1.1,
        ),
    ]


def _add(running: Program, host: str) -> int:
    made = running.ask("POST", _PATH, {"url": f"webhook+http://{host}/", "events": ["all"]})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def _enable(running: Program, target: int, *, enabled: bool) -> None:
    changed = running.ask("PATCH", f"{_PATH}/{target}", {"enabled": enabled})
    assert changed.status_code == 200, changed.text
