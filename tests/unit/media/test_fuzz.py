"""P21: every parser of foreign bytes ends quickly and raises nothing but problems, whatever it is given.

`scripts/faults P21` runs each for a minute; the test command for a moment.
"""

import contextlib
import io
import json
import os
import re
import tarfile
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from mediafetcher import media
from mediafetcher.accounts.vault import cookie_formats as jars
from mediafetcher.core import errors
from mediafetcher.fetch import child_events
from mediafetcher.fetch import error_mapping as classify
from mediafetcher.fetch import sidecars as extras
from mediafetcher.fetch.child import feeds
from mediafetcher.fetch.child.network import content_disposition, moves
from mediafetcher.fetch.child.streaming import dash_live, dash_periods, hls_playlist
from mediafetcher.fetch.child.subtitles import text_samples, ttml
from mediafetcher.fetch.ytdlp import package_index
from mediafetcher.importing import info_json, nfo_file
from mediafetcher.library.recovery import journal_file
from mediafetcher.library.storage import claims
from mediafetcher.media import containers as boxes
from mediafetcher.media import ffmpeg_output as text
from mediafetcher.media import sniff, webvtt
from mediafetcher.ops import backup
from mediafetcher.sandbox import parsing
from mediafetcher.subscriptions import list_formats, patterns
from tests import deep
from tests.site import mp4_texts as texts_site

SECONDS = 60.0 if deep.deep(21) else 1.0
SLOWEST = 2.0  # seconds of one input

pytestmark = [pytest.mark.promise(21), pytest.mark.timeout(180)]

# Words that mean something to a parser, so that chance gets past its first question.
_VTT = st.lists(
    st.sampled_from(["WEBVTT", "\n", "\n\n", "00:01.000", " --> ", "-->", "1:", "99999", ".", ",", "STYLE", "\r", "\0"])
    | st.text(max_size=20),
    max_size=200,
).map("".join)
_SUBSCRIPTIONS = st.lists(
    st.sampled_from(
        [
            "<opml>", "<body>", '<outline text="a"', " xmlUrl='https://a.test/f'", ">", "/>", "</outline>", "&#1;",
            "</body></opml>", "<!--", "-->", "id,url,title\n", "UCabcdefghijklmnopqrstuv", ",", "https://a.test/", "\n",
            '"', "{", '"subscriptions":', "[", "]", "}", '{"url":"https://a.test/","name":"a"}',
        ]
    ) | st.text(max_size=10),
    max_size=40,
).map("".join)  # fmt: skip
_SAID = st.lists(
    st.sampled_from(
        [
            "Input #0, mov,mp4, from 'x':\n", "  Duration: 00:00:04.00, start: 0.000000, bitrate: 1 kb/s\n",
            "  Stream #0:0(eng): Video: h264 (High), yuv420p(tv, bt709), 320x180, 25 fps (default)\n",
            "  Stream #0:1: Audio: aac (LC), 48000 Hz, stereo, fltp (forced)\n", "  Stream #0:2: Subtitle: subrip\n",
            "    Metadata:\n", "      title           : ", "(", "[", ",", "\n", "    Chapter #0:0: start 0, end 2\n",
            "displaymatrix: rotation of -90.00 degrees\n", "Stream mapping:\n",
        ]
    )
    | st.text(max_size=20),
    max_size=100,
).map("".join)  # fmt: skip
# Short: an expression may take time that is exponential in the title, and then the worker is killed.
_PATTERN = st.text("ab.*+?|()[]^$\\é", max_size=6)
_PATTERNS = st.tuples(_PATTERN, _PATTERN, st.lists(st.text("abé", max_size=8), max_size=5))
_BOX = st.sampled_from([b"ftyp", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mvhd", b"moof", b"mdat"])
_FILE = st.lists(
    st.tuples(st.integers(0, 200) | st.sampled_from([0, 1, 7, 8, 2**31, 2**32 - 1]), _BOX, st.binary(max_size=60)).map(
        lambda box: box[0].to_bytes(4, "big") + box[1] + box[2]
    )
    | st.binary(max_size=100)
    | st.just(b"\x1a\x45\xdf\xa3"),
    max_size=40,
).map(b"".join)
_COOKIES = st.lists(
    st.sampled_from(["\t", "\n", "TRUE", "FALSE", "#HttpOnly_", "a.example", "/", "0", "[", "{", '"domain"', ":", "]"])
    | st.text(max_size=10),
    max_size=200,
).map("".join)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
).map(json.dumps)
_ANY = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)


