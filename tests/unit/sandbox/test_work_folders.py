"""The two folders of a download, and what an earlier run left in them."""

import os

import pytest

from mediafetcher.core import settings
from mediafetcher.sandbox import privilege_drop, work_folders

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to another account")


def test_both_folders_of_a_download_are_made_and_removed(state):
    ours = settings.get().work / "7"
    place = work_folders.make(ours)
    assert (ours.is_dir(), place) == (True, settings.get().fetch / "7")
    (place / "film.part").write_bytes(b"1234")
    (ours / "film.mp4").write_bytes(b"12345")
    assert work_folders.written(ours) == 9 and work_folders.occupied(ours) > 0
    work_folders.remove(ours)
    assert not ours.exists() and not place.exists()


@as_root
def test_part_of_a_child_stays_for_its_next_attempt(state):
    place = work_folders.make(settings.get().work / "7")
    account = privilege_drop.service_account()
    part = place / "film.part"
    part.write_bytes(b"1234")
    os.chown(part, account.uid, account.gid)
    assert work_folders.make(settings.get().work / "7") == place and part.exists()


@as_root
def test_part_that_lost_its_owner_is_removed_and_its_folder_is_usable(state):
    place = work_folders.make(settings.get().work / "7")
    for name in ("film.part", "fragments"):
        (place / name).mkdir() if name == "fragments" else (place / name).write_bytes(b"1234")
    os.chown(place, 0, 0)
    assert work_folders.make(settings.get().work / "7") == place
    assert list(place.iterdir()) == [] and place.stat().st_uid == privilege_drop.service_account().uid


def test_folder_of_an_earlier_version_becomes_the_childs(state):
    ours = settings.get().work / "7"
    privilege_drop.give(ours)
    (ours / "film.part").write_bytes(b"1234")
    work_folders.make_ours(ours)
    assert (settings.get().fetch / "7" / "film.part").read_bytes() == b"1234" and list(ours.iterdir()) == []
