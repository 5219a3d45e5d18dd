"""A real Firefox without a window, driven by its own remote protocol (Marionette), which can open pages of add-ons."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.waiting import eventually_blocking

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element in WebDriver
PATIENCE = 60.0  # seconds

_PREFS = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.autoplay.default": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}


def program() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One window. Selectors are CSS; what is clicked and typed are real events."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._number = 0
        self._read()  # its greeting
        self.call("WebDriver:NewSession")

    def _read(self) -> Any:
        size = b""
        while (byte := self._stream.read(1)) != b":":
            assert byte, "Firefox has gone"
            size += byte
        return json.loads(self._stream.read(int(size)))

    def call(self, command: str, **parameters: Any) -> Any:
        """Send a command. Returns: its result. Raises: RuntimeError with what Firefox says."""
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._connection.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def go(self, url: str) -> None:
        self.call("WebDriver:Navigate", url=url)

    def look(self, expression: str) -> Any:
        """The value of an expression in the page, which may be a promise."""
        script = f"Promise.resolve({expression}).then(arguments[0], error => arguments[0](String(error)))"
        return self.call("WebDriver:ExecuteAsyncScript", script=script, args=[])

    def until(self, expression: str, seconds: float = PATIENCE) -> Any:
        """Wait until an expression is true. Returns: its value."""
        return self._wait(lambda: self.look(expression), expression, seconds)

    def click(self, selector: str) -> None:
        self._wait(lambda: self._element("WebDriver:ElementClick", selector), selector)

    def type(self, selector: str, text: str) -> None:
        self._wait(lambda: self._element("WebDriver:ElementSendKeys", selector, text=text), selector)

    def press(self, key: str, control: bool = False) -> None:
        """Press a key of the keyboard, wherever the focus is."""
        keys = ["\ue009", key] if control else [key]
        actions = [{"type": "keyDown", "value": one} for one in keys]
        actions += [{"type": "keyUp", "value": one} for one in reversed(keys)]
        self.call("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def _element(self, command: str, selector: str, **parameters: Any) -> bool:
        using, value = ("xpath", selector) if selector.startswith("//") else ("css selector", selector)
        found = self.call("WebDriver:FindElement", using=using, value=value)
        self.call(command, id=found[_ELEMENT], **parameters)
        return True

    def _wait(self, look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        try:  # RuntimeError: no such element yet, or between two pages
            return eventually_blocking(look, seconds=seconds, ignore=(RuntimeError,), what=what)
        except AssertionError as error:
            shows = self.look("location.href + ': ' + document.body.innerText.slice(0, 2000)")
            raise AssertionError(f"{error}; the page shows {shows}") from None


@contextlib.contextmanager
def firefox(folder: Path, **prefs: Any) -> Iterator[Firefox]:
    """Start Firefox with a fresh profile in this folder."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    profile = folder / "firefox"
    profile.mkdir()
    chosen = _PREFS | {"marionette.port": port} | prefs
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()]
    (profile / "user.js").write_text("\n".join(lines))
    argv = [program() or "", "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    argv.append("--remote-allow-system-access")  # since version 153 wanted for the pages of add-ons
    with (folder / "firefox.log").open("wb") as log:
        running = subprocess.Popen(
            argv, env=os.environ | {"HOME": str(folder)}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            with _connected(port, running) as connection:
                yield Firefox(connection)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, 15)
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, 9)
                running.wait()


def _connected(port: int, running: subprocess.Popen[bytes]) -> socket.socket:
    def connect() -> socket.socket:
        assert running.poll() is None, "Firefox does not start"
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    return eventually_blocking(connect, seconds=PATIENCE, ignore=(OSError,), what="Firefox starts")
