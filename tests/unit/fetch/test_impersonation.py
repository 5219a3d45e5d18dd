"""A fetch that is a browser on the wire: a child without internet sockets; its one way out has the egress rules."""

import asyncio
import json
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import errors, settings
from mediafetcher.fetch import client, gateway
from mediafetcher.fetch.options import Options
from mediafetcher.sandbox import process, seccomp
from tests.unit.fetch.test_fetch import COOKIES

pytestmark = pytest.mark.skipif(not gateway.available(), reason="no curl_cffi, or a kernel without seccomp")
AS_BROWSER = Options(impersonate=True)
MEDIA = "ok.mp4"


@pytest.fixture
def folder(state: Path) -> Path:
    return settings.get().work / "1"


async def bring(url: str, folder: Path, options: Options = AS_BROWSER, cookies: str | None = None):
    async with client.Fetch(url, options, folder, cookies) as source:
        await source.info()
        return await source.download(), source


async def test_a_site_for_browsers_alone(site, folder):
    """Asked for by the site: an ordinary child meets its challenge, and another one begins; nothing stays behind."""
    said: list[str] = []
    async with client.Fetch(site.url(f"/challenge/{MEDIA}"), Options(), folder, on_warning=said.append) as source:
        await source.info()
        result = await source.download()
        program = source._pass.gateway._program
    assert result.file.read_bytes() == site.file(MEDIA).read_bytes()
    assert [entry["status"] for entry in site.log][:2] == [403, 200]
    assert "Google Chrome" in site.log[-1]["browser"]
    assert any("asks for a browser" in line for line in said)
    assert program.returncode is not None


async def test_option_impersonate_makes_every_request_a_browser(site, folder):
    await bring(site.url("/page/video"), folder)
    assert site.log and all(entry["browser"] for entry in site.log)


@pytest.mark.parametrize("path", ["/hls/aes/i.m3u8", "/dash/m.mpd", "/redirect?to=/media/a.mp3"])
async def test_all_kinds_of_media_come_through_the_door(site, folder, path):
    result, _ = await bring(site.url(path), folder)
    assert result.size and all(entry["browser"] for entry in site.log)


# ---- what is refused (S11) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"],
)
async def test_private_addresses_under_every_name(site, folder, host):
    settings.use(replace(settings.get(), allow_hosts=()))
    with pytest.raises((errors.BlockedAddress, errors.Network, errors.InvalidUrl)) as caught:
        await bring(f"http://{host}:{site.port}/media/{MEDIA}", folder)
    if host in ("127.0.0.1", "localhost"):
        assert isinstance(caught.value, errors.BlockedAddress)
    assert site.log == []


@pytest.mark.parametrize("path", ["/challenge/x?to={}"])
async def test_a_redirect_to_a_private_address(site, folder, path):
    """The first host is an exception; what it leads to is none."""
    settings.use(replace(settings.get(), allow_hosts=("127.0.0.1",)))
    with pytest.raises(errors.BlockedAddress):
        await bring(site.url(path.format(site.url("/secret", host="localhost"))), folder)
    assert [entry["path"] for entry in site.log if entry["path"].startswith("/secret")] == []


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "ftp://127.0.0.1:{}/x", "gopher://127.0.0.1:{}/x"])
async def test_a_redirect_to_another_protocol(site, folder, scheme):
    with pytest.raises(errors.FetchProblem):
        await bring(site.url(f"/redirect?to={scheme.format(site.port)}"), folder)
    assert all(entry["path"].startswith("/redirect") for entry in site.log)
    assert all(b"root:" not in path.read_bytes() for path in folder.parent.parent.rglob("media.*") if path.is_file())


async def test_our_own_port(site, folder):
    settings.use(replace(settings.get(), port=site.port))
    with pytest.raises(errors.BlockedAddress):
        await bring(site.url(f"/media/{MEDIA}"), folder)
    assert site.log == []


