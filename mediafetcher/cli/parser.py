"""What may be typed: every command and its arguments, in one place."""

import argparse
from typing import NoReturn

from mediafetcher import __version__
from mediafetcher.core import errors

HERE = "--here"  # where a command was typed: it may run in another process, which stands elsewhere


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise errors.Usage(f"{message} (`{self.prog} --help` shows how)")


def parser() -> argparse.ArgumentParser:
    """Every command and its arguments."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("installation")
    group.add_argument("--state", metavar="DIR", help="state folder")
    group.add_argument("--media", metavar="DIR", help="media folder")
    group.add_argument("--database-url", metavar="URL", help="a PostgreSQL of your own")
    group.add_argument("--host", help="address to listen on")
    group.add_argument("--port", type=int, help="port to listen on")
    group.add_argument(HERE, dest="here", help=argparse.SUPPRESS)
    top = _Parser(prog="mediafetcher", parents=[common], description="Fetch media into your own library.")
    top.add_argument("--version", action="version", version=f"mediafetcher {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    def add(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, description=help, parents=[common])

    add("serve", "run everything: page, API and downloads")
    add("worker", "work on the downloads of a server elsewhere, with its database and media folder")
    get = add("get", "fetch links into the library")
    get.add_argument("urls", nargs="+", metavar="URL")
    get.add_argument("--folder", default="", metavar="A/B", help="folder of the library, made where missing")
    _wishes(get)
    _for_person(get)
    adopt = add("import", "take files and folders that lie there already into the library")
    adopt.add_argument("paths", nargs="+", metavar="PATH")
    adopt.add_argument("--folder", default="", metavar="A/B", help="folder of the library, made where missing")
    adopt.add_argument("--move", action="store_true", help="remove each file once it is in the library")
    _for_person(adopt)
    listing = add("list", "show or search the library")
    listing.add_argument("query", nargs="?", default="")
    listing.add_argument("--folder", metavar="A/B", help="only this folder and those below it")
    listing.add_argument("--trash", action="store_true", help="what is in the trash")
    _for_person(listing)
    for name, help in (("rm", "move an item to the trash"), ("restore", "bring an item back from the trash")):
        one = add(name, help)
        one.add_argument("item", type=int, metavar="ITEM", help="its number in `list`")
        _for_person(one)
    purge = add("purge", "remove for good what is in the trash")
    purge.add_argument("items", type=int, nargs="*", metavar="ITEM", help="only these; by default all of the trash")
    purge.add_argument("--dry-run", action="store_true", help="only say what it would do")
    _for_person(purge)
    never = add("never", "links that are never to be fetched again; without a link it lists them")
    never.add_argument("urls", nargs="*", metavar="URL")
    never.add_argument("--undo", action="store_true", help="they may be fetched again")
    _for_person(never)
    tree = add("export", "show the library as a tree of links under human names, for Jellyfin, Plex and Kodi")
    tree.add_argument("folder", nargs="?", metavar="DIR", help="where; by default `export` in the media folder")
    _for_person(tree)
    check = add("check", "compare the media folder with the database")
    check.add_argument("--read-data", action="store_true", help="read every file and compare its hash")
    check.add_argument("--repair", action="store_true", help="mend what was found; without it nothing is changed")
    check.add_argument("--json", action="store_true")
    _store(add("store", "who owns the media folder"), common)
    backup = add("backup", "write everything but the media into one file, also while it runs")
    backup.add_argument("file", metavar="FILE", help="where; a folder gets a file named after the time")
    backup.add_argument(
        "--with-key", action="store_true", help="also the key that opens the cookies: keep that file safe"
    )
    backup.add_argument("--json", action="store_true")
    database = add("database", "which PostgreSQL keeps the library")
    moving = database.add_subparsers(dest="action", metavar="ACTION", required=True)
    moved = moving.add_parser("move", parents=[common], help="copy it to a server of your own, or back")
    moved.add_argument("target", metavar="URL", help="postgresql://..., `embedded`, or - to read it")
    back = add("restore-backup", "put a backup in the place of the database; the present one is kept")
    back.add_argument("file", metavar="FILE")
    back.add_argument("--json", action="store_true")
    again = add("rebuild", "make a lost database again from the media folder")
    again.add_argument("--from", dest="installation", default="", metavar="ID", help="of this installation")
    again.add_argument("--json", action="store_true")
    add("doctor", "what is wrong with this machine, and what to type").add_argument("--json", action="store_true")
    service = add("service", "run at every boot, by OpenRC or systemd")
    doing = service.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = doing.add_parser("install", parents=[common], help="make user, folders and service, and start it")
    made.add_argument(
        "--uid", type=int, metavar="N", help="number of the user and group, where the share wants a certain one"
    )
    doing.add_parser("uninstall", parents=[common], help="take the service away; the data stays")
    managed = add("ytdlp", "the part that knows the sites").add_subparsers(
        dest="action", metavar="ACTION", required=True
    )
    managed.add_parser("status", parents=[common], help="which one is used, and whether there is a newer one")
    newer = managed.add_parser("update", parents=[common], help="fetch the newest one and use it, without a restart")
    newer.add_argument("--nightly", action="store_true", help="the newest of all, a development version")
    managed.add_parser("rollback", parents=[common], help="go back to the one before")
    add("setup", "print the one-time code of the first run")
    add("settings", "show the effective settings")
    add("licences", "what it is made of, and under which terms")
    addon = add("extension", "write the browser extension, for Chromium browsers and Firefox")
    addon.add_argument("folder", metavar="DIR", help="where; made where missing")
    user = add("user", "people").add_subparsers(dest="action", metavar="ACTION", required=True)
    added = user.add_parser("add", parents=[common], help="add a person; the password is asked for")
    added.add_argument("name")
    added.add_argument("--admin", action="store_true")
    changed = user.add_parser("password", parents=[common], help="set a password")
    changed.add_argument("name")
    changed.add_argument("--end-tokens", action="store_true", help="also end their tokens and paired browsers")
    user.add_parser("remove", parents=[common], help="remove a person with all they have").add_argument("name")
    token = add("token", "tokens for programs").add_subparsers(dest="action", metavar="ACTION", required=True)
    created = token.add_parser("create", parents=[common], help="make a token and print it once")
    created.add_argument("--user", required=True, metavar="NAME")
    created.add_argument("--scope", action="append", metavar="S", help="read, download, library or admin")
    created.add_argument("--name", default="command line")
    listed = token.add_parser("list", parents=[common], help="show a person's tokens, without their secrets")
    listed.add_argument("--user", required=True, metavar="NAME")
    ended = token.add_parser("remove", parents=[common], help="end a token at once")
    ended.add_argument("--user", required=True, metavar="NAME")
    ended.add_argument("token", type=int, metavar="TOKEN", help="its number in `token list`")
    key = add("key", "the key that seals cookies").add_subparsers(dest="action", metavar="ACTION", required=True)
    key.add_parser("rotate", parents=[common], help="seal all cookies with a new key and forget the old one")
    trail = add("audit", "show who signed in, failed, and changed what matters for security")
    trail.add_argument("--last", type=int, default=50, metavar="N", help="how many, newest first")
    trail.add_argument("--json", action="store_true", help="one JSON object per line")
    return top


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


def _wishes(get: argparse.ArgumentParser) -> None:
    """The options of a download (fetch/options.py), as they are typed."""
    sound = get.add_mutually_exclusive_group()
    sound.add_argument("--audio", action="store_const", const="m4a", help="sound only")
    sound.add_argument("--mp3", dest="audio", action="store_const", const="mp3", help="sound only, as MP3")
    get.add_argument("--max-height", type=int, metavar="N", help="picture height at the most")
    get.add_argument("--never-transcode", action="store_true", help="take the picture as it is")
    get.add_argument("--keep-original", action="store_true", help="keep the file as it comes, playable or not")
    get.add_argument("--subtitles", default="", metavar="en,fr", help="languages, or `all`")
    get.add_argument("--auto-subtitles", action="store_true", help="also those that a machine wrote")
    get.add_argument("--start", type=seconds, metavar="TIME", help="begin here: seconds, or 1:02:03")
    get.add_argument("--end", type=seconds, metavar="TIME", help="end here")
    get.add_argument("--sponsorblock", action="store_true", help="parts that viewers marked, as chapters")
    get.add_argument("--rate-limit", type=int, metavar="BYTES", help="bytes per second")
    get.add_argument("--proxy", metavar="URL", help="http://, https:// or socks5://host:port")
    get.add_argument("--impersonate", action="store_true", help="pretend to be a browser on the wire")
    get.add_argument("--live-max", type=int, metavar="SECONDS", help="length of a live recording at the most")
    get.add_argument("--playlist", action="store_true", help="the link is a list: one download for each entry")
    get.add_argument("--limit", type=int, metavar="N", help="of a list, the first so many")
    get.add_argument("--items", default="", metavar="1,4", help="of a list, only these")
    get.add_argument("--list-folder", action="store_true", help="of a list, into a folder of its name")


def seconds(text: str) -> float:
    """`90`, `1:30` or `1:02:03.5` in seconds. Raises ValueError."""
    parts = text.split(":")
    if len(parts) > 3:
        raise ValueError(text)
    return sum(float(part) * 60**power for power, part in enumerate(reversed(parts)))


def _for_person(command: argparse.ArgumentParser) -> None:
    command.add_argument("--user", metavar="NAME", help="whose library")
    command.add_argument("--json", action="store_true", help="one JSON object per line")
