"""Metrics of the installation in the text format of Prometheus.

Each request reads the state from the database. Nothing is counted in this process, so all machines of a queue are
included. While the database is unavailable the answer has `mediafetcher_database_up 0` and the metrics that need no
database.
"""

import asyncio
import json
import platform
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from mediafetcher import __version__
from mediafetcher.api import process_usage
from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.downloads import nodes, queries, statistics
from mediafetcher.fetch.ytdlp import versions
from mediafetcher.library.catalog import queries as library
from mediafetcher.library.storage import mount, ownership

_MAX_SITES = 200  # with labels of their own; the others are `other`
_QUERY_SECONDS = 8.0
_OUTCOMES = {"queued": "retried"}  # label that names the outcome, not the state
_SUBSCRIPTION_STATES = ("active", "paused", "needs_action")
_MOUNT_STATES = ("online", "offline", "full", "read_only")

# Totals that no other module provides. The planner knows the size of a table without reading it.
_STATE = """
select
  (select count(*) from media_file) as files,
  (select coalesce(sum(size), 0)::bigint from media_file) as bytes,
  (select count(*) from media_file where ref_count = 0) as unreferenced,
  (select coalesce(sum(size * (ref_count - 1)), 0)::bigint from media_file where ref_count > 1) as saved,
  (select count(*) from media_file where damaged_at is not null) as damaged,
  (select count(*) from library_item where trashed_at is not null) as trashed,
  (select count(*) from account) as users,
  (select extract(epoch from now() - min(created_at))::float8 from download
    where state = 'queued' and run_after <= now()) as oldest,
  (select count(*) from download where state = 'running' and converting) as converting,
  (select extract(epoch from backed_up_at)::float8 from journal_state) as backed_up,
  pg_database_size(current_database()) as database_size,
  (select count(*) from pg_stat_activity where datname = current_database()) as connections,
  (select xact_commit from pg_stat_database where datname = current_database()) as commits,
  (select xact_rollback from pg_stat_database where datname = current_database()) as rollbacks,
  (select count(*) from notification_delivery where state = 'waiting') as undelivered,
  (select count(*) from notification_target where enabled and failures > 0) as failing_targets,
  (select count(*) from share where expires_at is null or expires_at > now()) as shares,
  (select coalesce(json_object_agg(state, amount), '{}')::text
    from (select state, count(*) as amount from subscription group by state) s) as subscriptions,
  (select count(*) from subscription where failures > 0) as failing_subscriptions,
  current_setting('server_version') as version
"""


