"""The format of a journal file: one generation of the library, starting with a full base.

    head     installation, lineage, epoch, number, time, kinds of rows
    base     one line for every account, folder, media file, item, list, blocked link, watch position, metadata of a
             source, preset, subscription and entry that existed when the file was begun
    whole    the number of base lines, which completes the base
    change   the later state of a row: its new content, or null if it was deleted

Each line is a CRC-32 in hexadecimal, a space, and JSON. A line that does not match its CRC is skipped and counted;
only a last line without its end is expected, after a crash. For one row the highest `seq` wins, not the last line.
"""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

FOLDER = Path(".mediafetcher/journal")  # in the media folder
FORMAT = 1
FIRST_KINDS = ("account", "folder", "file", "item")  # of generations whose head names none
KINDS = (*FIRST_KINDS, "list", "block", "watch", "metadata", "preset", "subscription", "entry")
_NAME = re.compile(r"^(\d{8})-([0-9a-f]{8})-([0-9a-f]{8})[.]jsonl$")  # number, installation, epoch
_LONGEST = 16 << 20  # bytes of a line
_SECRET = re.compile(
    r"token|secret|passw|pwd|auth|signature|credential|session|api_?key|access_?key|^(sig|key|jwt|hash|hmac)$",
    re.IGNORECASE,
)

_TEXT, _NUMBER, _MAYBE_TEXT, _MAYBE_NUMBER = (str,), (int,), (str, NoneType), (int, NoneType)
_FIELDS_OF = (dict,)
# The fields that readers rely on in each row. Any program with access to the share can write any line.
_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "account": {"name": _TEXT, "created_at": _TEXT},
    "folder": {"owner": _NUMBER, "parent": _MAYBE_NUMBER, "name": _TEXT, "created_at": _TEXT},
    "file": {"sha256": _TEXT},
    "item": {
        "owner": _NUMBER,
        "folder": _MAYBE_NUMBER,
        "file": _NUMBER,
        "title": _TEXT,
        "created_at": _TEXT,
        "source_url": _MAYBE_TEXT,
        "site": _MAYBE_TEXT,
        "uploader": _MAYBE_TEXT,
    },
    "list": {
        "owner": _NUMBER,
        "url": _TEXT,
        "title": _TEXT,
        "site": _TEXT,
        "created_at": _TEXT,
        "updated_at": _TEXT,
        "entries": (list,),
    },
    "block": {"owner": _NUMBER, "key": _TEXT, "source_key": _TEXT, "url": _TEXT, "created_at": _TEXT},
    "preset": {"owner": _NUMBER, "name": _TEXT, "options": _FIELDS_OF, "created_at": _TEXT, "updated_at": _TEXT},
    "subscription": {
        "owner": _NUMBER,
        "url": _TEXT,
        "site": _TEXT,
        "source_key": _TEXT,
        "title": _TEXT,
        "folder": _MAYBE_NUMBER,
        "options": _FIELDS_OF,
        "filter": _FIELDS_OF,
        "backfill": _MAYBE_NUMBER,
        "state": _TEXT,
        "source_order": _TEXT,
        "retention": _FIELDS_OF,
        "schedule": _FIELDS_OF,
        "preset": _MAYBE_NUMBER,
        "succeeded_at": _MAYBE_TEXT,
        "created_at": _TEXT,
    },
    "entry": {
        "subscription": _NUMBER,
        "source_key": _TEXT,
        "site_key": _MAYBE_TEXT,
        "url": _TEXT,
        "title": _MAYBE_TEXT,
        "duration": (int, float, NoneType),
        "published_at": _MAYBE_TEXT,
        "live_status": _MAYBE_TEXT,
        "created_at": _TEXT,
        "decision": _TEXT,
        "reason": _TEXT,
        "decided_at": _TEXT,
        "submitted_at": _MAYBE_TEXT,
        "item": _MAYBE_NUMBER,
        "removed_at": _MAYBE_TEXT,
    },
    "watch": {"owner": _NUMBER, "file": _NUMBER, "position": (int, float), "updated_at": _TEXT},
    "metadata": {"facts": (dict,), "created_at": _TEXT},
}
_ENTRY: dict[str, tuple[type, ...]] = {"url": _TEXT, "title": _MAYBE_TEXT, "duration": (int, float, NoneType)}
_SHA256 = re.compile(r"^[0-9a-f]{64}$")

Row = dict[str, Any]
Key = tuple[str, int]  # kind and id


