"""List the files of the store, and those that this database does not know.

A file is known if its row is referenced, or if the present lineage of this database released it. A poster and subtitles
of a known file belong to it, even if its row does not list them: a crash may come after they were placed and before
the commit. Everything else is unknown: it is kept, listed, and can be adopted. Nothing here removes anything.
"""

import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediafetcher.db.expressions import among
from mediafetcher.db.tables import Installation, MediaFile
from mediafetcher.library.storage import mount
from mediafetcher.media import posters

NAME = re.compile(r"^([0-9a-f]{64})[.]([A-Za-z0-9.-]{1,40})$")  # a file of the store: hash, and what kind of file


@dataclass(frozen=True)
class Stored:
    """A file in the store; `kind` is what follows the hash, e.g. `mp4` or `poster.jpg`."""

    path: Path
    sha256: bytes
    kind: str

    @property
    def is_side_file(self) -> bool:
        return is_side_name(self.kind)


def is_side_name(name: str) -> bool:
    """Tell whether this is the name of a poster or of subtitles, without the hash: `poster.jpg`, `fr.vtt`."""
    return name == posters.NAME or name.endswith(".vtt")


def walk() -> Iterator[Stored | Path]:
    """Yield every file of the store; a file with a foreign name as a plain path. In a thread."""
    for folder in folders():
        yield from _files(folder)


def folders() -> list[Path]:
    """List the folders of the store. In a thread."""
    root = mount.root() / "store"
    return [root / name for name in sorted(os.listdir(root)) if not name.startswith((".", "@"))]  # folders of a NAS


def _files(folder: Path) -> Iterator[Stored | Path]:
    if not folder.is_dir():
        yield folder
        return
    for name in sorted(os.listdir(folder)):
        match = NAME.match(name)
        if match and match[1].startswith(folder.name):
            yield Stored(folder / name, bytes.fromhex(match[1]), match[2])
        elif not name.startswith((".", "@")) and name not in ("Thumbs.db", "desktop.ini"):
            yield folder / name


def _list(folder: Path) -> list[Stored | Path]:
    return list(_files(folder))


async def files(after: str = "") -> AsyncIterator[Stored]:
    """Yield the unknown files of the store, folder by folder: it may have millions of files. Raises: `Unavailable`.

    `after`: a hash; folders before its own are left out.
    """
    async for file, row in _with_rows(after[:2]):
        if row is None or not (file.is_side_file or file.kind == row["ext"].removeprefix(".")):
            yield file


async def unlisted_side_files() -> AsyncIterator[Stored]:
    """Yield the posters and subtitles of referenced files whose rows do not list them. Raises: `Unavailable`."""
    async for file, row in _with_rows():
        if row is not None and row["ref_count"] > 0 and file.is_side_file and file.kind not in side_names(row):
            yield file


async def _with_rows(first: str = "") -> AsyncIterator[tuple[Stored, dict[str, Any] | None]]:
    """Yield every file of the store with the row that makes it known, or None. `first`: the first folder."""
    with mount.writing():
        for folder in await mount.run_io(folders):
            if folder.name < first:
                continue
            found = [file for file in await mount.run_io(_list, folder) if isinstance(file, Stored)]
            known = await _known({file.sha256 for file in found})
            for file in found:
                yield file, known.get(file.sha256)


async def is_known(sha256: bytes) -> bool:
    """Tell whether a row of this database makes files of this hash known."""
    return bool(await _known({sha256}))


async def any_file() -> bool:
    """Tell whether an unknown file exists. Stops at the first."""
    async for _ in files():
        return True
    return False


def side_names(row: dict[str, Any]) -> list[str]:
    """Return the names (for `store.path_of`) of the side files that a row of `media_file` lists."""
    return ([posters.NAME] if row["poster"] else []) + [f"{language}.vtt" for language in row["subtitles"]]


def side_files_at(file: Path) -> list[str]:
    """Return the names of the side files that exist for a stored file, whatever its row says. In a thread."""
    stem = f"{file.name.partition('.')[0]}."
    try:
        names = [name.removeprefix(stem) for name in os.listdir(file.parent) if name.startswith(stem)]
    except FileNotFoundError:
        return []
    return sorted(name for name in names if is_side_name(name))


async def _known(hashes: set[bytes]) -> dict[bytes, dict[str, Any]]:
    """Return the rows that make files of these hashes known."""
    table = MediaFile
    ours = table.unreferenced_in.is_in(Installation.select(Installation.lineage))
    columns = (table.sha256, table.ext, table.poster, table.subtitles, table.ref_count)
    rows = await table.select(*columns).where(among(table.sha256, hashes), (table.ref_count > 0) | ours)
    return {row["sha256"]: row for row in rows}
