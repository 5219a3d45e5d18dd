"""Streams of the fixture site with subtitles, and of several parts: what comes when.

In each film of `/clock` there is a flash and a beep at 5 s, and a line of text that begins then.
"""

from tests.site.playlists import kind
from tests.site.server import Request

_TYPE = kind("x.m3u8")
KINDS = (
    "ts",
    "fmp4",
    "apart",
    "live",
    "unmapped",
    "zero",
    "negative",
    "variants",
    "breaks",
    "breaks4",
    "sizes",
    "ads",
    "described",
    "languages",
)
_FOLDERS = {"fmp4": "hls/clock4", "apart": "hls/clock-v", "described": "hls/clock-v", "languages": "hls/clock-v"}
# A dub beeps lower.
_SOUNDS = {"a.m3u8": "hls/clock-a", "de.m3u8": "hls/clock-low"}
# By kind: (X-TIMESTAMP-MAP, seconds at which the line begins on its clock)
_MAPS = {"zero": ("MPEGTS:0,LOCAL:00:00:00.000", 15), "negative": ("MPEGTS:-6000,LOCAL:00:00:00.000", 5)}
_STREAM = '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=64x48,CODECS="avc1.42c00d,mp4a.40.2",SUBTITLES="s"'
_SOUND = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="a.m3u8"'
# Two sounds, neither of which is the default. The description does not exist.
_PLAIN_SOUND = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",AUTOSELECT=YES,URI="a.m3u8"'
_DESCRIPTION = (
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English (2)",LANGUAGE="en",AUTOSELECT=YES,URI="absent.m3u8",'
    'CHARACTERISTICS="public.accessibility.describes-video"'
)
_GERMAN = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,URI="de.m3u8"'
_FRENCH = (
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Audiodescription",LANGUAGE="fr",URI="absent.m3u8",'
    'CHARACTERISTICS="public.accessibility.describes-video"'
)
_LINES = {"full.vtt": ["Hello", "Sign"], "forced.vtt": ["Sign"], "more.vtt": ["Hello, hello"]}


def _text(name: str, language: str = "en", more: str = "DEFAULT=YES") -> str:
    return f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="{name}",LANGUAGE="{language}",{more},URI="{name}.m3u8"'


def answer(request: Request) -> None:
    """/clock/<kind>/<file>"""
    name, _, rest = request.rest.partition("/")
    if rest == "m.m3u8":
        return request.send(200, _master(name), kind=_TYPE)
    if rest.removesuffix(".m3u8") in ("full", "forced", "more"):
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\n{rest.removesuffix('.m3u8')}.vtt\n#EXT-X-ENDLIST\n"
        return request.send(200, text, kind=_TYPE)
    if rest.endswith(".vtt"):
        return request.send(200, _webvtt(name, rest), kind="text/vtt")
    if rest.endswith(".m3u8"):
        return request.send(200, _pieces(request, name, rest), kind=_TYPE)
    sound, _, piece = rest.partition("-")
    folder = _SOUNDS.get(f"{sound}.m3u8")
    request.send_file(request.site.file(f"{folder}/{piece}" if folder else _place(name, rest)))


def _place(name: str, rest: str) -> str:
    return f"{_FOLDERS.get(name, 'hls/clock')}/{rest}"


def _master(name: str) -> str:
    texts = [_text("full")]
    if name == "variants":
        texts = [_text("forced", more="FORCED=YES"), _text("full"), _text("more", more="DEFAULT=NO")]
    sound = {"apart": [_SOUND], "described": [_PLAIN_SOUND, _DESCRIPTION], "languages": [_SOUND, _GERMAN, _FRENCH]}.get(
        name, []
    )
    stream = _STREAM + (',AUDIO="a"' if sound else "")
    return "\n".join(["#EXTM3U", *sound, *texts, stream, "v.m3u8", ""])


def _webvtt(name: str, file: str) -> str:
    clock, at = _MAPS.get(name, ("MPEGTS:900000,LOCAL:00:00:00.000", 5))
    head = "WEBVTT\n" if name == "unmapped" else f"WEBVTT\nX-TIMESTAMP-MAP={clock}\n"
    cues = [f"00:00:{at + n:02}.000 --> 00:00:{at + n + 1:02}.000\n{line}\n" for n, line in enumerate(_LINES[file])]
    return "\n".join([head, *cues])


