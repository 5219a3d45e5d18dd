"""Import: what comes in, what is kept once, what stays untouched, and what an end at any moment leaves."""

import asyncio
import dataclasses
import hashlib
import json
import os
import shutil
import signal
import stat
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.db import engine
from mediafetcher.importing import importer
from mediafetcher.library.catalog import bulk_insert, folders, items
from mediafetcher.library.export import sync
from mediafetcher.library.storage import blob_store, check, mount, reflink, sweeper
from mediafetcher.media import ffmpeg

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts" / "lib"))
from library_bench import FILMS, make_files

from mediafetcher.library.catalog import queries, trash, watching
from tests.factories import add_user

DRIVER = Path(__file__).with_name("adopt_driver.py")


@pytest.fixture(autouse=True)
async def _ready(database, state, media_online):
    pass


@pytest.fixture
async def owner(database) -> int:
    return await add_user("ada", admin=True)


@pytest.fixture
def films(tmp_path) -> Path:
    """The folder to import, beside the state folder and so on the store's file system."""
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


@pytest.fixture
def put(films, media_corpus):
    """`put("A/film.mp4", "ok.mp4")`: a file of the corpus at that place. Returns: its path."""

    def copy(place: str, name: str = "ok.mp4") -> Path:
        target = films / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(media_corpus / name, target)
        return target

    return copy


async def _run(owner: int, *paths: Path, **more) -> list[importer.Outcome]:
    return [outcome async for outcome in importer.adopt(owner, list(paths), **more)]


async def _items(owner: int) -> dict[str, dict]:
    """The user's items by folder and title."""
    found, cursor = [], None
    while True:
        page = await queries.page(owner, folder="", deep=True, limit=100, cursor=cursor)
        found += page["items"]
        if (cursor := page["next"]) is None:
            return {f"{item['folder']}/{item['title']}".lstrip("/"): item for item in found}


def _stored(item: dict) -> Path:
    return blob_store.path_of(bytes.fromhex(item["media"]["sha256"]), item["media"]["ext"])


def _driver(dsn: str, state: Path, films: Path, how: str, point: str) -> list[str]:
    return [sys.executable, str(DRIVER), dsn, str(state), str(mount.root()), str(films), how, point]


async def _clean() -> None:
    assert list(settings.get().work.iterdir()) == []
    assert list(mount.incoming().iterdir()) == []
    assert await check.check(read_data=True) == []


def _shape(folder: Path) -> dict[str, tuple]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_ino, path.stat().st_nlink)
        for path in folder.rglob("*")
    }


# ---- what comes in ---------------------------------------------------------------------------------------


async def test_a_tree_becomes_folders_and_the_source_stays_as_it_was(owner, films, put):
    put("ok.mp4")
    put("Music/Live/a.mp3", "a.mp3")
    put("Music/vp9.webm", "vp9_opus.webm")
    (films / "notes.txt").write_text("not a film")
    put("cover.jpg", "cover.jpg")
    before = _shape(films)
    done = {outcome.path.name: outcome for outcome in await _run(owner, films, folder="From/Disk")}
    assert {name: one.result for name, one in done.items()} == {
        **dict.fromkeys(("ok.mp4", "a.mp3", "vp9.webm"), "added"),
        **dict.fromkeys(("notes.txt", "cover.jpg"), "skipped"),
    }
    assert done["cover.jpg"].why == "it is a picture" and done["notes.txt"].why
    got = await _items(owner)
    assert set(got) == {"From/Disk/ok", "From/Disk/Music/Live/a", "From/Disk/Music/vp9"}
    film = got["From/Disk/ok"]
    assert film["poster"] and film["duration"] == pytest.approx(4, abs=0.2) and film["media"]["width"] == 320
    assert _stored(film).read_bytes() == (films / "ok.mp4").read_bytes()
    assert stat.S_IMODE(_stored(film).stat().st_mode) == 0o444 and _stored(film).stat().st_nlink == 1
    assert _shape(films) == before
    await _clean()


