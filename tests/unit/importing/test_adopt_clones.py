"""Import on a disk that can share blocks between files (reflink): nothing is copied, and a copy's promises hold."""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.importing import importer
from mediafetcher.library.storage import blob_store, check, mount, reflink
from tests.factories import add_user

MIB = 1 << 20
DISKS = {"btrfs": ([], 160), "xfs": (["-m", "reflink=1"], 320)}


@pytest.fixture(params=list(DISKS))
def disk(request, tmp_path):
    """A small disk of this kind, mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts disks")
    options, size = DISKS[request.param]
    make = shutil.which(f"mkfs.{request.param}", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if make is None:
        pytest.skip(f"there is no mkfs.{request.param}")
    image, place = tmp_path / "image", tmp_path / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(size * MIB)
    subprocess.run([make, *options, image], check=True, capture_output=True)
    done = subprocess.run(["mount", "-o", "loop", image, place], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"it cannot be mounted here: {done.stderr.splitlines()[0]}")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)
        image.unlink()


@pytest.fixture
async def owner(database, state, disk) -> int:
    settings.use(dataclasses.replace(settings.get(), media=disk / "media"))
    assert (await mount.prepare()).state == "online"
    return await add_user("ada", admin=True)


def _free(disk: Path) -> int:
    subprocess.run(["sync", "-f", disk], check=True)
    facts = os.statvfs(disk)
    return facts.f_bavail * facts.f_frsize


async def test_a_film_is_shared_with_its_source_until_one_is_written(owner, disk, media_corpus):
    film = disk / "films" / "film.mp4"
    film.parent.mkdir()
    padding = 32 * MIB
    with film.open("wb") as file:
        file.write((media_corpus / "ok.mp4").read_bytes())
        file.write((8 + padding).to_bytes(4, "big") + b"free" + os.urandom(padding))
    kept, before = film.read_bytes(), _free(disk)
    [done] = [one async for one in importer.adopt(owner, [film.parent])]
    assert (done.result, done.copied) == ("added", 0), done
    assert before - _free(disk) < 8 * MIB, "its bytes are on the disk once"
    [stored] = (mount.root() / "store").rglob("*.mp4")
    assert stored.stat().st_ino != film.stat().st_ino
    with film.open("r+b") as file:
        file.seek(len(kept) // 2)
        file.write(b"written to since")
    assert stored.read_bytes() == kept, "what is stored is not what somebody writes to"
    film.unlink()
    assert blob_store.verify(stored).hex() == stored.stem
    assert await check.check(read_data=True) == []


async def test_a_clone_across_disks_is_refused_and_it_is_copied(owner, disk, tmp_path):
    (tmp_path / "a").write_bytes(b"bytes")
    with (tmp_path / "a").open("rb") as source, (disk / "b").open("w+b") as target:
        assert not reflink.clone(source.fileno(), target.fileno())
    staged = await blob_store.stage(tmp_path / "a")
    assert not staged.shared and staged.path.read_bytes() == b"bytes"
    blob_store.discard(staged)
