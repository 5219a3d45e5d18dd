"""The commands for sources: what is followed, rules for a site, and presets of options."""

import argparse

from mediafetcher.cli.arguments import add_retention, add_schedule, add_user, add_wishes, seconds

_DECISIONS = ("queued", "done", "skipped", "blocked", "ignored")


def add_follow(command: argparse.ArgumentParser) -> None:
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
    add_retention(command)
    command.add_argument("--preset", metavar="NAME", help="options of each download: see `preset`")
    add_schedule(command)
    command.add_argument("--dry-run", action="store_true", help="show each entry with its decision; follow nothing")
    add_user(command)


def add_following(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    add_user(command)
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
    add_retention(kept)
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
        add_user(one, argparse.SUPPRESS)


def add_preset(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    doing = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = doing.add_parser("list", parents=[common], help="show the presets")
    made = doing.add_parser("set", parents=[common], help="make or replace a preset")
    removed = doing.add_parser("remove", parents=[common], help="remove a preset; subscriptions keep their own options")
    for one in (made, removed):
        one.add_argument("name", metavar="NAME")
    add_wishes(made)
    for one in (listed, made, removed):
        add_user(one)


def add_site(command: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
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
        add_user(one)
