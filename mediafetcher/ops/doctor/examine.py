"""Run all checks in order, without changing anything and whether or not MediaFetcher runs."""

import asyncio
import os
import pwd
import time
from pathlib import Path

from mediafetcher.core import errors
from mediafetcher.core.settings import Settings
from mediafetcher.db import dump, embedded
from mediafetcher.library.storage import mount
from mediafetcher.ops.doctor import confinement, database, machine, ownership, proxy, token_provider
from mediafetcher.ops.doctor import media_folder as share
from mediafetcher.ops.doctor.findings import Finding, note
from mediafetcher.sandbox import privilege_drop


def examine(settings: Settings) -> list[Finding]:
    account = who(settings)
    now = time.time()
    return [
        *machine.state_folder(settings.state),
        *(database.external(settings.database_url) if settings.database_url else ()),
        *ownership.examine(dsn(settings)),
        *share.examine(media_folder(settings), settings.state, account),
        *machine.names(),
        *machine.clock(now, machine.newest_time(settings.state)),
        *machine.memory(),
        *machine.graphics(account),
        *confinement.examine(),
        *machine.versions(now),
        *proxy.examine(settings),
        *token_provider.examine(settings),
        *(note("old_setting", old.warning) for old in settings.old_names),
    ]


def who(settings: Settings) -> privilege_drop.Account:
    """Return the account that writes to the media folder: the owner of the state folder, else the service user, else
    ours.
    """
    try:
        status = settings.state.stat()
        return privilege_drop.Account(status.st_uid, status.st_gid)
    except OSError:
        pass
    if os.geteuid() == 0:
        try:
            entry = pwd.getpwnam(privilege_drop.ACCOUNT_NAME)
            return privilege_drop.Account(entry.pw_uid, entry.pw_gid)
        except KeyError:
            pass
    return privilege_drop.Account(os.geteuid(), os.getegid())


def dsn(settings: Settings) -> str | None:
    """The address of the database; None if there is none yet."""
    if settings.database_url is not None:
        return settings.database_url
    try:
        return embedded.Cluster(settings.state).dsn
    except errors.Problem:
        return None


def media_folder(settings: Settings) -> Path:
    """Return the configured media folder, else the one recorded in the database, else the default of a first start."""
    if settings.media is not None:
        return settings.media
    try:
        dsn = settings.database_url or embedded.Cluster(settings.state).dsn
        if recorded := asyncio.run(dump.media_folder(dsn)):
            return recorded
    except errors.Problem:
        pass  # it does not run, or does not exist yet
    return mount.DEFAULT if mount.DEFAULT.exists() else settings.state / "media"
