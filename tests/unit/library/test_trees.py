"""Exported trees as users see and change them: which exist, for which users, and whether their disk is available."""

import json
from pathlib import Path

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.db.tables import ExportTree
from mediafetcher.library.export import arrangement, link_tree, trees


async def _add(path: Path | str, **more: object) -> int:
    rows = await ExportTree.insert(ExportTree(path=str(path), **more)).returning(ExportTree.id)
    return int(rows[0]["id"])


async def test_tree_is_found_among_others_with_the_names_of_its_users(owner: int, other: int, tmp_path: Path) -> None:
    await _add(tmp_path / "all")
    theirs = await _add(tmp_path / "few", people=[other, owner, 4711])
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / link_tree.MANIFEST).write_text("{}")
    found = await trees.get(theirs)
    assert (found["path"], found["users"], found["missing"]) == (str(tmp_path / "few"), ["Ada", "Grace"], False)
    every = await trees.page()
    assert [(row["users"], row["missing"]) for row in every] == [(None, True), (["Ada", "Grace"], False)]
    with pytest.raises(errors.NotFound):
        await trees.get(theirs + 1)


@pytest.mark.parametrize("path", ["/dev/null/tree", f"/tmp/{'n' * 300}"])
async def test_tree_whose_disk_answers_with_an_error_is_missing(owner: int, path: str) -> None:
    assert (await trees.get(await _add(path)))["missing"]


async def test_change_of_a_tree_waits_for_its_update(owner: int, tmp_path: Path) -> None:
    tree = await _add(tmp_path / "tree", behind=False, layout="template", template="{title}")
    await trees.change(tree, owner, kind="music", layouts={"Films": "film"}, tagged=True)
    row = await engine.fetchrow("select layout, template, folder_layouts, tagged from export_tree")
    assert row is not None and (row["layout"], row["template"], row["tagged"]) == ("music", None, True)
    found = await trees.get(tree)
    assert found["updating"] and found["folder_layouts"] == {"Films": "film"}
    await trees.change(tree, owner)  # nothing is wished: nothing changes
    assert (await trees.get(tree)) == found


async def test_change_of_an_unknown_tree_or_to_too_many_layouts_is_refused(owner: int, tmp_path: Path) -> None:
    tree = await _add(tmp_path / "tree")
    with pytest.raises(errors.NotFound):
        await trees.change(tree + 1, owner, tagged=True)
    many = {f"folder {number}": "music" for number in range(arrangement.MAX_FOLDERS + 1)}
    with pytest.raises(errors.Invalid, match="At most"):
        await trees.change(tree, owner, layouts=many)  # type: ignore[arg-type]
    assert json.loads(await engine.fetchval("select folder_layouts::text from export_tree") or "{}") == {}
