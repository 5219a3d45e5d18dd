"""A growing set of pieces with a manifest, in the folder of the fetch child.

A recording goes on after a pause, a stop, a crash or a new start of the program. Its pieces are appended to one file
for each part and track; a line of the manifest is written after the bytes that it names. What lies behind the last
line is thrown away when the recording is opened again.

A *track* is one playlist (picture, sound). A *part* has one clock: it ends where the stream breaks (a discontinuity, a
gap, numbers that begin anew). A part is named by its epoch, which counts the breaks that all tracks share, and by its
discontinuity within the epoch.
"""

import contextlib
import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mediafetcher.fetch.child.hls_playlist import Piece
from mediafetcher.fetch.options import FILE_STEM

LIVE = ".recording.jsonl"  # the manifest of a live stream
FIXED = ".pieces.jsonl"  # and of one on demand
_REMEMBERED = 64  # pieces of a track that are compared with new ones
_SYNC_SECONDS = 10.0


class Noted(NamedTuple):
    """A piece that was kept."""

    number: int
    name: str
    digest: str


class Track:
    """What is known of one track."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.epoch = 0
        self.discontinuity = 0
        self.seconds = 0.0
        self.size = 0
        self.count = 0  # pieces, with those that are lost
        self.source = ""  # which form of the stream
        self.init = ""  # digest of what lies before the pieces in the present file
        self.recent: deque[Noted] = deque(maxlen=_REMEMBERED)
        self.files: dict[tuple[int, int], int] = {}  # part -> bytes

    @property
    def part(self) -> tuple[int, int]:
        return self.epoch, self.discontinuity

    @property
    def last(self) -> int | None:
        """The number of the newest piece."""
        return self.recent[-1].number if self.recent else None

    def known(self, number: int) -> Noted | None:
        return next((noted for noted in reversed(self.recent) if noted.number == number), None)

    @property
    def file(self) -> str:
        return file_name(self.index, self.part)


def file_name(track: int, part: tuple[int, int]) -> str:
    return f"{FILE_STEM}.e{part[0]}d{part[1]}.t{track}"


class Recording:
    """Opens what an earlier attempt left, or begins."""

    def __init__(self, folder: Path, tracks: int, manifest: str = LIVE) -> None:
        self._folder = folder
        self._path = folder / manifest
        self._active = tracks
        self.tracks = [Track(index) for index in range(max(tracks, track_count(self._path)))]
        self.epoch = 0
        self.gaps = 0.0  # seconds that were lost
        self._synced = time.monotonic()
        self._load()
        self._manifest = self._path.open("ab")

    @property
    def seconds(self) -> float:
        return min(track.seconds for track in self.tracks[: self._active])

    @property
    def size(self) -> int:
        return sum(track.size for track in self.tracks)

    def follow(self, track: Track, source: str) -> None:
        """Say what the track is recorded from; another form of the stream than before begins an epoch."""
        if track.source == source:
            return
        if track.source:
            self.break_off(track)
        self._note({"t": track.index, "source": source[:200]})

    def break_off(self, track: Track) -> None:
        """Begin a new epoch with the next piece of this track; the others follow with theirs."""
        if track.epoch == self.epoch:
            self.epoch += 1

    def append(self, track: Track, piece: Piece, data: bytes, init: bytes | None) -> None:
        """Keep a piece. Raises OSError; then the recording ends with the piece before."""
        if track.epoch < self.epoch:
            track.epoch, track.discontinuity, track.init = self.epoch, 0, ""
        elif piece.breaks and track.files.get(track.part):
            track.discontinuity += 1
            track.init = ""
        mark = _digest(init) if init is not None else ""
        if mark != track.init and track.files.get(track.part):
            track.discontinuity += 1
        before = track.files.get(track.part, 0)
        written = (init or b"") + data if not before and init else data
        with (self._folder / track.file).open("r+b" if before else "wb") as file:
            file.seek(before)
            file.truncate()
            file.write(written)
            file.flush()
            self._sync(file.fileno())
        track.init = mark
        self._note(
            {
                "t": track.index,
                "p": track.part,
                "n": piece.number,
                "u": piece.name[:200],
                "e": before + len(written),
                "s": piece.seconds,
                "i": mark,
                "h": _digest(data),
            }
        )

    def lose(self, track: Track, number: int, name: str, seconds: float) -> None:
        """Note a piece that will never come."""
        self._note({"t": track.index, "p": track.part, "n": number, "u": name[:200], "s": seconds, "lost": True})

    def differs(self, noted: Noted, data: bytes) -> bool:
        """Whether these bytes are another piece than the one that was kept under the same number."""
        return noted.digest != _digest(data)

    def parts(self) -> list[list[str]]:
        """The names of the files: for each part those of its tracks, in order."""
        parts = sorted({part for track in self.tracks for part in track.files})
        return [[file_name(track.index, part) for track in self.tracks if track.files.get(part)] for part in parts]

    def close(self) -> None:
        self._manifest.close()

    def _note(self, line: dict[str, Any]) -> None:
        self._manifest.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._manifest.flush()
        self._take(line)

    def _take(self, line: dict[str, Any]) -> None:
        track = self.tracks[line["t"]]
        if "source" in line:
            track.source = str(line["source"])
            return
        track.count += 1
        track.recent.append(Noted(int(line["n"]), str(line["u"]), str(line.get("h", ""))))
        if line.get("lost"):
            self.gaps += float(line["s"])
            return
        part = (int(line["p"][0]), int(line["p"][1]))
        track.size += int(line["e"]) - track.files.get(part, 0)
        track.files[part] = int(line["e"])
        track.epoch, track.discontinuity = part
        track.seconds += float(line["s"])
        track.init = str(line["i"])
        self.epoch = max(self.epoch, track.epoch)

    def _load(self) -> None:
        """Take over each line whose bytes are there; the first that is not ends the manifest."""
        whole = 0
        for line, end in self._lines():
            try:
                if "e" in line and self._length(line) < int(line["e"]):
                    break
                self._take(line)
            except (KeyError, TypeError, ValueError, IndexError):
                break
            whole = end
        if self._path.exists():
            os.truncate(self._path, whole)

    def _length(self, line: dict[str, Any]) -> int:
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / file_name(line["t"], (line["p"][0], line["p"][1]))).stat().st_size
        return 0

    def _lines(self) -> Iterator[tuple[dict[str, Any], int]]:
        if not self._path.exists():
            return
        end = 0
        with self._path.open("rb") as file:
            for raw in file:
                end += len(raw)
                if not raw.endswith(b"\n"):
                    return
                try:
                    line = json.loads(raw)
                except ValueError:
                    return
                yield line, end

    def _sync(self, descriptor: int) -> None:
        """Now and then, so that a power cut costs seconds and not the recording."""
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self._synced = time.monotonic()
            os.fdatasync(descriptor)
            os.fdatasync(self._manifest.fileno())


def exists(folder: Path) -> bool:
    """Whether an earlier attempt left a recording of a live stream."""
    path = folder / LIVE
    return path.exists() and path.stat().st_size > 0


def track_count(manifest: Path) -> int:
    """How many tracks a manifest names."""
    count = 0
    with contextlib.suppress(OSError), manifest.open("rb") as file:
        for raw in file:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                count = max(count, int(json.loads(raw)["t"]) + 1)
    return count


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
