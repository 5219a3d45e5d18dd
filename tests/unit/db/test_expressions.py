"""Conditions and times of statements, by which rows they choose."""

import pytest
from piccolo.columns.combination import Where, WhereRaw

from mediafetcher.db import engine
from mediafetcher.db.expressions import after, ago, among, differs, is_false, is_true, name_of, same, same_text
from mediafetcher.db.tables import Setting, User
from tests.factories import add_user


async def _names(condition: Where | WhereRaw) -> list[str]:
    return [row["name"] for row in await User.select(User.name).where(condition).order_by(User.name)]


@pytest.fixture
async def people(database: str) -> dict[str, int]:
    made = {name: await add_user(name, admin=name == "Ada") for name in ("Ada", "Bob", "Émile")}
    await User.update({User.quota: 7}).where(User.id == made["Bob"])
    return made


async def test_list_of_values_is_one_parameter_however_long(people: dict[str, int]) -> None:
    assert await _names(among(User.id, [people["Ada"], people["Bob"], *range(10**6, 10**6 + 40_000)])) == ["Ada", "Bob"]
    assert await _names(among(User.id, [])) == []
    assert await _names(among(User.name, {"Bob", "' or true --"})) == ["Bob"]


async def test_null_is_the_same_as_none_and_differs_from_a_value(people: dict[str, int]) -> None:
    assert await _names(same(User.quota, None)) == ["Ada", "Émile"]
    assert await _names(same(User.quota, 7)) == ["Bob"]
    assert await _names(differs(User.quota, 7)) == ["Ada", "Émile"]
    assert await _names(differs(User.quota, None)) == ["Bob"]


async def test_truth_is_a_comparison_that_leaves_nulls_out(people: dict[str, int]) -> None:
    assert await _names(is_true(User.admin)) == ["Ada"]
    assert await _names(is_false(User.admin)) == ["Bob", "Émile"]


@pytest.mark.parametrize("text", ["émile", "ÉMILE", "Émile"])
async def test_text_is_the_same_regardless_of_case(people: dict[str, int], text: str) -> None:
    assert await _names(same_text(User.name, text)) == ["Émile"]


async def test_times_are_those_of_the_server(database: str) -> None:
    for moment, seconds in ((after(90), 90.0), (ago(30.5), -30.5)):
        text, values = moment.compile_string()
        assert await engine.fetchval(f"select extract(epoch from {text} - now())::float8", *values) == seconds


def test_name_of_a_column_has_its_table() -> None:
    assert name_of(Setting.name) == '"setting"."name"'