class _Fixed(Collector):
    """Metrics that were read before."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


async def render() -> bytes:
    """Returns: all metrics as text (version 0.0.4)."""
    metrics = [*await _of_database(), *_of_media_folder(), *await _of_processes()]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(metrics))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return generate_latest(registry)


def _gauge(name: str, help: str, value: float | None) -> Metric:
    metric = GaugeMetricFamily(f"mediafetcher_{name}", help)
    if value is not None:
        metric.add_metric([], value)
    return metric


def _labelled(name: str, help: str, label: str, values: dict[str, float]) -> Metric:
    metric = GaugeMetricFamily(f"mediafetcher_{name}", help, labels=[label])
    for key, value in values.items():
        metric.add_metric([key], value)
    return metric


async def _of_database() -> list[Metric]:
    try:
        async with asyncio.timeout(_QUERY_SECONDS):
            state = await engine.fetchrow(_STATE)
            assert state is not None
            return [
                _gauge("database_up", "1 if the database answers", 1),
                *_of_state(state),
                *await _of_library(),
                *await _of_queue(state),
                *_of_attempts(await statistics.totals()),
                *_of_machines(await nodes.page()),
            ]
    except (TimeoutError, errors.DatabaseUnavailable):
        return [_gauge("database_up", "1 if the database answers", 0)]


def _of_state(state: dict[str, Any]) -> list[Metric]:
    transactions = CounterMetricFamily(
        "mediafetcher_database_transactions", "Transactions since PostgreSQL counts", labels=["end"]
    )
    transactions.add_metric(["commit"], state["commits"] or 0)
    transactions.add_metric(["rollback"], state["rollbacks"] or 0)
    info = InfoMetricFamily("mediafetcher", "Versions")
    info.add_metric(
        [],
        {
            "version": __version__,
            "yt_dlp": versions.status().version,
            "postgresql": state["version"].split()[0],
            "python": platform.python_version(),
        },
    )
    return [
        info,
        transactions,
        _gauge("store_files", "Stored files", state["files"]),
        _gauge("store_bytes", "Bytes of stored files", state["bytes"]),
        _gauge(
            "store_unreferenced_files", "Stored files without an item; they are removed later", state["unreferenced"]
        ),
        _gauge("store_damaged_files", "Stored files whose bytes have changed", state["damaged"]),
        _gauge(
            "store_saved_bytes", "Bytes that were not stored again, because they were stored before", state["saved"]
        ),
        _gauge("trash_items", "Items in the trash", state["trashed"]),
        _gauge("users", "Users", state["users"]),
        _labelled(
            "subscriptions",
            "Channels and lists that users follow, by state",
            "state",
            dict.fromkeys(_SUBSCRIPTION_STATES, 0) | json.loads(state["subscriptions"]),
        ),
        _gauge("subscriptions_failing", "Subscriptions whose last check failed", state["failing_subscriptions"]),
        _gauge("notifications_waiting", "Messages that are still to be delivered", state["undelivered"]),
        _gauge("notification_targets_failing", "Targets whose last message was not accepted", state["failing_targets"]),
        _gauge("shares", "Links for others that have not ended", state["shares"]),
        _gauge("backup_timestamp_seconds", "Time of the last backup in the media folder", state["backed_up"]),
        _gauge("database_bytes", "Size of the database", state["database_size"]),
        _gauge("database_connections", "Connections to the database", state["connections"]),
    ]


async def _of_library() -> list[Metric]:
    return [_gauge("items", "Items outside the trash, of all users", (await library.totals())["items"])]


async def _of_queue(state: dict[str, Any]) -> list[Metric]:
    paused = nodes.paused()
    return [
        _labelled("downloads", "Downloads that have not ended, by state", "state", dict(await queries.counts())),
        _gauge("queue_oldest_seconds", "Age of the oldest download that could start now", state["oldest"] or 0),
        _labelled(
            "queue_paused", "1 while no download starts, by reason", "reason", {paused.code: 1} if paused else {}
        ),
        _gauge("conversions", "Conversions now, on all machines", state["converting"]),
    ]


def _of_attempts(totals: list[statistics.Total]) -> list[Metric]:
    """Count attempts by outcome, site and error code. Sites beyond `_MAX_SITES` are `other`: labels cost memory."""
    by_site: dict[str, int] = {}
    for total in totals:
        by_site[total.site] = by_site.get(total.site, 0) + total.attempts
    shown = set(sorted(by_site, key=lambda site: (-by_site[site], site))[:_MAX_SITES])
    counts: dict[tuple[str, str, str], int] = {}
    sizes: dict[str, int] = {}
    for total in totals:
        site = total.site if total.site in shown else "other"
        key = (_OUTCOMES.get(total.outcome, total.outcome), site, total.error_code)
        counts[key] = counts.get(key, 0) + total.attempts
        sizes[site] = sizes.get(site, 0) + total.bytes
    attempts = CounterMetricFamily(
        "mediafetcher_download_attempts", "Attempts of downloads that ended", labels=["outcome", "site", "error"]
    )
    fetched = CounterMetricFamily(
        "mediafetcher_download_bytes", "Size of the files of downloads that are done", labels=["site"]
    )
    for labels, count in counts.items():
        attempts.add_metric(labels, count)
    for site, size in sizes.items():
        fetched.add_metric([site], size)
    return [attempts, fetched]


def _of_machines(machines: list[dict[str, Any]]) -> list[Metric]:
    slots = GaugeMetricFamily("mediafetcher_worker_slots", "Download slots of a machine", labels=["machine"])
    busy = GaugeMetricFamily("mediafetcher_worker_running", "Downloads that a machine works on", labels=["machine"])
    up = GaugeMetricFamily("mediafetcher_worker_up", "1 if the machine was heard of lately", labels=["machine"])
    sums: dict[str, list[float]] = {}
    for machine in machines:  # a name may occur twice: two state folders on one machine
        entry = sums.setdefault(machine["name"], [0, 0, 0])
        entry[0] += machine["jobs"]
        entry[1] += machine["running"]
        entry[2] = max(entry[2], machine["state"] == "here")
    for name, (total, running, here) in sums.items():
        slots.add_metric([name], total)
        busy.add_metric([name], running)
        up.add_metric([name], here)
    return [slots, busy, up]


def _of_media_folder() -> list[Metric]:
    now, frozen = mount.state(), ownership.frozen()
    return [
        _labelled(
            "media_folder_state",
            "1 for the state of the media folder, else 0",
            "state",
            {state: float(state == now.state) for state in _MOUNT_STATES},
        ),
        _gauge("media_folder_bytes", "Size of the media folder's file system", now.total),
        _gauge("media_folder_free_bytes", "Free bytes of the media folder", now.free),
        _gauge("store_owned", "1 if this installation owns the store", frozen is None),
    ]


async def _of_processes() -> list[Metric]:
    uses = await asyncio.to_thread(process_usage.children)
    return [
        _labelled(
            "children", "Child processes by purpose", "purpose", {name: use.running for name, use in uses.items()}
        ),
        _labelled(
            "children_cpu_cores",
            "Processor use of child processes",
            "purpose",
            {name: use.cpu for name, use in uses.items()},
        ),
        _labelled(
            "children_memory_bytes",
            "Memory of child processes",
            "purpose",
            {name: use.memory for name, use in uses.items()},
        ),
    ]
