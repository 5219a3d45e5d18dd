"""Parse what `ffmpeg -i` prints about a file.

The format is libavformat's `av_dump_format` (FFmpeg 9; older ones indent less and spell side data differently).
Metadata cannot forge a line: FFmpeg begins each further line of a value with a colon.
"""

import re
from dataclasses import dataclass, field, replace

HDR = ("smpte2084", "arib-std-b67")  # PQ and HLG

_INPUT = re.compile(r"^Input #(?P<number>\d+), (?P<names>\S+), from ", re.MULTILINE)
_INPUTS_END = re.compile(r"^Stream mapping:|^Output #", re.MULTILINE)
_DURATION = re.compile(r"^ +Duration: (?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+(?:\.\d+)?)", re.MULTILINE)
_TITLE = re.compile(r"^    title +: (?P<title>\S.*)$", re.MULTILINE)  # of the whole file
# A tag of the whole file, or of a stream, and each further line of it.
_TAG = re.compile(r"^(?: {4}| {6})(?P<key>[A-Za-z][\w ./-]{0,40}?) *: (?P<value>.*(?:\n +: .*)*)$", re.MULTILINE)
_FURTHER = re.compile(r"\n +: ")
_STREAM = re.compile(
    r"^ +Stream #\d+:(?P<index>\d+)(?:\[0x[0-9a-f]+\])?(?:\((?P<language>[^)]*)\))?: "
    r"(?P<kind>Video|Audio|Subtitle|Data|Attachment): (?P<rest>.*)$",
    re.MULTILINE,
)
_CHAPTER = re.compile(
    r"^ +Chapter #\d+:\d+: start (?P<start>-?\d+(?:\.\d+)?), end .*(?:\n +Metadata:)?(?:\n +title +: (?P<title>.*))?",
    re.MULTILINE,
)
_PROFILE = re.compile(r"^\S+ \((?P<name>[^)/]+)\)")
_SIZE = re.compile(r"\b(\d{1,5})x(\d{1,5})\b")
_FPS = re.compile(r"(?<![\d.])(\d{1,9}(?:\.\d{1,6})?)(k?) fps")
_FIELDS = re.compile(r"(top|bottom)( coded)? first")
_ROTATION = re.compile(r"display ?matrix: rotation of (-?\d{1,6}(?:\.\d{1,6})?)", re.IGNORECASE)
_STREAM_START = re.compile(r", start (-?\d{1,9}(?:\.\d{1,9})?)")
_START = re.compile(r"^ +Duration: [^\n]*, start: (-?\d+(?:\.\d+)?)", re.MULTILINE)
_COLOURS = re.compile(r"(?P<matrix>[\w-]+)/(?P<primaries>[\w-]+)/(?P<transfer>[\w-]+)")
_FRAME = re.compile(r"color_space:(?P<matrix>\S+) color_primaries:(?P<primaries>\S+) color_trc:(?P<transfer>\S+)")
_TRACK_TITLE = re.compile(r"^ +(?:title|name) +: (?P<title>.*)$", re.MULTILINE)
_COMMENTARY = re.compile(r"\b(comment(ary|aries|aire)|kommentar)", re.IGNORECASE)
_DESCRIBED = re.compile(r"\b(audio ?descri|descri(bed|ptive)|visually impaired|h(ö|oe)rfilm)", re.IGNORECASE)
_CHAPTER_TRACK = re.compile(r"\(text / |\(tmcd / ")
_ESTIMATED = "Estimating duration from bitrate"
_MAX_TITLE = 200  # characters
_MAX_TAGS, _MAX_TAG = 64, 40_000  # of one file; characters of one tag
_TAGS_OF_STREAM = {"ogg"}  # containers that have the tags of the whole file in its first stream
_DEEP = re.compile(r"1[0246]|p01\d|p21\d")
_LAYOUTS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}


@dataclass(frozen=True)
class Video:
    """The picture track. Width and height are those shown, after rotation."""

    index: int
    codec: str
    profile: str | None
    pix_fmt: str
    width: int
    height: int
    fps: float | None
    interlaced: bool
    hdr: bool
    rotation: float  # degrees
    colours: tuple[str, str, str] | None = None  # matrix, primaries, transfer, as far as they are tagged
    start: float | None = None  # seconds of its first timestamp, if FFmpeg prints it

    @property
    def deep(self) -> bool:
        """Tell whether it has more than eight bits for each sample."""
        return bool(_DEEP.search(self.pix_fmt))


