"""TLS to a proxy: its certificate is checked before anything is said to it, and bytes pass both ways unchanged."""

import asyncio
import contextlib
import datetime
import hashlib
import ipaddress
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mediafetcher.fetch import upstream_proxy

_PEM = serialization.Encoding.PEM
_BIG = os.urandom(3 << 20)


def _certificate(folder: Path, name: str, issuer: "tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None" = None):
    """A certificate for this name or address; without an issuer one that issues others. Returns: it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    plain = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(built.public_bytes(_PEM) + plain)
    return built, key


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An authority of our own that `SSL_CERT_FILE` names. Returns: the folder with certificates by name."""
    ours = _certificate(tmp_path, "authority")
    for name in ("127.0.0.1", "other.example"):
        _certificate(tmp_path, name, ours)
    (tmp_path / "strangers").mkdir()
    _certificate(tmp_path / "strangers", "127.0.0.1", _certificate(tmp_path / "strangers", "authority"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    upstream_proxy._tls.cache_clear()
    yield tmp_path
    upstream_proxy._tls.cache_clear()


class _Proxy:
    """A proxy behind TLS. The requests that it got are in `heads`."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            host, _, port = self.heads[-1].split()[1].decode().rpartition(":")
            there_reader, there_writer = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            tasks = [
                asyncio.create_task(_pass_on(reader, there_writer)),
                asyncio.create_task(_pass_on(there_reader, writer)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            there_writer.close()
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


@contextlib.asynccontextmanager
async def _serving(certificate: Path) -> AsyncIterator[_Proxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    proxy = _Proxy()
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=context) as server:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy


async def _site(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a length and that many bytes, answer with their hash and with `_BIG`."""
    size = int(await reader.readline())
    digest = hashlib.sha256(await reader.readexactly(size)).digest()
    writer.write(digest + _BIG)
    await writer.drain()
    writer.close()


async def _connected(proxy: _Proxy, address: str, port: int, user: str = "") -> socket.socket:
    there = socket.create_connection(("127.0.0.1", proxy.port))
    there.setblocking(False)
    try:
        return await upstream_proxy.connect(there, f"https://{user}127.0.0.1:{proxy.port}", address, port)
    except BaseException:
        there.close()
        raise


async def test_bytes_pass_a_proxy_behind_tls_both_ways(authority: Path) -> None:
    async with (
        await asyncio.start_server(_site, "127.0.0.1", 0) as site,
        _serving(authority / "127.0.0.1.pem") as proxy,
    ):
        port = site.sockets[0].getsockname()[1]
        there = await _connected(proxy, "127.0.0.1", port, "me:p%40ss@")
        loop = asyncio.get_running_loop()
        with there:
            await loop.sock_sendall(there, b"%d\n" % len(_BIG) + _BIG)
            received = bytearray()
            while data := await loop.sock_recv(there, 1 << 16):
                received += data
        assert bytes(received) == hashlib.sha256(_BIG).digest() + _BIG
        assert f"CONNECT 127.0.0.1:{port} ".encode() in proxy.heads[0]
        assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in proxy.heads[0]
    await asyncio.wait_for(asyncio.gather(*upstream_proxy._relays), 10)  # each ends with its connection


@pytest.mark.parametrize("certificate", ["other.example.pem", "strangers/127.0.0.1.pem"])
async def test_proxy_that_is_not_trusted_hears_no_password(authority: Path, certificate: str) -> None:
    async with _serving(authority / certificate) as proxy:
        with pytest.raises(ssl.SSLCertVerificationError):
            await _connected(proxy, "127.0.0.1", 9, "me:secret@")
        assert proxy.heads == []


async def test_proxy_without_tls_is_refused() -> None:
    heard = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.write(b"HTTP/1.1 200 fine\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        proxy = _Proxy()
        proxy.port = server.sockets[0].getsockname()[1]
        with pytest.raises((ssl.SSLError, OSError, EOFError)):
            await _connected(proxy, "127.0.0.1", 9, "me:secret@")
    assert b"CONNECT" not in heard[0] and b"Basic" not in heard[0]
