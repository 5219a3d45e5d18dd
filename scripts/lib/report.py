"""Write the figures of a run to a page of the documents, and draw their distance from the goals."""

import os
import platform
import re
import time
from math import log10
from pathlib import Path
from xml.sax.saxutils import escape

from figures import LEFT_OUT, Figure

from mediafetcher import __version__

ROOT = Path(__file__).parents[2]
PAGE, PICTURE = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "images" / "benchmarks.svg"
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
TITLES = {
    "start": "Start and rest",
    "desktop": "A start on a desktop, under Xvfb with Chromium",
    "accept": "One link accepted",
    "links": "A link that is in the store already",
    "fetching": "From the link to the library",
    "notifying": "Downloads that a slow target is told of",
    "health": "The server meanwhile",
    "endurance": "Many downloads in a row",
    "attacks": "Under attack",
    "burst": "Thousands of links at once",
    "ranges": "The end of a large file",
    "serving": "A file of 2 GB served",
    "lists": "Lists and search",
    "live": "Live progress",
    "people": "A crowd",
    "references": "References",
    "ladder": "One film made playable",
    "mix": "A mixed corpus made playable",
    "storing": "Into the store",
    "import": "A folder taken in",
    "large": "One large file",
    "export": "The tree for Jellyfin and others",
    "page": "The page",
}
_NUMBER = re.compile(r"(\d[\d.,]*)(?:/(\d[\d.]*))?")


def write(figures: dict[str, list[Figure]], load: tuple[float, float], seconds: float) -> None:
    """Write the figures to the page, between its marks, and draw the picture."""
    head, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    body = "\n".join([*_machine(load, seconds), "", *_summary(figures), "", *_table(figures)])
    PAGE.write_text(f"{head}{_BEGIN}\n\n{body}\n\n{_END}{tail}")
    PICTURE.write_text(draw(figures))


def _machine(load: tuple[float, float], seconds: float) -> list[str]:
    model = memory = ""
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / 1e6:.0f} GB of memory, "
    lines = [
        f"Version {__version__}, {time.strftime('%Y-%m-%d')}. {os.cpu_count()} processors"
        f" ({model or platform.machine()}), {memory}Linux {platform.release()}, Python {platform.python_version()}."
        f" Load of the machine {load[0]:.1f} before and {load[1]:.1f} after; the run took {seconds / 60:.0f} minutes."
    ]
    return lines + [f"Left out: {words}" for words in LEFT_OUT]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _summary(figures: dict[str, list[Figure]]) -> list[str]:
    aimed = [(name, one) for name, one in _full_names(figures) if one.goal]
    missed = [(name, one) for name, one in aimed if not one.good]
    lines = [f"**{len(aimed) - len(missed)} of {len(aimed)} goals are met.**"]
    if missed:
        lines += ["Not met, with the reasons below the table:", ""]
        lines += [f"- {name}: {one.value} (goal {one.goal})" for name, one in missed]
    return [*lines, "", "![How far each figure is from its goal](images/benchmarks.svg)"]


def _full_names(figures: dict[str, list[Figure]]) -> list[tuple[str, Figure]]:
    """Return each figure with a complete name: a line with a dot belongs to the last one without."""
    found, above = [], ""
    for part in figures.values():
        for one in part:
            above = above if one.what.startswith("·") else one.what
            name = one.what if one.what == above else f"{above}, {one.what.lstrip('· ')}"
            found.append((name, one))
    return found


def _table(figures: dict[str, list[Figure]]) -> list[str]:
    lines = ["| | Figure | Goal | Met |", "| --- | --- | --- | --- |"]
    for part, rows in figures.items():
        lines.append(f"| **{TITLES.get(part, part)}** | | | |")
        for one in rows:
            met = ("yes" if one.good else "**no**") if one.goal else ""
            lines.append(f"| {one.what} | {one.value} | {one.goal} | {met} |")
    return lines


# ---- the picture -----------------------------------------------------------------------------------------

_ROW, _LEFT, _UNIT, _WIDTH = 21, 470, 105, 960  # pixels: a row, the start of the scale, a tenfold step, the total
_LEAST, _MOST = 0.1, 100.0  # times as good as the goal; values outside are drawn at the end of the scale


