"""Whose library a command means."""

import argparse

from mediafetcher.accounts.auth import users


async def owner_of(asked: argparse.Namespace) -> int:
    """Whose library: the person named by --user, else the only administrator."""
    person = await (users.by_name(asked.user) if asked.user else users.local_owner())
    return int(person["id"])
