"""The command-line parser: all commands and their arguments."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from mediafetcher import __version__
from mediafetcher.core import errors, renamed_settings

_Add = Callable[[str, str], argparse.ArgumentParser]  # of a command: its name and its help

_DECISIONS = ("queued", "done", "skipped", "blocked", "ignored")
HERE = "--here"  # the caller's working directory; the command may run in another process


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise errors.UsageError(f"{message} (see `{self.prog} --help`)")


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse a command line. Raises: `UsageError`, which names the new setting of an old flag."""
    try:
        return parser().parse_args(argv)
    except errors.UsageError as error:
        if renamed := renamed_settings.hint(" ".join(argv)):
            raise errors.UsageError(renamed) from error
        raise


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("installation")
    group.add_argument("--state", metavar="DIR", help="state folder")
    group.add_argument("--media", metavar="DIR", help="media folder")
    group.add_argument("--database-url", metavar="URL", help="your own PostgreSQL server")
    group.add_argument("--host", help="address to listen on")
    group.add_argument("--port", type=int, help="port to listen on")
    group.add_argument(HERE, dest="here", help=argparse.SUPPRESS)
    top = _Parser(prog="mediafetcher", parents=[common], description="Download media into your own library.")
    top.add_argument("--version", action="version", version=f"mediafetcher {__version__}")
    top.add_argument("--no-browser", action="store_true", help="on a desktop: do not open the page")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    def add(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, description=help, parents=[common])

    for part in (_server, _downloads, _library, _outward, _maintenance, _components, _accounts):
        part(add, common)
    return top


