"""Detect connections that the other side has lost, so that nothing waits for them forever.

Three measures, because each detects what the others do not:

- The kernel probes the other side while a connection is idle, and gives up on unconfirmed bytes. This detects a
  machine or a network that is lost.
- A command must end within a time limit. This also detects a server, or a proxy, that accepts bytes and
  answers nothing. Code whose commands may take long says so: `patient()`.
- A connection that has been idle is tested before it is used, and one that listens is tested regularly.
"""

import asyncio
import contextlib
import contextvars
import os
import socket
import time
import weakref
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

import asyncpg
import psycopg

from mediafetcher.core import logging

COMMAND = 60.0  # seconds that a command may take
PATIENT = 900.0  # seconds, if the caller expects a long command
HURRIED = 5.0  # seconds, while the program stops
IDLE = 10.0  # seconds after which a connection is tested before it is used
ANSWER = 5.0  # seconds in which it must answer then
CONNECT = 10.0
_SILENT = 30  # seconds that sent bytes may stay unconfirmed
_KEEPALIVE = {"IDLE": 15, "INTVL": 5, "CNT": 3}  # seconds, seconds, times

_log = logging.get("database")
_T = TypeVar("_T")
_patience: contextvars.ContextVar[float | None] = contextvars.ContextVar("patience", default=None)


class _Stopping:
    """Whether the program stops: then commands get less time, and after the first failure no other is tried."""

    begun = False
    in_vain = False


@contextlib.contextmanager
def patient(seconds: float = PATIENT) -> Iterator[None]:
    """Allow commands inside, of this task, this many seconds: migrations, and work on the whole library."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def limit() -> float:
    """Return the seconds that the next command may take."""
    wanted = _patience.get() or COMMAND
    return min(wanted, HURRIED) if _Stopping.begun else wanted


def given_up() -> bool:
    """Return whether the program stops and the database no longer answers."""
    return _Stopping.in_vain


def guard(connection: Any) -> None:
    """Let the kernel detect that the other side of this asyncpg connection is lost."""
    transport = getattr(connection, "_transport", None)
    given = transport.get_extra_info("socket") if transport is not None else None
    if given is None or given.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with socket.socket(fileno=os.dup(given.fileno())) as own:  # uvloop's own object cannot set options
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            own.setsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_KEEP{name}"), value)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENT * 1000)


def libpq_options() -> dict[str, str]:
    """Return the same options for programs and libraries that use libpq."""
    return {
        "connect_timeout": f"{CONNECT:.0f}",
        "keepalives_idle": str(_KEEPALIVE["IDLE"]),
        "keepalives_interval": str(_KEEPALIVE["INTVL"]),
        "keepalives_count": str(_KEEPALIVE["CNT"]),
        "tcp_user_timeout": str(_SILENT * 1000),
    }


def server_settings() -> dict[str, str]:
    """Return the same for the server: it releases what a lost connection holds there, such as locks."""
    return {
        "tcp_keepalives_idle": str(_KEEPALIVE["IDLE"]),
        "tcp_keepalives_interval": str(_KEEPALIVE["INTVL"]),
        "tcp_keepalives_count": str(_KEEPALIVE["CNT"]),
        "tcp_user_timeout": str(_SILENT * 1000),
    }


# The server is unavailable, is starting, or has closed the connection. Everything else is an answer.
GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)

# ---- connections of asyncpg --------------------------------------------------------------------------------


# No table: whether the server answers.
PING = "select 1"


class Connection(asyncpg.Connection):
    """A connection of the pool whose commands end in time: one that does not answer is cut, with `TimeoutError`.

    The program's state ends with a transaction, so releasing it costs no round trip.
    """

    answered = 0.0  # when the server last answered
    busy_since: float | None = None
    in_use = False

    def get_reset_query(self) -> str:
        return ""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        with self._in_time():
            return str(await super().execute(query, *args, timeout=timeout or limit()))

    async def _execute(self, query: Any, args: Any, limit_: int, timeout: float | None, **given: Any) -> Any:
        with self._in_time():
            return await super()._execute(query, args, limit_, timeout or limit(), **given)

    async def _executemany(self, query: Any, args: Any, timeout: float | None, **given: Any) -> Any:
        with self._in_time():
            return await super()._executemany(query, args, timeout or limit(), **given)

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        self.busy_since = time.monotonic()
        try:
            yield
            self.answered = time.monotonic()
        except TimeoutError:
            self.terminate()
            _Stopping.in_vain = _Stopping.begun
            _log.warning("the database does not answer: a connection is cut")
            raise
        except asyncpg.PostgresError:
            self.answered = time.monotonic()
            raise
        finally:
            self.busy_since = None

    def begin_use(self) -> None:
        self.in_use = True

    def end_use(self) -> None:
        self.in_use = False

    async def is_alive(self) -> bool:
        """Tell whether it may be used: it is tested if it was silent for a while. A dead one is cut."""
        if self.is_closed():
            return False
        if time.monotonic() - self.answered < IDLE:
            return True
        try:
            await self.execute(PING, timeout=ANSWER)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.terminate()
        return not self.is_closed()


class Connections:
    """The connections of the pool, to cut those that are lost."""

    def __init__(self) -> None:
        self._known: weakref.WeakSet[Connection] = weakref.WeakSet()

    def add(self, connection: Connection) -> None:
        guard(connection)
        connection.answered = time.monotonic()
        self._known.add(connection)

    def cut_idle(self) -> None:
        """Cut idle ones that were silent for a while: others replace them."""
        for connection in [one for one in self._known if not one.in_use and one.busy_since is None]:
            if time.monotonic() - connection.answered >= IDLE:
                connection.terminate()

    def cut_busy(self, seconds: float) -> None:
        """Cut those whose command has taken this long."""
        for connection in list(self._known):
            if connection.busy_since is not None and time.monotonic() - connection.busy_since >= seconds:
                _Stopping.in_vain = True
                connection.terminate()


def hurry(connections: Connections) -> None:
    """Limit commands to `HURRIED` seconds from now on, including running ones: the program stops."""
    if _Stopping.begun:
        return
    _Stopping.begun = True
    asyncio.get_running_loop().call_later(HURRIED, connections.cut_busy, HURRIED - 0.5)


def calm() -> None:
    """Reset the limit: another program begins in this process (tests do that)."""
    _Stopping.begun = _Stopping.in_vain = False


async def heartbeat(connection: Any, ended: asyncio.Event) -> None:
    """Test a listening connection regularly, until it ended. Raises: `TimeoutError` if it does not answer."""
    while True:
        try:
            await asyncio.wait_for(ended.wait(), IDLE)
            return
        except TimeoutError:
            await asyncio.wait_for(connection.execute(PING), ANSWER)


# ---- connections of psycopg --------------------------------------------------------------------------------


class Blocking(psycopg.Connection[Any]):
    """A connection for threads whose commands end in time, else it is closed with `OperationalError`."""

    def wait(self, gen: Generator[Any, Any, _T], interval: float = 0.1, timeout: float | None = None) -> _T:
        if timeout is not None:
            return super().wait(gen, interval=interval, timeout=timeout)
        try:
            return super().wait(gen, interval=interval, timeout=CONNECT)
        except psycopg.Error as error:
            if type(error).__name__ != "_WaitTimeout":
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError("the database does not answer") from None


def connect_blocking(dsn: str, name: str) -> Blocking:
    """Open a psycopg connection for a thread. Raises: `psycopg.OperationalError`."""
    options: dict[str, Any] = libpq_options()
    return Blocking.connect(dsn, application_name=name, **options)
