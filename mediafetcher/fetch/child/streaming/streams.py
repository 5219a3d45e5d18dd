"""Streams that yt-dlp does not fetch itself: live ones, and those of several parts. Part of the fetch child."""

from pathlib import Path
from typing import Any

from mediafetcher.fetch.child.streaming import audio_languages, dash_live, fixed_pieces, hls_recorder, recording
from mediafetcher.fetch.child.streaming.body_recorder import BodyRecorder
from mediafetcher.fetch.child.streaming.hls_recorder import Recorder, Wishes
from mediafetcher.fetch.child.streaming.piece_client import PieceClient


class Streams:
    """The chosen formats of one source, examined at once: `found` says afterwards whether it is live."""

    def __init__(self, client: Any, found: dict[str, Any], order: dict[str, Any], channel: Any, folder: Path) -> None:
        self._client = client
        self._found = found
        self._live = order["live"]
        self._channel = channel
        self._folder = folder
        self._rate = order["options"].get("ratelimit")
        self._chosen = list(found.get("requested_formats") or [found])
        self._looks: fixed_pieces.Looks = {}
        if not found.get("is_live") and (recording.exists(folder) or self._is_radio() or self._is_live()):
            found["is_live"] = True

    def bring(self) -> dict[str, Any]:
        """Fetch it, unless yt-dlp has to. Returns: facts for `done`: `parts`, `duration`; or empty."""
        if self._is_radio() or self._has_no_length():
            return self._record_body()
        if self._found.get("is_live"):
            return self._record()
        tracks = fixed_pieces.plan(self._clients(self._chosen), self._chosen, self._looks)
        if tracks is None:
            return {}
        kept = recording.Recording(self._folder, len(tracks), recording.FIXED)
        fixed_pieces.fetch(self._clients(self._chosen), tracks, kept, self._channel)
        kept.close()
        return {"parts": kept.parts(), "one_clock": True}

    def _record(self) -> dict[str, Any]:
        chosen = hls_recorder.choose(self._found)
        kept = recording.Recording(self._folder, len(chosen))
        for track, entry in zip(kept.tracks, chosen, strict=False):
            kept.follow(track, f"{entry.get('format_id')} {entry.get('height')}")
        clients = self._clients(chosen)
        readers = [hls_recorder.reader(*each) for each in zip(clients, chosen, kept.tracks, strict=False)]
        Recorder(clients, readers, kept, self._channel, self._wishes()).record()
        kept.close()
        return {"parts": kept.parts(), "duration": kept.seconds, "one_clock": True}

    def _record_body(self) -> dict[str, Any]:
        kept = recording.Recording(self._folder, 1)
        endless, wishes = self._is_radio(), self._wishes()
        BodyRecorder(self._client, self._chosen[0], kept, self._channel, wishes, endless=endless).record()
        kept.close()
        return {"parts": kept.parts(), "limit": wishes.seconds}

    def _wishes(self) -> Wishes:
        return Wishes(self._live["seconds"], from_start=self._live["from_start"], outage=self._live["outage"])

    def _is_radio(self) -> bool:
        """Tell whether a server of internet radio answered (its headers begin with `icy-`)."""
        return len(self._chosen) == 1 and self._chosen[0].get("url") in self._client.radio

    def _has_no_length(self) -> bool:
        """Tell whether a length was requested for a direct file that names none: it may never end."""
        plain = str(self._chosen[0].get("protocol") or "").startswith("http") and len(self._chosen) == 1
        return bool(self._live["wished"]) and plain and not self._client.bounded

    def _is_live(self) -> bool:
        """Tell whether a chosen playlist has no end: sites and pages often do not say that a stream is live."""
        entry = self._chosen[0]
        if all(dash_live.is_live(one) for one in self._chosen):
            return True
        if not hls_recorder.is_hls(entry):
            return False
        playlist = fixed_pieces.look(self._clients([entry])[0], entry, self._looks)
        return playlist is not None and playlist.live

    def _clients(self, entries: list[dict[str, Any]]) -> list[PieceClient]:
        return [
            PieceClient(self._client, entry.get("http_headers") or {}, self._channel, self._rate) for entry in entries
        ]


def kept(folder: Path) -> dict[str, Any]:
    """Return the recording of earlier attempts, as `done` names it, without network access."""
    there = recording.Recording(folder, 1)
    there.close()
    sounds = audio_languages.noted(folder)
    return {"parts": there.parts(), "duration": there.seconds, "one_clock": True, "sounds": sounds}
