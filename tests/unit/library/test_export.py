"""The export tree on a real disk: what is in it, that it follows the library, and that it touches nothing else."""

import asyncio
import errno
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mediafetcher.core import errors, source_metadata
from mediafetcher.db import engine
from mediafetcher.library.catalog import folders, items, metadata, queries, trash
from mediafetcher.library.export import layout, link_tree, sync, tree_files, tree_lock, trees, update
from mediafetcher.library.storage import mount, sweeper
from tests import places
from tests.unit.library.conftest import clean, path, stored
from tests.waiting import eventually


def listing(root: Path) -> list[str]:
    """Every file of a tree but its list."""
    found = (file.relative_to(root).as_posix() for file in root.rglob("*") if not file.is_dir())
    return sorted(name for name in found if name != link_tree.MANIFEST)


def counts(report: tree_files.Report) -> tuple[int, int, int]:
    return report.made, report.kept, report.removed


@pytest.fixture
def there(media_online: Path) -> Path:
    return media_online / "export"


@pytest.fixture
def elsewhere(state: Path):
    """A folder on another file system than the store's."""
    place = Path(tempfile.mkdtemp(prefix="mf-export-", dir=places.elsewhere(state)))
    yield place
    shutil.rmtree(place)


async def test_a_tree_of_hard_links_with_what_players_read(owner, put, there):
    folder = await folders.ensure(owner, "Films/Old: ones")
    side = {"poster.jpg": b"picture", "fr.vtt": b"WEBVTT"}
    await put(
        b"film", "AC/DC <live> & \x0b loud", side, folder=folder, uploader="A & <B>\x01", source_url="https://a/?b&c"
    )
    place, report = await sync.export()
    assert place == there and counts(report) == (6, 0, 0) and not report.symbolic
    stem = "Ada/Films/Old- ones/AC-DC (live) & loud"
    ends = (".mp4", ".nfo", "-poster.jpg", "-fanart.jpg", ".fr.srt", ".fr.vtt")
    assert listing(there) == sorted(stem + end for end in ends)
    assert (there / f"{stem}.mp4").samefile(path(b"film"))
    assert path(b"film").stat().st_nlink == 2
    assert path(b"film", "poster.jpg").stat().st_nlink == 3 and path(b"film", "fr.vtt").stat().st_nlink == 2
    movie = ET.parse(there / f"{stem}.nfo").getroot()
    said = {element.tag: element.text for element in movie}
    assert movie.tag == "movie" and said.pop("dateadded", None)
    assert said.pop("uniqueid") == hashlib.sha256(b"film").hexdigest()
    assert said.pop("fileinfo") and movie.findtext("fileinfo/streamdetails/video/codec") == "h264"
    assert said == {"title": "AC/DC <live> & loud", "runtime": "1", "studio": "A & <B>", "website": "https://a/?b&c"}
    assert (there / f"{stem}.nfo").stat().st_mode & 0o777 == 0o644
    assert (there / "Ada/Films").stat().st_mode & 0o777 == 0o755
    await clean()


def _written(folder: Path) -> dict[Path, tuple[int, ...]]:
    """The facts that writing to a file of the tree would change; reading changes its access time alone."""
    status = {file: file.lstat() for file in folder.rglob("*")}
    return {file: (one.st_ino, one.st_mode, one.st_size, one.st_ctime_ns) for file, one in status.items()}


async def test_subtitles_are_beside_the_film_as_subrip_too(owner, put, there):
    cue = "00:01.500 --> 01:00:02.000 line:0\n<v Ada><i>Hi</i> &amp; <c.x>bye</c>\nthere\n"
    text = f"WEBVTT\n\nSTYLE\n::cue {{}}\n\n1\n{cue}"
    item = await put(b"film", "Film", {"en.vtt": text.encode()})
    await sync.export()
    srt = there / "Ada/Film.en.srt"
    assert srt.read_text() == "1\n00:00:01,500 --> 01:00:02,000\n<i>Hi</i> & bye\nthere\n"
    _, again = await sync.export()
    assert counts(again) == (0, 4, 0)
    srt.write_text("mine")
    await sync.export()
    assert srt.read_text() == "mine"  # what a user edited stays
    srt.unlink()
    await items.rename(item, owner, "New")
    await sync.refresh()
    assert listing(there) == ["Ada/New.en.srt", "Ada/New.en.vtt", "Ada/New.mp4", "Ada/New.nfo"]
    await engine.execute("update media_file set subtitles = '{}'")
    await sync.export()
    assert listing(there) == ["Ada/New.mp4", "Ada/New.nfo"]


