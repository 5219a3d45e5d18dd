"""The whole program from the command line, as its first user would type it: link in, file on the media folder."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.core import settings
from tests.faults.program import drain, free_port, until

REPOSITORY = Path(__file__).parents[2]


class Shell:
    """`mediafetcher ...` on one state folder, with the fixture site allowed."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.state = folder / "state"
        chosen = {"state": self.state, "allow_hosts": "127.0.0.1", "trash_days": 0, "grace_hours": 0, "min_free": 0}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
        wanted = chosen | given
        self.environment = inherited | {f"{settings.PREFIX}{name.upper()}": str(v) for name, v in wanted.items()}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mediafetcher", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "mediafetcher", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        """`get --json` that succeeds. Returns: what it says of each link."""
        done = self("get", "--json", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def files(self) -> list[Path]:
        """The media files of the store."""
        return sorted(path for path in (self.state / "media" / "store").rglob("*.m*") if path.is_file())

    def assert_clean(self) -> None:
        """The checker finds nothing and nothing half done lies about."""
        found = self("check", "--read-data")
        assert found.returncode == 0, found.stdout + found.stderr
        assert list((self.state / "media" / "incoming").glob("*")) == []
        until(lambda: list((self.state / "work").iterdir()) == [], 10, "no folder of an ended download")


@pytest.fixture
def shell(folder: Path) -> Shell:
    return Shell(folder)


@pytest.fixture
def served(folder: Path) -> Iterator[Callable[..., Shell]]:
    """A shell beside a running server, which runs the commands: none of them starts a database."""
    started: list[subprocess.Popen[str]] = []
    readers: list[threading.Thread] = []

    def serve(**given: Any) -> Shell:
        shell = Shell(folder, port=free_port(), **given)
        process = shell.start("serve")
        started.append(process)
        assert process.stdout is not None and process.stderr is not None
        assert any("is ready" in line for line in process.stdout), process.stderr.read()
        for stream in (process.stdout, process.stderr):
            readers.append(drain(stream))
        return shell

    yield serve
    for process in started:
        process.terminate()
        assert process.wait(60) == 0
    for reader in readers:
        reader.join(10)


@pytest.mark.timeout(300)
def test_three_kinds_of_link_become_three_playable_files(shell, site):
    links = [site.url(f"/media/{name}") for name in ("vp9_opus.webm", "h264_aac.mkv", "ok.mp4")]
    got = shell.get(*links)
    assert {one["state"] for one in got} == {"done"}
    assert [one["item"]["media"]["kind"] for one in got] == ["video/mp4"] * 3
    assert all(one["item"]["media"]["video_codec"] == "h264" for one in got)
    assert all(one["item"]["media"]["audio_codec"] == "aac" for one in got)
    assert sorted(Path(one["path"]) for one in got) == shell.files()
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_references_are_counted_from_the_first_link_to_the_last_rm(shell, site):
    link = site.url("/media/ok.mp4")
    [first] = shell.get(link)
    asked = len(site.log)
    [again] = shell.get(link)
    assert again["item"]["id"] == first["item"]["id"]
    assert len(site.log) == asked, "the same link again asks nobody"

    [other] = shell.get(site.url("/norange/ok.mp4"))
    assert other["item"]["id"] != first["item"]["id"]
    assert other["item"]["media"]["sha256"] == first["item"]["media"]["sha256"]
    assert other["item"]["media"]["ref_count"] == 2
    assert len(shell.files()) == 1

    kept = shell("rm", str(first["item"]["id"]))
    assert kept.returncode == 0 and "1 other item still uses the file" in kept.stdout
    assert len(shell.files()) == 1
    assert shell("rm", str(other["item"]["id"])).returncode == 0
    assert shell.files() == []
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_the_same_name_with_other_bytes_is_another_file(shell, site):
    one, two = shell.get(site.url("/same-name/a/film.mp4"), site.url("/same-name/b/film.mp4"))
    assert one["item"]["media"]["sha256"] != two["item"]["media"]["sha256"]
    assert len(shell.files()) == 2
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_a_link_that_cannot_be_had_is_one_clear_line(served, site):
    shell = served()
    cases = {
        site.url("/media/html.mp4"): "not_media",
        site.url("/404"): "gone",
        "http://127.0.0.1:1/film.mp4": "network",
        "file:///etc/passwd": "unsupported_scheme",
        "http://192.168.77.1/film.mp4": "blocked_address",
        "no link at all": "invalid_url",
    }
    for link, code in cases.items():
        said = shell("get", link)
        assert said.returncode == 1
        lines = [line for line in said.stderr.splitlines() if "[" in line]
        assert len(lines) == 1 and lines[0].endswith(f"[{code}]"), (link, said.stderr)
        assert "Traceback" not in said.stderr
    assert shell.files() == []
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_trash_and_back(served, site):
    shell = served(trash_days=30)
    [got] = shell.get("--folder", "Films/New", site.url("/media/ok.mp4"))
    item = str(got["item"]["id"])
    assert got["item"]["folder"] == "Films/New"
    assert "restore" in shell("rm", item).stdout
    assert shell("list").stdout == ""
    assert shell("restore", item).returncode == 0
    listed = [json.loads(line) for line in shell("list", "--json", "--folder", "Films").stdout.splitlines()]
    assert [str(one["id"]) for one in listed] == [item]
    shell("rm", item)
    assert json.loads(shell("list", "--trash", "--json").stdout)["id"] == int(item)
    assert "Would permanently delete 1 item; " in shell("purge", "--dry-run").stdout
    assert "Permanently deleted 1 item; " in shell("purge").stdout
    assert shell("list", "--trash").stdout == "" and "Permanently deleted 0 items" in shell("purge").stdout
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_blocked_source_is_refused_by_get(served, site):
    shell = served()
    link = site.url("/media/ok.mp4")
    assert "--undo" in shell("never", link).stdout
    assert link in shell("never").stdout
    refused = shell("get", link)
    assert refused.returncode == 1 and "[never_again]" in refused.stderr and site.log == []
    assert "can be downloaded again" in shell("never", "--undo", link).stdout
    assert "[not_found]" in shell("never", "--undo", link).stderr
    assert shell("get", link).returncode == 0
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_two_commands_at_once_help_each_other(shell, site):
    shell("list")  # the state folder is made, so that neither waits for that
    links = [site.url(f"/media/{name}") for name in ("ok.mp4", "h264_aac.mkv")]
    both = [shell.start("get", "--json", link) for link in links]
    for one in both:
        out, error = one.communicate(timeout=120)
        assert one.returncode == 0, error
        assert json.loads(out)["state"] == "done"
    assert len(shell.files()) == 2
    shell.assert_clean()


@pytest.mark.timeout(300)
def test_users_tokens_and_settings_are_managed(served):
    shell = served()
    code = shell("setup").stdout.strip()
    assert len(code) > 15 and shell("setup").stdout.strip() == code
    assert shell("user", "add", "ada", "--admin", stdin="correct horse battery\n").returncode == 0
    assert shell("setup").returncode == 1
    weak = shell("user", "add", "bob", stdin="password\n")
    assert weak.returncode == 1 and "[weak_password]" in weak.stderr
    token = shell("token", "create", "--user", "ada", "--scope", "read").stdout.strip()
    assert token.startswith("mf_")
    assert "trash_days = 0.0" in shell("settings").stdout
    assert shell("get").returncode == 2
    assert shell("nonsense").returncode == 2


@pytest.mark.timeout(300)
def test_import_adopts_what_lies_there(folder, shell, media_corpus):
    disk = folder / "disk"
    (disk / "Music").mkdir(parents=True)
    shutil.copyfile(media_corpus / "ok.mp4", disk / "film.mp4")
    shutil.copyfile(media_corpus / "hevc_aac.mp4", disk / "phone.mp4")
    shutil.copyfile(media_corpus / "a.mp3", disk / "Music" / "song.mp3")
    (disk / "notes.txt").write_text("no film")
    first = shell("import", os.path.relpath(disk, REPOSITORY), "--folder", "From disk")
    assert first.returncode == 0, first.stderr
    assert f"skipped: {disk}/notes.txt: " in first.stdout
    assert "imported as is, not playable in every browser" in first.stdout and "hevc" in first.stdout
    *_, total, hint = first.stdout.splitlines()
    assert "3 added, 0 known, 1 skipped" in total and "Convert for browsers" in hint
    listed = [json.loads(line) for line in shell("list", "--json").stdout.splitlines()]
    assert {one["folder"] for one in listed} == {"From disk", "From disk/Music"}

    again = shell("import", "--json", "--folder", "From disk", str(disk), str(disk / "nothing"))
    assert again.returncode == 1 and "Traceback" not in again.stderr
    *files, report = [json.loads(line) for line in again.stdout.splitlines()]
    assert [one["result"] for one in files] == ["known", "skipped", "known", "known", "failed"]
    assert report == {"added": 0, "known": 3, "skipped": 1, "failed": 1, "copied": 0, "saved": report["saved"]}

    moved = shell("import", "--move", "--folder", "From disk", str(disk))
    assert moved.returncode == 0, moved.stderr
    assert sorted(path.name for path in disk.rglob("*") if path.is_file()) == ["notes.txt"]
    assert len(shell.files()) == 3
    shell.assert_clean()


def test_get_of_links_of_one_site_waits_for_their_turn(folder, site):
    shell = Shell(folder, max_downloads_per_site=1)
    got = shell.get(site.url("/slow/100/ok.mp4"), site.url("/media/h264_aac.mkv"), site.url("/media/vp9_opus.webm"))
    assert [one["state"] for one in got] == ["done"] * 3