def _objects(names: list[str], values: st.SearchStrategy) -> st.SearchStrategy:
    """Objects with some of these names; the values are mostly of any type."""
    return st.dictionaries(st.sampled_from(names), values, max_size=len(names))


_LIST = st.lists(_ANY | st.lists(_ANY, max_size=4), max_size=4)
_EVENT = st.tuples(
    st.sampled_from(["info", "done", "progress", "error", "warning", "program", "list", "entries", "cover", "browser"]),
    _objects(
        [
            *("message", "input", "more", "arguments", "everywhere", "kinds", "status", "errno", "retry_after", "page"),
            *("title", "id", "done", "total", "file", "files", "rows", "cookies", "subtitles", "cover", "marks"),
        ],
        _ANY | _LIST,
    ),
).map(lambda event: json.dumps({"event": event[0], **event[1]}))
_ROW = _objects(
    ["name", "owner", "parent", "folder", "file", "title", "sha256", "created_at", "source_url", "site", "uploader"],
    _ANY | st.just("a" * 64) | st.just("2026-01-01T00:00:00Z") | st.integers(1, 3),
)
_LINES = st.lists(
    st.fixed_dictionaries(
        {"k": st.sampled_from(journal_file.KINDS) | _ANY, "id": st.integers(1, 3) | _ANY | _LIST},
        optional={"seq": _ANY, "at": _ANY, "row": _ROW | _ANY, "whole": _ANY},
    )
    | st.fixed_dictionaries({"journal": st.just(1) | _ANY}, optional={"at": _ANY})
    | st.dictionaries(st.text(max_size=5), _ANY, max_size=3),
    max_size=12,
).map(lambda lines: b"".join(journal_file.line(one) for one in lines))
_INDEX = st.fixed_dictionaries(
    {
        "files": st.lists(
            _objects(
                ["filename", "url", "hashes", "yanked", "requires-python"],
                _ANY
                | st.sampled_from(["yt_dlp-2026.1.1-py3-none-any.whl", "yt_dlp-1.2.dev3-py3-none-any.whl", ">=3.10"])
                | st.just({"sha256": "a" * 64})
                | st.just("//[x"),
            ),
            max_size=5,
        )
        | _ANY
    }
).map(json.dumps)
_MANIFEST = _objects(
    ["format", "program", "made_at", "server", "schema", "counts", "parts"],
    _ANY | _LIST | st.just({"a": {"size": 1, "sha256": "x"}}),
).map(json.dumps)
_FAILURE = st.builds(
    classify.Failure,
    kinds=st.lists(st.text(max_size=20), max_size=5).map(tuple),
    message=st.text(max_size=2000),
    status=st.none() | st.integers(100, 600),
    page=st.lists(st.sampled_from(["blocked", "country", " ", "live event will", "in 9 hours"]), max_size=200).map(
        "".join
    ),
)
_TIMES = st.floats(0, 1e6)
_CHAPTERS = st.lists(st.tuples(_TIMES, st.text(max_size=9)), max_size=60)
_MARKS = st.lists(st.tuples(_TIMES, _TIMES, st.text(max_size=9)), max_size=60)


def _zip(entries: list[tuple[str, bytes]], spoilt: list[tuple[int, int]]) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # the same name twice
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data)
    return _spoilt(out.getvalue(), spoilt)