async def test_the_second_run_changes_nothing(owner, put, there):
    for number in range(5):
        await put(b"film %d" % number, "Same title", {"poster.jpg": b"p%d" % number})
    _, first = await sync.export()
    before = _written(there)
    _, second = await sync.export()
    assert counts(first) == (20, 0, 0) and counts(second) == (0, 20, 0)
    assert _written(there) == before
    assert "Ada/Same title (5).mp4" in listing(there)


async def test_names_that_differ_in_case_alone_and_folders_of_many_users(owner, other, put, there):
    await put(b"in", "x", folder=await folders.ensure(owner, "film.mp4"))
    inside = await folders.ensure(owner, "What?")
    also = await folders.ensure(owner, "What*")
    for number, (title, folder) in enumerate([("Film", None), ("FILM", None), ("x", inside), ("x", also)]):
        await put(b"%d" % number, title, folder=folder)
    await put(b"0", "CON", owner=other)
    await sync.export()
    films = [name for name in listing(there) if name.endswith(".mp4")]
    ada = ["FILM (3).mp4", "Film (2).mp4", "What (2)/x.mp4", "What/x.mp4", "film.mp4/x.mp4"]
    assert films == [*(f"Ada/{name}" for name in ada), "Grace/CON_.mp4"]
    assert path(b"0").stat().st_nlink == 3, "one file, two people, two names"


async def test_one_user_alone_then_another(owner, other, put, there):
    await put(b"a", "A")
    await put(b"b", "B", owner=other)
    await sync.export(owner=owner)
    assert listing(there) == ["Ada/A.mp4", "Ada/A.nfo"]
    _, report = await sync.export(owner=other)
    assert counts(report) == (2, 2, 0)
    await put(b"c", "C", owner=other)
    assert await sync.refresh() == 2
    assert {name.split("/")[0] for name in listing(there)} == {"Ada", "Grace"}


async def test_rename_move_copy_and_trash_are_followed(owner, put, there):
    item = await put(b"film", "Old", {"poster.jpg": b"p"})
    await sync.export()
    assert await sync.refresh() == 0
    await items.rename(item, owner, "New")
    assert await sync.refresh() == 8
    assert listing(there) == ["Ada/New-fanart.jpg", "Ada/New-poster.jpg", "Ada/New.mp4", "Ada/New.nfo"]
    folder = await folders.ensure(owner, "A/B")
    await items.move(item, owner, folder)
    await sync.refresh()
    assert listing(there) == [f"Ada/A/B/New{end}" for end in ("-fanart.jpg", "-poster.jpg", ".mp4", ".nfo")]
    await folders.rename(folder, owner, "C")
    await items.copy(item, owner, None)
    await sync.refresh()
    assert [name for name in listing(there) if name.endswith("mp4")] == ["Ada/A/C/New.mp4", "Ada/New.mp4"]
    assert not (there / "Ada/A/B").exists() and path(b"film").stat().st_nlink == 3
    await trash.trash(item, owner)
    await sync.refresh()
    assert [name for name in listing(there) if name.endswith("mp4")] == ["Ada/New.mp4"]
    assert not (there / "Ada/A").exists()
    await trash.restore(item, owner)
    await sync.refresh()
    assert path(b"film").stat().st_nlink == 3
    await clean()


