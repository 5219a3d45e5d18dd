"""The expected outcome of every behaviour of the fixture site: one row each, walked through the real program.

`state` is that of the download after one attempt. `what` is the decision of a download that is done (none, remux,
audio, video, both, audio_only), else the code of its error. The corpus of media files has its own list: media.ACTIONS.
"""

from typing import NamedTuple


class Case(NamedTuple):
    path: str
    state: str
    what: str
    patience: float = 60.0  # seconds without a byte
    largest: int = 1 << 36


def _done(*paths: str, what: str = "none") -> list[Case]:
    return [Case(path, "done", what) for path in paths]


def _codes(state: str, code: str, *paths: str) -> list[Case]:
    return [Case(path, state, code) for path in paths]


CASES: list[Case] = [
    # Files, however they are sent
    *_done("/media/ok.mp4", "/noname/ok.mp4", "/norange/ok.mp4", "/redirect?to=/media/h264_baseline.mp4"),
    Case("/setcookie", "done", "known"),  # leads to a film that is there by then
    *_done("/same-name/b/film.mp4", "/slow/500/ok.mp4", "/media/a.mp3"),
    # Links that work once, only from a page, or under a name that the server sends
    *_done("/once/0/ok.mp4?whole", "/once/60000/ok.mp4?broken", "/redirect?to=/once/0/ok.mp4"),
    *_done("/guarded/own/ok.mp4", "/guarded/page/films", "/named/extended/ok.mp4"),
    *_codes("failed", "referer_required", "/guarded/told/ok.mp4"),
    # Links whose file name has an ending that yt-dlp does not know
    *_done("/media/a.mpc", "/media/a.amr", "/media/a.thd", "/media/xhe_aac.m4a", what="audio_only"),
    *_done("/media/xhe_aac.mp4", what="audio"),
    *_done("/media/h264_telemetry.mp4", "/media/h264_teletext.ts", what="remux"),
    # Connections that break, and servers that say what is not so: whole in the end
    *_done("/drop/50000/ok.mp4", "/drop1/99999/ok.mp4", "/cut/50000/ok.mp4", "/untagged/60000/ok.mp4"),
    *_done("/wrong-place/60000/ok.mp4", "/changing/60000/ok.mp4"),
    *_done("/longer/ok.mp4"),  # more is claimed than there is, and every sample of it came
    # Streams
    *_done("/hls/mux/i.m3u8", "/hls/fmp4/i.m3u8", "/hls/aes/i.m3u8", what="remux"),
    *_done("/short.m3u8", what="remux"),  # all its pieces came: what it says of its length is a claim
    *_done("/hls/master.m3u8", "/dash/m.mpd"),
    *_done("/live.m3u8", "/live-gone.m3u8", what="remux"),
    *_done("/live-split/master.m3u8"),
    # Pages
    *_done("/page/video", "/page/og", "/page/jsonld", "/page/twitter", "/page/player", "/page/hls", "/page/dash"),
    *_done("/page/multi", "/page/unicode", "/page/long", "/page/latin2", "/page/traversal", "/page/script"),
    *_done("/page/subtitles", "/page/chapters", "/page/sound", "/list/1"),
    *_codes("failed", "is_playlist", "/list/3", "/rss"),
    *_codes("failed", "unsupported", "/page/none", "/loop", "/broken.mpd"),
    # It needs the user
    *_codes("needs_action", "login_required", "/status/401/x"),
    *_codes("needs_action", "members_only", "/status/402/x", "/refuses/403/members"),
    *_codes("needs_action", "age_limit", "/refuses/403/age"),
    *_codes("needs_action", "site_forbids", "/guarded/page/ok.mp4", "/status/403/x", "/auth/ok.mp4", "/members"),
    # It may pass
    *_codes("queued", "server_error", "/status/500/x", "/status/503/x", "/flaky/1/ok.mp4"),
    *_codes("queued", "network", "/hang-up/x.mp4"),
    *_codes("queued", "truncated", "/media/trunc.mp4"),
    Case("/stall/50000/ok.mp4", "queued", "stalled", patience=1.0),
    *_codes("scheduled", "live_not_started", "/live-empty.m3u8", "/upcoming/1/ok.mp4", "/refuses/404/begins"),
    # It will not
    *_codes("failed", "gone", "/status/404/x", "/status/410/x", "/lost.m3u8", "/nothing/of/this"),
    *_codes("failed", "geo_blocked", "/status/451/x", "/refuses/403/geo"),
    *_codes("failed", "live_unsupported", "/live-open.mpd"),
    *_codes("failed", "drm", "/drm.m3u8", "/refuses/403/drm"),
    *_codes("failed", "extractor_broken", "/page/broken"),
    *_codes("failed", "unsupported_codec", "/media/no_decoder.m4a"),
    *_codes("failed", "not_media", "/htmlvideo/x.mp4", "/media/random.mp4", "/media/still.png"),
    *_codes("failed", "too_large", "/lie/ok.mp4"),
    Case("/endless/64/x.mp4", "failed", "too_large", largest=3 << 20),
    # It is hostile
    *_codes("failed", "blocked_address", "/page/private", "/redirect?to=http://127.0.0.2:1/film.mp4"),
    *_codes("failed", "blocked_address", "/redirect?to=http://169.254.169.254/latest", "/evil/private.m3u8"),
    *_codes("failed", "hostile", "/redirect?to=file:///etc/passwd", "/evil/file.m3u8", "/evil/filekey.m3u8"),
    *_codes("failed", "hostile", "/evil/map.m3u8", "/evil/concat.m3u8"),
    *_codes("failed", "gone", "/evil/subfile.m3u8", "/evil/file.mpd"),  # taken for paths of the site
    # The last, since the site is left alone after it
    *_codes("queued", "rate_limited", "/status/429/x"),
]