@pytest.mark.parametrize("name", ["private.m3u8", "filekey.m3u8"])
async def test_playlists_that_reach_for_more(site, folder, name):
    settings.use(replace(settings.get(), allow_hosts=("127.0.0.1",)))
    with pytest.raises(errors.FetchProblem):
        await bring(site.url(f"/evil/{name}"), folder)
    assert site.asked("/secret") == []


async def test_cookies_stay_at_home(site, folder):
    """S9, by curl's own jar: a redirect to another name takes none along; those that the site renewed are returned."""
    elsewhere = site.url(f"/media/{MEDIA}", host="localhost")
    result, _ = await bring(site.url(f"/redirect?to={elsewhere}"), folder, cookies=COOKIES)
    there = [entry for entry in site.log if entry["host"].startswith("localhost")]
    here = [entry for entry in site.log if entry["host"].startswith("127.0.0.1")]
    assert there and all(entry["cookie"] is None for entry in there)
    assert here[0]["cookie"] == "sid=ok"
    assert "sid\tok" in (result.cookies or "")
    assert all(b"sid" not in path.read_bytes() for path in folder.parent.parent.rglob("media.*") if path.is_file())


async def test_with_a_proxy_there_is_no_browser(site, folder):
    """A token of the server would have to come first. The site refuses, as it does for all."""
    settings.use(replace(settings.get(), proxy=f"http://127.0.0.1:{site.port}"))
    async with client.Fetch(site.url(f"/challenge/{MEDIA}"), Options(), folder) as source:
        with pytest.raises(errors.Problem):
            await source.info()
    with pytest.raises(ValueError, match="cannot be combined"):
        Options(impersonate=True, proxy="http://proxy.example:1")


# ---- what forces it --------------------------------------------------------------------------------------

_TRY = """
import json, socket, sys, threading
from mediafetcher.sandbox import seccomp
seccomp.install(alone=False)
said = {}
for name in ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_UNIX", "AF_VSOCK"):
    try:
        socket.socket(getattr(socket, name), socket.SOCK_STREAM if name != "AF_PACKET" else socket.SOCK_RAW).close()
        said[name] = "made"
    except OSError as error:
        said[name] = error.errno
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(425, 8, None); said["io_uring"] = ctypes.get_errno()
libc.syscall(438, 0, 0, 0); said["pidfd_getfd"] = ctypes.get_errno()
import curl_cffi.requests
for url in ("http://127.0.0.1:%d/direct" % int(sys.argv[1]), "https://localhost:%d/direct" % int(sys.argv[1])):
    try:
        said[url[:5]] = curl_cffi.requests.Session(trust_env=False).request("GET", url, timeout=5).status_code
    except curl_cffi.requests.errors.RequestsError as error:
        said[url[:5]] = "failed"
thread = threading.Thread(target=lambda: said.update(thread=_other()))
def _other():
    try:
        socket.socket().close()
        return "made"
    except OSError as error:
        return error.errno
thread.start(); thread.join()
print(json.dumps(said))
"""


def _python(code: str, *arguments: str) -> str:
    root = str(Path(__file__).parents[3])
    env = process.environment("/tmp", PYTHONPATH=root)
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=env, capture_output=True, timeout=60, check=True
    )
    return done.stdout.decode()


def test_the_kernel_makes_no_internet_sockets_and_curl_goes_nowhere_by_itself(site):
    said = json.loads(_python(_TRY, str(site.port)))
    assert (said.pop("http:"), said.pop("https")) == ("failed", "failed")
    assert set(said.values()) == {13}, said
    assert site.log == []


def test_an_ordinary_child_has_no_curl(state):
    code = "from mediafetcher.fetch.child import preload; preload.preload(); import sys;"
    code += "from yt_dlp.networking.common import _REQUEST_HANDLERS as h; print(sorted(h), sys.modules['curl_cffi'])"
    said = _python(code)
    assert "CurlCFFI" not in said and said.strip().endswith("None")


