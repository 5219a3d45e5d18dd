"""Dump a database to a file, and restore it, by PostgreSQL's own programs.

The dump and the counts are one snapshot: concurrent writes are in neither. A restored
database has another name until it has been counted; then it replaces the present one in a single
transaction, and the present one stays under another name.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

import asyncpg
from piccolo.querystring import QueryString

from mediafetcher.core import errors, logging
from mediafetcher.db import catalogue, embedded, foreign_rows, liveness, migrate, statements
from mediafetcher.db.tables import Installation, MediaFile, Setting, StoreRoot
from mediafetcher.sandbox import process

DUMP, MEDIA = "database.dump", "media.csv"
SETTING = "setting.json"  # the rows of `setting` without secrets, if there are any; DUMP then has none
_KEPT = "_before_"  # in the name of the database that a restored one has replaced
_LONGEST = 3600.0  # seconds of one command: it counts or analyses the largest table
_FOREIGN = b"SET transaction_timeout = 0;"  # a line of pg_restore that servers before 17 do not support
# Rows and the list of files agree: both are of one snapshot.
_BEGIN_SNAPSHOT = "begin isolation level repeatable read, read only"
# Names of databases are our own.
_CREATE_DATABASE = "create database \"{name}\" template template0 encoding 'UTF8'"
# Also while programs are connected.
_DROP_DATABASE = 'drop database if exists "{name}" with (force)'
# The restored database takes the place of the present one.
_RENAME_DATABASE = 'alter database "{name}" rename to "{new}"'
# Plans need the statistics of the new rows.
_ANALYZE = "analyze"

_log = logging.get("dump")


@dataclass(frozen=True)
class Facts:
    """The contents of a database: rows of each table, its migrations, the version of its server."""

    counts: dict[str, int]
    schema: list[str]
    server: str


@contextlib.asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[Any]:
    try:
        connection = await asyncpg.connect(dsn, timeout=liveness.CONNECT, command_timeout=_LONGEST)
        liveness.guard(connection)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise errors.DatabaseUnavailable(
            f"The database is not responding ({error}). Check that it is running."
        ) from error
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def name_of(dsn: str) -> str:
    """Return the name of the database."""
    return unquote(urlsplit(dsn).path.lstrip("/")) or "postgres"


def renamed(dsn: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return _join(urlsplit(dsn)._replace(path=f"/{name}"))


def _join(parts: SplitResult) -> str:
    """Join a URL. `urlunsplit` omits the slashes of a server without a name, which the socket's address needs."""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{query}"


async def facts(dsn: str) -> Facts:
    """Return the present contents of this database."""
    async with _connection(dsn) as connection:
        return await _facts(connection)


# Any table that the server's catalogue names.
_COUNT = 'select count(*) from public."{table}"'


async def _facts(connection: Any) -> Facts:
    tables = await catalogue.tables(connection)
    counts = {table: await connection.fetchval(_COUNT.format(table=table)) for table in tables}
    applied = await statements.rows(connection, migrate.recorded()) if "migration" in counts else []
    return Facts(counts, [row["name"] for row in applied], await connection.fetchval("show server_version"))


async def version(dsn: str) -> str:
    """Return the version of that server, as it reports it. Raises: `DatabaseUnavailable`."""
    async with _connection(dsn) as connection:
        return str(await connection.fetchval("show server_version"))


async def media_folder(dsn: str, given: Path | None = None) -> Path | None:
    """Return the recorded store folder; None before the first start. `given`: another path for it."""
    async with _connection(dsn) as connection:
        roots = await statements.rows(connection, StoreRoot.select(StoreRoot.path))
        path = given or (roots[0]["path"] if roots else None)
        known = await catalogue.has_table(connection, "installation")  # an older database has no such table
        own = await statements.rows(connection, Installation.select(Installation.folder)) if known else []
    return Path(path, own[0]["folder"] if own else "") if path else None


async def frozen(dsn: str) -> tuple[str, str] | None:
    """Return why this database's installation changes nothing in the store: code and text, both empty if it owns it.

    None before its first start, and for a database of an older version.
    """
    async with _connection(dsn) as connection:
        if not await catalogue.has_table(connection, "installation"):
            return None
        table = Installation
        known = table.select(table.frozen_reason, table.frozen_detail, table.number)
        found = await statements.rows(connection, known)
    if not found or (not found[0]["number"] and found[0]["frozen_reason"] is None):
        return None
    return found[0]["frozen_reason"] or "", found[0]["frozen_detail"] or ""


