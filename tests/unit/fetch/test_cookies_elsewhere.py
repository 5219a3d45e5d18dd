"""S9: a site that keeps its pieces, pictures or texts on another host gives that host none of its cookies."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core import settings
from mediafetcher.fetch import client
from mediafetcher.fetch.options import Options

pytestmark = pytest.mark.usefixtures("warm")

HERE, ELSEWHERE = "127.0.0.1", "localhost"
COOKIES = f"# Netscape HTTP Cookie File\n{HERE}\tFALSE\t/\tFALSE\t0\tsid\tok\n"


@pytest.fixture
def folder(state: Path) -> Path:
    settings.use(replace(settings.get(), allow_hosts=(HERE, ELSEWHERE)))
    return settings.get().work / "1"


@pytest.mark.parametrize(
    ("path", "wished", "fetched"),
    [
        ("/elsewhere/pieces", Options(), "/hls/mux/s00"),
        ("/elsewhere/key", Options(), "/hls/aes/k.key"),
        ("/elsewhere/dash", Options(), "/dash/chunk-"),
        ("/elsewhere/live", Options(live_max=1), "/hls/mux/s00"),
        ("/elsewhere/picture", Options(audio="m4a"), "/media/cover.jpg"),
        ("/elsewhere/text", Options(subtitles=("en",)), "/texts/en.vtt"),
    ],
)
async def test_another_host_gets_no_cookies(site, folder, path, wished, fetched):
    async with client.Fetch(site.url(path), wished, folder, COOKIES) as source:
        await source.info()
        await source.download(lambda *_: None)
    asked = [entry for entry in site.asked(fetched) if entry["host"].startswith(ELSEWHERE)]
    assert asked, site.log  # it was really fetched, from there
    assert all(entry["cookie"] is None for entry in site.log if entry["host"].startswith(ELSEWHERE))
    assert site.asked(path)[0]["cookie"] == "sid=ok"
