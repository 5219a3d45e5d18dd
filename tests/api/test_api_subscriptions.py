"""/api/subscriptions over HTTP: follow, the dry run, the entries with their reasons, and the end."""

from shelf import add_item

from mediafetcher.subscriptions import entries, filters
from tests.site.channels import Channel


async def test_channel_followed_over_http_shows_every_decision(web, alice, bob, site):
    site.channels["one"] = channel = Channel()
    channel.publish(1, 2, 3, seconds=600, published=1_767_225_660.0)
    url = site.url("/channel/one")
    body = {"url": url, "folder": "Shows", "filter": {"title_exclude": "film 2"}, "backfill": "all"}

    dry = await alice.http.post("/api/subscriptions/preview", json=body, timeout=60)
    assert dry.status_code == 200, dry.text
    assert (dry.json()["wanted"], dry.json()["listed"], dry.json()["entries"][0]["title"]) == (2, 3, "Film 3")
    assert (await alice.http.get("/api/subscriptions")).json() == {"subscriptions": []}

    made = await alice.http.post("/api/subscriptions", json=body)
    assert made.status_code == 201, made.text
    path = f"/api/subscriptions/{made.json()['id']}"
    assert (await alice.http.post("/api/subscriptions", json=body)).json()["code"] == "already_followed"
    assert (await alice.http.post(f"{path}/check")).status_code == 202
    from mediafetcher.subscriptions import checks

    claimed = await checks.claim()
    if claimed is not None:  # the server may have been first
        await checks.run(claimed)

    found = (await alice.http.get(path)).json()
    assert found["title"] == "A channel" and found["backfill"] == "all" and found["folder"] == "Shows"
    assert found["counts"] == {"queued": 2, "done": 0, "skipped": 1, "blocked": 0, "ignored": 0}
    page = (await alice.http.get(f"{path}/entries?limit=2")).json()
    rest = (await alice.http.get(f"{path}/entries?cursor={page['next']}")).json()
    assert [one["title"] for one in page["entries"] + rest["entries"]] == ["Film 3", "Film 2", "Film 1"]
    assert page["entries"][1]["published_at"] == "2026-01-01T00:01:00Z" and page["entries"][0]["download"]
    skipped = (await alice.http.get(f"{path}/entries?decision=skipped")).json()["entries"]
    assert [(one["title"], one["reason"]) for one in skipped] == [("Film 2", "excluded")]

    for q, titles in (("FILM 2", ["Film 2"]), ("%", []), ("", ["Film 3", "Film 2", "Film 1"])):
        answer = (await alice.http.get(f"{path}/entries", params={"q": q})).json()
        assert [one["title"] for one in answer["entries"]] == titles

    kept = await alice.http.patch(path, json={"retention": {"keep_last": 1}})
    assert kept.json()["retention"] == {"keep_last": 1}
    shown = await alice.http.post(f"{path}/retention", json={"retention": {"keep_days": 3}})
    assert shown.status_code == 200 and shown.json() == {"count": 0, "bytes": 0, "frees": 0, "items": []}
    assert (await bob.http.post(f"{path}/retention")).status_code == 404

    changed = await alice.http.patch(path, json={"paused": True, "filter": {}})
    assert changed.json()["state"] == "paused" and changed.json()["counts"]["queued"] == 3
    assert (await alice.http.post(f"{path}/check")).json()["code"] == "wrong_state"
    for answer in (await bob.http.get(path), await bob.http.delete(path), await bob.http.get(f"{path}/entries")):
        assert answer.status_code == 404
    assert (await alice.http.delete(path)).status_code == 204
    assert (await alice.http.get(path)).status_code == 404


async def test_entry_is_downloaded_anyway_over_http(alice, bob):
    made = (await alice.http.post("/api/subscriptions", json={"url": "http://site.test/channel"})).json()
    facts = filters.Facts("http://site.test/short", "A short", 5, None, None)
    await entries.add(made["id"], [entries.Decided(entries.New("k", None, facts), "skipped", "too_short")])
    path = f"/api/subscriptions/{made['id']}/entries"
    [entry] = (await alice.http.get(path)).json()["entries"]
    assert (await bob.http.post(f"{path}/{entry['id']}/download")).status_code == 404
    answer = await alice.http.post(f"{path}/{entry['id']}/download")
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    assert (shown["decision"], shown["reason"], shown["download"] is None) == ("queued", "requested", False)
    assert (await alice.http.get(path)).json()["entries"] == [shown]
    for client, count in ((alice, 1), (bob, 0)):
        checked = await client.http.post("/api/subscriptions/check")
        assert (checked.status_code, checked.json()) == (202, {"count": count})


async def test_new_link_of_a_moved_source_is_followed_over_http(web, alice, site):
    site.channels["one"], site.channels["two"] = Channel(moved_to="/channel/two"), Channel()
    made = (await alice.http.post("/api/subscriptions", json={"url": site.url("/channel/one")})).json()
    assert made["moved_to"] is None
    from mediafetcher.subscriptions import checks

    if claimed := await checks.claim(made["id"]):
        await checks.run(claimed)
    path = f"/api/subscriptions/{made['id']}"
    found = (await alice.http.get(path)).json()
    assert found["moved_to"] == site.url("/channel/two")
    changed = (await alice.http.patch(path, json={"url": found["moved_to"]})).json()
    assert (changed["url"], changed["moved_to"]) == (found["moved_to"], None)


