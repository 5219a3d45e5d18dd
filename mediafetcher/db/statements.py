"""Run statements of table classes, and functions of the server, on any connection, also one outside the pool."""

from collections.abc import Sequence
from typing import Any

from piccolo.query.base import Query

# A function of the server, which reads no table: locks, clocks, counters, notifications.
_CALL = "select {name}({parameters})"


def compiled(query: Query[Any, Any]) -> tuple[str, Sequence[Any]]:
    """Return the text of a query with $1 placeholders, and its values."""
    (only,) = query.querystrings
    return only.compile_string()


async def rows(connection: Any, query: Query[Any, Any]) -> list[dict[str, Any]]:
    """Run a query on this connection. Returns: its rows."""
    text, values = compiled(query)
    return [dict(row) for row in await connection.fetch(text, *values)]


async def affected(connection: Any, query: Query[Any, Any]) -> int:
    """Run an update or a deletion on this connection. Returns: how many rows it changed, without reading them."""
    text, values = compiled(query)
    return int(str(await connection.execute(text, *values)).split()[-1])


async def function(connection: Any, name: str, *arguments: Any) -> Any:
    """Call a function of the server on this connection. Returns: its result."""
    parameters = ", ".join(f"${number}" for number in range(1, len(arguments) + 1))
    return await connection.fetchval(_CALL.format(name=name, parameters=parameters), *arguments)