def name(number: int, installation: str, epoch: str) -> str:
    """Return the file name of a generation."""
    return f"{number:08}-{installation[:8]}-{epoch[:8]}.jsonl"


def installation_of(path: Path) -> str:
    """Return the installation that wrote a generation: the first eight characters of its id."""
    return path.name[9:17]


def generations(media: Path, installation: str = "") -> list[Path]:
    """Return the journal files below a media folder, newest first; only those of this installation, if one is named.

    Raises: OSError, except if there are none.
    """
    folder = media / FOLDER
    try:
        found = [path for path in folder.iterdir() if _NAME.match(path.name)]
        if installation:
            found = [path for path in found if installation_of(path) == installation[:8]]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def number_of(path: Path) -> int:
    """Return the number of a generation by its file name."""
    return int(path.name[:8])


# ---- write -------------------------------------------------------------------------------------------------


def line(values: Mapping[str, Any]) -> bytes:
    """Return one line of a journal."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def head(*, installation: str, lineage: str, epoch: str, number: int, at: str) -> bytes:
    """Return the first line of a generation."""
    return line(
        {
            "journal": FORMAT,
            "installation": installation,
            "lineage": lineage,
            "epoch": epoch,
            "number": number,
            "at": at,
            "kinds": KINDS,
        }
    )


def base(kind: str, id: int, row: Row) -> bytes:
    """Return the line of a row that existed when the generation began."""
    return line({"k": kind, "id": id, "row": row})


def whole(rows: int) -> bytes:
    """Return the line that ends the base."""
    return line({"whole": rows})


def change(kind: str, id: int, seq: int, at: str, row: Row | None) -> bytes:
    """Return the line of a change; `row` None: it was deleted."""
    return line({"k": kind, "id": id, "seq": seq, "at": at, "row": row})


def without_credentials(url: str | None) -> str | None:
    """Return a link without user name, password, and query parameters with names of secrets."""
    if not url or not ("@" in url or "?" in url):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if not _SECRET.search(key)]
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=netloc, query=query))


# ---- read --------------------------------------------------------------------------------------------------


@dataclass
class Generation:
    """The content of one file. `rows`: for each row its `seq` (0: from the base) and content; None: deleted."""

    path: Path
    head: Row = field(default_factory=dict)
    rows: dict[Key, tuple[int, Row | None]] = field(default_factory=dict)
    base_rows: int = 0
    promised: int | None = None  # base lines by the file's own count
    damaged: int = 0  # lines that do not match their CRC, without an incomplete last one
    last_at: str = ""
    size: int = 0

    @property
    def number(self) -> int:
        return number_of(self.path)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of rows that the base holds. Generations of earlier versions hold fewer."""
        named = self.head.get("kinds")
        return frozenset(str(kind) for kind in named) if isinstance(named, list) else frozenset(FIRST_KINDS)

    @property
    def sound(self) -> bool:
        """Tell whether nothing is missing: a row that is not in it did not exist."""
        return bool(self.head) and not self.damaged and self.base_rows == self.promised


def read(path: Path) -> Generation:
    """Read a generation. Damaged lines are counted and skipped. Raises: OSError."""
    found = Generation(path)
    torn = False
    with path.open("rb") as file:
        for text in _lines(file):
            torn = not text.endswith(b"\n")
            found.size += len(text)
            values = parse(text)
            if values is None or not _take(found, values):
                found.damaged += 1
    if torn and found.damaged:
        found.damaged -= 1
    return found


def _lines(file: Any) -> Iterator[bytes]:
    while text := file.readline(_LONGEST):
        yield text


def parse(text: bytes) -> Row | None:
    """Return the content of a line; None if it is damaged, or incomplete."""
    try:
        if not text.endswith(b"\n") or int(text[:8], 16) != zlib.crc32(text[9:-1]):
            return None
        values = json.loads(text[9:-1])
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _take(found: Generation, values: Row) -> bool:
    """Store one line. Returns: whether its form is valid."""
    if "journal" in values:
        if values["journal"] != FORMAT or found.head or not isinstance(values.get("at"), str):
            return False
        found.head, found.last_at = values, values["at"]
        return True
    if "whole" in values:
        found.promised = values["whole"]
        return True
    if "k" in values and values["k"] not in KINDS:
        found.base_rows += found.promised is None and not values.get("seq", 0)
        return True  # a kind of a newer version is no damage
    if not _is_change(values):
        return False
    key, seq = (values["k"], values["id"]), values.get("seq", 0)
    if not seq:
        found.base_rows += 1
    else:
        found.last_at = values["at"]
    if key not in found.rows or found.rows[key][0] <= seq:
        found.rows[key] = (seq, values["row"])
    return True


