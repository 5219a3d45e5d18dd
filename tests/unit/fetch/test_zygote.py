"""The program that forks has the same in memory that yt-dlp itself would come to use."""

import subprocess
import sys

_CHECK = """
from mediafetcher.fetch.child import preload
from mediafetcher.fetch.child.network import impersonation

impersonation.absent()
import yt_dlp
from yt_dlp.networking import common

client = yt_dlp.YoutubeDL({"quiet": True}, auto_init=False)
preload.equip(client)
assert list(client._ies.items()) == list(yt_dlp.YoutubeDL({"quiet": True})._ies.items()), "other extractors"
preload.rehearse()
assert common.make_ssl_context.cache_info().currsize == 1, common.make_ssl_context.cache_info()

import socket, sys
sys.addaudithook(lambda event, _: event.startswith("socket.") and sys.exit(f"touches the network: {event}"))
preload.preload()
"""


def test_it_rehearses_with_this_ytdlp_and_touches_no_network():
    # In a process of its own: what is loaded here stays loaded.
    done = subprocess.run([sys.executable, "-c", _CHECK], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