async def test_the_bytes_of_a_deleted_item_go_with_its_links(owner, put, there, at_once):
    item = await put(b"film", "Gone", {"poster.jpg": b"p"})
    await put(b"stays", "Stays")
    await sync.export()
    held = os.open(there / "Ada/Gone.mp4", os.O_RDONLY)
    try:
        await trash.trash(item, owner)
        assert os.fstat(held).st_nlink == 1, "the store let go of it; the tree did not yet"
        await sync.refresh()
        assert os.fstat(held).st_nlink == 0
    finally:
        os.close(held)
    assert listing(there) == ["Ada/Stays.mp4", "Ada/Stays.nfo"]
    await clean()


async def test_foreign_file_in_a_tree_is_never_touched(owner, put, there):
    await sync.export()
    (there / "Ada").mkdir(parents=True)
    mine = {"Ada/film.mp4": b"my own", "Ada/Film.nfo": b"my notes", "note.txt": b"x", "Ada/Film-poster.jpg": b"mine"}
    for name, content in mine.items():
        (there / name).write_bytes(content)
    item = await put(b"film", "Film", {"poster.jpg": b"p"})
    _, report = await sync.export()
    assert report.made == 4 and "Ada/Film (2).mp4" in listing(there)
    await trash.trash(item, owner)
    await sync.refresh()
    assert {name: (there / name).read_bytes() for name in listing(there)} == mine
    assert (there / "Ada").is_dir()


async def test_foreign_file_in_place_of_a_link_is_kept(owner, put, there):
    item = await put(b"film", "Film")
    await sync.export()
    (there / "Ada/Film.mp4").unlink()
    (there / "Ada/Film.mp4").write_bytes(b"their own cut")
    (there / "Ada/Film.nfo").write_text("<movie>edited by the player</movie>")
    await sync.export()
    assert (there / "Ada/Film.mp4").read_bytes() == b"their own cut"
    assert (there / "Ada/Film (2).mp4").samefile(path(b"film"))
    await trash.trash(item, owner)
    await sync.refresh()
    assert listing(there) == ["Ada/Film.mp4", "Ada/Film.nfo"]
    assert (there / "Ada/Film.nfo").read_text() == "<movie>edited by the player</movie>"


async def test_an_edited_description_stays_as_it_is(owner, put, there):
    await put(b"film", "Film")
    await sync.export()
    (there / "Ada/Film.nfo").write_text("edited")
    _, report = await sync.export()
    assert counts(report) == (0, 2, 0) and (there / "Ada/Film.nfo").read_text() == "edited"


async def test_a_link_in_the_place_of_a_folder_is_not_walked_through(owner, put, there, tmp_path):
    await sync.export()
    (there / "Ada").symlink_to(tmp_path)
    before = sorted(tmp_path.iterdir())
    await put(b"film", "Film")
    await sync.export()
    assert (there / "Ada (2)/Film.mp4").samefile(path(b"film"))
    assert {file.suffix for file in tmp_path.iterdir()} <= {file.suffix for file in before}


async def test_without_its_list_links_are_known_by_their_inode(owner, put, there):
    """As after a backup from before the export was restored."""
    await put(b"film", "Film", {"poster.jpg": b"p"})
    await sync.export()
    for content in (None, "edited"):
        await engine.execute("delete from export_tree")
        if content:
            (there / "Ada/Film.nfo").write_text(content)
        _, report = await sync.export()
        assert counts(report) == (0, 4, 0)
    assert (there / "Ada/Film.nfo").read_text() == "edited"


async def test_another_file_system_gets_symbolic_links(owner, put, elsewhere):
    item = await put(b"film", "Film", {"poster.jpg": b"p"})
    _, first = await sync.export(elsewhere)
    assert counts(first) == (4, 0, 0) and first.symbolic
    link = elsewhere / "Ada/Film.mp4"
    assert link.is_symlink() and link.read_bytes() == b"film" and path(b"film").stat().st_nlink == 1
    _, second = await sync.export(elsewhere)
    assert counts(second) == (0, 4, 0)
    await engine.execute("delete from export_tree")
    _, third = await sync.export(elsewhere)
    assert counts(third) == (0, 4, 0)
    await items.rename(item, owner, "Other")
    await sync.refresh()
    assert listing(elsewhere) == [f"Ada/Other{end}" for end in ("-fanart.jpg", "-poster.jpg", ".mp4", ".nfo")]
    await trash.trash(item, owner)
    await sync.refresh()
    assert listing(elsewhere) == []


