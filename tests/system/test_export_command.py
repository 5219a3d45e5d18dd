"""`mediafetcher export` as it is typed: a tree for players that follows `rm` and `restore`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.test_command_line import Shell


@pytest.mark.timeout(300)
def test_a_tree_for_players_that_follows_the_library(folder, site):
    shell = Shell(folder, trash_days=30)
    [got] = shell.get("--folder", "Films/New", site.url("/media/ok.mp4"))
    item, title = str(got["item"]["id"]), got["item"]["title"]
    said = shell("export", "--json")
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    place = shell.state / "media" / "export"
    assert report["path"] == str(place) and report["links"] == "hard" and report["made"] >= 2
    [film] = (place / "owner/Films/New").glob(f"{title} (*).mp4")  # the year of the file's last change
    assert film.samefile(got["path"]) and film.with_suffix(".nfo").is_file()
    again = shell("export")
    assert again.returncode == 0 and f"0 created, {report['made']} unchanged, 0 removed" in again.stdout

    assert shell("rm", item).returncode == 0
    assert not film.exists() and os.stat(got["path"]).st_nlink == 1
    assert shell("restore", item).returncode == 0
    assert film.samefile(got["path"])
    shell.assert_clean()
    shutil.rmtree(place)
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_a_folder_is_meant_from_where_it_was_typed(folder, site):
    shell = Shell(folder)
    shell.get(site.url("/media/ok.mp4"))
    here = folder / "here"
    here.mkdir()
    environment = shell.environment | {"PYTHONPATH": str(Path(__file__).parents[2])}
    run = [sys.executable, "-m", "mediafetcher", "export"]
    done = subprocess.run(
        [*run, "tree", "--user", "owner"], cwd=here, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(list((here / "tree" / "owner").glob("*.mp4"))) == 1
    wrong = shell("export", str(shell.state / "media" / "store"))
    assert wrong.returncode == 1 and "[invalid]" in wrong.stderr
    assert shell("export", "--user", "nobody").returncode == 1
    tagged = shell("export", "--layout", "show-by-playlist", "--tagged")
    assert tagged.returncode == 1 and "[tagged_needs_music]" in tagged.stderr
