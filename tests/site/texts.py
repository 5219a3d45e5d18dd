"""Subtitles, lists, marks and refusals of the fixture site: what lies around the films."""

import hashlib
import json

_SRT = "1\n00:00:00,500 --> 00:00:01,500\nBonjour à tous\n\n2\n00:00:02,000 --> 00:00:03,000\nAu revoir\n"
_ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,20\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,Szia {\\b1}mindenki{\\b0}\n"
)
_TTML = (
    '<?xml version="1.0" encoding="utf-8"?><tt xmlns="http://www.w3.org/ns/ttml" xml:lang="de"><body><div>'
    '<p begin="00:00:00.500" end="00:00:01.500">Guten Tag</p></div></body></tt>'
)
TEXTS: dict[str, bytes] = {
    "en.vtt": b"WEBVTT\n\n00:00.500 --> 00:01.500\nHello\n\n00:02.000 --> 00:03.000\nGoodbye\n",
    "fr.srt": _SRT.encode(),
    "latin.srt": _SRT.encode("cp1252"),
    "hu.ass": _ASS.encode(),
    "de.ttml": _TTML.encode(),
    "ru.srt": _SRT.replace("Bonjour à tous", "Привет, как дела?").encode("cp1251"),
    "zh.srt": _SRT.replace("Bonjour à tous", "你好,世界").replace("Au revoir", "再见").encode("gbk"),
    "said.srt": _SRT.replace("Bonjour à tous", "Здравей, свят").encode("koi8-r"),
    "bad.srt": b"<html>Please log in</html>",
}
TRACKS = "".join(
    f'<track kind="subtitles" srclang="{language}" src="/texts/{name}">'
    for language, name in (
        ("en-GB", "en.vtt"),
        ("fr", "fr.srt"),
        ("es", "latin.srt"),
        ("hu", "hu.ass"),
        ("de", "de.ttml"),
        ("it", "bad.srt"),
        ("pt", "missing.vtt"),
    )
)
FOREIGN = "".join(
    f'<track kind="subtitles" srclang="{language}" src="/texts/{name}">'
    for language, name in (("ru", "ru.srt"), ("zh", "zh.srt"), ("xx", "said.srt"))
)
CHAPTERS = [
    {"@type": "Clip", "name": "Begin", "startOffset": 0, "endOffset": 1},
    {"@type": "Clip", "name": "Middle", "startOffset": 1, "endOffset": 3},
    {"@type": "Clip", "name": "Last", "startOffset": 3, "endOffset": 4},
]
REFUSALS = {
    "age": "Sign in to confirm your age. This video may be inappropriate for some users.",
    "members": "This video is available to members only. Join this channel to get access.",
    "geo": "The uploader has not made this video available in your country.",
    "drm": "This video is protected by DRM.",
    "begins": "This live event will begin in 2 hours.",
}
DRM = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"\n'
    "#EXTINF:1,\n/hls/mux/s000.ts\n#EXT-X-ENDLIST\n"
)
_VIDEO = "dQw4w9WgXcQ"


def marks(prefix: str) -> str | None:
    """The answer of a SponsorBlock server for the video `dQw4w9WgXcQ`; None for hashes it does not know."""
    if hashlib.sha256(_VIDEO.encode()).hexdigest()[:4] != prefix:
        return None
    segment = {"category": "sponsor", "actionType": "skip", "segment": [1.5, 2.5], "videoDuration": 4.0}
    return json.dumps([{"videoID": _VIDEO, "segments": [{**segment, "UUID": "u", "description": "", "locked": 0}]}])


def listing(base: str, count: int) -> str:
    """A feed of so many films, all different."""
    items = "".join(
        f"<item><title>Part {number}</title><guid>p{number}</guid>"
        f'<enclosure url="{base}/same-name/{number}/ok.mp4" type="video/mp4" length="1"/></item>'
        for number in range(1, count + 1)
    )
    head = f"<title>A list: of {count}/all</title><link>{base}</link><description>d</description>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'


MANY_CHAPTERS = [
    {"@type": "Clip", "name": "章" * 190 + f" {number}", "startOffset": number / 200, "endOffset": (number + 1) / 200}
    for number in range(500)
]