async def test_file_system_without_links_is_reported_and_gets_none(owner, put, there, monkeypatch):
    await put(b"film", "Film")

    def refuse(*_args: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)  # as FAT does, which has neither kind
    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(errors.Invalid, match="Neither hard nor symbolic links") as said:
        await sync.export(there / "deep/down")
    assert "\n" not in said.value.detail and not there.exists()
    assert await engine.fetchval("select count(*) from export_tree") == 0


async def test_deleting_the_tree_harms_nothing_and_it_stays_deleted(owner, put, there):
    await put(b"film", "Film")
    await sync.export()
    shutil.rmtree(there)
    assert stored() == [path(b"film").name]
    await clean()
    await put(b"more", "More")
    assert await sync.refresh() == 0 and not there.exists()
    _, report = await sync.export()
    assert counts(report) == (4, 0, 0)


async def test_the_tree_is_no_stray_to_the_sweeper_and_the_checker(owner, put, there, at_once):
    await put(b"film", "Film")
    await sync.export()
    await sweeper.sweep()
    assert len(listing(there)) == 2
    await clean()


@pytest.mark.parametrize("inside", ["", "store", "store/ab", "incoming", "incoming/x", ".."])
async def test_it_does_not_mix_with_the_librarys_own_files(owner, media_online, inside):
    with pytest.raises(errors.Invalid):
        await sync.export(media_online / inside)


async def test_a_file_missing_in_the_store_keeps_its_last_name(owner, put, there):
    item = await put(b"film", "Film")
    await sync.export()
    path(b"film").unlink()
    _, report = await sync.export()
    assert report.missing == 1 and (there / "Ada/Film.mp4").read_bytes() == b"film"
    await items.rename(item, owner, "Renamed")
    await sync.refresh()
    assert (there / "Ada/Film.mp4").read_bytes() == b"film", "it may be the last copy"


async def test_a_file_that_was_placed_again_is_linked_again(owner, put, there):
    await put(b"film", "Film")
    await sync.export()
    fresh = path(b"film").with_suffix(".new")
    fresh.write_bytes(b"film")
    fresh.replace(path(b"film"))
    _, report = await sync.export()
    assert counts(report) == (1, 1, 0) and (there / "Ada/Film.mp4").samefile(path(b"film"))


async def test_an_offline_store_changes_no_tree(owner, put, there):
    await put(b"film", "Film")
    await sync.export()
    sentinel = mount.root() / ".mediafetcher-store"
    sentinel.rename(sentinel.with_name("away"))
    await put_nothing(owner)
    assert await sync.refresh() == 0
    with pytest.raises(errors.Unavailable):
        await sync.export()
    assert listing(there) == ["Ada/Film.mp4", "Ada/Film.nfo"]
    sentinel.with_name("away").rename(sentinel)
    assert await sync.refresh() == 2, "what could not be done is done once the store is back"


async def put_nothing(owner: int) -> None:
    """A change of the library that needs no store: everything goes to the trash."""
    for row in (await queries.page(owner))["items"]:
        await trash.trash(row["id"], owner)


async def test_folders_as_deep_and_long_as_they_may_be(owner, put, there):
    folder = await folders.ensure(owner, "/".join(f"{level} " + "漢" * 190 for level in range(32)))
    await put(b"film", "字" * 500, folder=folder)
    _, report = await sync.export()
    assert counts(report) == (2, 0, 0) and report.missing == 0
    assert max(len(part.encode()) for name in listing(there) for part in name.split("/")) <= 255
    assert (await sync.export())[1].kept == 2


