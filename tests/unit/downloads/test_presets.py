"""Presets: names, limits, contradictions, and which of two options counts."""

import pytest

from mediafetcher.core import errors
from mediafetcher.downloads import presets
from mediafetcher.fetch.options import Options
from tests.factories import add_user


@pytest.fixture
async def owner(database: str) -> int:
    return await add_user()


@pytest.mark.parametrize("name", ["", "   ", "a/b", "n" * 200])
async def test_name_of_a_preset_that_cannot_be_used_is_refused(owner: int, name: str) -> None:
    with pytest.raises(errors.Invalid, match="name of a preset"):
        await presets.save(name, owner, Options())


@pytest.mark.parametrize("options", [Options(start=1.0), Options(end=9.0), Options(playlist="all")])
async def test_preset_of_a_part_or_a_list_is_refused(owner: int, options: Options) -> None:
    with pytest.raises(errors.Invalid, match="cannot have"):
        await presets.save("Mine", owner, options)


async def test_one_preset_too_many_is_refused_and_not_kept(owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "MAX_PRESETS", 2)
    for name in ("One", "Two", "TWO"):  # the same name in other letters replaces it
        await presets.save(name, owner, Options())
    with pytest.raises(errors.Invalid, match="2 presets"):
        await presets.save("Three", owner, Options())
    assert [preset["name"] for preset in await presets.page(owner)] == ["One", "TWO"]


async def test_unknown_preset_is_named_in_the_error(owner: int) -> None:
    with pytest.raises(errors.NotFound, match="Nowhere"):
        await presets.with_preset("Nowhere", owner, None)


async def test_link_without_a_preset_keeps_its_own_options(owner: int) -> None:
    chosen = await presets.with_preset(None, owner, Options(max_height=720))
    assert chosen.options == Options(max_height=720)
