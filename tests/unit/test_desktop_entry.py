"""The program on a desktop: when it opens the page, which browser it starts, and the entry in the menu."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mediafetcher.app import browser, desktop
from mediafetcher.cli import main
from mediafetcher.core import errors
from mediafetcher.ops import desktop_entry

ADDRESS = "http://127.0.0.1:8787/open?link=secret"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "10.0.0.2 50000 10.0.0.1 22"}, False),
    ],
)
def test_only_a_display_of_this_machine_is_a_desktop(environ: dict[str, str], expected: bool) -> None:
    assert desktop.is_desktop(environ) is expected


def test_state_folder_of_another_user_opens_no_page(tmp_path: Path) -> None:
    assert desktop.is_own(tmp_path) and desktop.is_own(tmp_path / "new")
    if os.geteuid() == 0:
        os.chown(tmp_path, 65534, 65534)
        assert not desktop.is_own(tmp_path)


def program(folder: Path, name: str, body: str = "exit 0") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_chromium_comes_first_and_as_an_app_window(tmp_path: Path) -> None:
    chromium, opener = program(tmp_path, "google-chrome"), program(tmp_path, "xdg-open")
    own = program(tmp_path, "own")
    found = list(browser.commands(ADDRESS, {"PATH": str(tmp_path), "BROWSER": f"missing:own %s -x:{own}:'"}))
    assert found[0][:2] == [chromium, f"--app={ADDRESS}"]
    assert found[1:] == [[own, ADDRESS, "-x"], [own, ADDRESS], [opener, ADDRESS]]


async def test_browser_that_fails_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "chromium", "exit 1")  # as it does for root
    program(tmp_path, "chromium-browser", "exec /nowhere")
    program(
        tmp_path, "xdg-open", f'env > {tmp_path}/env; echo "$1" > {tmp_path}/new && mv {tmp_path}/new {tmp_path}/got'
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(browser, "_CHROMIUM", ("chromium", "chromium-browser"))
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setenv("MEDIAFETCHER_DATABASE_URL", "postgresql://secret")
    assert await browser.show(ADDRESS)
    assert (tmp_path / "got").read_text().strip() == ADDRESS
    assert "secret" not in (tmp_path / "env").read_text()  # settings are not for the browser


async def test_no_browser_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BROWSER", "nothing")
    assert not await browser.show(ADDRESS)


# ---- the entry in the menu ---------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    for name in list(os.environ):
        if name.startswith("MEDIAFETCHER_"):
            monkeypatch.delenv(name)
    return tmp_path


def entry(home: Path) -> Path:
    return home / "data/applications/mediafetcher.desktop"


def run_of(path: Path, section: str = "Desktop Entry") -> str:
    parser = configparser.RawConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser[section]["Exec"]


def test_install_writes_entry_and_icon_and_uninstall_removes_them(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = home / "my state %f"
    for _ in range(2):
        assert main.main(["desktop", "install", "--state", str(state), "--port", "9999"]) == 0
    icon = home / "data/icons/hicolor/512x512/apps/mediafetcher.png"
    assert icon.read_bytes().startswith(b"\x89PNG")
    command = run_of(entry(home))
    assert command.startswith(sys.executable) and command.endswith("--port 9999")
    assert f'"{state}"'.replace("%", "%%") in command
    assert run_of(entry(home), "Desktop Action stop") == f"{command} desktop stop"
    assert not state.exists()  # nothing is opened or made for it
    if validate := shutil.which("desktop-file-validate"):
        done = subprocess.run([validate, entry(home)], capture_output=True, text=True)
        assert done.returncode == 0 and "error" not in done.stdout, done.stdout
    assert str(entry(home)) in capsys.readouterr().out
    assert main.main(["desktop", "uninstall"]) == 0
    assert not entry(home).exists() and not icon.exists()
    assert main.main(["desktop", "uninstall"]) == 0


@pytest.mark.skipif(not shutil.which("gio"), reason="there is no GLib")
def test_entry_starts_the_program_with_awkward_arguments(home: Path) -> None:
    words = ["a b", 'q"uote', "back\\slash", "$HOME", "`x`", "100%", "ümlaut", "it's"]
    got = home / "got"
    recorder = program(
        home, "recorder", f'for word in "$@"; do printf "%s\\n" "$word"; done > {got}.new; mv {got}.new {got}'
    )
    path = home / "x.desktop"
    path.write_text(desktop_entry.text([recorder, *words]))
    path.chmod(0o755)
    subprocess.run(["gio", "launch", path], check=True)
    for _ in range(200):
        if got.exists():
            break
        subprocess.run(["sleep", "0.05"], check=True)
    assert got.read_text().splitlines() == words


def test_entry_of_someone_else_stays(home: Path) -> None:
    entry(home).parent.mkdir(parents=True)
    entry(home).write_text("[Desktop Entry]\n")
    for action in ("install", "uninstall"):
        assert main.main(["desktop", action]) == errors.UsageError.exit_code
    assert entry(home).read_text() == "[Desktop Entry]\n"


def test_entry_names_no_password_and_is_not_for_sudo(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main.main(["desktop", "install", "--database-url", "postgresql://a:b@c/d"]) == 2
    monkeypatch.setenv("SUDO_UID", "1000")
    if os.geteuid() == 0:
        assert main.main(["desktop", "install"]) == 2
    assert not entry(home).exists()


def test_stop_without_a_server_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["desktop", "stop", "--state", str(home / "state")]) == 1
    assert "not_running" in capsys.readouterr().err
    assert not (home / "state").exists()
