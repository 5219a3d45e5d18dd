"""Packages of a package index: the versions, the bytes with the hash that the index names, and unpacking.

The index is read by PEP 691 (`simple` in JSON), so a mirror works as well. A file with another hash than
the index names is refused, and so is an archive that would write elsewhere. No code of a package runs here.
"""

import hashlib
import io
import platform
import re
import urllib.request
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from mediafetcher.core import errors

_JSON = "application/vnd.pypi.simple.v1+json"
_SECONDS = 30.0
_MOST_INDEX = 8 << 20  # bytes; ten times the size of yt-dlp's index
_MOST_WHEEL = 64 << 20
_MOST_FILES, _MOST_UNPACKED = 20_000, 256 << 20
_MAX_NAME = 200  # characters of a file or a rule
_PURE = Tag("py3", "none", "any")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")


class Wheel(NamedTuple):
    """One file of the index."""

    version: str
    url: str
    sha256: str


def order(version: str) -> Version:
    """Return the sort key of a version (PEP 440). Raises: ValueError."""
    return Version(version)


def is_version(said: str, version: str) -> bool:
    """Tell whether a program of the reported version is this one, or a development version of it."""
    try:
        return Version(Version(said).base_version) == Version(Version(version).base_version)
    except InvalidVersion:
        return False


def newest(index: str, project: str, *, development: bool = False, exactly: str | None = None) -> Wheel:
    """Return the newest wheel of a project for this Python; with `development`, also among development versions.

    Raises: `IndexUnavailable`. It blocks: call it in a thread.
    """
    address = f"{index.rstrip('/')}/{project}/"
    found = wheels(_get(address, _MOST_INDEX, _JSON), project, address)
    if exactly:
        found = [wheel for wheel in found if wheel.version == exactly]
    elif not development:
        found = [wheel for wheel in found if not order(wheel.version).is_prerelease]
    if not found:
        raise errors.IndexUnavailable(
            f"{address} has no version of {project} {exactly or ''} for this Python.".replace("  ", " ")
        )
    return max(found, key=lambda wheel: order(wheel.version))


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    url: str
    hashes: dict[str, str]
    yanked: bool | str = False
    requires_python: str | None = None


class _Index(msgspec.Struct):
    files: list[_File]


def wheels(text: bytes, project: str, address: str) -> list[Wheel]:
    """Return the wheels of a project that fit this Python, as listed by the index at `address`.

    Raises: `IndexUnavailable`.
    """
    try:
        listed = msgspec.json.decode(text, type=_Index).files
        return [wheel for entry in listed if (wheel := _wheel(entry, project, address))]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise errors.IndexUnavailable(f"{address} does not respond like a package index.") from error


def _wheel(entry: _File, project: str, address: str) -> Wheel | None:
    sha256 = entry.hashes.get("sha256", "").lower()
    if entry.yanked or len(sha256) != 64 or len(entry.filename) > _MAX_NAME or not entry.filename.endswith(".whl"):
        return None
    try:
        name, version, _, tags = parse_wheel_filename(entry.filename)
    except InvalidWheelFilename:
        return None
    later = version.is_prerelease and not version.is_devrelease  # alpha, beta or candidate
    if name != canonicalize_name(project) or _PURE not in tags or later or not _fits(entry.requires_python):
        return None
    return Wheel(str(version), urljoin(address, entry.url), sha256)


def _fits(wanted: str | None) -> bool:
    """Tell whether this Python meets `Requires-Python`. A rule that cannot be read forbids nothing, as in pip."""
    try:
        return SpecifierSet((wanted or "")[:_MAX_NAME]).contains(platform.python_version(), prereleases=True)
    except InvalidSpecifier:
        return True


def fetch(wheel: Wheel, index: str) -> bytes:
    """Return the bytes of a wheel, verified by the index's hash. Raises: `IndexUnavailable` or `UpdateRefused`."""
    if urlsplit(index).scheme == "https" and urlsplit(wheel.url).scheme != "https":
        raise errors.UpdateRefused("The new yt-dlp version was not installed: the package index does not use HTTPS.")
    data = _get(wheel.url, _MOST_WHEEL)
    if hashlib.sha256(data).hexdigest() != wheel.sha256:
        raise errors.UpdateRefused("The new yt-dlp version was not installed: its checksum does not match.")
    return data


def unpack(data: bytes, folder: Path, package: str) -> str:
    """Write the package of a wheel, and only that, into `folder`. Returns: its METADATA. Raises: `UpdateRefused`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_FILES or sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
                raise errors.UpdateRefused("The new yt-dlp version was not installed: it is too large when unpacked.")
            metadata = ""
            for entry in entries:
                parts = _parts(entry.filename)
                if parts[0] == package and not entry.is_dir():
                    path = folder.joinpath(*parts)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("xb") as file:
                        file.write(archive.read(entry))
                elif len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] == "METADATA":
                    metadata = archive.read(entry).decode()
    # `zipfile` raises NotImplementedError for a compression that it does not know.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise errors.UpdateRefused("The new yt-dlp version was not installed: the package is incomplete.") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise errors.UpdateRefused(
            "The new yt-dlp version was not installed: two files in the package have the same name."
        ) from error
    if not (folder / package / "__init__.py").is_file():
        raise errors.UpdateRefused(f"The new yt-dlp version was not installed: the package does not contain {package}.")
    return metadata


def _parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if not parts or not all(_NAME.match(part.lstrip("_") or "x") for part in parts) or "\\" in name:
        raise errors.UpdateRefused("The new yt-dlp version was not installed: the package contains an unsafe path.")
    return parts


def _get(url: str, most: int, accept: str = "*/*") -> bytes:
    if urlsplit(url).scheme not in ("https", "http"):
        raise errors.IndexUnavailable(f"{url} is not the address of a package index. Check MEDIAFETCHER_YTDLP_INDEX.")
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "MediaFetcher"})  # noqa: S310 (its scheme was looked at)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            data = bytes(answer.read(most + 1))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise errors.IndexUnavailable(f"Could not reach {urlsplit(url).netloc} ({reason}). Try again later.") from error
    if len(data) > most:
        raise errors.UpdateRefused("The new yt-dlp version was not installed: the package index sent too much data.")
    return data
