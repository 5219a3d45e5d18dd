"""A package index with one newer yt-dlp, for the tests in a browser: says where it is, and stays until it is ended."""

import signal

from tests.index import NEWER, Index, wheel

if __name__ == "__main__":
    index = Index()
    index.put(NEWER, wheel(NEWER))
    print(f"index at {index.url} with {NEWER}.", flush=True)
    signal.pause()
