"""Records a stream as a fetch child does, unconfined: `KIND URL FOLDER JSON`; tells what it has at the end."""

import json
import sys
from pathlib import Path

import yt_dlp
from yt_dlp.networking.exceptions import RequestError

from mediafetcher.fetch.child.protocol import Channel
from mediafetcher.fetch.child.streaming import body_recorder, hls_recorder
from mediafetcher.fetch.child.streaming.piece_client import PieceClient, PieceFailed
from mediafetcher.fetch.child.streaming.recording import Recording


def main() -> None:
    kind, url, folder, wished = sys.argv[1:]
    asked = json.loads(wished)
    channel = Channel()
    wishes = hls_recorder.Wishes(
        asked.get("seconds", 60.0), from_start=asked.get("from_start", False), outage=asked.get("outage", 2.0)
    )
    recording = Recording(Path(folder), 1)
    entry = {"url": url, "protocol": "m3u8_native"}
    with yt_dlp.YoutubeDL({"quiet": True}) as client:
        try:
            if kind == "body":
                endless = asked.get("endless", False)
                body_recorder.BodyRecorder(client, entry, recording, channel, wishes, endless=endless).record()
            else:
                pieces = PieceClient(client, {}, channel)
                readers = [hls_recorder.reader(pieces, entry, recording.tracks[0])]
                hls_recorder.Recorder([pieces], readers, recording, channel, wishes).record()
        except (PieceFailed, RequestError, ValueError, hls_recorder.NotBegun) as error:
            channel.say("failed", kind=type(error).__name__)
    channel.say(
        "ended", seconds=recording.seconds, size=recording.size, parts=len(recording.parts()), gaps=recording.gaps
    )
    recording.close()


if __name__ == "__main__":
    main()
