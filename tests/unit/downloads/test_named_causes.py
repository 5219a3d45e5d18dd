"""Every refusal names its cause: never "the site changed", and cookies only if cookies help."""

import pytest

from tests.unit.downloads.test_download_options import _ready, _run  # noqa: F401
from tests.unit.downloads.test_lists_and_certificates import _served, authority  # noqa: F401

# By path: (state, code, words of the sentence)
CAUSES = {
    "/basic/ok.mp4": ("failed", "password_required", "name and password"),
    "/guarded/told/ok.mp4": ("failed", "referer_required", "visitors of its own pages"),
    "/media/no_decoder.m4a": ("failed", "unsupported_codec", "no decoder"),
    "/media/random.mp4": ("failed", "not_media", "does not support this type of file"),
    "/media/html.mp4": ("failed", "not_media", "web page"),
    "/media/anim.webp": ("failed", "not_media", "picture"),
    "/live-open.mpd": ("failed", "live_unsupported", "cannot be recorded"),
    "/drm.m3u8": ("failed", "drm", "DRM"),
    "/refuses/403/geo": ("failed", "geo_blocked", "country"),
    "/status/410/x": ("failed", "gone", "Nothing found"),
    "/status/503/x": ("queued", "server_error", "internal error"),
    "/upcoming/9/ok.mp4": ("scheduled", "live_not_started", "not started"),
}
_BLAMING = ("site changed", "cookies", "sign in")


@pytest.mark.parametrize("path", CAUSES)
async def test_refusal_names_its_cause(owner, site, path):
    row = await _run(owner, site.url(path))
    state, code, words = CAUSES[path]
    error = row["error"] or {}
    assert (row["state"], error.get("code")) == (state, code), row
    assert words in error["message"]
    assert not any(blame in error["message"] for blame in _BLAMING), error


async def test_untrusted_certificate_is_the_cause_that_is_named(owner, media_corpus, authority):  # noqa: F811
    with _served(media_corpus, authority) as base:
        row = await _run(owner, f"{base}/ok.mp4")
    assert (row["state"], row["error"]["code"]) == ("failed", "untrusted_certificate")
    assert "certificate" in row["error"]["message"] and "MEDIAFETCHER_CA_FILE" in row["error"]["message"]


@pytest.mark.parametrize("name", ["a.mpc", "a.amr", "a.thd"])
async def test_unknown_ending_of_a_file_is_no_cause_to_refuse_it(owner, site, name):
    row = await _run(owner, site.url(f"/media/{name}"))
    assert row["state"] == "done", row["error"]
