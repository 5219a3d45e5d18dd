"""The control socket: a command runs where the lock is held, its words stream back, and it can be left."""

import asyncio
import json
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.app import control_socket
from mediafetcher.app.output import Out
from mediafetcher.core import errors
from tests.waiting import eventually


class Heard:
    """An `Out` that keeps what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []

    def line(self, text: str) -> None:
        self.said.append(("line", text))

    def error(self, text: str) -> None:
        self.said.append(("error", text))

    def progress(self, row: dict[str, Any]) -> None:
        self.said.append(("progress", row))


async def echo(argv: list[str], out: Out, stdin: str | None) -> int:
    out.line(" ".join(argv))
    out.error(stdin or "nothing")
    out.progress({"id": 1, "title": "é"})
    return 7


async def test_words_and_exit_code_come_back(tmp_path: Path) -> None:
    server = control_socket.Server(tmp_path, echo)
    await server.start()
    heard = Heard()
    assert await control_socket.ask(tmp_path, ["a", "b"], "secret", heard) == 7
    assert heard.said == [("line", "a b"), ("error", "secret"), ("progress", {"id": 1, "title": "é"})]
    await server.close()


async def test_the_socket_is_only_for_its_owner_even_below_a_deep_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = control_socket.Server(deep, echo)
    await server.start()
    assert stat.S_IMODE((deep / "control.sock").stat().st_mode) == 0o600
    assert await control_socket.ask(deep, [], None, Heard()) == 7
    await server.close()


async def test_absent_process_is_reported_as_none(tmp_path: Path) -> None:
    assert await control_socket.ask(tmp_path, [], None, Heard()) is None


async def test_a_client_that_leaves_cancels_its_command(tmp_path: Path) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless(argv: list[str], out: Out, stdin: str | None) -> int:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    server = control_socket.Server(tmp_path, endless)
    await server.start()
    client = asyncio.create_task(control_socket.ask(tmp_path, [], None, Heard()))
    await began.wait()
    client.cancel()
    await asyncio.wait_for(ended.wait(), 5)
    await server.close()


async def test_closing_waits_for_what_is_under_way_or_ends_it(tmp_path: Path) -> None:
    go, began = asyncio.Event(), asyncio.Event()

    async def slow(argv: list[str], out: Out, stdin: str | None) -> int:
        began.set()
        await go.wait()
        return 3

    server = control_socket.Server(tmp_path, slow)
    await server.start()
    client = asyncio.create_task(control_socket.ask(tmp_path, [], None, Heard()))
    await began.wait()
    closing = asyncio.create_task(server.close())
    await asyncio.sleep(0)
    assert not closing.done()
    go.set()
    await closing
    assert await client == 3

    go.clear(), began.clear()
    server = control_socket.Server(tmp_path, slow)
    await server.start()
    client = asyncio.create_task(control_socket.ask(tmp_path, [], None, Heard()))
    await began.wait()
    await server.close(patience=0)
    with pytest.raises(errors.Unavailable):
        await client


async def test_close_with_a_silent_client_does_not_wait(tmp_path: Path) -> None:
    server = control_socket.Server(tmp_path, echo)
    await server.start()
    _, writer = await asyncio.open_unix_connection(str(tmp_path / "control.sock"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(2):
        await server.close()
    writer.close()


async def test_close_with_a_command_that_goes_on_for_ever_ends_it_after_the_patience(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def endless(argv: list[str], out: Out, stdin: str | None) -> int:
        began.set()
        await asyncio.Event().wait()
        return 0

    server = control_socket.Server(tmp_path, endless)
    await server.start()
    client = asyncio.create_task(control_socket.ask(tmp_path, [], None, Heard()))
    await began.wait()
    async with asyncio.timeout(3):
        await server.close(patience=0.2)
    with pytest.raises(errors.Unavailable):
        await client


async def test_client_that_sends_no_command_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_socket, "_ASK_SECONDS", 0.1)
    server = control_socket.Server(tmp_path, echo)
    await server.start()
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "control.sock"))
    async with asyncio.timeout(3):
        assert await reader.read() == b""
    writer.close()
    await server.close()


async def test_client_that_does_not_read_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output of its command would otherwise be kept in memory without end."""
    monkeypatch.setattr(control_socket, "_LIMIT", 1 << 16)
    said = 0

    async def talks(argv: list[str], out: Out, stdin: str | None) -> int:
        nonlocal said
        while True:
            out.line("x" * 1000)
            said += 1000
            await asyncio.sleep(0)

    server = control_socket.Server(tmp_path, talks)
    await server.start()
    _, writer = await asyncio.open_unix_connection(str(tmp_path / "control.sock"))
    secret = (tmp_path / "control.secret").read_text()
    writer.write(json.dumps({"secret": secret, "argv": []}).encode() + b"\n")
    await eventually(lambda: said and not server._busy, seconds=5)
    assert said < 10 << 20
    writer.close()
    await server.close()


async def _answer(state: Path, asked: dict[str, Any]) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(state / "control.sock"))
    writer.write(json.dumps(asked).encode() + b"\n")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize("asked", [{}, {"secret": ""}, {"secret": "guessed"}, {"secret": None}, {"secret": ["x"]}])
async def test_command_without_the_secret_is_not_run(tmp_path: Path, asked: dict[str, Any]) -> None:
    ran: list[str] = []

    async def run(argv: list[str], out: Out, stdin: str | None) -> int:
        ran.extend(argv)
        return 0

    server = control_socket.Server(tmp_path, run)
    await server.start()
    assert await _answer(tmp_path, asked | {"argv": ["user", "create"], "stdin": None}) == b""
    assert ran == []
    await server.close()


async def test_secret_is_of_one_start_and_for_its_owner_alone(tmp_path: Path) -> None:
    seen = set()
    for _ in range(2):
        server = control_socket.Server(tmp_path, echo)
        await server.start()
        file = tmp_path / "control.secret"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        seen.add(file.read_text())
        await server.close()
        assert not file.exists()
    assert len(seen) == 2


_OTHER_USER = """
import json, os, socket, sys
os.setresuid(65534, 65534, 65534)
with socket.socket(socket.AF_UNIX) as caller:
    caller.connect(sys.argv[1])
    try:
        caller.sendall(json.dumps({"secret": sys.argv[2], "argv": ["user"], "stdin": None}).encode() + b"\\n")
        print(caller.recv(100))
    except ConnectionError:
        print(b"")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
async def test_command_of_another_user_is_not_run_even_with_the_secret() -> None:
    with tempfile.TemporaryDirectory(prefix="mf-control-", dir="/tmp") as name:
        state = Path(name)
        server = control_socket.Server(state, echo)
        await server.start()
        state.chmod(0o711)
        (state / "control.sock").chmod(0o666)
        caller = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _OTHER_USER, str(state / "control.sock"), (state / "control.secret").read_text()),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await caller.communicate()
        assert said == b"b''\n"
        await server.close()
