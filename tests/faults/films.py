"""Many different small films: one of the corpus, each with other bytes at its end.

A `free` box (ISO/IEC 14496-12, 8.1.2) at the end of an MP4 means nothing to a player, so every film plays, and no
two have the same hash.
"""

import struct
from pathlib import Path


def make(source: Path, folder: Path, count: int, padding: int = 64) -> list[Path]:
    """`count` films named film-N.mp4 in `folder`, `padding` bytes longer than the source."""
    folder.mkdir(parents=True, exist_ok=True)
    bytes_ = source.read_bytes()
    films = []
    for number in range(count):
        film = folder / f"film-{number}.mp4"
        with film.open("wb") as file:
            file.write(bytes_ + struct.pack(">I4sI", 12 + padding, b"free", number))
            file.truncate(len(bytes_) + 12 + padding)
        films.append(film)
    return films