def _tar(entries: list[tuple[str, bytes]], spoilt: list[tuple[int, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return _spoilt(out.getvalue()[:2048], spoilt)


def _spoilt(data: bytes, places: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for place, value in places:
        changed[place % len(changed)] = value
    return bytes(changed)


_NAMES = st.sampled_from(
    ["yt_dlp/__init__.py", "yt_dlp/../x", "/etc/x", "yt_dlp/a/b", "x.dist-info/METADATA", "manifest.json", "yt_dlp"]
)
_ENTRIES = st.lists(st.tuples(_NAMES, st.binary(max_size=60)), max_size=4)
_SPOILT = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6)
_ZIP = st.builds(_zip, _ENTRIES, _SPOILT) | st.binary(max_size=200)
_TAR = st.builds(_tar, _ENTRIES, _SPOILT) | st.binary(max_size=200)


def _in_files(work: Callable[[int, int], Any], data: bytes) -> None:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(data)
        source.seek(0)
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        work(source.fileno(), target.fileno())


def _list_parsed(data: str) -> None:
    list_formats.opml(list_formats.parse(data))


def _rewritten(data: tuple[str, float, float | None]) -> None:
    words, start, end = data
    _in_files(lambda source, target: webvtt.rewrite(source, target, start, end), words.encode())


def _journal(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        media = Path(folder)
        (media / journal_file.FOLDER).mkdir(parents=True)
        (media / journal_file.FOLDER / journal_file.name(1, "a" * 8, "b" * 8)).write_bytes(data)
        journal_file.load(media)
        journal_file.titles(media)


def _unpacked(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        package_index.unpack(data, Path(folder), "yt_dlp")


class Target(NamedTuple):
    """A parser of foreign bytes. `module`: one of `parsing.PARSERS` or `parsing.BOUNDED`."""

    module: ModuleType
    inputs: st.SearchStrategy
    run: Callable[[Any], Any]


TARGETS: dict[str, Target] = {
    "webvtt": Target(webvtt, st.tuples(_VTT, _TIMES, st.none() | _TIMES), _rewritten),
    "utf8": Target(webvtt, st.binary(max_size=500), lambda data: _in_files(webvtt.to_utf8, data)),
    "cue time": Target(webvtt, st.text("0123456789:.,", max_size=60), webvtt.seconds),
    "what FFmpeg says": Target(text, _SAID, text.parse),
    "boxes": Target(sniff, _FILE, lambda data: boxes.scan_file(io.BytesIO(data))),
    "look": Target(sniff, _FILE, lambda data: _in_files(lambda source, _: sniff.look(source), data)),
    "cookies": Target(jars, _COOKIES | _JSON, jars.parse),
    "failures": Target(classify, _FAILURE, classify.problem),
    "chapters": Target(extras, st.tuples(_CHAPTERS, _MARKS), lambda data: extras.marked(*data)),
    "events": Target(child_events, _EVENT | _JSON | st.text(), lambda data: child_events.decode(data.encode())),
    "info.json": Target(
        info_json,
        _JSON | _ROW.map(json.dumps),
        lambda data: _in_files(lambda file, _: info_json.read(file), data.encode()),
    ),
    "nfo": Target(
        nfo_file,
        _JSON | st.text().map("<movie><title>{}</title></movie>".format),
        lambda data: _in_files(lambda file, _: nfo_file.metadata(file), data.encode()),
    ),
    "description": Target(
        info_json, st.text(), lambda data: _in_files(lambda file, _: info_json.description(file), data.encode())
    ),
    "patterns": Target(patterns, _PATTERNS, lambda data: patterns.match(*data)),
    "lists of subscriptions": Target(list_formats, _SUBSCRIPTIONS | _JSON | st.text(), _list_parsed),
    "index": Target(
        package_index, _INDEX | _JSON, lambda data: package_index.wheels(data.encode(), "yt-dlp", "https://a.example/")
    ),
    "wheel": Target(package_index, _ZIP, _unpacked),
    "journal": Target(journal_file, _LINES | st.binary(max_size=200), _journal),
    "claim": Target(claims, _JSON | _ROW.map(json.dumps), lambda data: claims.decode(data.encode())),
    "manifest": Target(backup, _MANIFEST | _JSON, lambda data: backup.decode_manifest(data.encode())),
    "backup": Target(backup, _TAR, lambda data: backup.read_manifest(io.BytesIO(data))),
}


# ---- what the fetch child reads: it is confined, and raises ValueError for what it cannot read ------------------


def _element(tag: str, attributes: dict[str, str], text: str, inside: list[str]) -> str:
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{tag}{written}>{escape(text)}{''.join(inside)}</{tag}>"


def _xml(tags: list[str], names: list[str], values: list[str]) -> st.SearchStrategy[str]:
    tag, value = st.sampled_from(tags), st.sampled_from(values) | st.text("0123456789-.TPSe$%", max_size=9)
    attributes = st.dictionaries(st.sampled_from(names), value, max_size=5)
    leaves = st.builds(_element, tag, attributes, value, st.just([]))
    return st.recursive(
        leaves, lambda some: st.builds(_element, tag, attributes, value, st.lists(some, max_size=4)), max_leaves=15
    )


_DASH_TAGS = ["AdaptationSet", "Representation", "SegmentTemplate", "SegmentTimeline", "S", "SegmentList", "SegmentURL"]
_DASH_TAGS += ["Initialization", "BaseURL", "SegmentBase", "UTCTiming", "Period"]
_DASH_NAMES = ["d", "t", "r", "media", "mediaRange", "timescale", "duration", "startNumber", "presentationTimeOffset"]
_DASH_NAMES += ["initialization", "id", "bandwidth", "height", "mimeType", "contentType", "start", "range", "lang"]
_DASH_VALUES = [
    "video",
    "video/mp4",
    "audio",
    "PT4S",
    "PT0S",
    "-1",
    "9e9",
    "nan",
    "inf",
    "1e999",
    "$Number%09d$",
    "0-9",
]
_DASH_VALUES += ["$Time$.m4s", "http://[", "//x", "99999999999999999999"]
_MPD = st.lists(_xml(_DASH_TAGS, _DASH_NAMES, _DASH_VALUES), max_size=4).map(
    lambda sets: (
        '<MPD type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" timeShiftBufferDepth="PT60S">'
        f'<Period start="PT0S" duration="PT900S"><AdaptationSet contentType="video"><Representation id="v">'
        f"{''.join(sets)}</Representation></AdaptationSet></Period></MPD>"
    )
)
_FEED_TAGS = [
    "item",
    "title",
    "link",
    "enclosure",
    "guid",
    "pubDate",
    "a:entry",
    "a:link",
    "a:id",
    "m:group",
    "m:content",
]
_FEED_TAGS += ["m:thumbnail", "i:image", "i:duration", "p:episode", "p:alternateEnclosure", "p:source", "image", "url"]
_SPACES = (
    'xmlns:a="http://www.w3.org/2005/Atom" xmlns:m="http://search.yahoo.com/mrss/"'
    ' xmlns:i="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:p="https://podcastindex.org/namespace/1.0"'
)
_FEED_XML = _xml(
    _FEED_TAGS, ["url", "href", "rel", "type", "uri", "bitrate", "medium"], ["audio/mpeg", "http://[", "x"]
)
_FEED = st.builds(
    lambda root, parts: f"<{root} {_SPACES}><channel>{''.join(parts)}</channel>{''.join(parts)}</{root}>",
    st.sampled_from(["rss", "a:feed", "x"]),
    st.lists(_FEED_XML, max_size=4),
)
_JSON_FEED = st.fixed_dictionaries(
    {"version": st.just("https://jsonfeed.org/version/1") | _ANY},
    optional={"title": _ANY, "items": _ANY | st.lists(_ANY | _objects(["url", "id", "attachments"], _ANY | _LIST))},
).map(json.dumps)
_TEXT_FILE = st.lists(
    st.tuples(
        st.integers(0, 120) | st.sampled_from([0, 1, 8, 2**31, 2**32 - 1]),
        st.sampled_from(
            [b"moov", b"trak", b"mdia", b"mdhd", b"stsd", b"moof", b"traf", b"tfhd", b"tfdt", b"trun", b"mdat"]
        )
        | st.sampled_from([b"vttc", b"payl", b"stpp", b"wvtt"]),
        st.binary(max_size=40),
    ).map(lambda part: part[0].to_bytes(4, "big") + part[1] + part[2]),
    max_size=30,
).map(b"".join) | st.tuples(
    st.binary(max_size=90), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6)
).map(lambda given: _spoilt(texts_site.head(b"wvtt") + texts_site.fragment(1, [(2, given[0])]), given[1]))
_TIMED_XML = _xml(
    ["body", "div", "p", "span", "br", "metadata"],
    ["begin", "end", "dur"],
    ["1s", "00:00:01:99", "9t", "5f", "-1s", "1e9s", "999999999999h"],
).map(lambda inside: f"<tt>{inside}<body>{inside}</body></tt>")
_HLS = st.lists(
    st.sampled_from(
        ["#EXTM3U", "#EXTINF:4,", "#EXTINF:1e999,", "a.ts", "#EXT-X-BYTERANGE:9@0", "#EXT-X-BYTERANGE:-9", "#EXT-X-GAP",
         '#EXT-X-MAP:URI="i",BYTERANGE="9@9"', '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0xzz', "#EXT-X-KEY:METHOD=NONE",
         '#EXT-X-DEFINE:NAME="a",VALUE="{$a}{$a}"', "{$a}", "#EXT-X-MEDIA-SEQUENCE:99999999999999", "#EXT-X-ENDLIST",
         "#EXT-X-DISCONTINUITY", "#EXT-X-TARGETDURATION:0"]
    )
    | st.text(max_size=12),
    max_size=40,
).map("\n".join)  # fmt: skip
_PICTURE = {"format_id": "v", "vcodec": "avc1", "acodec": "none", "manifest_url": "https://a.example/m.mpd"}


def _dash(text: str) -> None:
    mpd = ElementTree.fromstring(text)
    with contextlib.suppress(ValueError):
        dash_live.read(mpd, "https://a.example/m.mpd", _PICTURE, 900.0)
    with contextlib.suppress(ValueError):
        dash_periods.complete(mpd)


def _hls(text: str) -> None:
    with contextlib.suppress(ValueError):
        hls_playlist.parse(f"#EXTM3U\n{text}", "https://a.example/i.m3u8?a=b")


def _texts(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        text_samples.cues(b"", data)


def _timed_text(text: str) -> None:
    with contextlib.suppress(ValueError):
        ttml.as_srt(ttml.cues(text.encode()))


def _feed(text: str) -> None:
    feeds.converted(text.encode(), "https://a/")
    told = moves.Moves()
    told.note_feed("https://a/", text.encode())
    told.note_feed("https://a/", f"<itunes:new-feed-url>{text}</itunes:new-feed-url>".encode())
    told.target("https://a/")


CHILD_TARGETS: dict[str, Target] = {
    "subtitles in MP4": Target(text_samples, _TEXT_FILE, _texts),
    "timed text": Target(ttml, _TIMED_XML, _timed_text),
    "live DASH": Target(dash_live, _MPD, _dash),
    "HLS": Target(hls_playlist, _HLS, _hls),
    "feeds": Target(feeds, _FEED | _JSON_FEED | st.text(), _feed),
    "content disposition": Target(
        content_disposition, st.text("filename*='=\"%u8;-1 é", max_size=80), content_disposition.title
    ),
}


def test_every_parser_has_a_target():
    modules = {target.module.__name__ for target in TARGETS.values()}
    assert modules == {*parsing.PARSERS, *parsing.BOUNDED}


# Modules that decode what no other site can have written, and from where it is.
_OWN = {
    "mediafetcher.accounts.auth.preferences": "the database",
    "mediafetcher.accounts.vault.cookie_jars": "sealed by our own key",
    "mediafetcher.accounts.vault.devices": "sealed by a paired browser, a body of limited size",
    "mediafetcher.accounts.vault.encryption": "the key file",
    "mediafetcher.api.metrics": "the database",
    "mediafetcher.app.control_socket": "only after the secret of this start",
    "mediafetcher.app.desktop": "the control socket of our own server, typed",
    "mediafetcher.core.settings": "the settings file",
    "mediafetcher.core.source_metadata": "the database",
    "mediafetcher.db.credentials": "the state folder",
    "mediafetcher.db.dump": "a part of a backup, at a restore that a command asked for",
    "mediafetcher.db.engine": "the database",
    "mediafetcher.db.listener": "the database",
    "mediafetcher.downloads.leases": "the database",
    "mediafetcher.downloads.lifecycle": "the database",
    "mediafetcher.downloads.presets": "the database",
    "mediafetcher.downloads.queries": "the database",
    "mediafetcher.downloads.site_rules": "the database",
    "mediafetcher.downloads.worker.checkpoint": "the server's own folder of work",
    "mediafetcher.downloads.worker.wakeup": "the database",
    "mediafetcher.fetch.gateway_client": "runs in the fetch child",
    "mediafetcher.fetch.resume": "runs in the fetch child",
    "mediafetcher.fetch.token_provider": "a server that the administrator runs, typed and bounded",
    "mediafetcher.fetch.socks_proxy": "runs beside the server, and reads what the server writes",
    "mediafetcher.fetch.ytdlp.updater": "a line of 4 kB",
    "mediafetcher.fetch.ytdlp.versions": "the state folder",
    "mediafetcher.library.catalog.channels": "a cursor in an address",
    "mediafetcher.library.catalog.queries": "the database; a cursor in an address",
    "mediafetcher.library.export.nfo": "the database",
    "mediafetcher.library.export.arrangement": "the database",
    "mediafetcher.library.storage.clock_guard": "the state folder",
    "mediafetcher.notifications.child": "runs in a child, and reads what the server writes",
    "mediafetcher.notifications.delivery": "the database",
    "mediafetcher.notifications.sender": "a line of 4 kB",
    "mediafetcher.notifications.targets": "the database; sealed by our own key",
    "mediafetcher.ops.extension_package": "writes an archive",
    "mediafetcher.ops.service.install": "the settings file",
    "mediafetcher.sandbox.parsing": "the replies of a worker, which are typed",
    "mediafetcher.sandbox.parsing_child": "the requests of the server",
    "mediafetcher.subscriptions.checks": "the database",
    "mediafetcher.subscriptions.subscriptions": "the database",
}
_DECODES = re.compile(r"json\.(loads?|decode|Decoder)\b|\b(tomllib|tarfile|zipfile|plistlib|pickle|ElementTree|yaml)\.")


def test_module_that_decodes_is_known():
    """A new parser is listed with the origin of the bytes that it reads."""
    root = Path(media.__file__).parents[1]
    found = set()
    for path in root.rglob("*.py"):
        module = ".".join(path.relative_to(root.parent).with_suffix("").parts)
        if _DECODES.search(path.read_text()) and not module.startswith("mediafetcher.fetch.child."):  # confined
            found.add(module)
    assert found - {*parsing.PARSERS, *parsing.BOUNDED} == _OWN.keys()


@pytest.mark.parametrize("name", sorted(TARGETS | CHILD_TARGETS))
def test_parser_ends_quickly_and_raises_problems_alone(name):
    _, strategy, target = (TARGETS | CHILD_TARGETS)[name]
    until, number, slowest = time.monotonic() + SECONDS, 0, 0.0
    while number == 0 or time.monotonic() < until:

        @seed(deep.SEED + number)
        @settings(
            max_examples=200, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(strategy)
        def run(data):
            nonlocal slowest
            began = time.process_time()
            with contextlib.suppress(errors.Problem):
                target(data)
            slowest = max(slowest, time.process_time() - began)
            if time.monotonic() > until + 30:
                raise AssertionError("it takes too long")

        run()
        number += 1
    print(f"{name}: {number * 200} inputs, the slowest {slowest * 1000:.0f} ms, MF_SEED={deep.SEED}")
    assert slowest < SLOWEST


@pytest.mark.parametrize("name", ["webvtt", "what FFmpeg says", "boxes", "cookies", "failures"])
def test_parser_is_linear(name):
    """Twice the input takes about twice the time: patterns that are known to make parsers quadratic."""
    target = TARGETS[name].run
    patterns = [
        "1",
        "1:",
        "-->",
        "[",
        "(",
        "\n",
        "\t",
        "a\n\n",
        "Stream #0:0: Video: ",
        "blocked",
        "x" * 99 + "\n",
        " ",
    ]
    for pattern in patterns:
        took = []
        for size in (100_000, 400_000):
            whole = pattern * (size // len(pattern))
            given: Any = whole
            if name == "webvtt":
                given = (f"WEBVTT\n\n{whole}", 1.0, 9.0)
            elif name == "boxes":
                given = b"\0\0\0\x08ftyp" + whole.encode()
            elif name == "what FFmpeg says":
                given = f"Input #0, mov, from 'x':\n  Stream #0:0: Video: {whole}"
            elif name == "failures":
                given = classify.Failure(message=whole[:2000], status=403, page=whole[:2000])
            began = time.process_time()
            with contextlib.suppress(errors.Problem):
                target(given)
            took.append(time.process_time() - began)
        assert took[1] < 1.0 and took[1] < max(0.2, 12 * took[0]), (pattern, took)
