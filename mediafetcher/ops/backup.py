"""One file with everything but the media: database, settings, the list of the stored files, and the key if asked for.

Secrets go with the key: a backup without it has neither the settings that are secret nor the proxy's password.

The file is a tar; `manifest.json` comes first and names every part with its size and SHA-256, the migrations, and
the rows of each table as the same snapshot had them. It is written beside its place and moved there whole.

A restored database is counted against the manifest before it takes the place of the present one, which is kept.
The key file decrypts the cookies, and both give access to your sessions, so it is left out unless asked for.
"""

import asyncio
import contextlib
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
from mediafetcher.core import errors, files, logging
from mediafetcher.core.settings import SECRETS, Settings
from mediafetcher.db import dump, lineage, migrate
from mediafetcher.library.storage import mount, staging

FORMAT = 2  # 1: without a SETTING part; still written where nothing has to be left out
ENDING = ".mfbackup"
MANIFEST, SETTINGS, KEY = "manifest.json", "config.toml", "key"
_PARTS = (dump.DUMP, dump.MEDIA, dump.SETTING, SETTINGS, KEY)
_CHUNK = 1 << 20
_LARGEST = 1 << 20  # bytes of a manifest
_DRAFT, _SCRATCH = ".mfbackup.", ".new-"  # begin the names of what is not whole yet, and of folders with dumps
_OLD = 86_400.0  # seconds after which what another boot of the machine left is removed
_KEEP = 3  # backups made before a migration

_log = logging.get("backup")


class Part(msgspec.Struct):
    size: int
    sha256: str


class Manifest(msgspec.Struct, forbid_unknown_fields=False):
    """The first part of the file."""

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
    version = FORMAT if dump.SETTING in found else 1
    manifest = Manifest(version, __version__, made, held.server, held.schema, held.counts, found)
    (folder / MANIFEST).write_bytes(json.dumps(msgspec.to_builtins(manifest), indent=1).encode())
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in (MANIFEST, *found):
            archive.add(folder / name, name, filter=_anonymous)
    return manifest


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """Write a file atomically: complete, synced and readable only by its owner, or absent."""
    name = str(target.with_name(f"{_DRAFT}{staging.name(mount.installation())}"))
    try:
        _remove_drafts(target.parent)
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise errors.BackupFailed(f"Cannot write {target}: {error.strerror}.") from error
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(name, target)
        files.sync_folder(target.parent)
    except OSError as error:
        raise errors.BackupFailed(f"Cannot write {target}: {error.strerror}.") from error
    finally:
        Path(name).unlink(missing_ok=True)


def _remove_drafts(folder: Path) -> None:
    """Remove the drafts of killed programs. A draft from an earlier boot of this machine must be a day old."""
    for draft in folder.glob(f"{_DRAFT}*.part"):
        alive = staging.alive(draft.name)
        with contextlib.suppress(OSError):
            if alive is False or (alive is None and time.time() - draft.stat().st_mtime > _OLD):
                draft.unlink()


def remove_leftovers(settings: Settings) -> None:
    """Remove what killed programs left below the state folder: drafts, and folders with dumps.

    The caller holds the lock of the state folder. A command that only writes a backup may run at the same time.
    """
    folder = settings.state / "backups"
    _remove_drafts(folder)
    for draft in folder.glob(f".*{ENDING}.????????"):  # as older versions named them
        draft.unlink(missing_ok=True)
    _remove_scratch(folder)


def default_name() -> str:
    return time.strftime(f"mediafetcher-%Y-%m-%d-%H%M%S{ENDING}")


async def before_migration(dsn: str, settings: Settings) -> Path | None:
    """Write a backup below the state folder if this program is about to migrate the database. Returns: None if not.

    Another one, without secrets, is kept at `for_media` until it is copied to the media folder.
    """
    held = await dump.facts(dsn)
    if not held.schema or not set(migrate.known()) - set(held.schema):
        return None
    folder = settings.state / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-{migrate.known()[-1]}-{time.strftime('%Y%m%d-%H%M%S')}{ENDING}"
    with replacing(target) as file:
        await write(dsn, settings, file, with_secrets=True)  # the older program must be able to read it
    if settings.recovery == "on":
        with replacing(for_media(settings)) as file:
            await write(dsn, settings, file)
    for old in sorted(folder.glob(f"before-*{ENDING}"), key=lambda path: path.stat().st_mtime)[:-_KEEP]:
        old.unlink()
    _log.info("backup made before the database changes", path=target)
    return target


def for_media(settings: Settings) -> Path:
    """Return the path of the backup before a migration that is to be copied to the media folder."""
    return settings.state / "backups" / f"for-media{ENDING}"


def _harmless(config: str) -> str:
    """Return the settings without the secrets of this machine."""
    secret = re.compile(rf"^\s*({'|'.join(SECRETS)})\s*=.*$", re.IGNORECASE | re.MULTILINE)
    return secret.sub(lambda found: f"# {found[1]}: secret, not included in the backup", config)


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
    """Create a private folder, and remove it afterwards. Leftovers of an earlier crash are removed too."""
    base = settings.state / "backups"
    base.mkdir(mode=0o700, exist_ok=True)
    _remove_scratch(base)
    with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{staging.name(mount.installation())}.", dir=base) as folder:
        yield Path(folder)


