"""Access to the database: one pool, transactions, raw SQL.

Raw SQL runs inside the transaction of the calling task if there is one, else in its own. A server that cannot
be reached, or disappears during a statement, is `errors.DatabaseUnavailable`; what the server says about the data stays
an exception of asyncpg (`UniqueViolation` and its like below).

Nothing is repeated automatically. Two transactions that lock the same rows in opposite order end with a deadlock for
one of them: `retrying` repeats a function whose whole effect is its transactions.
"""

import asyncio
import contextlib
import contextvars
import functools
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, ParamSpec, Self, TypeVar

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.query.base import Query
from piccolo.querystring import QueryString
from piccolo.table import Table

from mediafetcher.core import errors
from mediafetcher.db import listener, liveness, statements

CheckViolation = asyncpg.CheckViolationError
DataError = asyncpg.DataError
ForeignKeyViolation = (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError)
UndefinedTable = asyncpg.UndefinedTableError
UniqueViolation = asyncpg.UniqueViolationError
# The server aborted one statement (cancelled, out of memory, disk or locks): the same may succeed later.
ServerTrouble = (
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)

_ACQUIRE = 30.0  # seconds to wait for a free connection
_RELEASE = 5.0  # seconds that a release may take
_POOL = 10
# The lock ends with the transaction, also if the program dies.
_BEGIN_LOCKED = "begin; select pg_advisory_xact_lock({lock})"
# Rows that are counted stay as many until the transaction ends.
_LOCK_TABLE = "lock table {table} in share row exclusive mode"

# It logs a trace each time that its idle connection finds no server; code that needs one reports it anyway.
logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)
_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except liveness.GONE as error:
        raise errors.DatabaseUnavailable() from error
    except asyncpg.InterfaceError as error:
        # asyncpg uses the same class for a wrong call and for an ended connection.
        if "clos" in str(error) or "released" in str(error):
            raise errors.DatabaseUnavailable() from error
        raise


@contextlib.contextmanager
def _sound(connection: Any) -> Iterator[None]:
    """Handle a connection that broke between two steps of asyncpg, which leaves it inconsistent: it is cut."""
    try:
        yield
    except asyncpg.InternalClientError as error:
        connection.terminate()
        raise errors.DatabaseUnavailable() from error


class _Current:
    """The transaction of this task. An ended one does not live on in tasks that were started inside it."""

    def __init__(self) -> None:
        self._variable: contextvars.ContextVar[_Transaction | None] = contextvars.ContextVar(
            "transaction", default=None
        )

    def get(self) -> "_Transaction | None":
        transaction = self._variable.get()
        return None if transaction is None or transaction.ended else transaction

    def set(self, transaction: "_Transaction") -> contextvars.Token["_Transaction | None"]:
        return self._variable.set(transaction)

    def reset(self, token: contextvars.Token["_Transaction | None"]) -> None:
        self._variable.reset(token)


class _Transaction(PostgresTransaction):
    """Piccolo's transaction, which also releases its connection if the beginning or the end fails."""

    ended = False
    engine: "_Engine"

    async def __aenter__(self) -> Self:
        if self._parent is not None:
            return self._parent  # type: ignore[return-value]
        with _translated():
            self.connection = await self.engine.acquire()
            try:
                self.transaction = self.connection.transaction()
                with _sound(self.connection):
                    await self.begin()
            except BaseException:
                await self.engine.give_back(self.connection)
                raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if self._parent is not None:
            return False
        try:
            with _translated(), _sound(self.connection):
                if error is None:
                    await self.commit()
                elif not self.connection.is_closed():
                    await self.rollback()
        finally:
            self.ended = True
            self.engine.current_transaction.reset(self.context)
            await self.engine.give_back(self.connection)
        return False


