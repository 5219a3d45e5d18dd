"""The single file fetches with a newer yt-dlp, tried where a site changed, and a browser on the wire."""

import json

import pytest

from tests.alpine.conftest import Alpine
from tests.index import MENDED, NEWER, Index, wheel

pytestmark = [pytest.mark.alpine, pytest.mark.timeout(300)]
MEDIAFETCHER, STATE = "/usr/local/bin/mediafetcher", "/srv/state"


def _run(alpine: Alpine, *argv: str, fails: bool = False) -> str:
    done = alpine.run(MEDIAFETCHER, argv[0], *argv[1:], "--state", STATE)
    assert bool(done.returncode) is fails, done.stdout + done.stderr
    return done.stderr + done.stdout


def test_a_newer_ytdlp_in_a_frozen_program(alpine, site):
    """Offered by the third download that fails, used, and taken back, each without anything being installed."""
    index = Index()
    try:
        index.put(NEWER, wheel(NEWER, MENDED))
        alpine.environment["MEDIAFETCHER_YTDLP_INDEX"] = index.url
        for film in (1, 2):
            assert "extractor_broken" in _run(alpine, "get", site.url(f"/page/broken?film={film}"), fails=True)
        got = json.loads(_run(alpine, "get", "--json", site.url("/page/broken?film=3")).splitlines()[-1])
        assert (got["state"], got["item"]["title"]) == ("done", "Mended")
        assert f"offered:   {NEWER}" in _run(alpine, "ytdlp", "status")
        assert f"yt-dlp {NEWER} is now in use" in _run(alpine, "ytdlp", "update")
        _run(alpine, "get", site.url("/page/broken?film=1"))
        assert NEWER not in _run(alpine, "ytdlp", "rollback")
        alpine.environment["MEDIAFETCHER_YTDLP_UPDATE"] = "off"
        assert "extractor_broken" in _run(alpine, "get", site.url("/page/broken?film=4"), fails=True)
    finally:
        index.server.shutdown()
        index.server.server_close()


def test_it_is_a_browser_where_a_site_asks_for_one(alpine, site):
    _run(alpine, "get", site.url("/challenge/ok.mp4"))
    assert "Google Chrome" in site.log[-1]["browser"]
    site.log.clear()
    out = _run(alpine, "get", "--impersonate", site.url("/media/a.mp3", host="127.0.0.2"), fails=True)
    assert "blocked_address" in out and site.log == []
