"""Templates of names in an exported tree, made of our own fields: `{channel}/{year}/{date} {title}`.

The parts between slashes are folders, and the last one is the name of the files. There are no expressions: a field
is a name in braces, so a template can neither fail for one item nor read anything else.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from mediafetcher.core import errors
from mediafetcher.library.export.rows import ItemRow

MAX_LENGTH = 500  # characters
MAX_DEPTH = 6  # folders
_FIELD = re.compile(r"\{([^{}]*)\}")
_UNKNOWN = "Unknown"


def _day(form: str) -> Callable[[ItemRow], str | None]:
    def day(row: ItemRow) -> str | None:
        moment: datetime | None = row.published_at
        return moment.astimezone(UTC).strftime(form) if moment else None

    return day


def _number(name: str) -> Callable[[ItemRow], str | None]:
    return lambda row: None if (value := getattr(row, name)) is None else f"{value:02}"


FIELDS: dict[str, Callable[[ItemRow], str | None]] = {
    "title": lambda row: row.title,
    "channel": lambda row: row.channel_name or row.uploader,
    "site": lambda row: row.site,
    "series": lambda row: row.series,
    "season": _number("season_number"),
    "episode": _number("episode_number"),
    "artist": lambda row: row.artist or row.channel_name or row.uploader,
    "album": lambda row: row.album,
    "track": lambda row: row.track or row.title,
    "track_number": _number("track_number"),
    "date": _day("%Y-%m-%d"),
    "year": _day("%Y"),
    "month": _day("%m"),
    "day": _day("%d"),
    "id": lambda row: str(row.id),
}


def require_valid(text: str) -> None:
    """Raises: `Invalid` for what is no template."""
    parts = text.split("/")
    unknown = next((name for name in _FIELD.findall(text) if name not in FIELDS), None)
    if unknown is not None:
        raise errors.Invalid(f"A template has no field {{{unknown[:40]}}}. Fields: {', '.join(FIELDS)}.")
    if re.search(r"[{}]", _FIELD.sub("", text)) or not all(part.strip() for part in parts):
        raise errors.Invalid("A template is names of folders and of the file, with fields such as {title} in braces.")
    if len(text) > MAX_LENGTH or len(parts) > MAX_DEPTH + 1:
        raise errors.Invalid(f"A template has at most {MAX_LENGTH} characters and {MAX_DEPTH} folders.")
    if not {"title", "track", "id"} & set(_FIELD.findall(parts[-1])):
        raise errors.Invalid("The last part of a template needs {title}, {track} or {id}, so that files differ.")


def names(text: str, row: ItemRow) -> list[str]:
    """Return the folders of an item and the name of its files, by a valid template. A missing value is `Unknown`."""

    def value(found: re.Match[str]) -> str:
        return (FIELDS[found[1]](row) or _UNKNOWN).replace("/", "-")

    return [_FIELD.sub(value, part) for part in text.split("/")]
