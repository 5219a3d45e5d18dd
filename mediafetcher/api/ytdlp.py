"""/api/ytdlp: which yt-dlp is used; a newer one; the one before."""

from typing import Literal

import msgspec
from litestar.params import JSONBody

from mediafetcher.accounts import audit
from mediafetcher.api.answer import Asked, address
from mediafetcher.downloads import trial
from mediafetcher.fetching import renew, ytdlp


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """`update` goes on by itself (`updating`, then `version` or `error`); `look` only asks what there is; `accept`
    uses what is `offered`, and tries again what failed of its site."""

    action: Literal["update", "rollback", "look", "accept"]
    channel: ytdlp.Channel | None = None


async def show(request: Asked) -> ytdlp.Status:
    """Which yt-dlp is used."""
    return ytdlp.status()


async def manage(request: Asked, data: JSONBody[Order]) -> ytdlp.Status:
    """Take a newer one, go back to the one before, or look what there is."""
    if data.action == "look":
        return await renew.look(data.channel)
    await audit.record("ytdlp_changed", request.user.id, address(request), action=data.action)
    if data.action == "rollback":
        return ytdlp.rollback()
    if data.action == "accept":
        return await trial.accept()
    renew.start(data.channel)
    return ytdlp.status()