class _Engine(PostgresEngine):
    """Piccolo's engine on our pool. It is created before the address is known, which `connect` sets."""

    def __init__(self) -> None:
        super().__init__({})
        self.current_transaction = _Current()  # type: ignore[assignment]

    async def get_version(self) -> float:
        """Return 0, an unknown version: Piccolo asks at once, before the address is known."""
        return 0.0

    def transaction(self, allow_nested: bool = True) -> _Transaction:  # noqa: FBT001, FBT002 as Piccolo has it
        return _Transaction(self, allow_nested)

    async def acquire(self) -> Any:
        """Return a connection that answers. Raises: `DatabaseUnavailable`, and asyncpg's errors if there is none."""
        while True:
            if self.pool is None or liveness.given_up():
                raise errors.DatabaseUnavailable("No connection to the database.")
            connection = await self.pool.acquire(timeout=min(_ACQUIRE, liveness.limit()))
            connection.begin_use()
            try:
                if await connection.is_alive():
                    return connection
            except BaseException:
                await self.give_back(connection)
                raise
            await self.give_back(connection)
            _connections.cut_idle()  # if the server has closed one, it has usually closed the others too

    async def give_back(self, connection: Any) -> None:
        if self.pool is not None:
            # The pool discards a broken connection; the error was reported already.
            with contextlib.suppress(*liveness.GONE, asyncpg.InterfaceError, AttributeError):
                connection.end_use()
                await self.pool.release(connection, timeout=_RELEASE)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: FBT001, FBT002
        """Run a statement of Piccolo as `fetch` runs raw SQL: with the same transaction, time limit and errors."""
        query, args = querystring.compile_string(engine_type=self.engine_type)
        return await self._run_in_pool(query, args)

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Yield the connection of the present transaction, else one of the pool for the duration of the block."""
        transaction = self.current_transaction.get()
        with _translated():
            if transaction is not None:
                with _sound(transaction.connection):
                    yield transaction.connection
                return
            connection = await self.acquire()
            try:
                with _sound(connection):
                    yield connection
            finally:
                await self.give_back(connection)

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        async with self.connection() as connection:
            return await connection.fetch(query, *(args or ()))

    _run_in_new_connection = _run_in_pool


DB = _Engine()
_connections = liveness.Connections()
_loop: asyncio.AbstractEventLoop | None = None
_listener: asyncio.Task[None] | None = None


def _encode(value: Any) -> str:
    """Pass JSON unchanged: Piccolo provides it as text."""
    return value if isinstance(value, str) else json.dumps(value)


async def _prepare(connection: Any) -> None:
    _connections.add(connection)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode, decoder=json.loads)


async def connect(dsn: str, *, size: int = _POOL) -> None:
    """Open the pool on this server and listen for notifications. Raises: `DatabaseUnavailable`."""
    global _loop, _listener
    if DB.pool is not None:
        raise RuntimeError("connected already")
    # Without just-in-time compilation: our queries are short, and the first of each kind would take 100 ms.
    DB.config = {
        "dsn": dsn,
        "timeout": liveness.CONNECT,
        "server_settings": {"jit": "off", "timezone": "UTC"} | liveness.server_settings(),
    }
    liveness.calm()
    with _translated():
        DB.pool = await asyncpg.create_pool(
            **DB.config, min_size=1, max_size=size, init=_prepare, connection_class=liveness.Connection
        )
    _loop = asyncio.get_running_loop()
    listening = asyncio.Event()
    _listener = asyncio.create_task(
        listener.listen(DB.config, listening, _connections.cut_idle), name="database notifications"
    )
    await listening.wait()


async def close() -> None:
    """Close the pool; connections that are still busy after a moment are cut."""
    global _loop, _listener
    pool, DB.pool = DB.pool, None
    if _listener is not None:
        _listener.cancel()
        await asyncio.gather(_listener, return_exceptions=True)
        _listener = None
    if pool is not None:
        try:
            await asyncio.wait_for(pool.close(), 5)
        except (TimeoutError, *liveness.GONE, asyncpg.InterfaceError):
            pool.terminate()
    _loop = None


def patiently(function: Callable[_P, Awaitable[_T]]) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Allow the commands of a coroutine function much time: it works on many rows."""

    @functools.wraps(function)
    async def wrapper(*args: _P.args, **given: _P.kwargs) -> _T:
        with liveness.patient():
            return await function(*args, **given)

    return wrapper


