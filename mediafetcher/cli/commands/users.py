"""Commands for users: setup, user, token."""

import argparse

from mediafetcher.accounts.auth import first_run, tokens, users
from mediafetcher.app.instance import Instance
from mediafetcher.app.output import Out
from mediafetcher.core import errors
from mediafetcher.downloads import delete_user


async def setup_code(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    code = await first_run.prepare()
    if code is None:
        raise errors.SetupClosed()
    out.line(code)
    return 0


async def user(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    if asked.action == "add":
        await users.add(asked.name, stdin or "", admin=asked.admin)
        out.line(f"User {asked.name} was added and can sign in.")
    elif asked.action == "remove":
        gone = await delete_user.remove((await users.by_name(asked.name))["id"])
        items = "1 item" if gone == 1 else f"{gone} items"
        out.line(f"User {asked.name} was removed with {items}. Files that other users also have are kept.")
    else:
        person = await users.by_name(asked.name)
        await users.set_password(person["id"], stdin or "", end_tokens=asked.end_tokens)
        ended = "sessions, tokens and paired browsers" if asked.end_tokens else "sessions"
        out.line(f"The password of {asked.name} was changed, and all their {ended} were ended.")
    return 0


async def token(instance: Instance, asked: argparse.Namespace, out: Out, stdin: str | None) -> int:
    person = await users.by_name(asked.user)
    if asked.action == "list":
        for row in await tokens.page(person["id"]):
            end = f", expires {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else ""
            used = f"last used {row['last_used_at']:%Y-%m-%d}" if row["last_used_at"] else "never used"
            out.line(f"{row['id']:>6}  {row['name']}: {', '.join(row['scopes'])}; {used}{end}")
        return 0
    if asked.action == "remove":
        await tokens.remove(asked.token, person["id"])
        out.line("The API key was revoked.")
        return 0
    made = await tokens.create(person["id"], asked.name, asked.scope or ["read", "download", "library"])
    out.line(made["token"])
    return 0