async def test_wrong_wishes_are_named(alice):
    url = "http://site.test/channel"
    for wrong, word in (
        ({"filter": {"title_include": "("}}, "'('"),
        ({"filter": {"since": "yesterday"}}, "since"),
        ({"filter": {"max_per_check": 0}}, "max_per_check"),
        ({"backfill": {"last": 0}}, "last"),
        ({"retention": {"keep_last": 0}}, "keep_last"),
        ({"schedule": {"hours": {"start": "25:00", "end": "06:00"}}}, "hours"),
        ({"schedule": {"pause_seconds": 0}}, "pause_seconds"),
        ({"options": {"playlist": {}}}, "playlist"),
    ):
        answer = await alice.http.post("/api/subscriptions", json={"url": url, **wrong})
        assert answer.status_code == 400 and word in answer.json()["detail"], (wrong, answer.text)


async def test_item_says_which_subscription_brought_it(alice, bob, tmp_path):
    fetched, owned, added = [
        await add_item(alice.id, tmp_path, data=name.encode() * 999, title=name) for name in ("new", "owned", "added")
    ]
    body = {"url": "http://site.test/channel", "title": "A channel"}
    made = (await alice.http.post("/api/subscriptions", json=body)).json()
    decided = [
        entries.Decided(
            entries.New(
                f"http://site.test/{item}", None, filters.Facts(f"http://site.test/{item}", "t", 60, None, None)
            ),
            "done",
            reason,
            item,
        )
        for item, reason in ((owned, "in_library"), (fetched, "new"))
    ]
    await entries.add(made["id"], decided)

    async def subscription_of(item):
        return (await alice.http.get(f"/api/items/{item}")).json()["subscription"]

    assert await subscription_of(fetched) == {"id": made["id"], "title": "A channel"}
    assert await subscription_of(owned) is None and await subscription_of(added) is None
    followed = (await alice.http.get("/api/home")).json()["followed"]
    assert [item["id"] for item in followed] == [fetched]
    assert (await bob.http.get("/api/home")).json()["followed"] == []
    await alice.http.request("DELETE", f"/api/items/{fetched}")
    assert (await alice.http.get("/api/home")).json()["followed"] == []


async def test_preset_over_http_is_named_by_downloads_and_subscriptions(alice, bob):
    made = await alice.http.put("/api/presets/Audio%20only", json={"options": {"audio": "mp3"}})
    assert made.status_code == 200 and made.json() == {"name": "Audio only", "options": {"audio": "mp3"}}
    assert (await alice.http.get("/api/presets")).json() == {"presets": [made.json()]}
    assert (await bob.http.get("/api/presets/audio%20only")).status_code == 404
    url = "http://site.test/film"
    row = await alice.http.post("/api/downloads", json={"url": url, "preset": "audio only"})
    assert row.status_code == 201 and row.json()["options"] == {"audio": "mp3"}
    unknown = await bob.http.post("/api/downloads", json={"url": url, "preset": "audio only"})
    assert unknown.status_code == 404 and "'audio only'" in unknown.json()["detail"]
    wrong = await alice.http.put("/api/presets/x", json={"options": {"max_height": 1}})
    assert wrong.status_code == 400 and "max_height" in wrong.json()["detail"]
    assert (await alice.http.delete("/api/presets/AUDIO%20ONLY")).status_code == 204
    assert (await alice.http.get("/api/presets/Audio%20only")).status_code == 404


async def test_lists_are_imported_and_exported_over_http(alice, bob):
    content = '{"subscriptions":[{"url":"http://site.test/a","name":"A"},{"url":"http://[x","name":"B"}]}'
    body = {"content": content, "folder": "F", "retention": {"keep_days": 9}, "backfill": {"last": 2}}
    done = await alice.http.post("/api/subscriptions/import", json=body)
    assert done.status_code == 200, done.text
    assert done.json()["added"] == [{"url": "http://site.test/a", "title": "A"}]
    assert done.json()["failed"][0]["error"]["code"] == "invalid_url"
    (row,) = (await alice.http.get("/api/subscriptions")).json()["subscriptions"]
    assert (row["title"], row["folder"], row["retention"], row["backfill"]) == ("A", "F", {"keep_days": 9}, {"last": 2})
    text = (await alice.http.get("/api/subscriptions/export")).json()["content"]
    given = await bob.http.post("/api/subscriptions/import", json={"content": text, "dry_run": True})
    assert given.json()["added"] == [{"url": "http://site.test/a", "title": "A"}]
    wrong = await bob.http.post("/api/subscriptions/import", json={"content": "hello"})
    assert wrong.status_code == 400 and wrong.json()["code"] == "unknown_list"
