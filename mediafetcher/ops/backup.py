"""One file with everything but the media: database, settings, the list of the stored files, and the key if asked for.

Secrets go with the key: a backup without it has neither the settings that are secret nor the proxy's password.

The file is a tar; `manifest.json` comes first and names every part with its size and SHA-256, the migrations, and
the rows of each table as the same snapshot had them. It is written beside its place and moved there whole.

A restored database is counted against the manifest before it takes the place of the present one, which is kept.
The key file opens the cookies: whoever has both has your sessions elsewhere, so it is left out unless asked for.
"""

import asyncio
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from mediafetcher import __version__
from mediafetcher.core import errors, logging
from mediafetcher.core.settings import SECRETS, Settings
from mediafetcher.db import dump, lineage, migrate

FORMAT = 2  # 1: without a SETTING part; still written where nothing has to be left out
ENDING = ".mfbackup"
MANIFEST, SETTINGS, KEY = "manifest.json", "config.toml", "key"
_PARTS = (dump.DUMP, dump.MEDIA, dump.SETTING, SETTINGS, KEY)
_CHUNK = 1 << 20
_LARGEST = 64 << 20  # bytes of a manifest
_KEEP = 3  # backups made before a migration

_log = logging.get("backup")


class Part(msgspec.Struct):
    size: int
    sha256: str


class Manifest(msgspec.Struct, forbid_unknown_fields=False):
    """What stands first in the file."""

    format: int
    program: str
    made_at: str
    server: str
    schema: list[str]
    counts: dict[str, int]
    parts: dict[str, Part]

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


# ---- out ---------------------------------------------------------------------------------------------------


async def write(
    dsn: str, settings: Settings, file: IO[bytes], *, with_key: bool = False, with_secrets: bool = False
) -> Manifest:
    """Write a backup of the database at `dsn` to an open file, also while others work on it.

    `with_key` includes the secrets of the database, as `with_secrets` does alone.
    """
    with _scratch(settings) as folder:
        held = await dump.dump(dsn, folder, with_secrets=with_key or with_secrets)
        if (config := settings.state / SETTINGS).exists():
            (folder / SETTINGS).write_text(_harmless(config.read_text()))
        if with_key and (settings.state / KEY).exists():
            shutil.copyfile(settings.state / KEY, folder / KEY)
        return await asyncio.to_thread(_pack, folder, held, file)