def _is_change(values: Row) -> bool:
    """Tell whether a line has the form that `base` and `change` write."""
    row, seq = values.get("row", False), values.get("seq", 0)
    if "k" not in values or not _is(values.get("id"), _NUMBER) or not _is(seq, _NUMBER):
        return False
    if seq and not isinstance(values.get("at"), str):
        return False
    if row is None:
        return bool(seq)
    if not isinstance(row, dict):
        return False
    fields = _FIELDS[values["k"]]
    if not _has(row, fields):
        return False
    if values["k"] == "list":
        return all(isinstance(entry, dict) and _has(entry, _ENTRY) for entry in row["entries"])
    return values["k"] != "file" or _SHA256.match(row["sha256"]) is not None


def _has(row: Row, fields: Mapping[str, tuple[type, ...]]) -> bool:
    return all(name in row and _is(row[name], kinds) for name, kinds in fields.items())


def _is(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


@dataclass
class Library:
    """The state of a library by the journal of its media folder.

    `complete_until`: a row that existed before this time (ISO 8601) and is not here was deleted; "" if absence
    proves nothing. `deleted`: rows recorded as deleted. `newer`: rows for which the database has a newer state.
    """

    rows: dict[str, dict[int, Row]]
    deleted: set[Key]
    seqs: dict[Key, int]
    complete_until: str
    generation: Generation
    damaged: int  # lines that were skipped
    until: str  # time of the last change
    complete_kinds: frozenset[str]
    newer: set[Key] = field(default_factory=set)

    def every_key(self) -> Iterator[Key]:
        """Yield the key of every row in the journal."""
        yield from self.deleted
        for kind, rows in self.rows.items():
            yield from ((kind, id) for id in rows)


_FOR_EVER = "9999"


def load(media: Path, installation: str = "") -> Library | None:
    """Read the newest journal, of this installation if one is named. Returns: None if there is none.

    A damaged one is completed by the one before it. Raises: OSError.
    """
    newest: Generation | None = None
    found: list[Generation] = []
    paths = generations(media, installation)
    for path in generations(media, installation_of(paths[0]))[:2] if paths else ():
        one = read(path)
        newest = newest or one
        found.append(one)
        if one.sound:
            break
    if newest is None:
        return None
    oldest = found[-1]
    until = "" if not oldest.sound else _FOR_EVER if oldest is newest else str(oldest.head["at"])
    merged: dict[Key, tuple[int, Row | None]] = {}
    for one in reversed(found):
        merged |= one.rows
    rows: dict[str, dict[int, Row]] = {kind: {} for kind in KINDS}
    for (kind, id), (_, row) in merged.items():
        if row is not None:
            rows[kind][id] = row
    return Library(
        rows=rows,
        deleted={key for key, (_, row) in merged.items() if row is None},
        seqs={key: seq for key, (seq, _) in newest.rows.items()},
        complete_until=until,
        generation=newest,
        damaged=sum(one.damaged for one in found),
        until=max(one.last_at for one in found),
        complete_kinds=oldest.kinds,
    )


def titles(media: Path) -> dict[bytes, Row]:
    """Return the entries for stored files in the newest journal of each installation, by SHA-256.

    Each entry has title, folder (a path such as `A/B`), owner (a name), source_url, site, uploader, created_at. Files
    of items that were purged are not in it. Raises: OSError.
    """
    newest: dict[str, Generation] = {}
    for path in generations(media):
        if (installation := installation_of(path)) not in newest:
            newest[installation] = read(path)
    found: dict[bytes, Row] = {}
    for one in reversed(newest.values()):
        live = {key: row for key, (_, row) in one.rows.items() if row is not None}
        for (kind, _), row in live.items():
            if kind == "item" and (file := live.get(("file", row["file"]))) is not None:
                found[bytes.fromhex(file["sha256"])] = _entry(live, row)
    return found


def _entry(live: Mapping[Key, Row], row: Row) -> Row:
    names: list[str] = []
    folder = row["folder"]
    while folder is not None and len(names) < 64 and (found := live.get(("folder", folder))) is not None:
        names.insert(0, found["name"])
        folder = found["parent"]
    owner = live.get(("account", row["owner"]))
    wanted = {key: row[key] for key in ("title", "source_url", "site", "uploader", "created_at")}
    return wanted | {"folder": "/".join(names), "owner": owner["name"] if owner else None}
