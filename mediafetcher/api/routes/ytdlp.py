"""/api/ytdlp: which yt-dlp is used; a newer one; the one before."""

from typing import Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.accounts import audit
from mediafetcher.api.responses import Asked, address
from mediafetcher.downloads import ytdlp_canary
from mediafetcher.fetch.ytdlp import updater, versions


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """`update` goes on by itself (`updating`, then `version` or `error`); `look` only asks what there is; `accept`
    uses what is `offered`, and tries again what failed of its site."""

    action: Literal["update", "rollback", "look", "accept"]
    channel: versions.Channel | None = None


async def show(request: Asked) -> versions.Status:
    """Which yt-dlp is used."""
    return versions.status()


async def manage(request: Asked, data: JSONBody[Order]) -> versions.Status:
    """Take a newer one, go back to the one before, or look what there is."""
    if data.action == "look":
        return await updater.look(data.channel)
    await audit.record("ytdlp_changed", request.user.id, address(request), action=data.action)
    if data.action == "rollback":
        return versions.rollback()
    if data.action == "accept":
        return await ytdlp_canary.accept()
    updater.start(data.channel)
    return versions.status()
