"""Files that are more than they say: lists that reach for other files and addresses, or for themselves.

Three locks lie behind one another: what is text is not shown to FFmpeg; FFmpeg opens known formats and plain files
alone; the kernel gives it its own file and no socket. Each is tried by itself, the earlier ones taken away.
"""

import asyncio
import time
from pathlib import Path

import pytest

from mediafetcher.media import ffmpeg, probe
from mediafetcher.sandbox import landlock, process, seccomp

CANARY = "canary-4711"
kernel = pytest.mark.skipif(
    not (landlock.version() and seccomp.available()), reason="this kernel has no Landlock or no filters"
)

# {secret} is replaced by a file, {site} by an address, {self} by the file itself.
DISGUISES = {
    "list.avi": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "address.avi": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{site}/media/ok.mp4\n#EXT-X-ENDLIST\n",
    "concat.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nconcat:{secret}|{secret}\n#EXT-X-ENDLIST\n",
    "subfile.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsubfile,,start,0,end,64,,:{secret}\n#EXT-X-ENDLIST\n",
    "key.ts": '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI="file://{secret}"\n#EXTINF:1,\n{self}\n#EXT-X-ENDLIST\n',
    "self.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + "#EXTINF:1,\n{self}\n" * 50 + "#EXT-X-ENDLIST\n",
    "master.mp4": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{self}\n#EXT-X-STREAM-INF:BANDWIDTH=2\n{self}\n",
    "ffconcat.mkv": "ffconcat version 1.0\nfile {secret}\nfile {self}\n",
    "empty.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet'
    ' mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://{secret}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "session.avi": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 33\n",
    "drawing.mp4": '<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{secret}"/></svg>',
}


@pytest.fixture(params=sorted(DISGUISES))
def evil(request, tmp_path, site) -> Path:
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    made = tmp_path / request.param
    given = {"secret": secret, "site": site.url("").rstrip("/"), "self": made}
    text = DISGUISES[request.param]
    for name, value in given.items():
        text = text.replace(f"{{{name}}}", str(value))
    made.write_text(text)
    return made


async def test_it_is_refused_at_once_and_says_nothing(evil, site):
    async with asyncio.timeout(20):
        facts = await probe.probe(evil)
    assert probe.decide(facts).action == "reject"
    assert CANARY not in repr(facts) and site.log == []


async def test_nor_does_ffmpeg_open_it_by_itself(evil, site):
    """As if a list had passed for media: by its formats and protocols, FFmpeg has no way to anything else."""
    began = time.monotonic()
    target = evil.with_name("out.mp4")
    part = ffmpeg.owned(target)
    arguments = ["-v", "error", *ffmpeg.SAFE_INPUT, "-i", f"file:{evil}", "-c", "copy", "-f", "mp4"]
    ended = await ffmpeg.run([*arguments, "-y", f"file:{part}"], [evil], [part], timeout=20)
    assert ended.code != 0 and time.monotonic() - began < 20
    assert CANARY.encode() not in part.read_bytes() and CANARY not in ended.text and site.log == []


_EVERY = ["-protocol_whitelist", "file,http,tcp,udp,rtp,crypto,concat,subfile,data"]
_LISTS = [*_EVERY, "-f", "hls", "-allowed_extensions", "ALL", "-extension_picky", "0"]


async def _careless(evil: Path, given: list[str], *, devices: bool = False) -> bytes:
    """Run FFmpeg on it with every format and protocol. Returns: what it wrote and said."""
    part = ffmpeg.owned(evil.with_name("out.mp4"))
    arguments = [
        "-v",
        "error",
        "-t",
        "1",
        *given,
        "-i",
        f"file:{evil}",
        "-c",
        "copy",
        "-f",
        "data",
        "-y",
        f"file:{part}",
    ]
    limits = process.Limits(data=1 << 30, cpu_seconds=10)
    try:
        ended = await ffmpeg.run(arguments, [evil], [part], limits=limits, timeout=8, devices=devices)
        return part.read_bytes() + ended.text.encode()
    except ffmpeg.Stuck:
        return part.read_bytes()  # one that waits for what never comes is killed


@kernel
async def test_nor_the_kernel_where_ffmpeg_would(evil, site):
    for given in (_LISTS, _EVERY, [*_EVERY, "-safe", "0", "-f", "concat"]):
        assert CANARY.encode() not in await _careless(evil, given)
    assert site.log == []


@pytest.mark.parametrize("evil", ["address.avi"], indirect=True)
async def test_a_careless_ffmpeg_would_open_it(evil, site):
    """Else the refusals of the kernel would prove nothing."""
    await _careless(evil, _LISTS, devices=True)
    assert site.asked("/media/ok.mp4")
