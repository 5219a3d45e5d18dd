"""Values that a list has of its entries, several films on a page, and the certificates of a home network."""

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
from mediafetcher.library.catalog import queries as item_queries
from mediafetcher.subscriptions import checks, subscriptions
from tests.unit.downloads.test_download_options import _ready, _run, _work  # noqa: F401

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


async def test_entries_of_a_podcast_are_called_as_its_feed_calls_them(owner, media_corpus, tmp_path):
    for number, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "media.mp3").write_bytes((media_corpus / "a.mp3").read_bytes() + b"\0" * number)
    with _served(tmp_path) as base:
        (tmp_path / "feed.xml").write_text(_FEED.format(base))
        row = await lifecycle.submit(owner, f"{base}/feed.xml", options=Options(playlist=Playlist()))
        await _work()
    assert await _titles(row["id"]) == ["Episode 1: The beginning", "Episode 2: The end"]


@pytest.mark.parametrize("followed", [False, True])
async def test_entries_of_a_podcast_keep_what_its_feed_says(owner, media_corpus, tmp_path, followed):
    (tmp_path / "media.mp3").write_bytes((media_corpus / "a.mp3").read_bytes() + b"\0\0\0")
    (tmp_path / "cover.jpg").write_bytes((media_corpus / "cover.jpg").read_bytes())
    more = "<description>What it is about.</description><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>"
    more += '<itunes:image href="{0}/cover.jpg"/><itunes:episode>7</itunes:episode>'
    space = 'version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    feed = _FEED.replace('version="2.0"', space, 1).replace("/a/", "/").replace("<enclosure", f"{more}<enclosure", 1)
    with _served(tmp_path) as base:
        (tmp_path / "feed.xml").write_text(feed.format(base))
        if followed:
            await _follow(owner, f"{base}/feed.xml")
        else:
            await lifecycle.submit(owner, f"{base}/feed.xml", options=Options(playlist=Playlist(limit=1)))
        await _work()
    id = await engine.fetchval("select item from download where title = 'Episode 1: The beginning'")
    item = await item_queries.get(id, owner)
    assert item["description"] == "What it is about." and item["poster"]
    said = await engine.fetchrow(
        "select x.* from source_metadata x join library_item i on i.metadata = x.id where i.id = $1", id
    )
    assert f"{said['published_at']:%Y-%m-%d %H}" == "2026-11-02 10"
    assert said["facts"]["episode_number"] == 7


async def _follow(owner: int, url: str) -> None:
    """Follow a source and check it once."""
    row = await subscriptions.follow(owner, url, backfill="all")
    claimed = await checks.claim(row["id"])
    assert claimed is not None and await checks.run(claimed)


async def test_films_of_one_page_are_a_list_if_one_is_wished_for(owner, media_corpus, tmp_path):
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
    return _certificate(tmp_path, days=9)


def _certificate(folder: Path, *, days: int) -> Path:
    """Make a certificate that is valid for so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Home")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=99))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "home.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return path


async def test_untrusted_certificate_is_named_as_such(owner, media_corpus, authority):
    with _served(media_corpus, authority) as base:
        row = await _run(owner, f"{base}/ok.mp4")
    assert (row["state"], row["error"]["code"]) == ("failed", errors.UntrustedCertificate.code)


async def test_certificate_for_another_name_is_named_as_such(owner, media_corpus, authority, monkeypatch):
    authority.parent.chmod(0o755)
    authority.chmod(0o644)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with _served(media_corpus, authority) as base:
        row = await _run(owner, f"{base}/ok.mp4".replace("127.0.0.1", "localhost"))
    assert row["error"]["code"] == errors.UntrustedCertificate.code
    assert "for another name" in row["error"]["message"]


async def test_expired_certificate_is_named_as_such(owner, media_corpus, tmp_path, monkeypatch):
    old = _certificate(tmp_path, days=-1)
    tmp_path.chmod(0o755)
    old.chmod(0o644)
    monkeypatch.setenv("SSL_CERT_FILE", str(old))
    with _served(media_corpus, old) as base:
        row = await _run(owner, f"{base}/ok.mp4")
    assert row["error"]["code"] == errors.UntrustedCertificate.code
    assert "it has expired" in row["error"]["message"]


@pytest.mark.parametrize("name", ["MF_CA_FILE", "SSL_CERT_FILE"])
async def test_own_authority_is_trusted(owner, media_corpus, authority, monkeypatch, name):
    authority.parent.chmod(0o755)
    authority.chmod(0o644)
    monkeypatch.setenv(name, str(authority))
    with _served(media_corpus, authority) as base:
        row = await _run(owner, f"{base}/ok.mp4")
    assert row["state"] == "done", row["error"]
