"""Deliver the waiting messages of each target, at least once and in order.

A target has one delivery at a time, held by a lease. A failed delivery is repeated with growing pauses, and delays
only its own target: the order of its messages stays. After five tries and a day, a message is given up.
Targets are independent of each other and of downloads; a slow one uses one of a few slots.
"""

import asyncio
import contextlib
import json
import random
from typing import Any

from piccolo.columns import Column

from mediafetcher.core import clock, daily_hours, errors, events, logging, settings, tasks
from mediafetcher.db import engine
from mediafetcher.db.expressions import NOW, after, ago, among, is_true
from mediafetcher.db.tables import NotificationDelivery, NotificationTarget
from mediafetcher.downloads import node_name
from mediafetcher.notifications import addresses, messages, sender, targets
from mediafetcher.notifications.quiet_hours import QuietHours
from mediafetcher.notifications.sender import Result, Sealed

DIGEST_SECONDS = 60.0  # events within this time become one message
_SLOTS = 8  # targets that are served at once
_BATCH = 100  # messages of one child
_RECORDED_TOGETHER = 20  # results in one UPDATE: a kill repeats at most this many messages
_LOOK_SECONDS = 15.0
_LEASE_SECONDS = 300.0
_LONGEST_PAUSE = 3600.0
_TRIES = 5
_KEEP_TRYING_SECONDS = 86_400.0
_Values = dict[Column | str, Any]
_log = logging.get("notifications")

# Targets with their next delivery: a lateral join.
_READY = """
select t.id, t.quiet::text as quiet, extract(epoch from (case when t.kind = 'apprise'
  then greatest(d.due_at, d.created_at + make_interval(secs => $1)) else d.due_at end) - now())::float8 as seconds
from notification_target t cross join lateral
  (select due_at, created_at from notification_delivery where target = t.id and state = 'waiting' order by id limit 1) d
where t.enabled and (t.lease_ends_at is null or t.lease_ends_at < now() or t.lease_holder = $2)
order by 3
"""
# A delivery with its notification, and its time as text.
_WAITING = """
select d.id, d.message, d.due_at <= now() as due, d.noted_at, d.tries, n.type, n.data::text as data,
  to_char(n.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
from notification_delivery d left join notification n on n.id = d.notification
where d.target = $1 and d.state = 'waiting' order by d.id limit $2
"""
# Two tables in one statement.
# A media server that must scan again, because something changed after the request, stays waiting.
_DELIVERED = """
with done as (update notification_delivery d set state = 'delivered', ended_at = now(), answer = 'ok', tries = tries + 1
  from unnest($2::bigint[], $3::timestamptz[]) as sent(id, noted_at)
  where d.id = sent.id and d.state = 'waiting' and d.noted_at = sent.noted_at)
update notification_target set failures = 0, last_at = now(), last_answer = 'ok',
  lease_ends_at = now() + make_interval(secs => $4) where id = $1
"""


async def _claim(target: int) -> dict[str, Any] | None:
    """Take the lease of a target. Returns: its row; None if another installation delivers to it, or it is disabled."""
    table, us = NotificationTarget, node_name.instance()
    free = table.lease_ends_at.is_null() | (table.lease_ends_at < NOW) | (table.lease_holder == us)
    taken = table.update({table.lease_holder: us, table.lease_ends_at: after(_LEASE_SECONDS)})
    taken = taken.where(table.id == target, is_true(table.enabled), free)
    rows: list[dict[str, Any]] = await taken.returning(
        table.id, table.owner, table.kind, table.ciphertext, table.language
    )
    return rows[0] if rows else None


async def _release(target: int) -> None:
    table = NotificationTarget
    ours = (table.id == target) & (table.lease_holder == node_name.instance())
    await table.update({table.lease_ends_at: None}).where(ours)


async def correct_times() -> None:
    """Let messages that would wait longer than any pause be due now: a clock was ahead when they were tried."""
    delivery, target = NotificationDelivery, NotificationTarget
    too_late = (delivery.state == "waiting") & (delivery.due_at > after(2 * _LONGEST_PAUSE))
    await delivery.update({delivery.due_at: NOW}).where(too_late)
    await target.update({target.lease_ends_at: None}).where(target.lease_ends_at > after(_LEASE_SECONDS))


