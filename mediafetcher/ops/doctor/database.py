"""Check an external PostgreSQL: reachable, accepts the login, new enough. The embedded one needs no check."""

import asyncio
from urllib.parse import unquote, urlsplit

import asyncpg

from mediafetcher.core import errors
from mediafetcher.db import dump, transfer
from mediafetcher.ops.doctor.findings import Findings, ok, problem


def external(dsn: str) -> Findings:
    """Check whether the database at this address can be used."""
    parts = urlsplit(dsn)
    place = f"{parts.hostname or 'a socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"
    try:
        version = asyncio.run(dump.version(dsn))
    except errors.Problem as away:
        why = str(away.__cause__) or "no response in time"
        yield problem("database", f"Cannot use the database at {place}: {why}.", *_mend(away.__cause__, dsn))
        return
    if int(version.partition(".")[0]) < transfer.OLDEST:
        yield problem(
            "database_old",
            f"The database at {place} runs PostgreSQL {version}. MediaFetcher needs {transfer.OLDEST} or newer.",
            "mediafetcher database move postgresql://USER:PASSWORD@HOST/DATABASE    # to a newer server",
        )
    else:
        yield ok("database", f"The database at {place} responds (PostgreSQL {version}).")


def _mend(why: BaseException | None, dsn: str) -> tuple[str, ...]:
    parts = urlsplit(dsn)
    user, name = unquote(parts.username or "media"), dump.name_of(dsn)
    if isinstance(why, asyncpg.InvalidPasswordError):
        return (
            f"on the database server: sudo -u postgres psql -c '\\password {user}'    # then use it in the URL too",
        )
    if isinstance(why, asyncpg.InvalidCatalogNameError):
        return (f"on the database server: sudo -u postgres createdb --owner={user} {name}",)
    if isinstance(why, asyncpg.InvalidAuthorizationSpecificationError):
        return (
            f"on the database server, in pg_hba.conf: host {name} {user} THIS_MACHINE/32 scram-sha-256",
            "on the database server: systemctl reload postgresql",
        )
    return (
        "on the database server: systemctl start postgresql",
        "on the database server, in postgresql.conf: listen_addresses = '*'    # then restart PostgreSQL",
    )