def beyond(one: Figure) -> float | None:
    """Return how many times better than its goal a figure is: 1 is just met. None if there is no number to compare."""
    value, goal = _number(one.value), _number(one.goal)
    if value is None or goal is None or one.goal[:1] not in "<>":
        return None
    better = value / goal if one.goal.startswith(">") else goal / value if value else _MOST
    return min(_MOST, max(_LEAST, better)) if goal else None


def _number(words: str) -> float | None:
    found = _NUMBER.search(words)
    if not found:
        return None
    return float(found[1].replace(",", "")) / float(found[2] or 1)


def draw(figures: dict[str, list[Figure]]) -> str:
    """Draw a bar for each figure with a goal, to the right if it is met; ten times better is one step further."""
    drawn: list[str] = []
    y = 44.0
    for part, rows in figures.items():
        if not any(one.goal for one in rows):
            continue
        drawn.append(f'<text x="12" y="{y + 15:.0f}" class="title">{escape(TITLES.get(part, part))}</text>')
        y += _ROW
        for number, one in enumerate(rows):
            below = rows[number + 1 :]
            heads = not one.what.startswith("·") and any(
                other.goal for other in below[: next((i for i, o in enumerate(below) if o.what[0] != "·"), len(below))]
            )
            if one.goal or heads:
                drawn += _row(one, y)
                y += _ROW
        y += 6
    height = y + 12
    return "\n".join([*_frame(height), *drawn, "</svg>"]) + "\n"


def _at(times: float) -> float:
    return _LEFT + _UNIT * (log10(times) - log10(_LEAST))


def _row(one: Figure, y: float) -> list[str]:
    indent = 36 if one.what.startswith("·") else 22
    words = one.what.lstrip("· ")
    words = words if len(words) < 66 else words[:64] + "…"
    parts = [f'<text x="{indent}" y="{y + 15:.0f}">{escape(words)}</text>']
    times, end = beyond(one), _at(1)
    if times is not None:
        first, end = sorted((_at(1), _at(times)))
        kind = "met" if one.good else "missed"
        width = max(3.0, end - first)
        parts.append(f'<rect x="{first:.1f}" y="{y + 4:.0f}" width="{width:.1f}" height="13" class="{kind}"/>')
    elif one.goal:
        kind = "met" if one.good else "missed"
        parts.append(f'<circle cx="{_at(1):.1f}" cy="{y + 10.5:.1f}" r="5" class="{kind}"/>')
    said = f"{one.value}, goal {one.goal}" if one.goal else one.value
    said += "" if one.good else ": not met"
    weight = "" if one.good else ' class="no"'
    place = max(end, _at(1)) + 9 if one.goal else _at(1) + 9
    # If the right of the bar has no space, the words are on the left of the line.
    if place + 6.4 * len(said) > _WIDTH:
        parts.append(f'<text x="{_at(1) - 9:.0f}" y="{y + 15:.0f}" text-anchor="end"{weight}>{escape(said)}</text>')
    else:
        parts.append(f'<text x="{place:.0f}" y="{y + 15:.0f}"{weight}>{escape(said)}</text>')
    return parts


def _frame(height: float) -> list[str]:
    style = (
        "text{fill:#1f2933}.title{font-weight:600}.no{fill:#9a3412;font-weight:600}.met{fill:#0d9488}"
        ".missed{fill:#d97706}line{stroke:#8a94a0}.step{stroke-dasharray:2 4}"
        "@media(prefers-color-scheme:dark){text{fill:#dde3ea}.no{fill:#fdba74}.met{fill:#2dd4bf}.missed{fill:#f59e0b}}"
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}"'
        ' font-family="system-ui, sans-serif" font-size="12.5">',
        f"<title>How far each figure is from its goal</title><style>{style}</style>",
    ]
    for times, words in ((0.1, "10 x short"), (1.0, "the goal"), (10.0, "10 x better"), (100.0, "100 x")):
        x, kind = _at(times), "" if times == 1 else ' class="step"'
        lines.append(f'<line x1="{x:.0f}" y1="30" x2="{x:.0f}" y2="{height - 8:.0f}"{kind}/>')
        lines.append(f'<text x="{x:.0f}" y="20" text-anchor="middle">{words}</text>')
    return lines
