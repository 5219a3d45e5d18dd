"""The prefork program: imports yt-dlp once, and forks for each download. Started by prefork.py only.

It has one thread and never uses the network: hostile input is only handled in the forks, each with its own pipes and
its own token for the gateway. It can access the folders of downloads alone, and each fork only its own; a fork starts
no processes. It ends with its parent, and its forks end with it. Nothing in it can leave its process group, by which
it is killed.
"""

import gc
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

from mediafetcher.fetch.child import javascript, preload
from mediafetcher.fetch.child import main as fetch_child
from mediafetcher.fetch.ytdlp import import_hook
from mediafetcher.sandbox import privilege_drop, profiles


def main() -> None:
    """Serve forks. The working folder is that of all downloads.

    Arguments: the number of the control socket; the folder of yt-dlp, or nothing for the bundled one; the port
    of the gateway, for which only the forks have a token.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    ytdlp, port = sys.argv[2:]
    import_hook.prefer(ytdlp)
    profiles.confine_fetch(Path.cwd(), [ytdlp], int(port), alone=False)
    javascript.stand_in()
    preload.preload()
    gc.collect()
    gc.freeze()  # the forks share this memory until one of them writes to it
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 3)
        if not message:
            return
        if message.startswith(b"reap "):
            os.waitpid(int(message[5:]), 0)
            continue
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            control.close()
            _become(parent, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(b"%d" % pid)


def _become(parent: int, descriptors: list[int]) -> NoReturn:
    """Turn the fork into a fetch child with the given standard streams."""
    privilege_drop.die_with(parent, signal.SIGKILL)
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    gc.enable()
    fetch_child.main()


if __name__ == "__main__":
    main()