def _remove_scratch(base: Path) -> None:
    """Remove the folders of killed programs. Process numbers are reused, so the names contain more than that."""
    for rest in base.glob(f"{_SCRATCH}*"):
        name = rest.name.rpartition(".")[0]
        older = "-" in rest.name.removeprefix(_SCRATCH)  # as older versions named them: by the process number alone
        alive = Path("/proc", rest.name.split("-")[1]).exists() if older else staging.alive(name)
        if alive is False or (alive is None and time.time() - rest.stat().st_mtime > _OLD):
            shutil.rmtree(rest, ignore_errors=True)


# ---- in ----------------------------------------------------------------------------------------------------


class Restored(msgspec.Struct):
    """The result of a restore. `kept`: the new name of the previous database; `media`: the lines of MEDIA."""

    manifest: Manifest
    kept: str | None
    notes: list[str]
    media: list[str]


async def restore(dsn: str, settings: Settings, file: IO[bytes]) -> Restored:
    """Replace the present database by the backup. It must have no other connections.

    Raises: `BackupDamaged`, `NewerSchema` or `RestoreFailed`; the present database is unchanged then.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")
    with _scratch(settings) as folder:
        manifest = _unpack(file, folder)
        migrate.refuse_newer(manifest.schema)
        fresh = f"{dump.name_of(dsn)}_restored_{stamp}"
        held = await dump.restore(dsn, folder, fresh, manifest.schema)
        try:
            _compare(held, manifest)
            # Before any program opens it: its knowledge of the media folder may be outdated.
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
        raise errors.RestoreFailed(
            f"The restored database does not match the backup ({', '.join(wrong)} "
            "differ). It was discarded, and the database is unchanged."
        )


def missing(listed: list[str], media: Path) -> list[str]:
    """Return the hashes of the files in a backup's list (lines of MEDIA) that are missing below this media folder."""
    gone = []
    for line in listed:
        name, _, ext = line.split(",")
        if not (media / "store" / name[:2] / f"{name}{ext}").exists():
            gone.append(name)
    return gone


def unknown(listed: list[str], media: Path) -> int:
    """Count the files of the store that a backup's list (lines of MEDIA) does not contain, without side files."""
    known = {f"{name}{ext}" for name, _, ext in (line.split(",") for line in listed)}
    found = (file.name for file in (media / "store").glob("[0-9a-f][0-9a-f]/*"))
    return sum(1 for name in found if name not in known and not name.endswith((".jpg", ".vtt", ".part")))


def read_manifest(file: IO[bytes]) -> Manifest:
    """Read the manifest of a backup. Raises: `BackupDamaged`."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            return _manifest(archive)
    except (tarfile.TarError, OSError) as error:
        raise errors.BackupDamaged() from error


def decode_manifest(text: bytes) -> Manifest:
    """Decode a manifest. Raises: `BackupDamaged`."""
    try:
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise errors.BackupDamaged() from error


def _manifest(archive: tarfile.TarFile) -> Manifest:
    entry = archive.next()
    if entry is None or entry.name != MANIFEST or entry.size > _LARGEST:
        raise errors.BackupDamaged()
    opened = archive.extractfile(entry)
    manifest = decode_manifest(opened.read() if opened else b"")
    if manifest.format > FORMAT:
        raise errors.BackupDamaged(
            f"This backup was created by a newer MediaFetcher. Install version {manifest.program} first."
        )
    return manifest


def _unpack(file: IO[bytes], folder: Path) -> Manifest:
    """Unpack the parts into the folder and verify their hashes. Other members of the archive are ignored."""
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
            f"The backup is damaged ({target.name} does not match its checksum). Use another file."
        )


def _put_settings(folder: Path, settings: Settings) -> list[str]:
    place, given = settings.state / SETTINGS, folder / SETTINGS
    if not given.exists() or (place.exists() and place.read_text() == given.read_text()):
        return []
    if place.exists():
        return [f"{place} was not changed, although the backup contains other settings."]
    _place(given, place)
    return [f"{place} was restored."]


def _put_key(folder: Path, settings: Settings, manifest: Manifest, stamp: str) -> list[str]:
    place, given = settings.state / KEY, folder / KEY
    if not given.exists():
        if place.exists():
            return []
        lost = {"cookie_jar": ("cookies", "Send"), "notification_target": ("notification targets", "Add")}
        return [
            f"The backup does not contain the key, so its {what} cannot be decrypted. {again} them again."
            for table, (what, again) in lost.items()
            if manifest.counts.get(table)
        ]
    notes = []
    if place.exists():
        if place.read_bytes() == given.read_bytes():
            return []
        old = place.with_name(f"{KEY}.before-{stamp}")
        place.rename(old)
        notes = [f"The previous key was renamed to {old}."]
    _place(given, place)
    return [*notes, f"{place} was restored."]


def _place(source: Path, target: Path) -> None:
    """Copy a file atomically, readable only by the owner of the state folder."""
    with replacing(target) as file:
        file.write(source.read_bytes())


def summary(manifest: Manifest) -> dict[str, Any]:
    """Return the facts that commands show of a backup."""
    return {
        "program": manifest.program,
        "made_at": manifest.made_at,
        "schema": manifest.schema[-1] if manifest.schema else "",
        "rows": manifest.rows,
        "items": manifest.counts.get("library_item", 0),
        "media": manifest.counts.get("media_file", 0),
        "key": KEY in manifest.parts,
    }
