"""Arguments that several commands have."""

import argparse
from typing import Any


def add_wishes(get: argparse.ArgumentParser) -> None:
    """Add the options of a download (fetch/options.py)."""
    sound = get.add_mutually_exclusive_group()
    sound.add_argument("--audio", action="store_const", const="m4a", help="audio only (M4A)")
    sound.add_argument("--mp3", dest="audio", action="store_const", const="mp3", help="audio only, as MP3")
    get.add_argument("--max-height", type=int, metavar="N", help="maximum video height in pixels")
    get.add_argument("--never-transcode", action="store_true", help="never re-encode video")
    get.add_argument(
        "--keep-original", action="store_true", help=("keep the original file, even if browsers cannot play it")
    )
    get.add_argument("--subtitles", default="", metavar="en,fr", help="subtitle languages, or `all`")
    get.add_argument(
        "--audio-languages",
        default="",
        metavar="de,fr",
        help="languages of further sounds to keep; `original` says where the main one comes, else it is the first",
    )
    get.add_argument(
        "--auto-subtitles", action="store_true", help=("use auto-generated subtitles if there are no others")
    )
    get.add_argument("--start", type=seconds, metavar="TIME", help="start of the clip: seconds, or 1:02:03")
    get.add_argument("--end", type=seconds, metavar="TIME", help="end of the clip: seconds, or 1:02:03")
    get.add_argument("--sponsorblock", action="store_true", help=("mark sponsored segments as chapters (SponsorBlock)"))
    get.add_argument("--rate-limit", type=int, metavar="BYTES", help="speed limit in bytes per second")
    get.add_argument("--proxy", metavar="URL", help="proxy: http://, https:// or socks5://host:port")
    get.add_argument("--impersonate", action="store_true", help="impersonate a browser (not together with --proxy)")
    get.add_argument(
        "--extractor-arg",
        action="append",
        default=[],
        metavar="EXTRACTOR:ARGUMENT=VALUE",
        help="argument of an extractor, e.g. youtube:player_client=tv,web",
    )
    get.add_argument("--referer", metavar="URL", help="page that the link was found on, for sites that check it")
    get.add_argument("--live-max", type=int, metavar="SECONDS", help="stop a live recording after this many seconds")
    get.add_argument("--live-from-start", action="store_true", help="record a live stream from its earliest segment")
    get.add_argument("--live-wait", action="store_true", help="do not record a live stream: download it after its end")
    get.add_argument(
        "--without",
        default="",
        metavar="audio,sponsorblock",
        help="options that presets may set, and that do not hold here",
    )
    get.add_argument("--playlist", action="store_true", help=("download the link as a playlist, one download per item"))
    get.add_argument("--limit", type=int, metavar="N", help="playlist: only the first N items")
    get.add_argument("--items", default="", metavar="1,4", help="playlist: only these items")
    get.add_argument("--list-folder", action="store_true", help="playlist: save into a folder with its name")


def add_schedule(command: argparse.ArgumentParser) -> None:
    command.add_argument("--hours", metavar="FROM-TO", help="downloads begin in these hours only, such as 22:00-06:00")
    command.add_argument("--daily-downloads", type=int, metavar="N", help="at most N downloads in 24 hours")
    command.add_argument("--daily-bytes", type=int, metavar="BYTES", help="at most so many bytes in 24 hours")
    command.add_argument("--pause", type=int, metavar="SECONDS", help="average pause between two downloads")


def add_retention(command: argparse.ArgumentParser) -> None:
    command.add_argument("--keep-last", type=int, metavar="N", help="keep only the newest N items")
    command.add_argument("--keep-days", type=int, metavar="D", help="keep items for D days")
    command.add_argument(
        "--watched-days", type=int, metavar="D", help="keep items until D days after they were watched"
    )


def add_user(command: argparse.ArgumentParser, default: Any = None) -> None:
    """`default`: SUPPRESS for a part of a command that has these arguments too."""
    command.add_argument(
        "--user", metavar="NAME", default=default, help="user whose library is used (default: the only administrator)"
    )
    shown = default or False
    command.add_argument("--json", action="store_true", default=shown, help="one JSON object per line")


def seconds(text: str) -> float:
    """Convert `90`, `1:30` or `1:02:03.5` to seconds. Raises: ValueError."""
    parts = text.split(":")
    if len(parts) > 3:
        raise ValueError(text)
    return sum((float(part) * 60.0**power for power, part in enumerate(reversed(parts))), 0.0)