# ---- out ---------------------------------------------------------------------------------------------------


async def dump(dsn: str, folder: Path, *, with_secrets: bool = True) -> Facts:
    """Write DUMP, and MEDIA (sha256, size, ending of each stored file), into `folder`. Returns: their contents.

    Without secrets, SETTING holds the settings that users changed, if one of them contains a password.
    """
    async with _connection(dsn) as connection:
        await connection.execute(_BEGIN_SNAPSHOT)
        snapshot = await statements.function(connection, "pg_export_snapshot")
        held = await _facts(connection)
        if "media_file" in held.counts:
            await connection.copy_from_query(_stored_files(), output=str(folder / MEDIA), format="csv")
        else:
            (folder / MEDIA).touch()
        given = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        if not with_secrets and "setting" in held.counts and (rows := await _harmless_settings(connection)):
            (folder / SETTING).write_text(json.dumps(rows))
            given.append("--exclude-table-data=public.setting")
        await _run("pg_dump", dsn, given, None, folder / DUMP)
    return held


async def _harmless_settings(connection: Any) -> list[list[str]] | None:
    """Return name, value and time of each changed setting, without the proxy's password; None if there are none."""
    table = Setting
    rows = table.select(table.name, table.value, table.changed_at).order_by(table.name)
    kept, found = [], False
    for row in await statements.rows(connection, rows):
        name, plain = row["name"], json.loads(row["value"])
        if name == "proxy" and isinstance(plain, str) and "@" in (netloc := urlsplit(plain).netloc):
            found, plain = True, plain.replace(netloc, netloc.rpartition("@")[2], 1)
        kept.append([name, json.dumps(plain), row["changed_at"].isoformat()])
    return kept if found else None


def _stored_files() -> str:
    """Return the query of the stored files. The server writes its rows to a file, in the snapshot of the dump."""
    table = MediaFile
    chosen = table.select(QueryString("encode(sha256, 'hex')"), table.size, table.ext).order_by(table.sha256)
    return statements.compiled(chosen)[0]


# ---- in ----------------------------------------------------------------------------------------------------


async def restore(dsn: str, folder: Path, name: str, schema: list[str]) -> Facts:
    """Make the database `name` on the server of `dsn` from the rows in `folder`. Returns: its contents.

    The backup may come from any source. Our own migrations (`schema`) create the tables; DUMP only provides rows.
    The engine must not be connected.
    """
    async with _maintenance(dsn) as connection:
        await connection.execute(_DROP_DATABASE.format(name=name))
        try:
            await connection.execute(_CREATE_DATABASE.format(name=name))
        except asyncpg.InsufficientPrivilegeError as error:
            raise errors.RestoreFailed(
                "This PostgreSQL user cannot create databases. Have an administrator run `alter role ... "
                "createdb` and try again."
            ) from error
    try:
        await migrate.create(renamed(dsn, name), schema)
        return await _fill_rows(renamed(dsn, name), folder)
    except BaseException:
        await drop(dsn, name)
        raise


async def _fill_rows(dsn: str, folder: Path) -> Facts:
    script = folder / "rows.sql"
    try:
        given = ["--data-only", "--no-owner", "--no-privileges", "--file=-"]
        await _run("pg_restore", None, given, folder / DUMP, script)
        async with _connection(dsn) as connection:
            await foreign_rows.load(connection, script)
            return await _finish(connection, folder)
    finally:
        script.unlink(missing_ok=True)


async def fill(dsn: str, folder: Path) -> Facts:
    """Load a DUMP of our own into an empty database, all of it or nothing. Returns: its contents."""
    script = folder / "restore.sql"
    try:
        await _run("pg_restore", None, ["--no-owner", "--no-privileges", "--file=-"], folder / DUMP, script)
        _suit_older_servers(script)
        given = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
        await _run("psql", dsn, given, script, None)
        async with _connection(dsn) as connection:
            return await _finish(connection, folder)
    finally:
        script.unlink(missing_ok=True)


async def _finish(connection: Any, folder: Path) -> Facts:
    if (folder / SETTING).exists():
        await _fill_settings(connection, json.loads((folder / SETTING).read_text()))
    await connection.execute(_ANALYZE)
    return await _facts(connection)


