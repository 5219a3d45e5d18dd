"""A full disk stops politely: one clear line, no half file, no attempt lost, no restart needed (P8)."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import deep
from tests.faults import share as shares
from tests.faults.program import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk"),
    pytest.mark.timeout(600),
]


# The size at which the disk is full, in KiB: at the beginning, in the middle and near the end of the film.
POINTS = [40 + 128 * number // max(1, deep.count(8, 3) - 1) for number in range(deep.count(8, 3))]


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of its own at `folder`."""
    folder.mkdir(parents=True, mode=0o711)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0711", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def enlarge(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)


@pytest.mark.promise(8)
@pytest.mark.parametrize("kilobytes", POINTS)
def test_a_full_media_folder(program, folder, films_site, kilobytes):
    size = films_site.size()
    assert size > 168 << 10, "the film is larger than each of the disks"
    (url,) = films_site(1)
    with small_disk(folder / "share", kilobytes) as share:
        server = program(media=share)
        said = server.command("get", url)
        assert said.returncode == 1
        lines = [line for line in said.stderr.splitlines() if "[" in line]
        assert len(lines) == 1 and lines[0].endswith("[disk_full]"), said.stderr
        assert "Traceback" not in said.stderr
        assert server.work() == [] and _files(share) == []

        server.start()
        id = server.submit(url)
        row = _told(server, id)
        assert (row["state"], row["error"]["code"], row["attempt"]) == ("queued", "disk_full", 0)
        assert _files(share) == []
        enlarge(share)
        until(lambda: server.download(id)["state"] == "done", 60, "it goes on")
        assert server.download(id)["attempt"] == 1
        assert len(_files(share)) == 2  # the film and its picture
        server.assert_clean()
        server.stop()


@pytest.mark.promise(8)
@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="there is no FUSE here")
def test_hidden_quota_of_the_disk_is_met(program, folder, films_site):
    """The disk has space, and each write beyond the quota is refused (EDQUOT)."""
    with shares.mounted(folder) as share:
        server = program(media=share.point, mount_check_seconds=0.3).start()
        for url, kilobytes in zip(films_site(len(POINTS)), POINTS, strict=True):
            share.quota(kilobytes << 10)
            id = server.submit(url)
            row = _told(server, id)
            assert (row["error"]["code"], row["attempt"] <= 1) == ("disk_full", True), row
            share.end("quota")
            until(lambda id=id: server.download(id)["state"] == "done", 60, "it goes on")
            assert server.download(id)["attempt"] == 1
        server.assert_clean()
        assert len(_files(share.kept)) == 2 * len(POINTS)
        server.stop()


@pytest.mark.promise(8)
def test_a_full_disk_for_work_in_progress(program, folder, films_site):
    (url,) = films_site(1)
    server = program()
    server.state.mkdir(mode=0o711)
    with small_disk(server.state / "work", 100) as disk:
        server.start()
        id = server.submit(url)
        row = _told(server, id)
        assert (row["state"], row["error"]["code"], row["attempt"]) == ("queued", "disk_full", 0)
        enlarge(disk)
        until(lambda: server.download(id)["state"] == "done", 60, "it goes on")
        server.assert_clean()
        server.stop()


def _told(server: Any, id: int) -> dict[str, Any]:
    """Return the row of a download as it was when it waited for the disk: the next attempt clears that.

    It may first wait for another download of its source.
    """

    def waiting() -> dict[str, Any] | None:
        row = server.download(id)
        return row if row["state"] == "queued" and row["error"] and row["error"]["code"] == "disk_full" else None

    return until(waiting, 60, "it waits for the disk")


def _files(share: Path) -> list[Path]:
    return [path for folder in ("store", "incoming") for path in (share / folder).rglob("*") if path.is_file()]