def _server(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands that run until they are stopped."""
    add("serve", "run the server: web page, API and downloads")
    add("worker", "run downloads for another server, using its database and media folder")


def _downloads(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands that bring something into the library."""
    get = add("get", "download links into the library")
    get.add_argument("urls", nargs="+", metavar="URL")
    get.add_argument("--folder", default="", metavar="A/B", help="library folder, created if missing")
    get.add_argument("--preset", metavar="NAME", help="a preset; options given here win over it")
    _wishes(get)
    _for_person(get)
    adopt = add("import", "import existing files and folders into the library")
    adopt.add_argument("paths", nargs="+", metavar="PATH")
    adopt.add_argument("--folder", default="", metavar="A/B", help="library folder, created if missing")
    adopt.add_argument("--move", action="store_true", help="remove each file after it is imported")
    _for_person(adopt)


def _library(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands that show and change the library."""
    listing = add("list", "list or search the library")
    listing.add_argument("query", nargs="?", default="")
    listing.add_argument("--folder", metavar="A/B", help="only this folder and its subfolders")
    listing.add_argument("--channel", metavar="CHANNEL", help="only items of this channel: its name or its id")
    listing.add_argument("--tag", help="only items with this tag of their source")
    listing.add_argument("--since", metavar="DATE", help="published since a day such as 2026-01-31, or an age: 30d")
    listing.add_argument("--until", metavar="DATE", help="published until the end of a day, or an age: 30d")
    listing.add_argument(
        "--sort", metavar="ORDER", default="-created", help="such as -published: the last upload first"
    )
    listing.add_argument("--trash", action="store_true", help="list the trash")
    _for_person(listing)
    _for_person(add("channels", "list the channels that the items are from"))
    shown = add("show", "show one item, with what its site says about it")
    shown.add_argument("item", type=int, metavar="ITEM", help="item number shown by `list`")
    _for_person(shown)
    again = add("refresh-metadata", "ask the sites again what they say of the items, without a download")
    again.add_argument("query", nargs="?", default="", help="only items that this search finds")
    again.add_argument("--missing", action="store_true", help="only items of which nothing is known")
    _for_person(again)
    for name, help in (("rm", "move an item to the trash"), ("restore", "restore an item from the trash")):
        one = add(name, help)
        one.add_argument("item", type=int, metavar="ITEM", help="item number shown by `list`")
        _for_person(one)
    kept = add("keep", "protect an item from the retention of subscriptions")
    kept.add_argument("item", type=int, metavar="ITEM", help="item number shown by `list`")
    kept.add_argument("--off", action="store_true", help="no longer protect it")
    _for_person(kept)
    purge = add("purge", "permanently delete items in the trash")
    purge.add_argument(
        "items", type=int, nargs="*", metavar="ITEM", help=("only these items (default: the whole trash)")
    )
    purge.add_argument("--dry-run", action="store_true", help="show what would be deleted without deleting it")
    _for_person(purge)
    never = add("never", "block links from being downloaded again; without a link, list the blocked ones")
    never.add_argument("urls", nargs="*", metavar="URL")
    never.add_argument("--undo", action="store_true", help="allow the links to be downloaded again")
    _for_person(never)
    tree = add(
        "export", "export the library as a folder tree of links with readable names, for Jellyfin, Plex and Kodi"
    )
    tree.add_argument(
        "folder", nargs="?", metavar="DIR", help=("target folder (default: `export` in the media folder)")
    )
    tree.add_argument(
        "--layout", choices=("film", "show", "music"), help="channels as shows, or artists and albums; default: film"
    )
    tree.add_argument(
        "--folder-layout",
        action="append",
        default=[],
        metavar="FOLDER=LAYOUT",
        help="layout of one folder of the library, e.g. Music=music; may be repeated, `none` removes all",
    )
    tree.add_argument(
        "--tagged",
        action=argparse.BooleanOptionalAction,
        help="music files as copies with tags and cover, instead of links; they take space",
    )
    tree.add_argument("--template", metavar="NAMES", help="names by fields instead, e.g. {channel}/{year}/{title}")
    tree.add_argument("--preview", action="store_true", help="print the names of the newest items; make nothing")
    _for_person(tree)
    check = add("check", "check the media folder against the database")
    check.add_argument("--read-data", action="store_true", help="read every file and verify its hash")
    check.add_argument(
        "--repair", action="store_true", help=("repair the problems found; without it, nothing is changed")
    )
    check.add_argument("--json", action="store_true")


def _outward(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands for links, subscriptions and notifications."""
    link = add("share", "links that open an item, a folder, a channel or a search to others, without an account")
    link.add_argument("what", nargs="*", metavar="ITEM|FOLDER", help="make a link; or `list`, or `revoke LINK`")
    podcast = add("feed", "a podcast feed of a folder, a channel or a search")
    podcast.add_argument("folder", nargs="?", metavar="FOLDER", help="its path, such as Films/Short")
    for one in (link, podcast):
        one.add_argument("--channel", metavar="CHANNEL", help="the id or name of a channel, in place of a folder")
        one.add_argument("--search", metavar="WORDS", help="a search, in place of a folder")
        one.add_argument("--days", type=float, metavar="N", help="how long it lasts; by default until it is revoked")
        one.add_argument("--password", action="store_true", help="ask for a password that opens it")
        _for_person(one)
    _follow(add("follow", "follow a channel or a list: what it publishes is downloaded by itself"))
    _following(add("following", "list what you follow, or check it now"), common)
    ended = add("unfollow", "end a subscription; its items stay")
    ended.add_argument("id", type=int, metavar="ID", help="its number in `following`")
    _for_person(ended)
    _site(add("site", "rules for a site, and its name and password"), common)
    _preset(add("preset", "named options for downloads and subscriptions"), common)
    _notify(add("notify", "where you are notified of what happens"), common)


def _maintenance(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands that keep the library: ownership, backup, database, service."""
    _store(add("store", "who owns the media folder"), common)
    backup = add("backup", "write everything except the media files to one file; works while the server runs")
    backup.add_argument("file", metavar="FILE", help="target file; in a folder, a file named after the current time")
    backup.add_argument(
        "--with-key", action="store_true", help="include the key that decrypts the cookies; keep the file safe"
    )
    backup.add_argument("--json", action="store_true")
    database = add("database", "manage the PostgreSQL database of the library")
    moving = database.add_subparsers(dest="action", metavar="ACTION", required=True)
    moved = moving.add_parser(
        "move", parents=[common], help=("copy it to your own server, or back to the embedded one")
    )
    moved.add_argument(
        "target", metavar="URL", help=("postgresql://..., `embedded`, or - to read it from standard input")
    )
    back = add("restore-backup", "replace the database with a backup; the current one is kept")
    back.add_argument("file", metavar="FILE")
    back.add_argument("--json", action="store_true")
    again = add("rebuild", "make a lost database again from the media folder")
    again.add_argument("--from", dest="installation", default="", metavar="ID", help="of this installation")
    again.add_argument("--json", action="store_true")
    add("doctor", "find problems with this machine and show how to fix them").add_argument(
        "--json", action="store_true"
    )
    _desktop(add("desktop", "the program on your desktop: `mediafetcher` without a command opens the page"), common)
    service = add("service", "run at boot, with OpenRC or systemd")
    doing = service.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = doing.add_parser("install", parents=[common], help="create the user, folders and service, and start it")
    made.add_argument("--uid", type=int, metavar="N", help="user and group ID, if the share requires a specific one")
    doing.add_parser("uninstall", parents=[common], help="remove the service; the data is kept")


def _components(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands for yt-dlp, the settings and the extension."""
    managed = add("ytdlp", "manage yt-dlp, which supports the sites").add_subparsers(
        dest="action", metavar="ACTION", required=True
    )
    managed.add_parser(
        "status", parents=[common], help=("show the version in use and whether a newer one is available")
    )
    newer = managed.add_parser("update", parents=[common], help="install the newest version; no restart needed")
    newer.add_argument(
        "--nightly", action="store_true", help=("install the nightly build instead of the stable version")
    )
    managed.add_parser("rollback", parents=[common], help="return to the previous version")
    add("setup", "print the one-time code for creating the first account")
    add("settings", "show the effective settings")
    add("licences", "show third-party components and their licences")
    addon = add("extension", "write the browser extension for Chromium and Firefox to a folder")
    addon.add_argument("folder", metavar="DIR", help="target folder, created if missing")


def _accounts(add: _Add, common: argparse.ArgumentParser) -> None:
    """Add the commands for users and their keys."""
    user = add("user", "manage users").add_subparsers(dest="action", metavar="ACTION", required=True)
    added = user.add_parser("add", parents=[common], help="add a user; asks for the password")
    added.add_argument("name")
    added.add_argument("--admin", action="store_true")
    changed = user.add_parser("password", parents=[common], help="change a user's password")
    changed.add_argument("name")
    changed.add_argument("--end-tokens", action="store_true", help="also end their tokens and paired browsers")
    user.add_parser("remove", parents=[common], help="remove a user with all their items").add_argument("name")
    token = add("token", "manage API keys").add_subparsers(dest="action", metavar="ACTION", required=True)
    created = token.add_parser("create", parents=[common], help="create an API key and print it once")
    created.add_argument("--user", required=True, metavar="NAME")
    created.add_argument("--scope", action="append", metavar="S", help="read, download, library, metrics or admin")
    created.add_argument("--name", default="command line")
    listed = token.add_parser("list", parents=[common], help="list a user's API keys without their secrets")
    listed.add_argument("--user", required=True, metavar="NAME")
    ended = token.add_parser("remove", parents=[common], help="revoke an API key immediately")
    ended.add_argument("--user", required=True, metavar="NAME")
    ended.add_argument("token", type=int, metavar="TOKEN", help="number shown by `token list`")
    key = add("key", "manage the key that encrypts cookies").add_subparsers(
        dest="action", metavar="ACTION", required=True
    )
    key.add_parser("rotate", parents=[common], help="encrypt all cookies with a new key and discard the old one")
    trail = add("audit", "show the activity log: sign-ins, failed attempts and security changes")
    trail.add_argument("--last", type=int, default=50, metavar="N", help="number of entries, newest first")
    trail.add_argument("--json", action="store_true", help="one JSON object per line")


def _follow(command: argparse.ArgumentParser) -> None:
    command.add_argument("url", metavar="URL")
    command.add_argument("--folder", default="", metavar="A/B", help="library folder, created if missing")
    command.add_argument("--title", metavar="REGEX", help="only entries whose title matches")
    command.add_argument("--exclude", metavar="REGEX", help="no entries whose title matches")
    command.add_argument("--min-duration", type=seconds, metavar="TIME", help="shortest length: seconds, or 1:02:03")
    command.add_argument("--max-duration", type=seconds, metavar="TIME", help="greatest length: seconds, or 1:02:03")
    command.add_argument("--since", metavar="DATE", help="published since a day such as 2026-01-31, or an age: 30d")
    command.add_argument("--max-per-check", type=int, metavar="N", help="downloads that one check begins")
    existing = command.add_mutually_exclusive_group()
    existing.add_argument("--only-new", action="store_true", help="only what is published from now on (the default)")
    existing.add_argument("--last", type=int, metavar="N", help="also the newest N of what exists")
    existing.add_argument("--all", action="store_true", help="also everything that exists")
    _retention(command)
    command.add_argument("--preset", metavar="NAME", help="options of each download: see `preset`")
    _schedule(command)
    command.add_argument("--dry-run", action="store_true", help="show each entry with its decision; follow nothing")
    _for_person(command)


def _schedule(command: argparse.ArgumentParser) -> None:
    command.add_argument("--hours", metavar="FROM-TO", help="downloads begin in these hours only, such as 22:00-06:00")
    command.add_argument("--daily-downloads", type=int, metavar="N", help="at most N downloads in 24 hours")
    command.add_argument("--daily-bytes", type=int, metavar="BYTES", help="at most so many bytes in 24 hours")
    command.add_argument("--pause", type=int, metavar="SECONDS", help="average pause between two downloads")


def _retention(command: argparse.ArgumentParser) -> None:
    command.add_argument("--keep-last", type=int, metavar="N", help="keep only the newest N items")
    command.add_argument("--keep-days", type=int, metavar="D", help="keep items for D days")
    command.add_argument(
        "--watched-days", type=int, metavar="D", help="keep items until D days after they were watched"
    )


def _following(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    _for_person(command)
    doing = command.add_subparsers(dest="action", metavar="ACTION")
    checked = doing.add_parser("check", parents=[common], help="check now: one subscription, or all of them")
    checked.add_argument("id", type=int, nargs="?", metavar="ID", help="its number in `following`")
    listed = doing.add_parser("list", parents=[common], help="list what you follow; also without `list`")
    exported = doing.add_parser("export", parents=[common], help="print what you follow as OPML")
    loaded = doing.add_parser("import", parents=[common], help="follow the links of OPML, Takeout, NewPipe or FreeTube")
    loaded.add_argument("file", metavar="FILE", help="the list; - reads it from standard input")
    loaded.add_argument("--folder", default="", metavar="A/B", help="library folder above those of the list")
    loaded.add_argument("--preset", metavar="NAME", help="options of each download: see `preset`")
    loaded.add_argument("--dry-run", action="store_true", help="show which links would be followed; follow none")
    kept = doing.add_parser("retention", parents=[common], help="change which items are kept; no option: keep all")
    kept.add_argument("id", type=int, metavar="ID", help="its number in `following`")
    _retention(kept)
    kept.add_argument("--dry-run", action="store_true", help="show which items would go to the trash; change nothing")
    seen = doing.add_parser(
        "entries", parents=[common], help="list the entries of a subscription, each with its reason"
    )
    seen.add_argument("id", type=int, metavar="ID", help="its number in `following`")
    seen.add_argument("--decision", choices=_DECISIONS, help="only entries with this decision")
    seen.add_argument("--limit", type=int, default=100, metavar="N", help="how many, the newest first (default 100)")
    requested = doing.add_parser("download", parents=[common], help="download an entry that was skipped")
    requested.add_argument("id", type=int, metavar="ID", help="its subscription's number in `following`")
    requested.add_argument("entry", type=int, metavar="ENTRY", help="its number in `following entries`")
    moved = doing.add_parser("move", parents=[common], help="follow the new link of a source that moved")
    moved.add_argument("id", type=int, metavar="ID", help="its number in `following`")
    moved.add_argument("url", nargs="?", metavar="URL", help="the new link; without it the one that its site names")
    for one in (checked, listed, exported, loaded, kept, seen, requested, moved):
        _for_person(one, argparse.SUPPRESS)


def _preset(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    doing = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = doing.add_parser("list", parents=[common], help="show the presets")
    made = doing.add_parser("set", parents=[common], help="make or replace a preset")
    removed = doing.add_parser("remove", parents=[common], help="remove a preset; subscriptions keep their own options")
    for one in (made, removed):
        one.add_argument("name", metavar="NAME")
    _wishes(made)
    for one in (listed, made, removed):
        _for_person(one)


def _site(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    doing = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = doing.add_parser("list", parents=[common], help="show the rules, and for which sites a password is kept")
    made = doing.add_parser("set", parents=[common], help="make or replace the rule of a site")
    given = doing.add_parser("password", parents=[common], help="keep a name and password; the password is read")
    removed = doing.add_parser("remove", parents=[common], help="remove the rule of a site with its password")
    for one in (made, given, removed):
        one.add_argument("site", metavar="SITE", help="e.g. example.org; it also holds for the hosts below it")
    given.add_argument("name", metavar="NAME", help="the name of the account there")
    made.add_argument("--preset", metavar="NAME", help="a preset for links of the site; options of a link win over it")
    made.add_argument("--proxy", metavar="URL", help="proxy: http://, https:// or socks5://host:port")
    made.add_argument("--pause", type=int, metavar="SECONDS", help="average pause between two downloads")
    made.add_argument("--hours", metavar="HH:MM-HH:MM", help="hours in which downloads begin")
    made.add_argument("--cookies-required", action="store_true", help="do not ask the site without cookies")
    for one in (listed, made, given, removed):
        _for_person(one)


def _notify(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    doing = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    added = doing.add_parser("add", parents=[common], help="add a service, a webhook or a media server")
    added.add_argument("url", metavar="URL", help="of Apprise, webhook+https://..., jellyfin+http://...; - reads it")
    changed = doing.add_parser("set", parents=[common], help="change a target; what is not given stays")
    for one in (added, changed):
        one.add_argument("--event", action="append", metavar="E", help="an event, or `all`; may be repeated")
        one.add_argument("--name", help="what it is called in the list")
        one.add_argument("--language", choices=("en", "fr", "de"), help="of messages")
        one.add_argument("--quiet", metavar="HH:MM-HH:MM", help="quiet hours, whose events are sent at their end")
        one.add_argument("--timezone", metavar="ZONE", help="of the quiet hours, such as Europe/Paris")
    changed.add_argument("--no-quiet", action="store_true", help="no quiet hours")
    either = changed.add_mutually_exclusive_group()
    either.add_argument("--on", dest="enabled", action="store_true", default=None, help="send messages again")
    either.add_argument("--off", dest="enabled", action="store_false", default=None, help="send no messages")
    listed = doing.add_parser("list", parents=[common], help="show the targets, without their secrets")
    tested = doing.add_parser("test", parents=[common], help="send a test message")
    removed = doing.add_parser("remove", parents=[common], help="remove a target")
    for one in (changed, tested, removed):
        one.add_argument("target", type=int, metavar="TARGET", help="its number in `notify list`")
    for one in (added, changed, listed, tested, removed):
        _for_person(one)


def _desktop(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    doing = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, help in (
        ("install", "add it to the application menu of this user"),
        ("uninstall", "remove it from the menu; the data is kept"),
        ("stop", "stop the server that a start from the menu left running"),
        ("link", "print a link that signs in a browser of this user on this machine, once, within a minute"),
    ):
        doing.add_parser(name, parents=[common], help=help, description=help)


def _store(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    doing = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, help in (
        ("status", "whether this installation owns it, and what it does not know"),
        ("take", "this installation owns it from now on; another one that still runs stops"),
        ("separate", "use a store folder of its own below the media folder"),
        ("read-only", "play everything, write nothing"),
    ):
        one = doing.add_parser(name, parents=[common], help=help, description=help)
        one.add_argument("--json", action="store_true")
        if name == "status":
            one.add_argument("--files", action="store_true", help="list the files that this database does not know")


def _wishes(get: argparse.ArgumentParser) -> None:
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
    get.add_argument("--playlist", action="store_true", help=("download the link as a playlist, one download per item"))
    get.add_argument("--limit", type=int, metavar="N", help="playlist: only the first N items")
    get.add_argument("--items", default="", metavar="1,4", help="playlist: only these items")
    get.add_argument("--list-folder", action="store_true", help="playlist: save into a folder with its name")


def seconds(text: str) -> float:
    """Convert `90`, `1:30` or `1:02:03.5` to seconds. Raises: ValueError."""
    parts = text.split(":")
    if len(parts) > 3:
        raise ValueError(text)
    return sum((float(part) * 60.0**power for power, part in enumerate(reversed(parts))), 0.0)


def _for_person(command: argparse.ArgumentParser, default: Any = None) -> None:
    """`default`: SUPPRESS for a part of a command that has these arguments too."""
    command.add_argument(
        "--user", metavar="NAME", default=default, help="user whose library is used (default: the only administrator)"
    )
    shown = default or False
    command.add_argument("--json", action="store_true", default=shown, help="one JSON object per line")