async def test_folder_that_is_deleted_meanwhile_is_made_again(owner, films, put, monkeypatch):
    put("Music/film.mp4")
    add, deleted = bulk_insert.add, []

    async def after_deletion(*given):
        if not deleted:  # a user deletes it while the file is on its way into the store
            deleted.extend(await folders.delete(await folders.find(owner, "From"), owner) or ["From"])
        return await add(*given)

    monkeypatch.setattr(bulk_insert, "add", after_deletion)
    [done] = await _run(owner, films, folder="From/Disk")
    assert deleted and done.result == "added"
    assert set(await _items(owner)) == {"From/Disk/Music/film"}
    await _clean()


@pytest.mark.parametrize(
    ("name", "kind", "codec"),
    [
        ("hevc_aac.mp4", "video/mp4", "hevc"),
        ("vp9_opus.webm", "video/webm", "vp9"),
        ("h264_aac.mkv", "video/x-matroska", "h264"),
        ("wmv2_wma2.wmv", "video/x-ms-wmv", "wmv2"),
    ],
)
async def test_file_that_some_browsers_refuse_is_taken_unchanged_and_reported(owner, put, name, kind, codec):
    path = put("film.mp4", name)  # its name lies about what it is
    [done] = await _run(owner, path)
    assert done.result == "added" and done.why
    [item] = (await _items(owner)).values()
    assert (item["media"]["kind"], item["media"]["video_codec"]) == (kind, codec)
    assert _stored(item).read_bytes() == path.read_bytes()
    await _clean()


async def test_equal_bytes_are_kept_once(owner, films, put):
    put("A/one.mp4"), put("A/two.mp4"), put("B/three.mp4")
    done = await _run(owner, films)
    assert [one.result for one in done] == ["added", "known", "added"]
    assert done[1].item == done[0].item and done[2].copied in (0, done[2].size)
    got = await _items(owner)
    assert {item["media"]["ref_count"] for item in got.values()} == {2} and set(got) == {"A/one", "B/three"}
    await _clean()


async def test_two_imports_at_once_add_once(owner, films, put):
    put("one.mp4"), put("two.mp3", "a.mp3")
    both = await asyncio.gather(_run(owner, films), _run(owner, films))
    assert sorted(one.result for done in both for one in done) == ["added", "added", "known", "known"]
    assert len(await _items(owner)) == 2
    await _clean()


async def test_faulty_file_of_a_group_is_named_and_the_others_are_added(owner, films, put):
    paths = [put(f"{number}.mp4", name) for number, name in enumerate(["ok.mp4", "h264_baseline.mp4", "a_fast.m4a"])]
    in_the_way = blob_store.path_of(hashlib.sha256(paths[1].read_bytes()).digest(), ".mp4").parent
    in_the_way.write_text("a file where a folder of the store should be")
    done = await _run(owner, films)
    assert [one.result for one in done] == ["added", "failed", "added"], done
    in_the_way.unlink()
    assert [one.result for one in await _run(owner, films)] == ["known", "added", "known"]
    await _clean()


async def test_many_files_take_few_starts_and_few_commits(owner, films, monkeypatch):
    """Many files are fast: they share FFmpeg's starts and transactions, and memory does not grow."""
    make_files(films, 200)
    starts, run = [], ffmpeg.run

    async def counting(*args, **more):
        starts.append(args)
        return await run(*args, **more)

    monkeypatch.setattr(ffmpeg, "run", counting)
    commits = await engine.fetchval("select xact_commit from pg_stat_database where datname = current_database()")
    done = await _run(owner, films)
    assert [one.result for one in done] == ["added"] * 200 and len({one.item for one in done}) == 200
    posters = 200 // FILMS
    assert len(starts) <= posters + 200 // importer._GROUP + 1
    assert len(await _items(owner)) == 200
    await engine.execute("select pg_stat_force_next_flush()")
    used = await engine.fetchval("select xact_commit from pg_stat_database where datname = current_database()")
    assert used - commits < 100
    await _clean()


# ---- the second run --------------------------------------------------------------------------------------


async def test_a_second_run_reads_nothing_and_adds_nothing(owner, films, put):
    put("one.mp4"), put("two.mp3", "a.mp3")
    first = await _run(owner, films)
    for path in films.iterdir():
        os.utime(path, ns=(0, path.stat().st_mtime_ns))  # so that reading would show: relatime sets it again
    again = await _run(owner, films)
    assert [(one.result, one.item) for one in again] == [("known", one.item) for one in first]
    assert all(path.stat().st_atime_ns == 0 for path in films.iterdir())

    await items.rename(first[0].item, owner, "Another name")
    await items.move(first[0].item, owner, await folders.ensure(owner, "Elsewhere"))
    assert (await _run(owner, films))[0].result == "known", "it is known wherever it was put since"

    os.utime(films / "two.mp3")
    touched = await _run(owner, films)
    assert [(one.result, one.item) for one in touched] == [("known", one.item) for one in first], "by its hash"
    assert len(await _items(owner)) == 2
    await _clean()