def hurry() -> None:
    """Stop waiting for a database that does not answer: the program stops."""
    liveness.hurry(_connections)


def transaction() -> _Transaction:
    """Return a transaction for `async with`: it commits at the end, rolls back on an exception. A nested one joins."""
    return DB.transaction()


def in_transaction() -> bool:
    return DB.current_transaction.get() is not None


@contextlib.asynccontextmanager
async def exclusive(lock: int) -> AsyncIterator[None]:
    """Hold an advisory lock for the duration of the block. Writes of the block are committed at once.

    It needs a connection of its own in addition to the block's. Raises: `DatabaseUnavailable`.
    """
    if in_transaction():
        raise RuntimeError("an exclusive block has commits of its own")
    with _translated():
        connection = await DB.acquire()
    try:
        with _translated(), _sound(connection):
            await connection.execute(_BEGIN_LOCKED.format(lock=int(lock)))
        yield
    finally:
        try:
            with contextlib.suppress(*liveness.GONE, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.execute("rollback")
        finally:  # also if the rollback is cancelled: the pool then ends the transaction, and with it the lock
            await DB.give_back(connection)


async def fetch(sql: str, *args: Any) -> list[dict[str, Any]]:
    """Return all rows of a statement with $1 placeholders."""
    async with DB.connection() as connection:
        return [dict(row) for row in await connection.fetch(sql, *args)]


async def records(sql: str, *args: Any) -> list[Mapping[str, Any]]:
    """Return all rows without conversion: for many rows, making dicts of them would take a tenth of the time."""
    async with DB.connection() as connection:
        return list(await connection.fetch(sql, *args))


async def fetchrow(sql: str, *args: Any) -> dict[str, Any] | None:
    """Return the first row, or None."""
    async with DB.connection() as connection:
        row = await connection.fetchrow(sql, *args)
    return None if row is None else dict(row)


async def fetchval(sql: str, *args: Any) -> Any:
    """Return the first column of the first row, or None."""
    async with DB.connection() as connection:
        return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> str:
    """Run a statement (several, separated by `;`, if there are no arguments). Returns: the server's command tag."""
    async with DB.connection() as connection:
        return str(await connection.execute(sql, *args))


async def retrying(function: Callable[[], Awaitable[_T]], tries: int = 6) -> _T:
    """Call `function` again if the server ended its transaction in favour of another (deadlock, serialization).

    Inside a transaction it is called once: only the code that began the transaction can begin it again.
    """
    for attempt in range(1, tries):
        try:
            return await function()
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            if in_transaction():
                raise
            await asyncio.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)  # noqa: S311 (to part the two)
    return await function()


def storable(text: str) -> str:
    """Return the text without characters that PostgreSQL cannot store: NUL, and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


async def function(name: str, *arguments: Any) -> Any:
    """Call a function of the server. Returns: its result."""
    async with DB.connection() as connection:
        return await statements.function(connection, name, *arguments)


async def affected(query: Query[Any, Any]) -> int:
    """Run an update or a deletion of a table class. Returns: how many rows it changed, without reading them."""
    async with DB.connection() as connection:
        return await statements.affected(connection, query)


async def lock(key: int, part: int | None = None) -> None:
    """Wait for an advisory lock, and hold it until the open transaction ends. `part`: one of many of this key."""
    await function("pg_advisory_xact_lock", *((key,) if part is None else (key, part % (1 << 31))))


async def lock_table(table: type[Table]) -> None:
    """Let only this transaction write to a table until it ends. Others still read it."""
    await execute(_LOCK_TABLE.format(table=table._meta.tablename))


async def try_lock(key: int) -> bool:
    """Take an advisory lock until the open transaction ends. Returns: whether no other process holds it."""
    return bool(await function("pg_try_advisory_xact_lock", key))


def call(work: Coroutine[Any, Any, _T]) -> _T:
    """Run `work` on the main loop, where the pool lives, and wait for its result. For threads."""
    if _loop is None:
        work.close()
        raise errors.DatabaseUnavailable("No connection to the database.")
    return asyncio.run_coroutine_threadsafe(work, _loop).result()
