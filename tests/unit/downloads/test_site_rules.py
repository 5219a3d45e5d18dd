"""Rules for a site, and its name and password."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import clock, errors, settings
from mediafetcher.core.daily_hours import DailyHours
from mediafetcher.db import engine
from mediafetcher.downloads import leases, lifecycle, log, presets, preview, queries, site_rules
from mediafetcher.downloads.site_rules import Rule
from mediafetcher.downloads.worker import runner
from mediafetcher.fetch.options import Options
from mediafetcher.net import urls
from tests.factories import add_user
from tests.site import Site, youtube
from tests.site.proxy import Proxy

SECRET = "s-cret-nobody-sees"


@pytest.fixture
async def owner(database: str, media_online: Path) -> int:
    return await add_user("ada")


async def _run(owner: int, url: str, options: Options | None = None) -> dict[str, Any]:
    row = await lifecycle.submit(owner, url, options=options)
    claim = await leases.claim()
    if claim is not None:
        await runner.run(claim)
    return await queries.get(row["id"], owner)


async def test_preset_of_the_rule_is_below_the_options_of_the_link(owner: int, site: Site) -> None:
    await presets.save("small", owner, Options(audio="m4a", rate_limit=50_000))
    await site_rules.save(owner, "127.0.0.1", Rule(preset="small"))
    url = site.url("/media/ok.mp4")
    row = await lifecycle.submit(owner, url, options=Options(rate_limit=70_000))
    assert (row["options"]["audio"], row["options"]["rate_limit"]) == ("m4a", 70_000)
    elsewhere = await lifecycle.submit(owner, url.replace("127.0.0.1", "localhost"))
    assert not elsewhere["options"]


async def test_rule_of_the_nearest_site_counts(owner: int) -> None:
    await site_rules.save(owner, "example.org", Rule(cookies_required=True))
    await site_rules.save(owner, "films.example.org", Rule())
    assert await site_rules.for_request(owner, "https://films.example.org/a", Options(), signed_in=False) == Options()
    with pytest.raises(errors.LoginRequired):
        await site_rules.for_request(owner, "https://www.example.org/a", Options(), signed_in=False)
    assert await site_rules.for_request(owner, "https://example.org/a", Options(), signed_in=True) == Options()


async def test_proxy_of_the_rule_is_used_for_downloads_and_previews(owner: int, site: Site) -> None:
    with Proxy("http") as proxy:
        settings.use(replace(settings.get(), allow_hosts=(*settings.get().allow_hosts, f"127.0.0.1:{proxy.port}")))
        await site_rules.save(owner, "127.0.0.1", Rule(proxy=proxy.url))
        assert (await _run(owner, site.url("/media/ok.mp4")))["state"] == "done"
        assert set(proxy.asked) == {f"127.0.0.1:{site.port}"}
        proxy.asked.clear()
        await preview.preview(owner, site.url("/media/a.mp3"))
        assert proxy.asked


async def test_site_that_requires_cookies_is_not_asked_without_them(owner: int, site: Site) -> None:
    await site_rules.save(owner, "127.0.0.1", Rule(cookies_required=True))
    row = await _run(owner, site.url("/media/ok.mp4"))
    assert (row["state"], row["error"]["code"]) == ("needs_action", "login_required")
    assert site.log == []


async def test_download_outside_the_hours_waits_for_them_without_a_slot(owner: int, site: Site) -> None:
    now = clock.now().astimezone()
    later = [(now + timedelta(hours=hours)).strftime("%H:%M") for hours in (2, 4)]
    await site_rules.save(owner, "127.0.0.1", Rule(hours=DailyHours(*later)))
    row = await _run(owner, site.url("/media/ok.mp4"))
    assert (row["state"], row["error"]["code"]) == ("queued", "outside_hours")
    wait = await engine.fetchval("select extract(epoch from run_after - now())::float8 from download")
    assert 3600 < wait <= 7200 and site.log == [] and await leases.claim() is None
    await site_rules.save(owner, "127.0.0.1", Rule(hours=DailyHours(now.strftime("%H:00"), later[1])))
    await engine.execute("update download set run_after = now()")
    assert (await _run(owner, site.url("/media/ok.mp4")))["state"] == "done"


async def test_second_download_of_a_site_waits_for_its_pause(owner: int, site: Site) -> None:
    await site_rules.save(owner, "127.0.0.1", Rule(pause_seconds=600))
    waiting = await lifecycle.submit(owner, site.url("/media/ok.mp4?2"))
    await engine.execute("update download set run_after = now() + interval '1 minute'")
    assert (await _run(owner, site.url("/media/ok.mp4")))["state"] == "done"
    row = await queries.get(waiting["id"], owner)  # delayed at once, without being claimed
    assert (row["state"], row["error"]["code"]) == ("queued", "site_pace")
    third = await _run(owner, site.url("/media/ok.mp4?3"))  # submitted in the pause
    assert (third["state"], third["error"]["code"]) == ("queued", "site_pace")
    wait = await engine.fetchval(
        "select min(extract(epoch from run_after - now()))::float8 from download where state = 'queued'"
    )
    assert 200 < wait <= 900
    await engine.execute("update site_rule set next_start_at = now()")
    await engine.execute("update download set run_after = now() where id = $1", waiting["id"])
    claim = await leases.claim()
    assert claim is not None and claim.id == waiting["id"]
    await runner.run(claim)
    assert (await queries.get(waiting["id"], owner))["state"] == "done"


async def test_rule_with_wrong_values_is_refused(owner: int) -> None:
    for values in ({"pause_seconds": 0}, {"proxy": "ftp://x:1"}, {"hours": DailyHours("25:00", "01:00")}):
        with pytest.raises(errors.Invalid):
            await site_rules.change(owner, "example.org", values)
    with pytest.raises(errors.NotFound):
        await site_rules.save(owner, "example.org", Rule(preset="unknown"))


# ---- name and password -----------------------------------------------------------------------------------


async def test_password_of_a_site_is_used_for_basic_authentication_and_never_shown(owner: int, site: Site) -> None:
    url = site.url("/basic/ok.mp4")
    await cookie_jars.put_password(owner, "127.0.0.1", "me", "s:cret")
    row = await _run(owner, url)
    assert row["state"] == "done", (row["error"], await log.read(row["id"], owner))
    shown = await engine.fetch("select d::text as row from download d union all select s::text from source s")
    shown += await engine.fetch("select a::text as row from audit_event a union all select j::text from cookie_jar j")
    assert "cret" not in str(shown) + str(await log.read(row["id"], owner)) + str(await site_rules.page(owner))
    assert await engine.fetchval("select count(*) from source where key not like $1", f"{owner}:%") == 0
    await cookie_jars.remove_password(owner, "127.0.0.1")
    assert (await _run(owner, url + "?again"))["error"]["code"] == "password_required"


async def test_password_of_a_site_is_not_sent_unencrypted_to_a_public_host(owner: int, site: Site) -> None:
    await cookie_jars.put_password(owner, "home.test", "me", "s:cret")
    with Proxy("http") as proxy:
        proxy.names["home.test"] = "127.0.0.1"
        settings.use(replace(settings.get(), allow_hosts=(), proxy=proxy.url, proxy_resolves_names=True))
        row = await _run(owner, f"http://home.test:{site.port}/basic/ok.mp4")
    assert row["error"]["code"] == "password_required"
    assert site.log and not [entry for entry in site.log if entry["authorization"]]


async def test_password_outlives_cookies_and_a_rotation_of_the_key(owner: int) -> None:
    await cookie_jars.put_password(owner, "example.org", "me", SECRET)
    await cookie_jars.put_login(owner, urls.Login("https://example.org", "other", "x"))
    await cookie_jars.rotate()
    found = await cookie_jars.login_for(owner, "https://films.example.org/a")
    assert found is not None and (found.user, found.password, found.for_site) == ("me", SECRET, True)
    basic = await cookie_jars.login_for(owner, "https://example.org/a")  # the one for the exact origin comes first
    assert basic is not None and (basic.user, basic.for_site) == ("other", False)


async def test_extractor_of_the_site_signs_in_with_its_password(owner: int, tube: youtube.YouTube) -> None:
    await cookie_jars.put_password(owner, youtube.NEBULA, "me@home.test", SECRET)
    row = await _run(owner, f"https://{youtube.NEBULA}/videos/a-film")
    assert ("nebula.tv/auth/login/", {"email": "me@home.test", "password": SECRET}) in tube.posts
    assert SECRET not in str(row) + str(await log.read(row["id"], owner))


async def test_extractor_of_another_site_does_not_get_the_password(owner: int, tube: youtube.YouTube) -> None:
    await cookie_jars.put_password(owner, "page.test", "me@home.test", SECRET)
    await cookie_jars.put_password(owner, "youtube.com", "me@home.test", SECRET)
    for url in ("https://page.test/film", f"https://www.youtube.com/watch?v={youtube.VIDEO}"):
        await _run(owner, url)
    assert SECRET not in str(tube.posts) + str(tube.players)


# ---- options that switch those of a preset off, and proxies of rules ------------------------------------------


@pytest.fixture
async def audio_rule(owner: int) -> None:
    """Links of 127.0.0.1 are fetched as sound, with marks."""
    await presets.save("sound", owner, Options(audio="m4a", sponsorblock=True))
    await site_rules.save(owner, "127.0.0.1", Rule(preset="sound"))


async def test_option_given_as_its_default_switches_that_of_the_rule_off(
    owner: int, site: Site, audio_rule: None
) -> None:
    url = site.url("/media/ok.mp4")
    off = presets.Chosen(Options(), frozenset({"audio"}))
    assert (await lifecycle.submit(owner, url, options=off))["options"] == {"sponsorblock": True}
    height = await lifecycle.submit(owner, url, options=Options(max_height=360))
    assert height["options"] == {"max_height": 360, "sponsorblock": True}
    named = await presets.with_preset("sound", owner, off)
    assert named.options == Options(sponsorblock=True)
    assert (await lifecycle.submit(owner, url, site_preset=False))["options"] == {}


async def test_languages_given_as_none_win_over_those_of_the_user(owner: int, site: Site) -> None:
    await engine.execute("""update account set preferences = '{"audio_languages": ["de"]}'""")
    url = site.url("/media/ok.mp4")
    assert (await lifecycle.submit(owner, url))["options"] == {"audio_languages": ["de"]}
    none = presets.Chosen(Options(), frozenset({"audio_languages"}))
    assert (await lifecycle.submit(owner, url, options=none))["options"] == {}


async def test_preset_remembers_an_option_given_as_its_default(owner: int, site: Site, audio_rule: None) -> None:
    await presets.save("film", owner, presets.Chosen(Options(), frozenset({"audio"})))
    chosen = await presets.with_preset("film", owner, None)
    row = await lifecycle.submit(owner, site.url("/media/ok.mp4"), options=chosen)
    assert row["options"] == {"sponsorblock": True}


async def test_preset_of_the_rule_that_contradicts_the_link_is_named_in_its_log(owner: int, site: Site) -> None:
    await presets.save("whole", owner, Options(keep_original=True))
    await site_rules.save(owner, "127.0.0.1", Rule(preset="whole"))
    row = await lifecycle.submit(owner, site.url("/media/ok.mp4"), options=Options(start=1.0))
    assert row["options"] == {"start": 1.0}
    [line] = await log.read(row["id"], owner)
    assert line["level"] == "warning" and "'whole'" in line["message"] and "127.0.0.1" in line["message"]
    assert "clip" in line["message"]


async def test_source_fetched_by_the_proxy_of_a_rule_is_private(owner: int, site: Site) -> None:
    url = site.url("/media/ok.mp4")
    with Proxy("http") as proxy:
        settings.use(replace(settings.get(), allow_hosts=(*settings.get().allow_hosts, f"127.0.0.1:{proxy.port}")))
        await site_rules.save(owner, "127.0.0.1", Rule(proxy=proxy.url))
        assert (await _run(owner, url))["state"] == "done"
    keys = await engine.fetch("select key from source where media_file is not null")
    assert keys and all(row["key"].startswith(f"{owner}:") for row in keys), keys
    bob = await add_user("bob")
    assert (await lifecycle.submit(bob, url))["state"] == "queued"