async def test_broken_off_at_any_file_it_is_whole_after_the_next_run(owner, put, there, monkeypatch):
    for number in range(3):
        await put(b"film %d" % number, f"Film {number}", {"poster.jpg": b"p%d" % number})

    class After(threading.Event):
        """Set once it was asked so many times."""

        left = 0

        def is_set(self) -> bool:
            After.left -= 1
            return After.left < 0

    for made in range(12):
        with monkeypatch.context() as patch:
            patch.setattr(update, "_Stop", After)
            After.left = made
            with pytest.raises(layout.Stopped):
                await sync.export()
        assert len(listing(there)) == made
        for row in (await queries.page(owner))["items"]:  # and everything has another name the next time
            await items.rename(row["id"], owner, f"Film {row['id']} {made}")
        _, report = await sync.export()
        assert counts(report) == (12, 0, made) and len(listing(there)) == 12
        assert all(path(b"film %d" % number).stat().st_nlink == 2 for number in range(3))
        shutil.rmtree(there)
    await clean()


async def test_removed_user_leaves_no_links(owner, other, put, there):
    await put(b"film", "Film")
    await put(b"film", "Film", owner=other)
    await sync.export()
    assert path(b"film").stat().st_nlink == 3
    await trash.delete_all(other)
    await sync.refresh()
    assert listing(there) == ["Ada/Film.mp4", "Ada/Film.nfo"] and not (there / "Grace").exists()


# ---- following changes -------------------------------------------------------------------------------------


async def test_a_change_costs_what_has_changed_and_not_the_library(owner, put, there, monkeypatch):
    names = [await put(b"film %d" % number, f"Film {number}") for number in range(30)]
    await sync.export()
    looked, state = set(), link_tree.Disk.state

    def counting(disk, path):
        looked.add(path)
        return state(disk, path)

    monkeypatch.setattr(link_tree.Disk, "state", counting)
    await items.rename(names[7], owner, "Another")
    assert await sync.refresh() == 4
    assert looked and all("Film 7." in path or "Another." in path or path == "Ada" for path in looked), looked
    looked.clear()
    assert await sync.refresh() == 0 and not looked
    assert len(listing(there)) == 60
    await clean()


async def test_names_stay_while_others_come_and_go(owner, put, there):
    """Players remember a file by its path."""
    first, second = await put(b"1", "Film"), await put(b"2", "Film")
    await sync.export()
    await trash.trash(first, owner)
    await sync.refresh()
    assert listing(there) == ["Ada/Film (2).mp4", "Ada/Film (2).nfo"]
    _, report = await sync.export()
    assert counts(report) == (0, 2, 0), "the whole tree made again keeps them, too"
    await put(b"3", "Film")
    await sync.refresh()
    assert path(b"3").samefile(there / "Ada/Film.mp4") and path(b"2").samefile(there / "Ada/Film (2).mp4")
    await items.rename(second, owner, "Other")
    await trash.restore(first, owner)
    await sync.refresh()
    assert path(b"1").samefile(there / "Ada/Film (2).mp4")


async def test_two_swap_their_titles(owner, put, there):
    first, second = await put(b"1", "One"), await put(b"2", "Two")
    await sync.export()
    await items.rename(first, owner, "Two")
    await items.rename(second, owner, "One")
    await sync.refresh()
    assert path(b"1").samefile(there / "Ada/Two.mp4") and path(b"2").samefile(there / "Ada/One.mp4")


async def test_a_folder_that_is_renamed_or_moved_takes_all_below_along(owner, put, there):
    outer, inner = await folders.ensure(owner, "A"), await folders.ensure(owner, "A/B/C")
    await put(b"deep", "Deep", folder=inner)
    await put(b"top", "Top", folder=outer)
    await sync.export()
    await folders.rename(outer, owner, "Z")
    await sync.refresh()
    assert [name for name in listing(there) if name.endswith("mp4")] == ["Ada/Z/B/C/Deep.mp4", "Ada/Z/Top.mp4"]
    await folders.move(inner, owner, None)
    await sync.refresh()
    assert [name for name in listing(there) if name.endswith("mp4")] == ["Ada/C/Deep.mp4", "Ada/Z/Top.mp4"]
    assert not (there / "Ada/A").exists() and not (there / "Ada/Z/B").exists()
    await engine.execute("update account set name = 'Eve' where id = $1", owner)
    await sync.refresh()
    assert [name for name in listing(there) if name.endswith("mp4")] == ["Eve/C/Deep.mp4", "Eve/Z/Top.mp4"]
    assert not (there / "Ada").exists()
    await clean()


