"""Select the user whose library a command uses."""

import argparse

from mediafetcher.accounts.auth import users


async def owner_of(asked: argparse.Namespace) -> int:
    """Return the id of the user named by --user, else of the only administrator."""
    person = await (users.by_name(asked.user) if asked.user else users.local_owner())
    return int(person["id"])
