"""The export tree: the library under human names, for players that read folders (Jellyfin, Plex, Kodi).

    <DIR>/<person>/<folder>/<title>.mp4, <title>.nfo, <title>-poster.jpg, <title>.<language>.vtt

The films are links to the store: no bytes are copied, and removing the tree never touches the store. Which folders
were exported is remembered in `<state>/exports.json`; `refresh` brings them up to date, and so takes the links of a
deleted item away, whose bytes would stay on the disk with them. A tree that was removed stays removed.
"""

import asyncio
import contextlib
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

from mediafetcher.base import errors, log, settings
from mediafetcher.db import engine
from mediafetcher.library import mount, names, nfo, store, tree

_LANGUAGE = re.compile(r"^[A-Za-z0-9.-]{1,32}$")
_DEEP, _SHORT = 6, 60  # folders deeper than this have short names: a whole path may have 4096 bytes

_log = log.get("export")
_busy = asyncio.Lock()  # one update at a time
_seen: dict[str, Any] = {}  # tree -> what the library was when it was last made equal


async def export(folder: Path | None = None, owner: int | None = None) -> tuple[Path, tree.Report]:
    """Make the tree in `folder` (default: `export` in the media folder), or make it equal -> where, what was done.

    `owner`: of this person alone, beside those who are in the tree already; None: of everybody. The tree is kept up
    to date from now on. Raises `Invalid` where no links can be made there, `Away`.
    """
    place = Path(os.path.realpath(folder or mount.root() / "export"))
    await asyncio.to_thread(_refuse, place)
    async with _busy:
        remembered = await asyncio.to_thread(_remembered)
        known = remembered.get(str(place), [])
        people = None if owner is None or known is None else sorted({*known, owner})
        report = await _update(place, people)
        if remembered.get(str(place), 0) != people:
            await asyncio.to_thread(_remember, remembered | {str(place): people})
    return place, report


async def refresh() -> int:
    """Make every exported tree equal to the library again -> files made and removed. What cannot be done waits."""
    changed = 0
    async with _busy:
        trees = await asyncio.to_thread(_remembered)
        now = await _state() if trees else None
        for name, people in trees.items():
            if _seen.get(name) == now or not await asyncio.to_thread((Path(name) / tree.MANIFEST).is_file):
                continue
            try:
                report = await _update(Path(name), people)
                changed += report.made + report.removed
            except (errors.Problem, OSError) as problem:
                _log.warning("export waits", tree=name, reason=str(problem))
    return changed


async def refresh_quietly() -> None:
    """`refresh` at the end of something that has been done already, and whose outcome this does not change."""
    with contextlib.suppress(errors.Problem):
        await refresh()


async def _state() -> Any:
    """A number that changes with every change of the library: the versions of all rows that a tree shows."""
    row = await engine.fetchrow(
        "select "
        + ", ".join(
            f"(select array[count(*), coalesce(sum(hashtext(id || ':' || xmin)), 0)] from {name}) as {name}"
            for name in ("library_item", "media_file", "folder", "account")
        )
    )
    return row


# ---- which trees there are -----------------------------------------------------------------------------


def _list() -> Path:
    return settings.get().state / "exports.json"


def _remembered() -> dict[str, list[int] | None]:
    """Exported trees -> whose entries are in them; None: everybody's."""
    try:
        return dict(json.loads(_list().read_text()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError):
        _log.warning("the list of exports cannot be read", path=_list())
        return {}


def _remember(trees: dict[str, list[int] | None]) -> None:
    fresh = _list().with_suffix(".new")
    fresh.write_text(json.dumps(trees))
    fresh.replace(_list())


def _refuse(place: Path) -> None:
    """Raises `Invalid` where a tree would mix with what is ours."""
    mount.require()
    if place.exists() and not place.is_dir():
        raise errors.Invalid(f"{place} is not a folder.")
    root = Path(os.path.realpath(mount.root()))
    inner = [root / "store", root / "incoming"]
    if any(place.is_relative_to(one) or one.is_relative_to(place) for one in inner):
        raise errors.Invalid(f"{place} is where the library keeps its own files: export to another folder.")
    if Path(os.path.realpath(settings.get().state)).is_relative_to(place):
        raise errors.Invalid(f"{place} holds the state of MediaFetcher: export to another folder.")


# ---- one tree --------------------------------------------------------------------------------------------


async def _update(place: Path, people: list[int] | None) -> tree.Report:
    before = await _state()
    shown = await _read(people)
    stop = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(_apply, place, shown, stop))
    try:
        report = await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()  # at the next file; two must never work on one tree
        await asyncio.wait({work})
        raise
    except tree.NoLinks as error:
        raise errors.Invalid(
            f"Neither hard nor symbolic links can be made in {place}: nothing was exported."
        ) from error
    except OSError as error:
        inside = place.is_relative_to(os.path.realpath(mount.root()))
        problem = mount.classify(error) if inside else None
        raise problem or errors.Invalid(f"The export to {place} stopped: {error.strerror}.") from error
    if not report.missing:  # else the next look tries again
        _seen[str(place)] = before
    if report.made or report.removed:
        _log.info("export", tree=place, made=report.made, kept=report.kept, removed=report.removed)
    return report


