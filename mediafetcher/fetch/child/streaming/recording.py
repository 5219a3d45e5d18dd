"""A growing set of pieces with a manifest, in the folder of the fetch child.

A recording continues after a pause, a stop, a crash or a restart of the program. Its pieces are appended to one file
for each part and track; a line of the manifest is written after the bytes that it names. Bytes beyond the last
line are discarded when the recording is opened again.

A *track* is one playlist (picture, sound). A *part* has one clock: it ends at a break of the stream (a discontinuity, a
gap, numbers that restart). A part is named by its epoch, which counts the breaks that all tracks share, and by its
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

from mediafetcher.fetch.child.streaming.hls_playlist import Piece
from mediafetcher.fetch.options import FILE_STEM

LIVE = ".recording.jsonl"  # the manifest of a live stream
FIXED = ".pieces.jsonl"  # the manifest of a stream on demand
_REMEMBERED = 64  # pieces of a track that are compared with new ones
_SYNC_SECONDS = 10.0


class Noted(NamedTuple):
    """A piece that is stored."""

    number: int
    name: str
    digest: str


class Track:
    """The state of one track."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.epoch = 0
        self.discontinuity = 0
        self.seconds = 0.0
        self.size = 0
        self.count = 0  # pieces, including lost ones
        self.source = ""  # the variant of the stream
        self.init = ""  # digest of the initialisation in the present file
        self.recent: deque[Noted] = deque(maxlen=_REMEMBERED)
        self.files: dict[tuple[int, int], int] = {}  # bytes of each part

    @property
    def part(self) -> tuple[int, int]:
        return self.epoch, self.discontinuity

    @property
    def last(self) -> int | None:
        """Return the number of the newest piece."""
        return self.recent[-1].number if self.recent else None

    def known(self, number: int) -> Noted | None:
        return next((noted for noted in reversed(self.recent) if noted.number == number), None)

    @property
    def file(self) -> str:
        return file_name(self.index, self.part)


def file_name(track: int, part: tuple[int, int]) -> str:
    return f"{FILE_STEM}.e{part[0]}d{part[1]}.t{track}"


class Recording:
    """Opens the recording of an earlier attempt, or begins one."""

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
        """Set the source of the track; another variant of the stream than before begins an epoch."""
        if track.source == source:
            return
        if track.source:
            self.break_off(track)
        self._note({"t": track.index, "source": source[:200]})

    def break_off(self, track: Track) -> None:
        """Begin a new epoch with the next piece of this track; the other tracks follow with theirs."""
        if track.epoch == self.epoch:
            self.epoch += 1

    def append(self, track: Track, piece: Piece, data: bytes, init: bytes | None) -> None:
        """Store a piece. Raises: OSError; then the recording ends with the piece before."""
        if track.epoch < self.epoch:
            track.epoch, track.discontinuity, track.init = self.epoch, 0, ""
        elif piece.period is not None and piece.period != track.discontinuity:
            track.discontinuity, track.init = piece.period, ""
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
        """Record a piece that is permanently lost."""
        self._note({"t": track.index, "p": track.part, "n": number, "u": name[:200], "s": seconds, "lost": True})

    def differs(self, noted: Noted, data: bytes) -> bool:
        """Tell whether these bytes are another piece than the one stored under the same number."""
        return noted.digest != _digest(data)

    def parts(self) -> list[list[str]]:
        """Return the names of the files: for each part those of its tracks, in order."""
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
        """Load each line whose bytes exist; the first line without its bytes ends the manifest."""
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
        """Sync now and then, so that a power cut costs seconds and not the recording."""
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self._synced = time.monotonic()
            os.fdatasync(descriptor)
            os.fdatasync(self._manifest.fileno())


def exists(folder: Path) -> bool:
    """Tell whether an earlier attempt left a recording of a live stream."""
    path = folder / LIVE
    return path.exists() and path.stat().st_size > 0


def track_count(manifest: Path) -> int:
    """Return the number of tracks that a manifest names."""
    count = 0
    with contextlib.suppress(OSError), manifest.open("rb") as file:
        for raw in file:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                count = max(count, int(json.loads(raw)["t"]) + 1)
    return count


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