def _pack(folder: Path, held: dump.Facts, file: IO[bytes]) -> Manifest:
    found = {name: _part(folder / name) for name in _PARTS if (folder / name).exists()}
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    format = FORMAT if dump.SETTING in found else 1
    manifest = Manifest(format, __version__, made, held.server, held.schema, held.counts, found)
    (folder / MANIFEST).write_bytes(json.dumps(msgspec.to_builtins(manifest), indent=1).encode())
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in (MANIFEST, *found):
            archive.add(folder / name, name, filter=_anonymous)
    return manifest


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file that is at `target` whole, on the disk and for its owner alone, or not there at all."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise errors.BackupFailed(f"{target} cannot be written: {error.strerror}.") from error
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(name, target)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise errors.BackupFailed(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        Path(name).unlink(missing_ok=True)


def default_name() -> str:
    return time.strftime(f"mediafetcher-%Y-%m-%d-%H%M%S{ENDING}")


async def before_migration(dsn: str, settings: Settings) -> Path | None:
    """A backup below the state folder where this program is about to change the database; None: it is not.

    Another one, without secrets, lies at `for_media` until it is copied to the media folder.
    """
    held = await dump.facts(dsn)
    if not held.schema or not set(migrate.known()) - set(held.schema):
        return None
    folder = settings.state / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-{migrate.known()[-1]}-{time.strftime('%Y%m%d-%H%M%S')}{ENDING}"
    with replacing(target) as file:
        await write(dsn, settings, file, with_secrets=True)  # the older program has to read it
    if settings.recovery == "on":
        with replacing(for_media(settings)) as file:
            await write(dsn, settings, file)
    for old in sorted(folder.glob(f"before-*{ENDING}"), key=lambda path: path.stat().st_mtime)[:-_KEEP]:
        old.unlink()
    _log.info("backup made before the database changes", path=target)
    return target


def for_media(settings: Settings) -> Path:
    """Where the backup before a migration waits for the media folder."""
    return settings.state / "backups" / f"for-media{ENDING}"


def _harmless(config: str) -> str:
    """The settings without those that are secrets of this machine."""
    secret = re.compile(rf"^\s*({'|'.join(SECRETS)})\s*=.*$", re.IGNORECASE | re.MULTILINE)
    return secret.sub(lambda found: f"# {found[1]}: a secret, not in the backup", config)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _part(path: Path) -> Part:
    with path.open("rb") as file:
        return Part(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A private folder; gone afterwards, also what an earlier crash left."""
    base = settings.state / "backups"
    base.mkdir(mode=0o700, exist_ok=True)
    for rest in base.glob(".new-*"):
        if not Path("/proc", rest.name.split("-")[1]).exists():
            shutil.rmtree(rest, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".new-{os.getpid()}-", dir=base) as folder:
        yield Path(folder)


# ---- in ----------------------------------------------------------------------------------------------------


class Restored(msgspec.Struct):
    """What a restore did. `kept`: the name that the database before has now; `media`: the lines of MEDIA."""

    manifest: Manifest
    kept: str | None
    notes: list[str]
    media: list[str]


async def restore(dsn: str, settings: Settings, file: IO[bytes]) -> Restored:
    """Put the backup in the place of the present database. Nobody else may be connected to it.

    Raises `BackupDamaged`, `NewerSchema` or `RestoreFailed`; the present database is untouched then.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")
    with _scratch(settings) as folder:
        manifest = _unpack(file, folder)
        migrate.refuse_newer(manifest.schema)
        fresh = f"{dump.name_of(dsn)}_restored_{stamp}"
        held = await dump.restore(dsn, folder, fresh)
        try:
            _compare(held, manifest)
            # Before anybody opens it: what it knows of the media folder may be older than the folder.
            await lineage.begin(dump.renamed(dsn, fresh), "restored")
            kept = await dump.switch(dsn, fresh, stamp)
        except BaseException:
            await dump.drop(dsn, fresh)
            raise
        notes = [*_put_settings(folder, settings), *_put_key(folder, settings, manifest, stamp)]
        if dump.SETTING in manifest.parts:
            notes.append("The password of the proxy is not in the backup: set the proxy again.")
        listed = (folder / dump.MEDIA).read_text().splitlines()
    return Restored(manifest, kept, notes, listed)


def _compare(held: dump.Facts, manifest: Manifest) -> None:
    if (held.counts, held.schema) != (manifest.counts, manifest.schema):
        wrong = sorted(name for name, rows in manifest.counts.items() if held.counts.get(name) != rows)
        raise errors.RestoreFailed(f"The restored database is not what was backed up: {', '.join(wrong)} differ.")


def missing(listed: list[str], media: Path) -> list[str]:
    """Which files of a backup's list (lines of MEDIA) are not below this media folder -> their hashes."""
    gone = []
    for line in listed:
        name, _, ext = line.split(",")
        if not (media / "store" / name[:2] / f"{name}{ext}").exists():
            gone.append(name)
    return gone


def unknown(listed: list[str], media: Path) -> int:
    """How many files of the store a backup's list (lines of MEDIA) does not know; side files are not counted."""
    known = {f"{name}{ext}" for name, _, ext in (line.split(",") for line in listed)}
    found = (file.name for file in (media / "store").glob("[0-9a-f][0-9a-f]/*"))
    return sum(1 for name in found if name not in known and not name.endswith((".jpg", ".vtt", ".part")))


def read_manifest(file: IO[bytes]) -> Manifest:
    """The manifest of a backup. Raises `BackupDamaged`."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            return _manifest(archive)
    except (tarfile.TarError, OSError) as error:
        raise errors.BackupDamaged() from error


def _manifest(archive: tarfile.TarFile) -> Manifest:
    entry = archive.next()
    if entry is None or entry.name != MANIFEST or entry.size > _LARGEST:
        raise errors.BackupDamaged()
    opened = archive.extractfile(entry)
    try:
        manifest = msgspec.json.decode(opened.read() if opened else b"", type=Manifest)
    except msgspec.MsgspecError as error:
        raise errors.BackupDamaged() from error
    if manifest.format > FORMAT:
        raise errors.BackupDamaged(f"This backup was made by a newer MediaFetcher ({manifest.program}): install that.")
    return manifest


def _unpack(file: IO[bytes], folder: Path) -> Manifest:
    """Write the parts into the folder, each proved by its hash; nothing else of the archive is looked at."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            manifest = _manifest(archive)
            for name, part in manifest.parts.items():
                if name in _PARTS:
                    _extract(archive.extractfile(name), folder / name, part)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise errors.BackupDamaged() from error
    if not (folder / dump.DUMP).exists() or not (folder / dump.MEDIA).exists():
        raise errors.BackupDamaged()
    return manifest


def _extract(source: IO[bytes] | None, target: Path, part: Part) -> None:
    digest = hashlib.sha256()
    with target.open("xb") as out:
        while source and (chunk := source.read(_CHUNK)):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != part.sha256:
        raise errors.BackupDamaged(
            f"The backup is damaged: {target.name} in it is not what was written. Take another one."
        )


def _put_settings(folder: Path, settings: Settings) -> list[str]:
    place, given = settings.state / SETTINGS, folder / SETTINGS
    if not given.exists() or (place.exists() and place.read_text() == given.read_text()):
        return []
    if place.exists():
        return [f"{place} stays as it is; the backup holds other settings."]
    _place(given, place)
    return [f"{place} was restored."]


def _put_key(folder: Path, settings: Settings, manifest: Manifest, stamp: str) -> list[str]:
    place, given = settings.state / KEY, folder / KEY
    if not given.exists():
        if manifest.counts.get("cookie_jar") and not place.exists():
            return ["The backup is without the key: the cookies in it cannot be opened. Send them again."]
        return []
    notes = []
    if place.exists():
        if place.read_bytes() == given.read_bytes():
            return []
        old = place.with_name(f"{KEY}.before-{stamp}")
        place.rename(old)
        notes = [f"The key that was there is {old} now."]
    _place(given, place)
    return [*notes, f"{place} was restored."]


def _place(source: Path, target: Path) -> None:
    """Copy for the owner of the state folder alone, whole or not at all."""
    with replacing(target) as file:
        file.write(source.read_bytes())


def summary(manifest: Manifest) -> dict[str, Any]:
    """What commands say of a backup."""
    return {
        "program": manifest.program,
        "made_at": manifest.made_at,
        "schema": manifest.schema[-1] if manifest.schema else "",
        "rows": manifest.rows,
        "items": manifest.counts.get("library_item", 0),
        "media": manifest.counts.get("media_file", 0),
        "key": KEY in manifest.parts,
    }
