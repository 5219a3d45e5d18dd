"""A server that is going to be killed, with a hostile child of one kind at work: `KIND STATE`.

Kinds: a fetch that starts cold or from the prefork program, one that impersonates a browser, that asks by a proxy, that
lists, that records a live stream (hostile once it said what it found), and a program alone (`alone`).

The child ignores all signals and tries to leave copies of itself; then it makes the file `ready` in its folder.
"""

import asyncio
import importlib.util
import os
import signal
import sys
from pathlib import Path

from mediafetcher.core import settings
from mediafetcher.fetch import client, prefork
from mediafetcher.fetch.models import Trial
from mediafetcher.fetch.options import Options
from mediafetcher.sandbox import process
from tests.unit.fetch.hostile_child import FOUND

_ATTACK = """
import ctypes, os, signal, time
libc = ctypes.CDLL(None, use_errno=True)
def copies():
    for number in set(range(1, 32)) - {9, 19}:
        libc.signal(number, ctypes.c_void_p(1))
    libc.prctl(1, 0, 0, 0, 0)
    libc.setsid()
    libc.setpgid(0, os.getppid())
    for start in (libc.fork, libc.vfork, os.fork, lambda: libc.syscall(57), lambda: libc.syscall(56, 17, 0, 0, 0, 0)):
        try:
            if start() == 0:
                libc.setsid()
                while True:
                    libc.sleep(1000)
        except OSError:
            pass
    try:
        os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    except OSError:
        pass
"""
_SHIM = """
__path__ = [{real!r}]
exec(compile(open({real!r} + "/__init__.py").read(), {real!r} + "/__init__.py", "exec"))
def extract_info(self, *_, **__):
    if {late!r}:
        found(live=True)
    copies()
    open("ready", "w").close()
    while True:
        time.sleep(1000)
YoutubeDL.extract_info = extract_info
"""


def shim(place: Path, *, late: bool) -> Path:
    """Write a yt-dlp like ours that turns hostile when a link is given to it, or once it told what it is."""
    found = importlib.util.find_spec("yt_dlp")
    assert found and found.origin
    package = place / "ytdlp" / "yt_dlp"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(_ATTACK + FOUND + _SHIM.format(real=str(Path(found.origin).parent), late=late))
    return package.parent


OPTIONS = {"impersonating": Options(impersonate=True), "proxy": Options(proxy="http://127.0.0.2:1")}


async def fetches(kind: str, place: Path) -> None:
    ytdlp = shim(place, late=kind == "live")
    folder = settings.get().work / "1"
    source = client.Fetch(
        "http://example.org/x.mp4",
        OPTIONS.get(kind, Options()),
        folder,
        trial=None if kind == "prefork" else Trial(ytdlp, ()),
        mode="list" if kind == "list" else "media",
    )
    source._program = str(ytdlp)
    await prefork.open()
    async with source:
        assert kind != "prefork" or prefork._pool.alive == 1
        await source.look()
        await source.download()


async def encodes() -> None:
    """Do what FFmpeg could do."""
    folder = process.give(settings.get().fetch / "1")
    code = f"{_ATTACK}\ncopies()\nprint('ready', flush=True)\ntime.sleep(1000)"
    argv = [os.path.realpath(sys.executable), "-I", "-S", "-c", code]
    async with await process.start(argv, env={}, cwd=folder, alone=process.Ruleset((), (folder,))) as running:
        async for _ in running:
            (folder / "ready").touch()


def main() -> None:
    kind, place = sys.argv[1], Path(sys.argv[2])
    chosen = settings.Settings(state=place, media=place / "media", min_free=0)
    for path in (chosen.work, chosen.fetch):
        path.mkdir(mode=0o711, parents=True)
    settings.use(chosen)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asyncio.run(encodes() if kind == "alone" else fetches(kind, place))


main()
