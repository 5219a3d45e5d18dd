"""The command-line parser: all commands and their arguments."""

import argparse
from collections.abc import Callable
from typing import NoReturn

from mediafetcher import __version__
from mediafetcher.cli import source_parser
from mediafetcher.cli.arguments import add_user, add_wishes
from mediafetcher.core import errors, renamed_settings

_Add = Callable[[str, str], argparse.ArgumentParser]  # of a command: its name and its help

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
    get.add_argument(
        "--preset", metavar="NAME", help='a preset; options given here win over it; "" means none, not even the site\'s'
    )
    add_wishes(get)
    add_user(get)
    adopt = add("import", "import existing files and folders into the library")
    adopt.add_argument("paths", nargs="+", metavar="PATH")
    adopt.add_argument("--folder", default="", metavar="A/B", help="library folder, created if missing")
    adopt.add_argument("--move", action="store_true", help="remove each file after it is imported")
    add_user(adopt)


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
    add_user(listing)
    add_user(add("channels", "list the channels that the items are from"))
    shown = add("show", "show one item, with what its site says about it")
    shown.add_argument("item", type=int, metavar="ITEM", help="item number shown by `list`")
    add_user(shown)
    again = add("refresh-metadata", "ask the sites again what they say of the items, without a download")
    again.add_argument("query", nargs="?", default="", help="only items that this search finds")
    again.add_argument("--missing", action="store_true", help="only items of which nothing is known")
    add_user(again)
    for name, help in (("rm", "move an item to the trash"), ("restore", "restore an item from the trash")):
        one = add(name, help)
        one.add_argument("item", type=int, metavar="ITEM", help="item number shown by `list`")
        add_user(one)
    kept = add("keep", "protect an item from the retention of subscriptions")
    kept.add_argument("item", type=int, metavar="ITEM", help="item number shown by `list`")
    kept.add_argument("--off", action="store_true", help="no longer protect it")
    add_user(kept)
    purge = add("purge", "permanently delete items in the trash")
    purge.add_argument(
        "items", type=int, nargs="*", metavar="ITEM", help=("only these items (default: the whole trash)")
    )
    purge.add_argument("--dry-run", action="store_true", help="show what would be deleted without deleting it")
    add_user(purge)
    never = add("never", "block links from being downloaded again; without a link, list the blocked ones")
    never.add_argument("urls", nargs="*", metavar="URL")
    never.add_argument("--undo", action="store_true", help="allow the links to be downloaded again")
    add_user(never)
    tree = add(
        "export", "export the library as a folder tree of links with readable names, for Jellyfin, Plex and Kodi"
    )
    tree.add_argument(
        "folder", nargs="?", metavar="DIR", help=("target folder (default: `export` in the media folder)")
    )
    tree.add_argument(
        "--layout",
        choices=("film", "show", "show-by-playlist", "music"),
        help="channels as shows, with seasons of years or of playlists; or artists and albums; default: film",
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
    add_user(tree)
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
        add_user(one)
    source_parser.add_follow(add("follow", "follow a channel or a list: what it publishes is downloaded by itself"))
    source_parser.add_following(add("following", "list what you follow, or check it now"), common)
    ended = add("unfollow", "end a subscription; its items stay")
    ended.add_argument("id", type=int, metavar="ID", help="its number in `following`")
    add_user(ended)
    source_parser.add_site(add("site", "rules for a site, and its name and password"), common)
    source_parser.add_preset(add("preset", "named options for downloads and subscriptions"), common)
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
        add_user(one)


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
