"""The process that parses foreign text and bytes; started only by parsing.py, which can kill it.

It answers one request after the other: the name of one of our functions, its arguments, and open descriptors. Once its
modules are loaded, it may open only the program's own files, and no socket.
"""

import contextlib
import importlib
import os
import socket
import struct
import sys
from types import ModuleType
from typing import Any

import msgspec

from mediafetcher.core import errors
from mediafetcher.sandbox import profiles

_LENGTH = struct.Struct(">I")
_MAX_FILES = 128


def main() -> None:
    """Serve requests. Arguments: the number of the control socket, then the modules with callable functions."""
    control = socket.socket(fileno=int(sys.argv[1]))
    modules = {name: importlib.import_module(name) for name in sys.argv[2:]}
    profiles.confine_parser()
    while True:
        head, descriptors, _, _ = socket.recv_fds(control, _LENGTH.size, _MAX_FILES)
        if not head:
            return
        head += _receive(control, _LENGTH.size - len(head))
        request = _receive(control, _LENGTH.unpack(head)[0])
        try:
            reply = msgspec.json.encode(_answer(modules, request, descriptors))
        finally:
            for descriptor in descriptors:
                with contextlib.suppress(OSError):  # the function may have closed it
                    os.close(descriptor)
        control.sendall(_LENGTH.pack(len(reply)) + reply)


def _receive(control: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        part = control.recv(min(size - len(received), 1 << 20))
        if not part:
            raise SystemExit(0)
        received += part
    return bytes(received)


def _answer(modules: dict[str, ModuleType], request: bytes, descriptors: list[int]) -> tuple[str, Any]:
    module, name, arguments = msgspec.json.decode(request)
    try:
        function = getattr(modules[module], name)
        return "ok", function(*descriptors, *arguments)
    except errors.Problem as problem:
        return f"problem {problem.code}", problem.detail
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"[:300]


if __name__ == "__main__":
    main()
