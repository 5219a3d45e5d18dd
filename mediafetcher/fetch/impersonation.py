"""The parent's side of a fetch that pretends to be a browser on the wire (curl_cffi): its door (socks_proxy.py).

Such a fetch runs in a child of its own that the kernel lets make no internet sockets (sandbox/seccomp.py); the only way
out is the local socket of this proxy. Where the machine cannot do that, or curl_cffi did not come along, no such fetch
is made.
"""

import asyncio
import contextlib
import importlib.util
import json
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Self

from mediafetcher.core import bundle, errors
from mediafetcher.sandbox import process, seccomp

_SECONDS = 30.0
_LONGEST = 90  # characters of the folder: the name of a local socket has 107


@cache
def available() -> bool:
    """Whether a fetch can pretend to be a browser here."""
    return importlib.util.find_spec("curl_cffi") is not None and seccomp.available()


class Outlet:
    """The proxy of one fetch. `close` ends it; it ends with us as well."""

    def __init__(self, folder: Path, program: process.Child, url: str) -> None:
        self._folder = folder
        self._program = program
        self.url = url  # with the secret, for the child alone

    @classmethod
    async def open(cls, allow_hosts: list[str], own_ports: list[int]) -> Self:
        """Raises `Crashed` where it does not start."""
        base = tempfile.gettempdir()
        folder = Path(tempfile.mkdtemp(prefix="mf-out-", dir=base if len(base) < _LONGEST - 16 else "/tmp"))  # noqa: S108
        process.give(folder)
        secret, place = secrets.token_urlsafe(24), folder / "s"
        order = {"socket": str(place), "secret": secret, "allow_hosts": allow_hosts, "own_ports": own_ports}
        argv = bundle.python("mediafetcher.fetch.socks_proxy")
        env = process.environment(folder, PYTHONPATH=str(bundle.PACKAGE.parent), PYTHONDONTWRITEBYTECODE="1")
        limits = process.Limits(file_size=0, data=512 << 20, nice=5)
        program = None
        try:
            program = await process.start(argv, limits, stdin=json.dumps(order).encode() + b"\n", env=env, cwd=folder)
            async with asyncio.timeout(_SECONDS):
                ready = await anext(aiter(program), None)
            if ready is None:
                raise errors.Crashed(reason="the egress proxy did not start", said=program.stderr_tail[-300:])
        except BaseException as error:
            if program:
                await program.kill()
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, TimeoutError):
                raise errors.Crashed(reason="the egress proxy did not start") from None
            raise
        return cls(folder, program, f"socks5h://mf:{secret}@localhost{place}")

    async def close(self) -> None:
        with contextlib.suppress(OSError):
            await self._program.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
