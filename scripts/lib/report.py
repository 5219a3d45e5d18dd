"""The table of a run as a page of the documents, and the comparisons in it as a picture."""

import os
import platform
import re
import time
from pathlib import Path
from xml.sax.saxutils import escape

from figures import Figure

from mediafetcher import __version__

ROOT = Path(__file__).parents[2]
PAGE, PICTURE = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "images" / "benchmarks.svg"
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_TIMES = re.compile(r"^(?:1/)?([\d.]+)(?: x)?$")


def write(figures: dict[str, list[Figure]], load: tuple[float, float]) -> None:
    """Put the figures into the page, between its marks, and draw the picture."""
    made = time.strftime("%Y-%m-%d")
    lines = [
        f"Version {__version__}, {made}, {os.cpu_count()} processors ({platform.machine()}), load of the machine"
        f" {load[0]:.1f} before and {load[1]:.1f} after.",
        "",
        "![How many times the other's figure](images/benchmarks.svg)",
        "",
        "| | Figure | Goal | |",
        "| --- | --- | --- | --- |",
    ]
    for part in figures.values():
        lines += [f"| {one.what} | {one.value} | {one.goal} | {'yes' if one.good else '**no**'} |" for one in part]
    text = PAGE.read_text()
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    PAGE.write_text(f"{head}{_BEGIN}\n\n" + "\n".join(lines) + f"\n\n{_END}{tail}")
    PICTURE.write_text(_drawn([(title, one) for part in figures.values() for title, one in _compared(part)]))


def _compared(part: list[Figure]) -> list[tuple[str, float]]:
    """What is a ratio beside a peer -> its words and the number. A line that begins with a dot belongs to the last."""
    found, above = [], ""
    for one in part:
        above = above if one.what.startswith("·") else one.what
        number = _TIMES.match(one.value)
        if number and "beside" in one.what:
            found.append((f"{above}, {one.what.removeprefix('· ')}", float(number[1])))
    return found


def _drawn(rows: list[tuple[str, float]]) -> str:
    """Bars on a scale that shows 1 x and 10 x alike: each tenfold step has the same width."""
    from math import log10

    row, left, unit = 34, 430, 120
    low = min([0.1, *(value for _, value in rows)])
    height = row * len(rows) + 50

    def at(value: float) -> float:
        return left + unit * (log10(max(value, low)) - log10(low))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" font-family="sans-serif" font-size="13">',
        "<style>text{fill:#333}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    ]
    for number, (words, value) in enumerate(rows):
        y = 10 + number * row
        colour = "#0d9488" if value >= 1 else "#d97706"
        start, end = sorted((at(1), at(value)))
        parts.append(f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{escape(words[:64])}</text>')
        parts.append(f'<rect x="{start:.0f}" y="{y}" width="{max(2, end - start):.0f}" height="20" fill="{colour}"/>')
        parts.append(f'<text x="{max(end, at(1)) + 8:.0f}" y="{y + 15}">{value:g} x</text>')
    one = at(1)
    parts.append(f'<line x1="{one:.0f}" y1="0" x2="{one:.0f}" y2="{height - 30}" stroke="#888"/>')
    parts.append(f'<text x="{one:.0f}" y="{height - 12}" text-anchor="middle">as the other (1 x)</text></svg>')
    return "\n".join(parts) + "\n"
