"""The lines of docs/install.md for a reverse proxy, given to a real nginx and a real Caddy that speak https."""

import datetime
import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.faults.program import NAME, PASSWORD, REPOSITORY, Program, free_port, until
from tests.proxies import binary, nginx_config

INSTALL = (REPOSITORY / "docs" / "install.md").read_text()
ADDRESS = "127.0.0.2"  # where the browser sits


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for `localhost`, signed by itself. Returns: its file, and that of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=2)
    )
    signed = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(
        key, hashes.SHA256()
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


def nginx(folder: Path, port: int, ours: int) -> list[str | Path]:
    block = re.search(r"```nginx\n(.+?)```", INSTALL, re.DOTALL)[1].replace("127.0.0.1:8787", f"127.0.0.1:{ours}")
    assert str(ours) in block
    cert, key = certificate(folder)
    server = f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key};\n{block}}}"
    (folder / "nginx.conf").write_text(nginx_config(folder, server))
    argv = [binary("nginx"), "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"]
    subprocess.run([*argv, "-t"], check=True, capture_output=True)
    return argv


def caddy(folder: Path, port: int, ours: int) -> list[str | Path]:
    line = re.search(r"`(reverse_proxy 127\.0\.0\.1:8787)`", INSTALL)[1].replace("8787", str(ours))
    cert, key = certificate(folder)
    site = f"https://localhost:{port} {{\n bind 127.0.0.1\n tls {cert} {key}\n {line}\n}}\n"
    (folder / "Caddyfile").write_text("{\n admin off\n auto_https disable_redirects\n}\n" + site)
    argv = [binary("caddy"), "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return ["env", *(f"{name}={value}" for name, value in environment.items()), *argv]


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def proxied(request, folder: Path) -> Iterator[tuple[Program, httpx.Client]]:
    """The program, and a browser whose only way to it is the proxy."""
    if binary(request.param.__name__) is None:
        pytest.skip(f"{request.param.__name__} is not to be had here")
    folder.chmod(0o711)
    port, place = free_port(), folder / "proxy"
    place.mkdir()
    public = f"https://localhost:{port}"
    running = Program(folder, allow="127.0.0.1", public_url=public, trusted_proxies="127.0.0.1").start()
    with (folder / "proxy.log").open("w") as log:
        process = subprocess.Popen(request.param(place, port, running.port), stdout=log, stderr=log)
    trusted = ssl.create_default_context(cafile=str(place / "cert.pem"))
    way = httpx.HTTPTransport(verify=trusted, local_address=ADDRESS)
    with httpx.Client(base_url=public, transport=way, headers={"Origin": public}, timeout=30) as browser:

        def answers() -> bool:
            assert process.poll() is None, (folder / "proxy.log").read_text()
            try:
                return browser.get("/api/health").status_code == 200
            except httpx.TransportError:
                return False

        try:
            until(answers, 30, "the proxy answers")
            yield running, browser
        finally:
            process.terminate()
            process.wait(20)
            running.end()


def test_the_page_the_live_view_and_films_come_through_the_proxy(proxied, site):
    _, browser = proxied
    assert "<!doctype html>" in browser.get("/").text.lower()
    signed_in = browser.post("/api/session", json={"name": NAME, "password": PASSWORD})
    assert signed_in.is_success, signed_in.text
    assert "secure" in signed_in.headers["set-cookie"].lower()
    (here,) = [session for session in browser.get("/api/sessions").json()["sessions"] if session["current"]]
    assert here["address"] == ADDRESS  # not the proxy's
    with browser.stream("GET", "/api/events") as live:
        told = _events(live.iter_lines())
        assert next(told)[0] == "snapshot"
        asked = browser.post("/api/downloads", json={"url": site.url("/media/ok.mp4")})
        assert asked.status_code == 201, asked.text
        row = next(row for kind, row in told if kind == "download" and row["state"] == "done")
    film = browser.get(f"/media/{row['item']}").content
    piece = browser.get(f"/media/{row['item']}", headers={"Range": "bytes=1000-1999"})
    assert len(film) == row["size"] and (piece.status_code, piece.content) == (206, film[1000:2000])
    foreign = {"Origin": "https://elsewhere.example"}
    refused = browser.post("/api/downloads", json={"url": site.url("/media/ok.mp4")}, headers=foreign)
    assert refused.status_code == 403


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict]]:
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))