# ---- the door itself -------------------------------------------------------------------------------------


_ASK = """
import json, socket, sys
from mediafetcher.sandbox import namespaces
net, user, port, wanted = json.loads(sys.argv[1])
if net is not None:
    namespaces.enter(namespaces.Network(net, user, None))
def asked(token, request):
    with socket.create_connection(("127.0.0.1", port), 10) as here:
        here.sendall(b"\\x05\\x01\\x02\\x01\\x02mf" + bytes([len(token)]) + token.encode() + bytes.fromhex(request))
        said = b""
        try:
            while len(said) < 14 and (more := here.recv(14 - len(said))):
                said += more
        except ConnectionResetError:
            pass  # what was still to be read when it closed
        return said.hex()
silent = socket.create_connection(("127.0.0.1", port))  # one that says nothing holds nobody up
print(json.dumps([asked(*one) for one in wanted]))
"""


def _request(host: str, port: int, command: int = 1) -> str:
    return (bytes([5, command, 0, 3, len(host)]) + host.encode() + port.to_bytes(2)).hex()


async def test_the_way_out_wants_its_token_and_only_connects(site, state):
    admitted = await gateway.admit(["127.0.0.1"], [])
    try:
        token, network = admitted.way.token, admitted.gateway.network
        mapped = (b"\x05\x01\x00\x04" + bytes(15) + b"\x01" + site.port.to_bytes(2)).hex()
        wanted = [
            ("rate_limit_bucket", _request("127.0.0.1", site.port)),
            (token, _request("127.0.0.1", site.port)),
            (token, _request("localhost", site.port)),
            (token, _request("169.254.169.254", 80)),
            (token, _request("\x7f..", 80)),
            *((token, _request("127.0.0.1", site.port, command)) for command in (2, 3)),  # bind, and datagrams
            (token, mapped),
        ]
        given = [network.net if network else None, network.user if network else None, admitted.way.port, wanted]
        descriptors = [one for one in given[:2] if one is not None]
        root = str(Path(__file__).parents[3])
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _ASK, json.dumps(given)),
            env=process.environment("/tmp", PYTHONPATH=root),
            pass_fds=descriptors,
            stdout=subprocess.PIPE,
        )
        said, _ = await asyncio.wait_for(running.communicate(), 60)
        answers = [bytes.fromhex(one) for one in json.loads(said)]
        assert answers[0] == b"\x05\x02\x01\x01"
        assert [one[:4] for one in answers[1:]] == [b"\x05\x02\x01\x00"] * 7
        assert [one[5] for one in answers[1:7]] == [0, 2, 2, 4, 7, 7]
        assert answers[7][5] in (1, 2)
    finally:
        await admitted.close()
    assert admitted.gateway.ended


_REBIND = """
import asyncio, socket, sys
from mediafetcher.fetch import socks_proxy
from mediafetcher.net import egress
answers = []
real = socket.getaddrinfo
def resolve(host, port, *more, **named):
    answers.append(host)
    return real("127.0.0.1", port, *more, **named)
socket.getaddrinfo = resolve
async def main():
    rules = socks_proxy.Rules(egress.EgressFilter(["good.example"], []), ("good.example",))
    try:
        await socks_proxy.connected("rebound.example", PORT, rules)
        print("connected", len(answers))
    except socks_proxy.Refused as refused:
        print("refused", refused.answer, len(answers))
asyncio.run(main())
"""


def test_a_name_that_became_a_private_address(site):
    """It is resolved once, and the very address that came out is looked at when it is connected to."""
    assert _python(_REBIND.replace("PORT", str(site.port))).split() == ["refused", "2", "1"]
    assert site.log == []


def test_it_is_said_where_the_machine_cannot(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not seccomp.available()
    with pytest.raises(OSError, match="riscv64"):
        seccomp.install()
