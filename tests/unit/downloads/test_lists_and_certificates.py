"""What a list knows of its entries, several films on a page, and the certificates of a home network."""

import contextlib
import datetime
import functools
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import lifecycle
from mediafetcher.fetch.options import Options, Playlist
from tests.unit.downloads.test_download_options import _ready, _run, _work, owner  # noqa: F401

_FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>My show</title>
<item><title>Episode 1: The beginning</title><enclosure url="{0}/a/media.mp3" type="audio/mpeg" length="1"/></item>
<item><title>Episode 2: The end</title><enclosure url="{0}/b/media.mp3" type="audio/mpeg" length="1"/></item>
</channel></rss>"""


@contextlib.contextmanager
def _served(folder: Path, certificate: Path | None = None) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


async def _titles(parent: int) -> list[str]:
    rows = await engine.fetch("select title from download where parent = $1 and state = 'done' order by id", parent)
    return [row["title"] for row in rows]


async def test_entries_of_a_podcast_are_called_as_its_feed_calls_them(owner, media_corpus, tmp_path):  # noqa: F811
    for number, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "media.mp3").write_bytes((media_corpus / "a.mp3").read_bytes() + b"\0" * number)
    with _served(tmp_path) as base:
        (tmp_path / "feed.xml").write_text(_FEED.format(base))
        row = await lifecycle.submit(owner, f"{base}/feed.xml", options=Options(playlist=Playlist()))
        await _work()
    assert await _titles(row["id"]) == ["Episode 1: The beginning", "Episode 2: The end"]


async def test_films_of_one_page_are_a_list_if_one_is_wished_for(owner, media_corpus, tmp_path):  # noqa: F811
    for number in (1, 2, 3):
        (tmp_path / f"f{number}.mp4").write_bytes((media_corpus / "ok.mp4").read_bytes() + b"\0\0\0\x08free" * number)
    films = "".join(f"<video src='/f{number}.mp4'></video>" for number in (1, 2, 3))
    (tmp_path / "page.html").write_text(f"<html><head><title>Three</title></head><body>{films}</body></html>")
    with _served(tmp_path) as base:
        row = await lifecycle.submit(owner, f"{base}/page.html", options=Options(playlist=Playlist()))
        await _work()
    assert len(await _titles(row["id"])) == 3


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate of one's own for 127.0.0.1, with its key; its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Home")])
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
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = tmp_path / "home.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return path


async def test_untrusted_certificate_is_named_as_such(owner, media_corpus, authority):  # noqa: F811
    with _served(media_corpus, authority) as base:
        row = await _run(owner, f"{base}/ok.mp4")
    assert (row["state"], row["error"]["code"]) == ("failed", errors.UntrustedCertificate.code)


@pytest.mark.parametrize("name", ["MF_CA_FILE", "SSL_CERT_FILE"])
async def test_own_authority_is_trusted(owner, media_corpus, authority, monkeypatch, name):  # noqa: F811
    authority.parent.chmod(0o755)
    authority.chmod(0o644)
    monkeypatch.setenv(name, str(authority))
    with _served(media_corpus, authority) as base:
        row = await _run(owner, f"{base}/ok.mp4")
    assert row["state"] == "done", row["error"]
