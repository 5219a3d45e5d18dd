"""Statements of table classes on a connection outside the pool."""

import asyncpg

from mediafetcher.db import statements
from mediafetcher.db.tables import User
from tests.factories import add_user


async def test_rows_are_those_of_this_connections_transaction(connection: asyncpg.Connection) -> None:
    await add_user("Ada")
    names = User.select(User.name).order_by(User.name)
    async with connection.transaction():
        renamed = User.update({User.name: "Bob"}).where(User.name == "Ada")
        assert await statements.affected(connection, renamed) == 1
        assert await statements.rows(connection, names) == [{"name": "Bob"}]
        assert await names == [{"name": "Ada"}]  # the pool does not see it yet
        assert await statements.affected(connection, User.delete().where(User.name == "Ada")) == 0
    assert await names == [{"name": "Bob"}]


async def test_function_of_the_server_takes_values_and_not_text(connection: asyncpg.Connection) -> None:
    text = "a'); drop table account; --"
    assert await statements.function(connection, "upper", text) == text.upper()
    assert await statements.function(connection, "to_regclass", "public.account") is not None
    assert await statements.function(connection, "current_database") is not None


def test_query_is_compiled_with_numbered_placeholders() -> None:
    text, values = statements.compiled(User.select(User.id).where(User.name == "Ada", User.admin == True))  # noqa: E712
    assert "$1" in text and "$2" in text and "Ada" not in text
    assert list(values) == ["Ada", True]
