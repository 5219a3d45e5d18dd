"""As much of YouTube, and of a few other sites, as their extractors need, behind TLS; and a PO token provider.

All of it is on loopback.
"""

import base64
import datetime
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.site import youtube_videos

VIDEO = "abcdefghijk"
VISITOR = "CgtWaXNpdG9yRGF0YQ%3D%3D"
NEBULA = "nebula.tv"  # a site whose extractor signs in with one request
NAMES = (
    NEBULA,
    "page.test",
    youtube_videos.BAND,
    youtube_videos.LABEL,
    youtube_videos.CINEMA,
    youtube_videos.REEL,
    "www.youtube.com",
    "m.youtube.com",
    "youtubei.googleapis.com",
    "media.googlevideo.com",
)
TOKEN = base64.urlsafe_b64encode(b"a-token-that-nobody-may-read").decode()


class _Server:
    """A server on a free port of 127.0.0.1, whose `handler` finds it as `site`."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], certificate: Path | None = None) -> None:
        bound = type("Bound", (handler,), {"site": self, "log_message": lambda *_: None})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class YouTube(_Server):
    """`media`: the addresses under which the video was requested, as queries; `players`: bodies of player requests."""

    def __init__(self, folder: Path, film: bytes) -> None:
        self.certificate = folder / "youtube.pem"
        _certificate(self.certificate)
        super().__init__(_Pages, self.certificate)
        self.film = film
        self.media: list[dict[str, list[str]]] = []
        self.players: list[dict[str, Any]] = []
        self.posts: list[tuple[str, dict[str, Any]]] = []  # host and path of other requests, with their bodies


class Provider(_Server):
    """A PO token provider. `asked`: the bodies of its requests. `answer`: what it says; None: a token.

    `redirect`: where its state leads; `pings`: how often the state was asked for.
    """

    def __init__(self) -> None:
        super().__init__(_Tokens)
        self.asked: list[dict[str, Any]] = []
        self.answer: tuple[int, bytes] | None = None
        self.redirect: str | None = None
        self.pings = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Answers(BaseHTTPRequestHandler):
    site: ClassVar[Any]

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        return found

    def say(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Pages(_Answers):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if self.headers["Host"] == "page.test":
            self.send_response(302)
            self.send_header("Location", f"https://{NEBULA}/videos/a-film")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if self.headers["Host"] == youtube_videos.BAND:
            return self.say(youtube_videos.TRACK_PAGE.encode(), "text/html; charset=utf-8")
        if self.headers["Host"] == youtube_videos.LABEL:
            as_json = parts.path.endswith(".json")
            page = json.dumps(youtube_videos.SONG_DATA) if as_json else youtube_videos.SONG_PAGE
            return self.say(page.encode(), "application/json" if as_json else "text/html; charset=utf-8")
        if self.headers["Host"] == youtube_videos.CINEMA:
            return self.say(youtube_videos.MOVIE_PAGE.encode(), "text/html; charset=utf-8")
        if parts.path == "/live.m3u8":
            return self.say(youtube_videos.MANIFEST.encode(), "application/vnd.apple.mpegurl")
        if parts.path == "/videoplayback":
            self.site.media.append(parse_qs(parts.query))
            return self.say(self.site.film, "video/mp4")
        asked = parse_qs(parts.query)
        video = youtube_videos.BY_ID.get(asked.get("v", [""])[0])
        data = video.page if video else youtube_videos.PLAYLIST if "list" in asked else None
        return self.say(_page("MWEB" if self.headers["Host"].startswith("m.") else "WEB", data), "text/html")

    def do_HEAD(self) -> None:
        """A sound of the label exists in one quality."""
        there = self.headers["Host"] == youtube_videos.LABEL and self.path.endswith("/player_asset")
        self.send_response(200 if there else 404)
        self.send_header("Content-Type", "audio/mpeg")
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.body()
        if not self.path.startswith("/youtubei/v1/player"):
            self.site.posts.append((self.headers["Host"] + self.path, body))
            listed = self.path.startswith("/youtubei/v1/browse")
            return self.say(json.dumps(youtube_videos.PLAYLIST if listed else {"contents": {}}).encode())
        self.site.players.append(body)
        video = youtube_videos.BY_ID.get(body.get("videoId", ""))
        return self.say(json.dumps(video.player if video else _player(len(self.site.film))).encode())


class _Tokens(_Answers):
    def do_GET(self) -> None:
        self.site.pings += 1
        if self.site.redirect:
            self.send_response(302)
            self.send_header("Location", self.site.redirect)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.say(json.dumps({"server_uptime": 1.0, "version": "1.3.1"}).encode(), status=200 if self._ping() else 404)

    def _ping(self) -> bool:
        return self.path == "/ping"

    def do_POST(self) -> None:
        self.site.asked.append({"path": self.path} | self.body())
        status, answer = self.site.answer or (200, json.dumps({"poToken": TOKEN, "contentBinding": "x"}).encode())
        self.say(answer, status=status)


def _page(client: str, data: dict[str, Any] | None) -> bytes:
    named = {"clientName": client, "clientVersion": "2.20260708", "visitorData": VISITOR}
    config = {
        "INNERTUBE_CONTEXT": {"client": named},
        "VISITOR_DATA": VISITOR,
        "PLAYER_JS_URL": "/s/player/0123abcd/player_ias.vflset/en_US/base.js",
        "STS": 20000,
    }
    said = f"<script>var ytInitialData = {json.dumps(data)};</script>" if data else ""
    return f"<html><script>ytcfg.set({json.dumps(config)});</script><body>{said}</body></html>".encode()


def _player(size: int) -> dict[str, Any]:
    form = {
        "itag": 137, "url": "https://media.googlevideo.com/videoplayback?itag=137", "contentLength": str(size),
        "mimeType": 'video/mp4; codecs="avc1.42001E, mp4a.40.2"', "bitrate": 500_000, "width": 640, "height": 360,
        "quality": "medium", "qualityLabel": "360p", "approxDurationMs": "2000",
    }  # fmt: skip
    return {
        "playabilityStatus": {"status": "OK"},
        "videoDetails": {"videoId": VIDEO, "title": "A film", "lengthSeconds": "2", "isLiveContent": False},
        "streamingData": {"formats": [form], "expiresInSeconds": "21540"},
    }


def _certificate(path: Path) -> None:
    """Write a certificate for the names, its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Fixture")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + plain)
