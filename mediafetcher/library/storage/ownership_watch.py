"""Follow what other processes of this installation, and other installations, do with the store.

A server looks for foreign claims once a minute. It only reads: an idle server would otherwise not notice that a copy
of its database was started elsewhere, and the copy would unlink files that the idle one still references.
"""

import asyncio

from mediafetcher.core import errors, events, logging
from mediafetcher.library.storage import claims, mount, ownership

WATCH = 60.0  # seconds between two checks for a foreign claim

_log = logging.get("ownership")


async def follow() -> None:
    """Follow what other processes of this installation find or decide; a server makes the claims workers ask for."""
    with events.subscribe() as subscription:
        while True:
            event = await subscription.get()
            if event.kind not in (ownership.EVENT, "reconnected"):
                continue
            try:
                await ownership.refresh()
                wanted = event.kind == ownership.EVENT and event.payload == "wanted"
                if wanted and ownership.makes_claims() and ownership.frozen() is None:
                    await ownership.claim_next()
            except errors.Unavailable as problem:
                _log.debug("ownership waits", reason=problem.code)
            except Exception:
                _log.exception("following the ownership of the store failed")


async def look() -> None:
    """Freeze if another installation claimed the store, and record the conflict for it. Writes nothing else.

    Raises: `Unavailable`.
    """
    if (found := await ownership.examine()) is None:
        return
    reason, number = found
    if reason == "foreign":
        await mount.run_io(claims.contest, number)
    await ownership.freeze(reason)


async def watch() -> None:
    """Check once a minute, for as long as the program runs. For a server, which makes the claims."""
    while True:
        await asyncio.sleep(WATCH)
        try:
            await look()
        except errors.Unavailable as problem:
            _log.debug("looking for foreign claims waits", reason=problem.code)
        except Exception:
            _log.exception("looking for foreign claims failed")