@dataclass(frozen=True)
class Audio:
    index: int
    codec: str
    profile: str | None
    channels: int | None
    rate: int | None  # Hz
    language: str | None
    default: bool = False
    commentary: bool = False
    described: bool = False  # the picture is described for the visually impaired
    original: bool = False  # in the language in which it was made
    title: str | None = None

    @property
    def decodable(self) -> bool:
        """Tell whether FFmpeg knows its codec."""
        return self.codec not in ("none", "unknown")


@dataclass(frozen=True)
class Subtitle:
    index: int
    codec: str
    language: str | None
    forced: bool = False
    impaired: bool = False  # for the deaf and hard of hearing


@dataclass(frozen=True)
class Found:
    container: tuple[str, ...]
    duration: float | None
    video: Video | None
    audio: tuple[Audio, ...]
    subtitles: tuple[Subtitle, ...]
    chapters: tuple[tuple[float, str], ...]
    picture: int | None
    title: str = ""
    others: tuple[str, ...] = ()  # further streams, as text: data, attachments, a second picture
    data: bool = False  # there are data tracks, QuickTime's chapters and timecodes included
    estimated: bool = False  # the duration is a guess from the bit rate
    start: float = 0.0  # seconds of the first timestamp
    tags: dict[str, str] = field(default_factory=dict)  # of the whole file, names in lower case


def frame_colours(said: str) -> tuple[str, str, str] | None:
    """Return matrix, primaries and transfer as `showinfo` prints them for a frame."""
    found = _FRAME.search(said)
    return (found["matrix"], found["primaries"], found["transfer"]) if found else None


def parse(said: str) -> dict[int, Found]:
    """Parse FFmpeg's output. Returns: the facts by the number of the input, without inputs that it could not open."""
    if end := _INPUTS_END.search(said):
        said = said[: end.start()]
    tops = list(_INPUT.finditer(said))
    ends = [*(top.start() for top in tops[1:]), len(said)]
    begins = [0, *(top.end() for top in tops)]
    return {
        int(top["number"]): replace(
            _one(top, said[top.start() : end]), estimated=_ESTIMATED in said[begin : top.start()]
        )
        for top, end, begin in zip(tops, ends, begins, strict=False)
    }


def _one(top: re.Match[str], said: str) -> Found:
    container = tuple(top["names"].split(","))
    video: Video | None = None
    picture: int | None = None
    audio: list[Audio] = []
    subtitles: list[Subtitle] = []
    others: list[str] = []
    streams = list(_STREAM.finditer(said))
    for at, stream in enumerate(streams):
        after = said[stream.end() : streams[at + 1].start() if at + 1 < len(streams) else None]
        index, parts = int(stream["index"]), _split(stream["rest"])
        if stream["kind"] == "Video":
            if "(attached pic)" in stream["rest"]:
                picture = index if picture is None else picture
            elif video is None:
                video = _video(index, parts, stream["rest"], after)
            else:
                others.append(f"picture {index} ({_codec(parts)})")
        elif stream["kind"] == "Audio":
            audio.append(_audio(index, parts, stream, after))
        elif stream["kind"] == "Subtitle":
            forced, impaired = "(forced)" in stream["rest"], "(hearing impaired)" in stream["rest"]
            subtitles.append(Subtitle(index, _codec(parts), _language(stream["language"]), forced, impaired))
        elif not _CHAPTER_TRACK.search(stream["rest"]):  # QuickTime's chapters are kept as chapters
            others.append(f"{stream['kind'].lower()} {index} ({_codec(parts)})")
    if video is not None and video.codec == "mjpeg" and {"mp3", "flac", "ogg"} & set(container):
        picture, video = video.index, None  # a cover that is not marked as one
    start = _START.search(said)
    return Found(
        container=container,
        duration=_seconds(said),
        video=video,
        audio=tuple(sorted(audio, key=_rank)),
        subtitles=tuple(subtitles),
        chapters=tuple(_chapters(said)),
        picture=picture,
        others=tuple(others),
        data=any(stream["kind"] == "Data" for stream in streams),
        start=float(start[1]) if start else 0.0,
        title=_title(said),
        tags=_tags(said, container, streams),
    )