async def test_a_new_poster_and_a_new_description_are_followed(owner, put, there):
    item = await put(b"film", "Film")
    await sync.export()
    await put(b"film", "Film", {"poster.jpg": b"p"}, folder=await folders.ensure(owner, "B"))
    await engine.execute("update library_item set uploader = 'Somebody' where id = $1", item)
    await sync.refresh()
    assert (there / "Ada/Film-poster.jpg").samefile(path(b"film", "poster.jpg"))
    assert "<studio>Somebody</studio>" in (there / "Ada/Film.nfo").read_text()
    assert len(listing(there)) == 8


async def test_missing_link_is_tried_again_until_it_exists(owner, put, there):
    await put(b"film", "Film")
    away = path(b"film").with_suffix(".away")
    path(b"film").rename(away)
    assert (await sync.export())[1].missing == 1 and listing(there) == []
    assert await sync.refresh() == 0
    away.rename(path(b"film"))
    assert await sync.refresh() == 2 and await sync.refresh() == 0


async def test_without_a_tree_nothing_is_noted(owner, put):
    await trash.trash(await put(b"film", "Film"), owner)
    assert await engine.fetchval("select count(*) from export_change") == 0


async def test_a_tree_follows_by_itself(owner, put, there, monkeypatch):
    monkeypatch.setattr(sync, "_SOON", 0.01)
    item = await put(b"film", "Film")
    await sync.export()
    following = asyncio.create_task(sync.follow())
    try:
        await asyncio.sleep(0)  # it listens from here on
        await items.rename(item, owner, "Other")
        await eventually(lambda: listing(there) == ["Ada/Other.mp4", "Ada/Other.nfo"], seconds=20)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_very_many_of_one_title(owner, put, there):
    for number in range(12):
        await put(b"%d" % number, "Same" if number % 2 else "SAME " * 100)
    await sync.export()
    for number in range(12, 15):
        await put(b"%d" % number, "SAME " * 100)
        await sync.refresh()
    assert len(listing(there)) == 30 and (await sync.export())[1].kept == 30


