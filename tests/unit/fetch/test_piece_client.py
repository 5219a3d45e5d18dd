"""Pieces of a stream by yt-dlp's own client, in a process like that of a fetch."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.site import Site

ROOT = Path(__file__).parents[3]
_PROGRAM = """
import hashlib, json, sys, time
import yt_dlp
from mediafetcher.fetch.child.protocol import Cancelled, Channel
from mediafetcher.fetch.child.streaming.hls_playlist import Bytes, Piece, Source
from mediafetcher.fetch.child.streaming.piece_client import PieceClient, PieceFailed

channel = Channel()
asked = json.loads(sys.argv[1])
with yt_dlp.YoutubeDL({"quiet": True}) as ydl:
    client = PieceClient(ydl, {"X-Own": "1"}, channel, asked.get("rate"))
    channel.cancelled = asked.get("cancelled", False)
    source = Source(asked["url"], Bytes(*asked["range"]) if "range" in asked else None)
    began = time.monotonic()
    try:
        if "key" in asked:
            piece = Piece(asked["number"], source, 1.0, {"url": asked["key"], "iv": asked["iv"]}, None, breaks=False)
            data = client.piece(piece)
        else:
            data = client.get(source, asked.get("limit", 1 << 20))
        channel.say("got", size=len(data), digest=hashlib.sha256(data).hexdigest(), first=data[0],
            located=client.located, date=client.date, seconds=time.monotonic() - began)
    except PieceFailed as error:
        channel.say("failed", status=error.status, gone=error.gone)
    except (ValueError, Cancelled) as error:
        channel.say(type(error).__name__)
"""


def _get(url: str, **asked: Any) -> dict[str, Any]:
    command = [sys.executable, "-c", _PROGRAM, json.dumps({"url": url, **asked})]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    answer: dict[str, Any] = json.loads(told)
    return answer


def test_piece_comes_whole_with_the_headers_of_its_stream(site: Site, media_corpus: Path) -> None:
    film = (media_corpus / "ok.mp4").read_bytes()
    got = _get(site.url("/redirect?to=/media/ok.mp4"))
    assert (got["size"], got["digest"]) == (len(film), hashlib.sha256(film).hexdigest())
    assert got["located"] == site.url("/media/ok.mp4")


@pytest.mark.parametrize("place", ["media", "norange"])
def test_range_is_cut_out_also_if_the_server_sends_the_whole_file(site: Site, media_corpus: Path, place: str) -> None:
    wanted = (media_corpus / "ok.mp4").read_bytes()[100:1100]
    got = _get(site.url(f"/{place}/ok.mp4"), range=[100, 1100])
    assert got["digest"] == hashlib.sha256(wanted).hexdigest()


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (403, True), (503, False)])
def test_answer_of_the_site_says_whether_the_piece_exists(site: Site, status: int, gone: bool) -> None:
    got = _get(site.url(f"/status/{status}/s000.ts"))
    assert (got["event"], got["status"], got["gone"]) == ("failed", status, gone)


def test_connection_that_is_refused_says_nothing_of_the_piece(unused_tcp_port: int) -> None:
    got = _get(f"http://127.0.0.1:{unused_tcp_port}/s000.ts")
    assert (got["event"], got["status"], got["gone"]) == ("failed", None, False)


def test_piece_that_is_too_large_is_refused(site: Site) -> None:
    assert _get(site.url("/endless/64/s000.ts"), limit=1000)["event"] == "ValueError"


def test_nothing_is_requested_after_a_cancellation(site: Site) -> None:
    assert _get(site.url("/media/ok.mp4"), cancelled=True)["event"] == "Cancelled"
    assert site.log == []


def test_rate_is_kept_within_a_piece(site: Site, media_corpus: Path) -> None:
    size = (media_corpus / "ok.mp4").stat().st_size
    assert _get(site.url("/media/ok.mp4"), rate=size)["seconds"] > 0.8


@pytest.mark.parametrize("iv", [None, "0x00000000000000000000000000000000"])
def test_encrypted_piece_is_decrypted(site: Site, iv: str | None) -> None:
    """Without a vector the number of the piece is it."""
    got = _get(site.url("/hls/aes/s000.ts"), key=site.url("/hls/aes/k.key"), iv=iv, number=0)
    assert (got["event"], got["first"]) == ("got", 0x47), "a piece in MPEG-TS begins with its synchronisation byte"