def _tags(said: str, container: tuple[str, ...], streams: list[re.Match[str]]) -> dict[str, str]:
    duration = _DURATION.search(said)
    parts = [said[: duration.start()]] if duration else []
    if _TAGS_OF_STREAM & set(container) and streams:
        parts.append(said[streams[0].end() : streams[1].start() if len(streams) > 1 else None])
    found: dict[str, str] = {}
    for part in parts:
        for tag in _TAG.finditer(part):
            if len(found) < _MAX_TAGS:
                value = _FURTHER.sub("\n", tag["value"]).strip()[:_MAX_TAG]
                found.setdefault(tag["key"].strip().lower(), value)
    return found


def _rank(audio: Audio) -> tuple[bool, bool, bool, bool, int]:
    """Sort the main sound first: the default track, and a commentary or description only if there is no other."""
    return audio.commentary, audio.described, not audio.default, not audio.original, audio.index


def _title(said: str) -> str:
    duration = _DURATION.search(said)
    title = _TITLE.search(said[: duration.start()]) if duration else None
    return title["title"].strip() if title else ""


def _split(rest: str) -> list[str]:
    """Split at commas, but not inside brackets."""
    parts, depth, current = [], 0, ""
    for letter in rest:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += letter
    return [*parts, current.strip()]


def _codec(parts: list[str]) -> str:
    return next(iter(parts[0].split()), "unknown")


def _seconds(said: str) -> float | None:
    found = _DURATION.search(said)
    if not found:
        return None
    return int(found["hours"]) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"])


def _language(code: str | None) -> str | None:
    return None if code in (None, "", "und") else code


def _profile(codec: str) -> str | None:
    found = _PROFILE.match(codec)
    return found["name"] if found else None


def _video(index: int, parts: list[str], rest: str, after: str) -> Video:
    pixels = parts[1] if len(parts) > 1 else ""
    pix_fmt, _, qualities = pixels.partition("(")
    size = _SIZE.search(" ".join(parts[2:]))
    width, height = (int(size[1]), int(size[2])) if size else (0, 0)
    rotated = _ROTATION.search(after)
    rotation = float(rotated[1]) if rotated else 0.0
    if round(rotation) % 180 == 90:
        width, height = height, width
    fps, start = _FPS.search(rest), _STREAM_START.search(rest)
    return Video(
        index=index,
        codec=_codec(parts),
        profile=_profile(parts[0]),
        pix_fmt=pix_fmt.strip(),
        width=width,
        height=height,
        fps=float(fps[1]) * (1000 if fps[2] else 1) if fps else None,
        interlaced=bool(_FIELDS.search(qualities)),
        hdr=any(name in qualities for name in HDR),
        rotation=rotation,
        colours=_colours(qualities),
        start=float(start[1]) if start else None,
    )


def _colours(qualities: str) -> tuple[str, str, str] | None:
    """Return matrix, primaries and transfer; one word means that all three are the same."""
    found = _COLOURS.search(qualities)
    return (found["matrix"], found["primaries"], found["transfer"]) if found else None


def _audio(index: int, parts: list[str], stream: re.Match[str], after: str) -> Audio:
    rate = next((int(part[:-3]) for part in parts if re.fullmatch(r"\d+ Hz", part)), None)
    codec = _codec(parts)
    titled = _TRACK_TITLE.search(after)
    title = titled["title"].strip()[:_MAX_TITLE] if titled else None
    commentary = "(comment)" in stream["rest"] or bool(title and _COMMENTARY.search(title))
    return Audio(
        index=index,
        codec=codec,
        profile=_profile(parts[0]),
        channels=_channels(parts[2:3]),
        rate=rate,
        language=_language(stream["language"]),
        default="(default)" in stream["rest"],
        commentary=commentary,
        described="(visual impaired)" in stream["rest"] or bool(title and _DESCRIBED.search(title)),
        original="(original)" in stream["rest"],
        title=title or None,
    )


def _channels(part: list[str]) -> int | None:
    layout = part[0].split("(")[0].strip() if part else ""
    if layout in _LAYOUTS:
        return _LAYOUTS[layout]
    if counted := re.match(r"(\d+) channels", layout):
        return int(counted[1])
    if dotted := re.fullmatch(r"(\d)\.(\d)(?:\.(\d))?", layout):
        return sum(int(digit) for digit in dotted.groups() if digit)
    return None


def _chapters(said: str) -> list[tuple[float, str]]:
    head = said.split("\n  Stream #", 1)[0]
    return [(max(0.0, float(found["start"])), (found["title"] or "").strip()) for found in _CHAPTER.finditer(head)]
