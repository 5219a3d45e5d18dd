"""/api/ytdlp: the installed yt-dlp, its update and its rollback."""

from typing import Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.accounts import audit
from mediafetcher.api.responses import Asked, address
from mediafetcher.downloads import ytdlp_canary
from mediafetcher.fetch import token_provider
from mediafetcher.fetch.token_provider import TokenProvider
from mediafetcher.fetch.ytdlp import updater, versions


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """`update` runs in the background (`updating`, then `version` or `error`); `look` only checks for a version;
    `accept` installs the `offered` version and retries the failed downloads of its site.
    """

    action: Literal["update", "rollback", "look", "accept"]
    channel: versions.Channel | None = None


async def show(request: Asked) -> versions.Status:
    """Get the installed version of yt-dlp."""
    return versions.status()


async def provider(request: Asked) -> TokenProvider:
    """Ask the PO token provider of the settings whether it works."""
    return await token_provider.status()


async def manage(request: Asked, data: JSONBody[Order]) -> versions.Status:
    """Update yt-dlp, roll it back, or check for a newer version."""
    if data.action == "look":
        return await updater.look(data.channel)
    await audit.record("ytdlp_changed", request.user.id, address(request), action=data.action)
    if data.action == "rollback":
        return versions.rollback()
    if data.action == "accept":
        return await ytdlp_canary.accept()
    updater.start(data.channel)
    return versions.status()
