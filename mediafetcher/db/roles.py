"""The roles of the embedded PostgreSQL, and who may connect as them.

- `USER` owns the databases and may create more. It is no superuser: the content of a database, or of an untrusted
  backup, can neither run programs nor read files of the server.
- `ADMIN` is the bootstrap superuser. Nothing but this module and maintenance connects as it.
- No client is trusted: the only rule for connections is "on the socket, with the password".

Clusters of earlier versions accept every client, and `USER` was their bootstrap superuser, which PostgreSQL refuses to
demote. `establish` renames that role to `ADMIN` and makes a new `USER`, which then becomes the owner of everything.
Each step can be repeated, and the password of `USER` is set last: until then it cannot connect, so that a start which
finds an unfinished change completes it.
"""

from pathlib import Path
from typing import Any

import asyncpg

from mediafetcher.core import files, logging
from mediafetcher.db import catalogue, statements
from mediafetcher.db.catalogue import Role
from mediafetcher.db.credentials import ADMIN, USER, Credentials, verifier

RULES = "pg_hba.conf"
_RULES = "# Written by MediaFetcher at every start.\nlocal all all scram-sha-256\n"
_BOOTSTRAP = 10  # the oid of the bootstrap superuser, whatever its name (BOOTSTRAP_SUPERUSERID in pg_authid.dat)
# Not pg_catalog and its like, and not what an extension made.
_CHANGES = f"""
with outside as (
  select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), dependent as (
  select classid, objid from pg_depend
  where deptype = 'e' or (deptype in ('a', 'i') and classid = 'pg_class'::regclass)
)
select format('alter %s %s owner to {USER}', case relkind when 'S' then 'sequence' when 'v' then 'view'
    when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end, oid::regclass)
  from pg_class where relowner = {_BOOTSTRAP} and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and relnamespace in (select oid from outside) and ('pg_class'::regclass, oid) not in (select * from dependent)
union all
select format('alter routine %s owner to {USER}', oid::regprocedure)
  from pg_proc where proowner = {_BOOTSTRAP} and pronamespace in (select oid from outside)
  and ('pg_proc'::regclass, oid) not in (select * from dependent)
union all
select format('alter type %s owner to {USER}', t.oid::regtype)
  from pg_type t left join pg_class c on c.oid = t.typrelid
  where typowner = {_BOOTSTRAP} and typnamespace in (select oid from outside)
  and (typtype in ('d', 'e', 'r') or c.relkind = 'c') and ('pg_type'::regclass, t.oid) not in (select * from dependent)
union all
select format('alter schema %I owner to {USER}', nspname)
  from pg_namespace where nspowner = {_BOOTSTRAP} and oid in (select oid from outside)
  and ('pg_namespace'::regclass, oid) not in (select * from dependent)
"""
# The session's own role cannot be renamed, so another superuser does it, who exists for this transaction only.
_RENAME = f"""
create role mediafetcher_rename superuser;
set session authorization mediafetcher_rename;
alter role {USER} rename to {ADMIN};
reset session authorization;
drop role mediafetcher_rename;
"""
# One statement on one line, for single-user mode.
_UNLOCK = (
    "do $$ begin execute format('alter role %I password %L',"
    " (select rolname from pg_authid where oid = {oid}), '{password}'); end $$\n"
)
# The role of the program: no superuser.
_CREATE_USER = f"create role {USER} login nosuperuser createdb nocreaterole noreplication"
# At each start: the password of the state folder is the right one.
_SET_OWN = f"alter role {USER} password '{{password}}'"
# Databases of earlier versions belong to the superuser.
_SET_OWNER = f"alter database {{name}} owner to {USER}"

_log = logging.get("postgres")


class LockedOut(Exception):
    """The password of the superuser differs from that of the state folder, or the folder has none."""


def write_rules(folder: Path) -> Path:
    """Write the rules for connections, into a folder that only we may write to. Returns: the file for PostgreSQL."""
    path = folder / RULES
    files.replace(path, _RULES.encode(), mode=0o644, durable=False)
    return path


def unlocking(credentials: Credentials) -> bytes:
    """Return the input of single-user mode that sets the superuser's password: one statement on one line."""
    password = verifier(credentials.admin)
    return _UNLOCK.format(oid=_BOOTSTRAP, password=password).encode()


async def establish(socket: Path, credentials: Credentials) -> None:
    """Give the running cluster its two roles, and make `USER` the owner of all databases and their content.

    Raises: `LockedOut` if the superuser's password is not ours.
    """
    admin, name = await _connect_as_superuser(socket, credentials)
    try:
        if name != ADMIN:
            await admin.execute(_RENAME)
        if not await statements.rows(admin, Role.select(Role.rolname).where(Role.rolname == USER)):
            await admin.execute(_CREATE_USER)
        for database in await catalogue.databases(admin):
            if database != "postgres":  # a restored backup has replaced some of the others
                await _hand_over(socket, credentials, database)
        await admin.execute(_SET_OWN.format(password=verifier(credentials.user)))
    finally:
        await admin.close()


async def _connect_as_superuser(socket: Path, credentials: Credentials) -> tuple[Any, str]:
    """Return a connection as the bootstrap superuser, and its present name."""
    for name in (ADMIN, USER):  # its name in the clusters of earlier versions
        try:
            found = await _connect(socket, credentials, name, "postgres")
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
            continue
        own = Role.select(Role.rolname).where(Role.rolname == name, Role.oid == _BOOTSTRAP)
        if await statements.rows(found, own):
            return found, name
        await found.close()
    raise LockedOut()


async def _connect(socket: Path, credentials: Credentials, user: str, database: str) -> Any:
    return await asyncpg.connect(host=str(socket), user=user, password=credentials.admin, database=database, timeout=10)


async def _hand_over(socket: Path, credentials: Credentials, name: str) -> None:
    """Make `USER` the owner of a database and of all in it, in one transaction."""
    admin = await _connect(socket, credentials, ADMIN, name)
    try:
        async with admin.transaction():
            changes = [row[0] for row in await admin.fetch(_CHANGES)]
            for change in changes:
                await admin.execute(change)
            quoted = await statements.function(admin, "quote_ident", name)
            await admin.execute(_SET_OWNER.format(name=quoted))
    finally:
        await admin.close()
    if changes:
        _log.info("a database was given to the role without superuser rights", database=name, objects=len(changes))