async def test_import_of_what_is_in_the_trash_brings_it_back(owner, films, put):
    """Also if the file is known by its place alone, and need not be read for that."""
    put("A/film.mp4")
    (first,) = await _run(owner, films)
    await watching.report(first.item, owner, 7.0)
    await trash.trash(first.item, owner)
    (again,) = await _run(owner, films)
    assert (again.result, again.item) == ("added", first.item)
    assert list(await _items(owner)) == ["A/film"]
    assert (await queries.trashed(owner))["items"] == []
    (known,) = await _run(owner, films)
    assert known.result == "known"


async def test_import_tells_no_items_of_other_users(owner, films, put):
    put("one.mp4")
    await _run(owner, films)
    other = await add_user("bob")
    [done] = await _run(other, films)
    assert done.result == "added"
    [item] = (await _items(other)).values()
    assert item["media"]["ref_count"] == 2


async def test_broken_off_it_goes_on_where_it_was(owner, films, put, monkeypatch):
    monkeypatch.setattr(importer, "_GROUP", 1)
    put("1.mp4"), put("2.mp3", "a.mp3"), put("3.mp4", "h264_baseline.mp4")
    async with aclosing(importer.adopt(owner, [films])) as running:
        assert (await anext(running)).result == "added"
    await _clean()
    again = [one.result for one in await _run(owner, films)]
    assert again[0] == "known" and again[2] == "added", "one group was under way beside the first"
    assert len(await _items(owner)) == 3
    await _clean()


# ---- move ------------------------------------------------------------------------------------------------


async def test_move_brings_the_file_itself(owner, films, put):
    path = put("A/film.mp4")
    number = path.stat().st_ino
    [done] = await _run(owner, films, move=True)
    assert (done.result, done.copied, done.moved) == ("added", 0, True)
    assert not path.exists()
    [item] = (await _items(owner)).values()
    status = _stored(item).stat()
    assert (status.st_ino, status.st_nlink, stat.S_IMODE(status.st_mode)) == (number, 1, 0o444)
    await _clean()


async def test_move_copies_a_file_that_is_still_written(owner, films, put):
    linked, written, foreign = put("1.mp4"), put("2.mp3", "a.mp3"), put("3.mp4", "h264_baseline.mp4")
    other_name = films.parent / "other-name.mp4"
    os.link(linked, other_name)
    if os.geteuid() == 0:
        os.chown(foreign, 12345, 12345)
    numbers = {path.name: path.stat().st_ino for path in films.iterdir()}
    with written.open("ab"):
        done = await _run(owner, films, move=True)
    assert all(one.result == "added" and one.moved for one in done), done
    assert list(films.iterdir()) == [] and other_name.stat().st_mode & 0o200
    got = await _items(owner)
    for title, name in (("1", "1.mp4"), ("2", "2.mp3"), *((("3", "3.mp4"),) if os.geteuid() == 0 else ())):
        assert _stored(got[title]).stat().st_ino != numbers[name]
    await _clean()


async def test_move_leaves_what_was_not_taken(owner, films, put):
    (films / "notes.txt").write_text("not a film")
    target = put("film.mp4")
    link = films.parent / "link.mp4"
    link.symlink_to(target)
    [refused] = await _run(owner, link, move=True)
    assert refused.result == "failed" and link.is_symlink() and target.exists()
    done = await _run(owner, films, move=True)
    assert {one.path.name: one.moved for one in done} == {"notes.txt": False, "film.mp4": True}
    assert [path.name for path in films.iterdir()] == ["notes.txt"]


async def test_move_of_what_is_stored_already_proves_the_stored_bytes_first(owner, films, put):
    put("one.mp4")
    await _run(owner, films)
    [done] = await _run(owner, films, move=True)
    assert (done.result, done.moved) == ("known", True) and list(films.iterdir()) == []

    path = put("one.mp4")
    stored = _stored(next(iter((await _items(owner)).values())))
    stored.chmod(0o644)
    with stored.open("r+b") as file:
        file.write(b"XXXX")
    [done] = await _run(owner, films, move=True)
    assert done.result == "failed" and "damaged" in done.why and path.exists()
    assert os.access(path, os.W_OK) and path.stat().st_mode & 0o200, "its rights are as they were"


