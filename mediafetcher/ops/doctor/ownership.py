"""Check whether this installation owns the store, according to its database, if that runs."""

import asyncio

from mediafetcher.core import errors
from mediafetcher.db import dump
from mediafetcher.ops.doctor.findings import Findings, note, ok, problem


def examine(dsn: str | None) -> Findings:
    """Check `store_owner`: the store is owned by this installation, frozen, or read-only."""
    if dsn is None:
        return
    try:
        found = asyncio.run(dump.frozen(dsn))
    except errors.Problem:
        return
    if found is None:
        return
    reason, detail = found
    if not reason:
        yield ok("store_owner", "This installation owns the media folder.")
    elif reason == "read_only":
        yield note("store_owner", detail, "mediafetcher store take    # if it shall fetch and remove again")
    else:
        yield problem(
            "store_owner",
            f"{detail} Nothing is fetched or removed until you decide.",
            "mediafetcher store status    # what is known, and the choices",
        )