class Delivery:
    """Runs as long as the server. `digest_seconds`: how long messages of services are collected."""

    def __init__(self, *, digest_seconds: float = DIGEST_SECONDS) -> None:
        self._digest_seconds = digest_seconds
        self._slots = asyncio.Semaphore(_SLOTS)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled. Unfinished messages are then sent again later."""
        try:
            with events.subscribe() as news:
                while True:
                    await self._wait(news, await self._start_due())
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _wait(self, news: events.Subscription, seconds: float) -> None:
        """Wait for that long, until a new notification exists, or until a target has been served."""

        async def noted() -> None:
            while (await news.get()).kind not in ("notification", "reconnected"):
                pass

        waiting = {asyncio.ensure_future(noted()), asyncio.ensure_future(self._ended.wait())}
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            self._ended.clear()

    async def _start_due(self) -> float:
        """Start a task for each target that is due. Returns: seconds until the next check."""
        seconds = _LOOK_SECONDS
        try:
            rows = await engine.fetch(_READY, self._digest_seconds, node_name.instance())
        except errors.Unavailable:
            return seconds
        for row in rows:
            if row["id"] in self._running or self._is_quiet(row["quiet"]):
                continue
            if row["seconds"] > 0:
                seconds = min(seconds, row["seconds"])
                continue
            task = asyncio.create_task(self._serve(row["id"]), name=f"notifications of target {row['id']}")
            self._running[row["id"]] = task
        return max(0.05, seconds)

    def _is_quiet(self, quiet: str | None) -> bool:
        return quiet is not None and daily_hours.contain(QuietHours(**json.loads(quiet)), clock.now())

    async def _serve(self, target: int) -> None:
        try:
            async with self._slots:
                await self._deliver(target)
        except errors.Problem as problem:
            _log.warning("notifications wait", target=target, reason=problem.code)
            await asyncio.sleep(1)
        except Exception:
            _log.exception("notifications were not delivered", target=target)
            await asyncio.sleep(5)
        finally:
            del self._running[target]
            self._ended.set()

    async def _deliver(self, target: int) -> None:
        """Deliver one batch of a target that is due."""
        row = await _claim(target)
        if row is None:
            return
        try:
            waiting = await engine.fetch(_WAITING, target, _BATCH)
            if not waiting or not waiting[0]["due"]:
                return
            sealed = targets.unseal(row["ciphertext"], row["owner"], target)
            if sealed is None:
                await self._failed(target, waiting[:1], "sealed")
            elif row["kind"] == "webhook":
                await self._one_by_one(target, sealed, waiting)
            else:
                await self._together(row, sealed, waiting)
        finally:
            await tasks.run_to_completion(_release(target))

    async def _one_by_one(self, target: int, sealed: Sealed, waiting: list[dict[str, Any]]) -> None:
        """Send each as its own message, in order, up to the first that fails."""
        sent: list[dict[str, Any]] = []
        bodies = [_webhook(row) for row in waiting]
        try:
            async with contextlib.aclosing(sender.send("webhook", sealed, bodies)) as results:
                async for number, answer in results:
                    if answer != sender.OK:
                        await self._delivered(target, sent)
                        await self._failed(target, waiting[number : number + 1], answer)
                        return
                    sent.append(waiting[number])
                    if len(sent) >= _RECORDED_TOGETHER:
                        await self._delivered(target, sent)
        finally:
            await tasks.run_to_completion(self._delivered(target, sent))

    async def _together(self, row: dict[str, Any], sealed: Sealed, waiting: list[dict[str, Any]]) -> None:
        """Send all of them as one message, or as one request to a media server."""
        message: dict[str, Any] = {}
        if row["kind"] not in addresses.MEDIA_SERVERS:
            told = [(one["type"], json.loads(one["data"])) for one in waiting if one["type"]]
            said = messages.compose(told, row["language"])
            message = {"title": said.title, "text": said.body, "level": said.level}
        result = Result(0, "crashed")
        async with contextlib.aclosing(sender.send(row["kind"], sealed, [message])) as results:
            async for found in results:
                result = found
        if result.answer == sender.OK:
            await self._delivered(row["id"], waiting)
        else:
            await self._failed(row["id"], waiting, result.answer)

    async def _delivered(self, target: int, sent: list[dict[str, Any]]) -> None:
        if sent:
            rows, sent[:] = list(sent), []
            noted = [row["noted_at"] for row in rows]
            await engine.execute(_DELIVERED, target, [row["id"] for row in rows], noted, _LEASE_SECONDS)

    async def _failed(self, target: int, rows: list[dict[str, Any]], answer: str) -> None:
        pause = min(_LONGEST_PAUSE, settings.get().retry_seconds * 4 ** min(rows[0]["tries"], 10))
        pause *= random.uniform(0.75, 1.25)  # noqa: S311 (so that many do not retry at the same moment)
        delivery, table = NotificationDelivery, NotificationTarget
        waiting = (delivery.target == target) & (delivery.state == "waiting")
        tried: _Values = {delivery.tries: delivery.tries + 1, delivery.answer: answer, delivery.due_at: after(pause)}
        failed: _Values = {table.failures: table.failures + 1, table.last_at: NOW, table.last_answer: answer}
        given_up: _Values = {delivery.state: "failed", delivery.ended_at: NOW, delivery.answer: answer}
        async with engine.transaction():
            await delivery.update(tried).where(among(delivery.id, [row["id"] for row in rows]), waiting)
            await table.update(failed).where(table.id == target)
            if await delivery.exists().where(waiting, delivery.tries >= _TRIES):
                old = delivery.created_at < ago(_KEEP_TRYING_SECONDS)
                await delivery.update(given_up).where(waiting, old)
        _log.info("a notification was not delivered", target=target, answer=answer, tries=rows[0]["tries"] + 1)


def _webhook(row: dict[str, Any]) -> dict[str, Any]:
    """Return the message of Standard Webhooks: its id and body are the same for every try."""
    body = {"type": row["type"], "timestamp": row["at"], "data": json.loads(row["data"])}
    return {"id": f"msg_{row['message'].hex}", "body": json.dumps(body, separators=(",", ":"))}