async def test_a_move_that_fails_gives_the_rights_back(owner, films, put, monkeypatch):
    path = put("film.mp4")
    path.chmod(0o640)
    kept, (media, sentinel) = path.read_bytes(), (mount.root(), mount.SENTINEL)

    def unplug(found, part):  # the share goes away after the staging
        if part and (media / sentinel).exists():
            (media / sentinel).rename(media / "hidden")

    with pytest.raises(errors.MediaOffline):
        await _run(owner, films, move=True, on_progress=unplug)
    (media / "hidden").rename(media / sentinel)
    assert path.read_bytes() == kept and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert await _items(owner) == {}
    await mount.refresh()
    assert [one.result for one in await _run(owner, films, move=True)] == ["added"]
    await _clean()


@pytest.mark.parametrize("point", ["staged", "placed", "committed"])
@pytest.mark.parametrize("how", ["move", "copy"])
async def test_killed_at_the_worst_moments_nothing_is_lost(owner, films, put, database, state, point, how):
    path = put("film.mp4")
    kept = path.read_bytes()
    program = await asyncio.create_subprocess_exec(*_driver(database, state, films, how, point))
    assert await program.wait() == -signal.SIGKILL
    assert path.read_bytes() == kept, "until its bytes are committed and proved, it keeps its name"
    await sweeper.sweep()
    assert await check.check(read_data=True) == []

    [done] = await _run(owner, films, move=how == "move")
    assert done.result == ("known" if point == "committed" else "added")
    assert path.exists() == (how == "copy")
    [item] = (await _items(owner)).values()
    assert _stored(item).read_bytes() == kept and item["media"]["ref_count"] == 1
    await _clean()


async def test_killed_with_a_whole_group_in_the_store_it_is_all_swept(owner, films, database, state):
    """However much it is: the sweeper leaves many files alone only where it does not know how they came there."""
    make_files(films, 60)
    program = await asyncio.create_subprocess_exec(*_driver(database, state, films, "copy", "placed"))
    assert await program.wait() == -signal.SIGKILL
    assert len(list((mount.root() / "store").rglob("*.m*"))) == 60
    settings.use(dataclasses.replace(settings.get(), grace_hours=0))
    await sweeper.sweep()
    assert [path for path in (mount.root() / "store").rglob("*") if path.is_file()] == []
    assert await engine.fetchval("select count(*) from media_file") == 0
    assert {one.result for one in await _run(owner, films)} == {"added"}
    await _clean()


async def test_after_a_killed_move_a_plain_import_has_a_copy_of_its_own(owner, films, put, database, state):
    path = put("film.mp4")
    program = await asyncio.create_subprocess_exec(*_driver(database, state, films, "move", "placed"))
    assert await program.wait() == -signal.SIGKILL
    assert path.stat().st_nlink == 2, "the store has the file itself"
    [done] = await _run(owner, films)
    [item] = (await _items(owner)).values()
    assert done.result == "added" and _stored(item).stat().st_ino != path.stat().st_ino
    await _clean()


# ---- what lies about on disks ----------------------------------------------------------------------------


async def test_hostile_names_are_stored_safely(owner, films, put, media_corpus):
    long = "x" * 251 + ".mp4"
    names = {
        "new\nline\n  Duration: 99:00:00.00, start.mp4": "new line Duration: 99:00:00.00, start",
        "rtl\u202egpj.mp4": "rtl gpj",
        long: "x" * 251,
        "-rf.mp4": "-rf",
        "100%s%d'\";$(id).mp4": "100%s%d'\";$(id)",
        "concat:a|b.mp4": "concat:a|b",
    }
    for name in names:
        with put(f"d/{name}").open("ab") as file:  # other bytes each, in a box that says nothing
            file.write((8 + len(name.encode())).to_bytes(4, "big") + b"free" + name.encode())
    os.makedirs(os.fsencode(films) + b"/bad \xff\n dir")
    shutil.copyfile(media_corpus / "a.mp3", os.fsencode(films) + b"/bad \xff\n dir/bad \xff name.mp3")
    done = await _run(owner, films)
    assert {one.result for one in done} == {"added"}, done
    got = await _items(owner)
    assert set(got) == {f"d/{title}" for title in names.values()} | {"bad � dir/bad � name"}
    assert all(item["duration"] < 5 for item in got.values())
    await _clean()


