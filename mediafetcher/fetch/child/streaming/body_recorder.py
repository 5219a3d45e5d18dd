"""Record a body without an end: internet radio and other direct streams. Part of the fetch child.

Seconds are those of the clock. A server may send some at once in the beginning, so the file can hold more; the
excess is removed outside the child.
"""

import time
from typing import Any

from mediafetcher.fetch.child.streaming.hls_playlist import Piece, Source
from mediafetcher.fetch.child.streaming.recording import Recording

_CHUNK = 16 << 10
_NOTE_SECONDS = 1.0  # seconds of stream in one line of the manifest


class BodyRecorder:
    """One attempt at one recording. `endless`: a connection that ends has failed, and is made again."""

    def __init__(
        self, client: Any, entry: dict[str, Any], recording: Recording, channel: Any, wishes: Any, *, endless: bool
    ) -> None:
        self._client = client
        self._url = str(entry["url"])
        self._headers = entry.get("http_headers") or {}
        self._recording = recording
        self._track = recording.tracks[0]
        self._channel = channel
        self._wishes = wishes
        self._endless = endless
        self._came_at = time.monotonic()

    def record(self) -> None:
        """Record to the end. Raises: the error of the first request if nothing was recorded at all."""
        from yt_dlp.networking.exceptions import RequestError

        if self._recording.size:
            self._recording.break_off(self._track)
        while not self._over():
            try:
                self._read()
                if not self._endless:
                    return
            except RequestError:
                if not self._recording.size:
                    raise
            if time.monotonic() - self._came_at > self._wishes.outage:
                self._channel.say("warning", message="the stream is unavailable: the recording so far is kept")
                return
            self._channel.wait(1.0)
            self._recording.break_off(self._track)

    def _over(self) -> bool:
        return bool(self._channel.finishing or self._recording.seconds >= self._wishes.seconds)

    def _read(self) -> None:
        from yt_dlp.networking import Request

        response = self._client.urlopen(Request(self._url, headers=self._headers))
        held, since = bytearray(), time.monotonic()
        try:
            while not self._over() and (part := response.read(_CHUNK)):
                self._channel.check()
                held += part
                self._came_at = now = time.monotonic()
                left = self._wishes.seconds - self._recording.seconds
                if now - since >= min(_NOTE_SECONDS, left):
                    self._keep(bytes(held), min(now - since, left))
                    held, since = bytearray(), now
        finally:
            response.close()
            if held:
                self._keep(bytes(held), time.monotonic() - since)

    def _keep(self, data: bytes, seconds: float) -> None:
        piece = Piece(self._track.count, Source(self._url), seconds, {}, None, breaks=False)
        self._recording.append(self._track, piece, data, None)
        self._channel.progress(
            {
                "status": "downloading",
                "downloaded_bytes": self._recording.size,
                "eta": max(0.0, self._wishes.seconds - self._recording.seconds),
                "filename": "recording",
            }
        )