async def _fill_settings(connection: Any, rows: list[list[str]]) -> None:
    settings = [Setting(name=name, value=value, changed_at=datetime.fromisoformat(at)) for name, value, at in rows]
    if settings:
        await statements.rows(connection, Setting.insert(*settings))


def _suit_older_servers(script: Path) -> None:
    with script.open("r+b") as file:
        at = file.read(4096).find(_FOREIGN)
        if at >= 0:
            file.seek(at)
            file.write(b"--" + b" " * (len(_FOREIGN) - 2))


async def switch(dsn: str, name: str, stamp: str) -> str | None:
    """Replace the database of `dsn` by the database `name`. Returns: the new name of the old one; None if it was empty.

    Neither may have connections. Databases kept by earlier calls are removed.
    """
    present = name_of(dsn)
    empty = not (await facts(dsn)).counts
    kept = f"{present}{_KEPT}{stamp}"
    async with _maintenance(dsn) as connection:
        try:
            async with connection.transaction():
                await connection.execute(_RENAME_DATABASE.format(name=present, new=kept))
                await connection.execute(_RENAME_DATABASE.format(name=name, new=present))
        except asyncpg.ObjectInUseError as error:
            raise errors.RestoreFailed("The database is in use. Stop every MediaFetcher that uses it first.") from error
        older = [name for name in await catalogue.databases(connection) if name.startswith(present + _KEPT)]
    for one in older:
        if one != kept or empty:
            await drop(dsn, one)
    return None if empty else kept


async def drop(dsn: str, name: str) -> None:
    async with _maintenance(dsn) as connection:
        await connection.execute(_DROP_DATABASE.format(name=name))


@contextlib.asynccontextmanager
async def _maintenance(dsn: str) -> AsyncIterator[Any]:
    """Connect to another database of the server: no database can be renamed from within."""
    async with _connection(renamed(dsn, "postgres")) as connection:
        yield connection


# ---- the programs ------------------------------------------------------------------------------------------


def _without_password(dsn: str) -> tuple[str, dict[str, str]]:
    """Return the address, and the password as an environment variable: every user can read the command line."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (unquote(parts.password) if parts.password else None)
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    plain = parts._replace(netloc=f"{user}@{host}" if user else host, query=urlencode(query))
    return _join(plain), {"PGPASSWORD": password} if password else {}


def _watched(dsn: str) -> str:
    """Return the address with options that let libpq detect a lost server. Options of the address come first."""
    parts = urlsplit(dsn)
    return _join(parts._replace(query=urlencode(liveness.libpq_options() | dict(parse_qsl(parts.query)))))


def _place(dsn: str | None) -> str:
    """Return the folder of the server's socket, which any program that starts in it can access; none if remote."""
    host = dict(parse_qsl(urlsplit(dsn).query)).get("host", "") if dsn else ""
    return host if host.startswith("/") else "/"


async def _run(program: str, dsn: str | None, given: list[str], source: Path | None, target: Path | None) -> None:
    """Run a program from `source` into `target`. We open the files: the service account may have no access to them."""
    secret: dict[str, str] = {}
    if dsn is not None:
        plain, secret = _without_password(dsn)
        given = [*given, "--dbname", _watched(plain)]
    secret |= {name: os.environ[name] for name in ("PGPASSFILE", "PGSSLROOTCERT") if name in os.environ}
    with contextlib.ExitStack() as files:
        said = files.enter_context(tempfile.TemporaryFile())
        running = await process.spawn(
            [str(embedded.programs() / program), *given],
            env=process.environment("/", TZ="UTC", **secret),
            cwd=_place(dsn),
            stdin=files.enter_context(source.open("rb")) if source else process.DEVNULL,
            stdout=files.enter_context(target.open("xb")) if target else process.DEVNULL,
            stderr=said,
        )
        try:
            code = await running.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                running.kill()
            raise
        if code != 0:
            said.seek(0)
            words = said.read(8192).decode("utf-8", "replace")
            _log.error("a program of PostgreSQL failed", program=program, said=words)
            lines = [line for line in words.splitlines() if "error" in line.lower()] or [
                words.strip() or f"exit {code}"
            ]
            raise (errors.BackupFailed if program == "pg_dump" else errors.RestoreFailed)(f"{program}: {lines[0]}.")