async def test_forbidden_file_is_named_and_the_rest_continues(owner, films, put, database, state):
    put("1.m4a", "a_fast.m4a"), put("2/closed.mp4").chmod(0), put("3.mp3", "a.mp3")
    (films / "dir").mkdir(mode=0)
    program = await asyncio.create_subprocess_exec(
        *_driver(database, state, films, "copy", "plain"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    assert program.returncode == 0
    denied = ["failed", "cannot be read (Permission denied)"]
    assert json.loads(said) == {"1.m4a": ["added", ""], "closed.mp4": denied, "3.mp3": ["added", ""], "dir": denied}
    assert len(await _items(owner)) == 2


async def test_deeper_than_folders_may_be(owner, films, put):
    put("/".join(["d"] * 40) + "/film.mp4")
    [done] = await _run(owner, films, folder="Top")
    [item] = (await _items(owner)).values()
    assert done.result == "added" and item["folder"] == "/".join(["Top", *["d"] * 31])


async def test_links_pipes_and_empty_files_are_passed_over(owner, films, put, media_corpus):
    put("real.mp4")
    (films / "out").symlink_to(media_corpus, target_is_directory=True)
    (films / "out.mp4").symlink_to(media_corpus / "h264_baseline.mp4")
    (films / "in.mp4").symlink_to("real.mp4")
    (films / "loop").symlink_to(films)
    os.mkfifo(films / "pipe.mp4")
    (films / "empty.mp4").touch()
    async with asyncio.timeout(30):
        done = {one.path.name: (one.result, one.why) for one in await _run(owner, films)}
    link = ("skipped", "is a symbolic link")
    assert done == {
        **dict.fromkeys(("out", "out.mp4", "in.mp4", "loop"), link),
        "pipe.mp4": ("skipped", "not a file"),
        "empty.mp4": ("skipped", "empty file"),
        "real.mp4": ("added", ""),
    }


async def test_the_store_and_what_a_nas_keeps_are_not_imported(owner, films, put, state):
    put("film.mp4"), put("@eaDir/film.mp4"), put(".Trash-0/film.mp4"), put("#recycle/film.mp4")
    await _run(owner, films)
    [item] = (await _items(owner)).values()
    assert await _run(owner, mount.root() / "store", move=True) == [], "there is nothing to adopt"
    for where in (mount.root(), _stored(item), state):
        done = await _run(owner, where, move=True)
        assert [one.result for one in done] == ["failed"], (where, done)
    await sync.export(films.parent / "shown", owner)
    again = {one.path.name: one.result for one in await _run(owner, films.parent)}
    assert again == {"film.mp4": "added", "state": "skipped", "shown": "skipped"}, "in the folder `films` now"
    assert _stored(item).exists()
    await _clean()


async def test_unreadable_file_is_named_and_the_rest_continues(owner, films, put):
    put("1.mp4"), put("3.mp3", "a.mp3")
    gone = films.parent / "not-there"
    cut = put("2.mp4", "h264_baseline.mp4")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    done = await _run(owner, gone, films)
    assert [one.result for one in done] == ["failed", "added", "skipped", "added"], done
    assert "No such file" in done[0].why and cut.exists()
    await _clean()


async def test_a_file_that_changes_meanwhile_is_not_taken(owner, films, put):
    path = put("film.mp4", "long.webm")

    def write(found, part):
        if part < 1:
            with path.open("ab") as file:
                file.write(b"more")

    [done] = await _run(owner, films, on_progress=write)
    assert done.result == "failed" and "changed while it was read" in done.why
    assert await _items(owner) == {}
    await _clean()


# ---- bytes without a copy --------------------------------------------------------------------------------


async def test_file_system_without_clones_gets_a_copy(tmp_path):
    (tmp_path / "a").write_bytes(b"bytes")
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("w+b") as target:
        cloned = reflink.clone(source.fileno(), target.fileno())
    assert (tmp_path / "b").read_bytes() == (b"bytes" if cloned else b"")
