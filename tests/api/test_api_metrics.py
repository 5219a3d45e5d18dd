"""/metrics and /api/metrics: who may read them, and that they are well-formed and right."""

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from shelf import add_download, add_item

from mediafetcher.accounts.auth import tokens, users
from mediafetcher.db import engine
from mediafetcher.downloads import statistics

PATHS = ("/metrics", "/api/metrics")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels. Raises ValueError for text that is not well-formed."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, sample
            found[key] = sample.value
    return found


def of(text: str, name: str, **labels: str) -> float:
    return samples(text)[name, frozenset(labels.items())]


@pytest.mark.parametrize("path", PATHS)
async def test_metrics_from_this_machine_need_no_token(web: Any, alice: Any, path: str) -> None:
    answer = await web.client().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    assert of(answer.text, "mediafetcher_database_up") == 1
    assert of(answer.text, "mediafetcher_users") == 1
    assert of(answer.text, "mediafetcher_media_folder_state", state="online") == 1


async def test_subscriptions_are_counted_by_state_and_failure(web: Any, alice: Any) -> None:
    await engine.execute(
        "insert into subscription (owner, url, site, source_key, title, state, failures)"
        " select $1, 'http://site.test/' || n, 'site.test', n::text, 'A channel', state, failures"
        " from (values (1, 'active', 0), (2, 'active', 2), (3, 'needs_action', 1)) as given(n, state, failures)",
        alice.id,
    )
    text = (await web.client().get("/metrics")).text
    states = {
        state: of(text, "mediafetcher_subscriptions", state=state) for state in ("active", "paused", "needs_action")
    }
    assert states == {"active": 2, "paused": 0, "needs_action": 1}
    assert of(text, "mediafetcher_subscriptions_failing") == 2


FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


@pytest.mark.parametrize("header", FORWARDED)
async def test_metrics_through_a_proxy_on_this_machine_need_a_token(web: Any, alice: Any, header: str) -> None:
    for path in PATHS:
        answer = await web.client().get(path, headers={header: "203.0.113.7"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("proxies", [("127.0.0.1",), ("127.0.0.0/8",), ("::1",), ("0.0.0.0/0",)])
async def test_metrics_with_loopback_as_trusted_proxy_need_a_token(
    database: str, state: Path, proxies: tuple[str, ...]
) -> None:
    from serving import Server

    from mediafetcher.library.storage import mount

    await mount.prepare()
    running = Server()
    await running.start(trusted_proxies=proxies)
    try:
        assert (await running.client().get("/metrics")).status_code == 401
    finally:
        await running.stop()


async def test_metrics_scope_opens_metrics_and_nothing_else(web: Any, alice: Any) -> None:
    made = await tokens.create(alice.id, "prometheus", ["metrics"])
    client = web.client(made["token"], **{"X-Real-IP": "203.0.113.7"})
    for path in PATHS:
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/api/system")).status_code == 403


async def test_metrics_scope_is_for_administrators(web: Any, alice: Any, bob: Any) -> None:
    browser = web.browser()
    await browser.post("/api/session", json={"name": "Bob", "password": "a long enough password"})
    asked = await browser.post("/api/tokens", json={"name": "t", "scopes": ["metrics"]})
    assert (asked.status_code, asked.json()["code"]) == (403, "forbidden")
    assert (await browser.get("/metrics", headers={"Via": "1.1 x"})).status_code == 403
    made = await tokens.create(alice.id, "prometheus", ["metrics"])
    await users.add("Carol", "a long enough password", admin=True)
    await users.set_admin(alice.id, admin=False)
    refused = await web.client(made["token"], Via="1.1 x").get("/metrics")
    assert refused.status_code == 403


async def test_other_scopes_do_not_open_metrics(web: Any, alice: Any) -> None:
    made = await tokens.create(alice.id, "t", ["read", "download", "library", "admin"])
    assert (await web.client(made["token"], Via="1.1 x").get("/metrics")).status_code == 403


async def test_attempts_are_counted_by_outcome_site_and_error(web: Any, alice: Any, tmp_path: Path) -> None:
    await add_item(alice.id, tmp_path)
    ends = [
        ("done", None, 7000), ("done", None, 3000), ("failed", "unavailable", None), ("queued", "stalled", None),
        ("queued", None, None), ("cancelled", None, None),
    ]  # fmt: skip
    for number, (state, code, size) in enumerate(ends):
        id = await add_download(alice.id, "queued", f"http://site.test/{number}")
        await engine.execute(
            "update download set state = 'running', worker_id = 'x', lease_expires_at = now() where id = $1", id
        )
        await engine.execute(
            "update download set state = $2, error_code = $3, size = $4, worker_id = null, lease_expires_at = null"
            " where id = $1",
            id,
            state,
            code,
            size,
        )
    for _ in range(2):  # the same before and after rows are added up
        text = (await web.client().get("/metrics")).text
        name = "mediafetcher_download_attempts_total"
        assert of(text, name, outcome="done", site="site.test", error="") == 2
        assert of(text, name, outcome="failed", site="site.test", error="unavailable") == 1
        assert of(text, name, outcome="retried", site="site.test", error="stalled") == 1
        assert of(text, name, outcome="cancelled", site="site.test", error="") == 1
        assert sum(value for (found, _), value in samples(text).items() if found == name) == 5
        assert of(text, "mediafetcher_download_bytes_total", site="site.test") == 10_000
        assert of(text, "mediafetcher_downloads", state="queued") == 2
        assert of(text, "mediafetcher_items") == 1
        await engine.execute(statistics._COMPACT)
    assert await engine.fetchval("select count(*) from download_statistic") == 4


async def test_hostile_site_names_stay_one_label(web: Any, alice: Any) -> None:
    hostile = 'x"} 1\nmediafetcher_users 99 #\\'
    await engine.execute("insert into download_statistic (outcome, site) values ('done', $1)", hostile)
    await engine.execute(
        "insert into download_statistic (outcome, site) select 'failed', n || '.test' from generate_series(1, 300) n"
    )
    await engine.execute("insert into download_statistic (outcome, site, attempts) values ('done', $1, 9)", hostile)
    text = (await web.client().get("/metrics")).text
    assert of(text, "mediafetcher_users") == 1
    assert of(text, "mediafetcher_download_attempts_total", outcome="done", site=hostile, error="") == 10
    assert of(text, "mediafetcher_download_attempts_total", outcome="failed", site="other", error="") == 101


async def test_metrics_without_a_database_say_so(web: Any, alice: Any) -> None:
    pool, engine.DB.pool = engine.DB.pool, None
    try:
        answer = await web.client().get("/metrics")
    finally:
        engine.DB.pool = pool
    assert answer.status_code == 200
    assert of(answer.text, "mediafetcher_database_up") == 0
    assert of(answer.text, "mediafetcher_media_folder_state", state="online") == 1
