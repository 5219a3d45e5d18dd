"""A PostgreSQL of one's own: does it answer, let us in, and is it new enough? The embedded one looks after itself."""

import asyncio
from urllib.parse import unquote, urlsplit

import asyncpg

from mediafetcher.core import errors
from mediafetcher.db import dump, transfer
from mediafetcher.ops.doctor.findings import Findings, ok, problem


def external(dsn: str) -> Findings:
    """Whether the database at this address can be used."""
    parts = urlsplit(dsn)
    place = f"{parts.hostname or 'a socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"
    try:
        version = asyncio.run(dump.version(dsn))
    except errors.Problem as away:
        why = str(away.__cause__) or "no answer in time"
        yield problem("database", f"The database at {place} cannot be used: {why}.", *_mend(away.__cause__, dsn))
        return
    if int(version.partition(".")[0]) < transfer.OLDEST:
        yield problem(
            "database_old",
            f"The database at {place} is PostgreSQL {version}: {transfer.OLDEST} is the oldest that works.",
            "mediafetcher database move postgresql://USER:PASSWORD@HOST/DATABASE    # to a newer server",
        )
    else:
        yield ok("database", f"The database at {place} answers (PostgreSQL {version}).")


def _mend(why: BaseException | None, dsn: str) -> tuple[str, ...]:
    parts = urlsplit(dsn)
    user, name = unquote(parts.username or "media"), dump.name_of(dsn)
    if isinstance(why, asyncpg.InvalidPasswordError):
        return (f"on the database's machine: sudo -u postgres psql -c '\\password {user}'    # the same in the URL",)
    if isinstance(why, asyncpg.InvalidCatalogNameError):
        return (f"on the database's machine: sudo -u postgres createdb --owner={user} {name}",)
    if isinstance(why, asyncpg.InvalidAuthorizationSpecificationError):
        return (
            f"on the database's machine, in pg_hba.conf: host {name} {user} THIS_MACHINE/32 scram-sha-256",
            "on the database's machine: systemctl reload postgresql",
        )
    return (
        "on the database's machine: systemctl start postgresql",
        "on the database's machine, in postgresql.conf: listen_addresses = '*'    # then restart it",
    )