class _Shown:
    """What a tree is made of: rows of people, folders and items."""

    def __init__(self, *rows: list[dict[str, Any]]) -> None:
        self.items, self.folders, self.people = rows


async def _read(people: list[int] | None) -> _Shown:
    # The items first: a folder that is made meanwhile has nothing in it yet.
    return _Shown(
        await engine.fetch(
            "select i.id, i.owner, i.folder, i.title, i.uploader, i.source_url, i.created_at, m.sha256, m.ext,"
            " m.duration, m.poster, m.subtitles from library_item i join media_file m on m.id = i.media_file"
            " where i.trashed_at is null and ($1::bigint[] is null or i.owner = any($1)) order by i.id",
            people,
        ),
        await engine.fetch("select id, owner, parent, name from folder order by id"),
        await engine.fetch("select id, name from account order by id"),
    )


def _apply(place: Path, shown: _Shown, stop: threading.Event) -> tree.Report:
    mount.require()
    opened = tree.Tree.open(place)
    opened.forget_strangers()
    wanted = _Plan(opened, shown).wanted()
    return opened.update(wanted, mount.root() / mount.SENTINEL, stop)


class _Plan:
    """Which file of the tree is what. Equal libraries give equal names: everything goes by the order of its id."""

    def __init__(self, opened: tree.Tree, shown: _Shown) -> None:
        self._tree, self._shown = opened, shown
        self._taken: dict[str, names.Taken] = {}
        # Where the list of the tree is there, it says what is ours.
        self._inodes = set() if opened.files else _inodes(shown.items)
        used = {row["owner"] for row in shown.items}
        self._people = {row["id"]: self._free("", row["name"], [""]) for row in shown.people if row["id"] in used}
        self._rows = {row["id"]: row for row in shown.folders}
        self._paths: dict[int, str] = {}

    def wanted(self) -> list[tree.Wanted]:
        for row in self._shown.folders:  # before the items, whose names give way
            if row["owner"] in self._people:
                self._path(row["id"])
        return [one for row in self._shown.items if row["owner"] in self._people for one in self._item(row)]

    def _path(self, folder: int) -> str:
        """Where a folder is in the tree, in names that are free there."""
        if folder not in self._paths:
            row = self._rows[folder]
            above = self._people[row["owner"]] if row["parent"] is None else self._path(row["parent"])
            longest = names.LONGEST if above.count("/") < _DEEP else _SHORT
            self._paths[folder] = f"{above}/{self._free(above, row['name'], [''], longest)}"
        return self._paths[folder]

    def _free(self, folder: str, text: str, suffixes: list[str], longest: int = names.LONGEST) -> str:
        if folder not in self._taken:
            self._taken[folder] = names.Taken(self._tree.strangers(folder, self._inodes))
        return self._taken[folder].free(text, suffixes, longest)

    def _item(self, row: dict[str, Any]) -> list[tree.Wanted]:
        known = row["folder"] in self._rows
        folder = self._path(row["folder"]) if known else self._people[row["owner"]]
        links = _links(row)
        stem = f"{folder}/{self._free(folder, row['title'], [*links, '.nfo'])}"
        made = [tree.Wanted(stem + end, store.path_of(row["sha256"], name)) for end, name in links.items()]
        return [*made, tree.Wanted(f"{stem}.nfo", content=nfo.document(row))]


def _inodes(items: list[dict[str, Any]]) -> set[int]:
    """The inodes of all that a tree may link to."""
    paths = (store.path_of(row["sha256"], name) for row in items for name in _links(row).values())
    return {inode for inode in map(tree.inode_of, paths) if inode is not None}


def _links(row: dict[str, Any]) -> dict[str, str]:
    """The files of an item: what follows the title in the tree -> the name in the store."""
    links = {row["ext"]: row["ext"]}
    if row["poster"]:
        links["-poster.jpg"] = "poster.jpg"
    return links | {f".{name}.vtt": f"{name}.vtt" for name in row["subtitles"] if _LANGUAGE.match(name)}