@pytest.fixture(params=["vfat", "exfat", "btrfs"])
def mounted(request, tmp_path):
    """A small disk of this kind."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts disks")
    make = shutil.which(f"mkfs.{request.param}", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if make is None:
        pytest.skip(f"there is no mkfs.{request.param}")
    image, place = tmp_path / "image", tmp_path / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate((16 << 20) if request.param != "btrfs" else (128 << 20))
    subprocess.run([make, image], check=True, capture_output=True)
    done = subprocess.run(["mount", "-o", "loop", image, place], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"it cannot be mounted here: {done.stderr.strip()}")
    yield request.param, place
    subprocess.run(["umount", place], check=True)


async def test_a_real_disk_that_knows_no_links(owner, put, mounted):
    kind, place = mounted
    await put(b"film", "Film")
    if kind == "btrfs":
        assert (await sync.export(place / "tree"))[1].symbolic and (place / "tree/Ada/Film.mp4").is_symlink()
        return
    with pytest.raises(errors.Invalid, match="Neither hard nor symbolic links"):
        await sync.export(place / "tree")
    assert list(place.iterdir()) == [] and await engine.fetchval("select count(*) from export_tree") == 0


async def test_folder_with_other_files_is_refused(owner, put, tmp_path):
    await put(b"film", "Film")
    foreign = tmp_path / "cron.d"
    foreign.mkdir()
    (foreign / "job").write_text("* * * * * root true")
    with pytest.raises(errors.ExportFolder):
        await sync.export(foreign)
    assert [file.name for file in foreign.iterdir()] == ["job"]
    assert await engine.fetchval("select count(*) from export_tree") == 0
    (foreign / "job").unlink()
    assert counts((await sync.export(foreign))[1]) == (2, 0, 0)


async def test_mended_file_is_linked_again(owner, put, there):
    await put(b"film", "Film")
    await sync.export()
    path(b"film").chmod(0o644)
    path(b"film").write_bytes(b"rot!")
    await engine.execute("update media_file set damaged_at = now()")
    await put(b"film", "Film")  # fetched again
    await sync.refresh()
    assert (there / "Ada/Film.mp4").read_bytes() == b"film"
    fresh = path(b"film").with_suffix(".new")
    await engine.execute("update media_file set damaged_at = now()")
    fresh.write_bytes(b"film")
    fresh.replace(path(b"film"))
    await engine.execute("update media_file set damaged_at = null")  # brought back by hand, and found by the scrub
    await sync.refresh()
    assert (there / "Ada/Film.mp4").samefile(path(b"film"))


@pytest.mark.parametrize("dead", ["hangs", "fails"])
async def test_dead_tree_holds_up_no_other(owner, put, there, tmp_path, monkeypatch, dead):
    monkeypatch.setattr(sync, "_PATIENCE", 2)
    item = await put(b"film", "Film")
    await sync.export(tmp_path / "dead")
    await sync.export(there)
    go_on = threading.Event()
    is_file = Path.is_file

    def answer(self):
        if self.parent == tmp_path / "dead":
            if dead == "fails":
                raise OSError(errno.ESTALE, "stale")
            go_on.wait(60)
        return is_file(self)

    monkeypatch.setattr(Path, "is_file", answer)
    try:
        for title in ("Other", "Third"):
            await items.rename(item, owner, title)
            async with asyncio.timeout(20):
                await sync.refresh()
            assert listing(there) == [f"Ada/{title}.mp4", f"Ada/{title}.nfo"]
    finally:
        go_on.set()
        monkeypatch.undo()
    while sync._updates:
        await asyncio.wait(sync._updates)
    await sync.refresh()
    assert "Ada/Third.mp4" in listing(tmp_path / "dead")


async def test_tree_of_another_server_is_left_to_it(owner, put, there, monkeypatch):
    item = await put(b"film", "Film")
    await sync.export()
    await items.rename(item, owner, "Other")
    monkeypatch.setattr(sync, "_PATIENCE", 0.3)
    async with tree_lock.locked(str(there)):
        assert await sync.refresh() == 0 and "Ada/Film.mp4" in listing(there)
        with pytest.raises(errors.ExportBusy):
            await sync.export()
    assert await sync.refresh() == 4


async def test_error_of_one_update_does_not_end_the_follower(owner, put, there, monkeypatch):
    """As when two servers note the same file at once."""
    monkeypatch.setattr(sync, "_SOON", 0.01)
    item = await put(b"film", "Film")
    await sync.export()
    failed = asyncio.Event()
    note = update.Update._note_files

    async def fail_once(self, files):
        if not failed.is_set():
            failed.set()
            raise engine.UniqueViolation
        await note(self, files)

    monkeypatch.setattr(update.Update, "_note_files", fail_once)
    following = asyncio.create_task(sync.follow())
    try:
        await asyncio.sleep(0)
        for title in ("Other", "Third"):
            await items.rename(item, owner, title)
            await asyncio.wait_for(failed.wait(), 20)
        await eventually(lambda: listing(there) == ["Ada/Third.mp4", "Ada/Third.nfo"], seconds=20)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_changes_of_a_tree_that_is_away_are_bounded_and_it_is_whole_when_it_comes_back(
    owner, put, there, monkeypatch
):
    monkeypatch.setattr(sync, "_MANY", 10)
    item = await put(b"film", "Film")
    await sync.export()
    there.rename(there.with_name("elsewhere"))
    for number in range(30):
        await items.rename(item, owner, f"Film {number}")
        await sync.refresh()
    assert await engine.fetchval("select count(*) from export_change") <= 10
    there.with_name("elsewhere").rename(there)
    await sync.refresh()
    assert listing(there) == ["Ada/Film 29.mp4", "Ada/Film 29.nfo"]
    assert not await engine.fetchval("select behind or exists (select from export_change) from export_tree")


async def test_description_has_the_metadata_and_follows_its_changes(owner, put, there):
    item = await put(b"film", "Film")
    await sync.export()
    for plot in ("Words & <more>\nSecond line", "Other words"):
        said = {"upload_date": "20240105", "description": plot, "tags": ["a", "b"], "extractor_key": "Site", "id": "x1"}
        await engine.execute("insert into source (key, url) values ('k', 'u') on conflict do nothing")
        async with engine.transaction():
            await metadata.attach(item, ["k"], source_metadata.of_ytdlp(said), private=False)
        assert await sync.refresh() > 0
        movie = ET.parse(there / "Ada/Film (2024).nfo").getroot()
        found = [
            (element.tag, element.text) for element in movie if element.tag not in ("runtime", "dateadded", "fileinfo")
        ]
        dated = [("premiered", "2024-01-05"), ("year", "2024")]
        assert found == [("title", "Film"), ("plot", plot), *dated, ("tag", "a"), ("tag", "b"), ("uniqueid", "x1")]
        assert movie.find("uniqueid").attrib == {"type": "site", "default": "true"}
    assert await sync.refresh() == 0


async def _only_tree() -> dict:
    (tree,) = await trees.page()
    return tree


async def test_tree_whose_folder_gets_a_layout_is_arranged_by_it(owner, put, there):
    folder = await folders.ensure(owner, "Talks/Old")
    await put(b"film", "Hello", folder=folder, uploader="The Airships")
    await sync.export()
    tree = await _only_tree()
    assert tree["path"] == str(there) and tree["users"] is None and tree["layout"] == "film"
    assert tree["folder_layouts"] == {} and not tree["updating"] and not tree["missing"]
    await trees.change(tree["id"], owner, layouts={"Talks": "show"})
    assert (await _only_tree())["updating"]
    await sync.refresh()
    tree = await _only_tree()
    assert tree["folder_layouts"] == {"Talks": "show"} and not tree["updating"]
    assert "Ada/Talks/The Airships/tvshow.nfo" in listing(there)
    await trees.change(tree["id"], owner, layouts={}, kind="show")
    await sync.refresh()
    assert (await _only_tree())["layout"] == "show" and "Ada/The Airships/tvshow.nfo" in listing(there)
    await clean()


async def test_change_of_a_tree_that_is_wrong_is_refused(owner, put, there):
    await put(b"film", "Hello")
    await sync.export()
    tree = await _only_tree()
    with pytest.raises(errors.Invalid):
        await trees.change(tree["id"], owner, layouts={"/": "show"})
    with pytest.raises(errors.NotFound):
        await trees.change(tree["id"] + 1, owner, tagged=True)
    assert await _only_tree() == tree


async def test_change_of_a_tree_during_its_update_is_not_lost(owner, put, there, monkeypatch):
    await put(b"film", "Hello", uploader="The Airships")
    await sync.export()
    tree, settle, changed = await _only_tree(), layout.Layout.settle, threading.Event()

    def and_meanwhile(self, *args):
        if not changed.is_set():
            changed.set()
            engine.call(trees.change(tree["id"], owner, kind="show"))
        return settle(self, *args)

    await trees.change(tree["id"], owner, kind="music")
    monkeypatch.setattr(layout.Layout, "settle", and_meanwhile)
    await sync.refresh()
    assert (await _only_tree())["updating"]
    await sync.refresh()
    assert not (await _only_tree())["updating"] and "Ada/The Airships/tvshow.nfo" in listing(there)
    await clean()


async def test_removed_tree_is_missing_until_it_is_exported_again(owner, put, there):
    await put(b"film", "Hello")
    await sync.export()
    shutil.rmtree(there)
    assert (await _only_tree())["missing"]
    await sync.export()
    assert not (await _only_tree())["missing"]
    await clean()
