"""Wishes, and the allow-list between them and yt-dlp."""

import json
from pathlib import Path

import msgspec
import pytest

from mediafetcher.core import errors
from mediafetcher.core.settings import Settings
from mediafetcher.downloads import presets
from mediafetcher.fetch import extractor_arguments, options
from mediafetcher.fetch.options import Options

WISHES = [
    Options(),
    Options(max_height=720),
    Options(audio="m4a"),
    Options(audio="mp3"),
    Options(never_transcode=True),
    Options(keep_original=True),
    Options(rate_limit=50_000),
]
FORBIDDEN = {
    "exec_cmd", "external_downloader_args", "postprocessors", "postprocessor_args", "cookiefile", "cookiesfrombrowser",
    "netrc_cmd", "http_headers", "ffmpeg_location", "load_info_json", "batchfile", "writeinfojson", "download_archive",
}  # fmt: skip


@pytest.mark.parametrize("wish", WISHES)
def test_only_the_list_reaches_yt_dlp(wish):
    chosen = options.ydl_options(wish, Settings(state=Path("/tmp")))
    assert chosen.keys() <= options.ALLOWED
    assert not FORBIDDEN & options.ALLOWED
    assert json.loads(json.dumps(chosen)) == chosen
    assert chosen["enable_file_urls"] is False and chosen["usenetrc"] is False


def test_everything_on_the_list_is_known_to_yt_dlp():
    import inspect

    import yt_dlp

    known = inspect.getdoc(yt_dlp.YoutubeDL) + inspect.getsource(yt_dlp.YoutubeDL)
    assert [name for name in options.ALLOWED if name not in known and name != "noresizebuffer"] == []


def test_a_recipe_for_each_result():
    recipes = [wish.recipe() for wish in WISHES if not wish.rate_limit]
    assert len(set(recipes)) == len(recipes)
    assert Options(rate_limit=50_000).recipe() == Options().recipe()


@pytest.mark.parametrize(
    "wish", [{"exec": "id"}, {"max_height": 1}, {"audio": "wav"}, {"max_height": "720; id"}, {"rate_limit": 1}]
)
def test_other_wishes_are_refused(wish):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wish, Options)


def test_h264_comes_first_at_the_height_or_at_all():
    normal = options.ydl_options(Options(max_height=720), Settings(state=Path("/tmp")))["format_sort"]
    assert normal[:3] == ["hdr:SDR", "res:720", "vcodec:h264"]
    copied = options.ydl_options(Options(never_transcode=True), Settings(state=Path("/tmp")))["format_sort"]
    assert copied[0] == "vcodec:h264"


def test_every_wish_is_documented_with_its_flag():
    from mediafetcher.cli import parser

    text = (Path(__file__).parents[3] / "docs/options.md").read_text()
    for field in msgspec.structs.fields(Options):
        assert f"`{field.name}`" in text, field.name
    typed = {action.option_strings[0] for action in _get(parser.parser())._actions if action.option_strings}
    others = {
        "-h",
        "--state",
        "--media",
        "--database-url",
        "--host",
        "--port",
        "--here",
        "--folder",
        "--user",
        "--json",
    }
    assert [flag for flag in sorted(typed - others) if flag not in text] == []


def _get(parser):
    return next(action.choices["get"] for action in parser._actions if action.dest == "command")


def test_typed_options_become_the_order():
    from mediafetcher.cli import parser
    from mediafetcher.cli.commands import downloads

    typed = "get http://a/ --mp3 --subtitles en,fr --auto-subtitles --start 1:30 --end 0:02:00.5 --limit 3 --items 1,4"
    wish = downloads.wishes(parser.parser().parse_args(typed.split())).options
    assert wish == Options(
        audio="mp3", subtitles=("en", "fr"), auto_subtitles=True, start=90, end=120.5,
        playlist=options.Playlist(limit=3, items=(1, 4)),
    )  # fmt: skip
    assert downloads.wishes(parser.parser().parse_args(["get", "http://a/"])) == presets.Chosen()


def test_options_without_which_a_link_is_wanted_are_given():
    from mediafetcher.cli import parser
    from mediafetcher.cli.commands import downloads

    typed = "get http://a/ --preset small --without audio,keep-original"
    wish = downloads.wishes(parser.parser().parse_args(typed.split()))
    assert presets.stated(wish) == {"audio": None, "keep_original": False}
    with pytest.raises(errors.UsageError):
        downloads.wishes(parser.parser().parse_args(["get", "http://a/", "--without", "sound"]))


def test_extractor_arguments_of_the_list_reach_yt_dlp_as_texts():
    typed = ["youtube:player_client=tv,-web", "youtube:lang=pt-BR", "youtubetab:approximate_date=true"]
    wish = Options(extractor_args=extractor_arguments.from_text(typed))
    chosen = options.ydl_options(wish, Settings(state=Path("/tmp")))
    assert chosen["extractor_args"] == {
        "youtube": {"player_client": ["tv", "-web"], "lang": ["pt-BR"]},
        "youtubetab": {"approximate_date": ["true"]},
    }
    assert wish.recipe() == Options().recipe()


@pytest.mark.parametrize(
    "line",
    [
        "youtube:po_token=web.gvs+XXX", "youtube:innertube_host=evil.example", "generic:fragment_query=a",
        "youtube:skip=everything", "youtube:player_client=a b", "youtube:lang=../etc", "youtube", "tiktok:device_id=1",
    ],
)  # fmt: skip
def test_extractor_arguments_outside_the_list_are_refused(line):
    with pytest.raises(ValueError):
        extractor_arguments.from_text([line])