def _pieces(request: Request, name: str, rest: str) -> str:
    own = f"{_SOUNDS[rest]}/i.m3u8" if rest in _SOUNDS else _place(name, "i.m3u8")
    path = request.site.file(own)
    assert path
    text = path.read_text()
    if rest in _SOUNDS:
        return text.replace("\ns0", f"\n{rest.removesuffix('.m3u8')}-s0")
    if name != "live":
        return text
    lines = text.replace("#EXT-X-ENDLIST\n", "").replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "")
    lines = lines.replace("#EXT-X-TARGETDURATION:1", "#EXT-X-TARGETDURATION:0.2")
    shown = lines.splitlines()
    cut = next((at for at, line in enumerate(shown) if line == f"s{min(8, 2 + request.times):03d}.ts"), len(shown))
    ended = "#EXT-X-ENDLIST\n" if request.times > 6 else ""
    return "\n".join(shown[: cut - 1 if cut < len(shown) else cut]) + "\n" + ended


def parts(request: Request) -> None:
    """/parts/<kind>.m3u8: streams of several parts, each with a clock or a form of its own."""
    lists = {
        "ts": [("/hls/mux", "ts", ""), ("/hls/mux", "ts", ""), ("/hls/mux", "ts", "")],
        "fmp4": [
            ("/hls/fmp4", "m4s", "init.mp4"),
            ("/hls/part4", "m4s", "other.mp4"),
            ("/hls/fmp4", "m4s", "init.mp4"),
        ],
        "sizes": [("/hls/mux", "ts", ""), ("/hls/other", "ts", ""), ("/hls/mux", "ts", "")],
    }
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for number, (folder, ending, init) in enumerate(lists[request.rest.removesuffix(".m3u8")]):
        lines += ["#EXT-X-DISCONTINUITY"] if number else []
        lines += [f'#EXT-X-MAP:URI="{folder}/{init}"'] if init else []
        for piece in range(2 if folder == "/hls/other" else 4):
            lines += ["#EXTINF:1,", f"{folder}/s{piece:03d}.{ending}"]
    request.send(200, "\n".join([*lines, "#EXT-X-ENDLIST", ""]), kind=_TYPE)


def periods(request: Request) -> None:
    """/periods/<kind>/m.mpd: DASH of two periods, or of one.

    `silent`: the first period has no sound. `unseen`: it has no picture. `ranges`: a list of ranges of one file.
    `open`: segments repeat to the end. `roles`: there is a dub, which is absent.
    """
    name, _, rest = request.rest.partition("/")
    if name == "ranges":
        return request.send_file(request.site.file(f"dash/one/{rest}"))
    if name == "languages":
        return _languages(request, rest)
    if not rest.endswith(".mpd"):
        return request.send_file(request.site.file(f"dash/{rest}"))
    text = (request.site.root / "dash" / "m.mpd").read_text()
    start, end = text.index("<AdaptationSet"), text.rindex("</AdaptationSet>") + len("</AdaptationSet>")
    sets = text[start:end]
    if name == "open":
        import re

        timeline = '<SegmentTimeline><S t="0" d="1000000" r="-1"/></SegmentTimeline></SegmentTemplate>'
        sets = re.sub(r' duration="1000000"([^>]*)>\s*</SegmentTemplate>', rf"\1>{timeline}", sets)
        sets = re.sub(r' duration="1000000"([^>]*)/>', rf"\1>{timeline}", sets)
        lengths = [("0", None)]
        whole = 4
    elif name == "roles":
        sets, lengths, whole = sets + _dub(sets), [("0", None)], 4
    else:
        lengths, whole = [("0", None), ("4", None)], 8
    made = "".join(f'<Period start="PT{at}S">{sets}</Period>' for at, _ in lengths)
    if name == "unseen":
        made = made.replace(sets, sets[sets.rindex("<AdaptationSet") :], 1)
    if name == "silent":
        made = made.replace(sets, sets[: sets.index("</AdaptationSet>")] + "</AdaptationSet>", 1)
    head = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" minBufferTime="PT2S"'
    request.send(200, f'{head} mediaPresentationDuration="PT{whole}S">{made}</MPD>', kind=kind("x.mpd"))


def _languages(request: Request, rest: str) -> None:
    """A sound in English, which is the main one, and one in German."""
    path = request.site.file(f"dash/languages/{rest}")
    if not rest.endswith(".mpd") or path is None:
        return request.send_file(path)
    role = '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>'
    head, english, tail = path.read_text().partition('lang="en"')
    assert english
    at = tail.index("<Representation")
    request.send(200, head + english + tail[:at] + role + tail[at:], kind=kind(rest))


def _dub(sets: str) -> str:
    """A sound of a better quality than the main one, whose pieces do not exist."""
    dub = sets[sets.rindex("<AdaptationSet") :].replace('<Representation id="1"', '<Representation id="dub"')
    role = '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="dub"/>'
    return dub.replace('bandwidth="', 'bandwidth="9').replace("<Representation", f"{role}<Representation", 1)
