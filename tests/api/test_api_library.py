"""Downloads, items, trash and folders over HTTP: the documented shapes, and what each call does."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from shelf import add_download, add_item

from mediafetcher.api.routes import bulk_downloads, channels, downloads, folders, home, items, sources, system
from mediafetcher.api.routes import lists as list_routes
from mediafetcher.core.source_metadata import of_ytdlp
from mediafetcher.db import engine
from mediafetcher.library.catalog import lists, metadata
from mediafetcher.library.storage import mount


def fits(kind: Any, said: Any) -> Any:
    """Exactly this shape: nothing missing, nothing more."""
    shaped = msgspec.convert(said, kind, strict=True)
    again = msgspec.json.decode(msgspec.json.encode(shaped))
    assert again == said
    return said


async def test_downloads_are_added_listed_and_ended(alice: Any) -> None:
    wish = {"url": "http://site.test/a", "folder": "Music/Live", "options": {"max_height": 720}}
    answer = await alice.http.post("/api/downloads", json=wish)
    assert answer.status_code == 201
    one = fits(downloads.Download, answer.json())
    assert (one["state"], one["folder"], one["site"], one["options"]["max_height"]) == (
        "queued", "Music/Live", "site.test", 720,
    )  # fmt: skip
    again = await alice.http.post("/api/downloads", json=wish)
    assert again.json()["id"] == one["id"]
    path = f"/api/downloads/{one['id']}"
    assert (await alice.http.patch(path, json={"priority": 5})).json()["priority"] == 5
    assert (await alice.http.post(path + "/pause")).json()["state"] == "paused"
    assert (await alice.http.post(path + "/resume")).json()["state"] == "queued"
    assert (await alice.http.post(path + "/cancel")).json()["state"] == "cancelled"
    answer = await alice.http.post(path + "/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await alice.http.post(path + "/retry")).json()["state"] == "queued"
    assert (await alice.http.delete(path)).status_code == 204
    assert (await alice.http.get("/api/downloads")).json() == {"downloads": [], "next": None}


async def test_pages_of_downloads(alice: Any) -> None:
    made = [await add_download(alice.id, url=f"http://site.test/{number}") for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        said = fits(
            downloads.Downloads,
            (await alice.http.get(f"/api/downloads?limit=2{cursor}")).json(),
        )
        seen += [row["id"] for row in said["downloads"]]
        cursor = said["next"] and f"&cursor={said['next']}"
    assert seen == made[::-1]
    assert (await alice.http.get("/api/downloads?state=done,failed")).json()["downloads"] == []
    assert len((await alice.http.get("/api/downloads?state=needs_action")).json()["downloads"]) == 5


async def test_channels_of_items_are_listed(alice: Any, bob: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    link = "https://tube.example/@a b/ü?x=%2F"
    found = of_ytdlp({"channel": "A/B", "channel_url": link, "upload_date": "20240105", "tags": ["Tag"]})
    async with engine.transaction():
        await metadata.attach(item, [], found, private=False)
    listed = fits(channels.OwnChannels, (await alice.http.get("/api/channels")).json())["channels"]
    assert [(one["id"], one["name"], one["site"], one["items"]) for one in listed] == [(link, "A/B", "tube.example", 1)]
    own = fits(items.Item, (await alice.http.get(f"/api/items/{item}")).json())
    assert own["channel"] == {"id": link, "name": "A/B", "url": link, "site": "tube.example"}
    assert own["site"] != own["channel"]["site"]  # the two may differ
    path = f"/api/channels/{quote(link, safe='')}"
    assert fits(channels.OwnChannel, (await alice.http.get(path)).json()) == listed[0]
    for query in (f"channel={quote(link, safe='')}", "channel=A/B", "tag=tag", "since=2024-01-05", "until=2024-01-05"):
        assert len((await alice.http.get(f"/api/items?{query}")).json()["items"]) == 1, query
        assert (await bob.http.get(f"/api/items?{query}")).json()["items"] == [], query
    assert (await bob.http.get("/api/channels")).json() == {"channels": [], "next": None}
    assert (await bob.http.get(path)).status_code == 404
    for query in ("since=x", "until=2024-02-30"):
        assert (await alice.http.get(f"/api/items?{query}")).json()["code"] == "invalid", query


async def test_items_are_listed_and_changed(alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, title="First film", folder="Films")
    listed = fits(items.Items, (await alice.http.get("/api/items")).json())
    assert [entry["id"] for entry in listed["items"]] == [item]
    one = fits(items.Item, (await alice.http.get(f"/api/items/{item}")).json())
    assert (one["title"], one["folder"], one["media"]["kind"], one["media"]["ref_count"]) == (
        "First film", "Films", "video/mp4", 1,
    )  # fmt: skip
    assert (await alice.http.patch(f"/api/items/{item}", json={"keep": True})).json()["keep"] is True
    changed = (await alice.http.patch(f"/api/items/{item}", json={"title": "Renamed", "folder": "A/B"})).json()
    assert (changed["title"], changed["folder"]) == ("Renamed", "A/B")
    copied = await alice.http.post("/api/items", json={"item": item, "folder": "Copies"})
    assert copied.status_code == 201
    assert (copied.json()["folder"], copied.json()["media"]["ref_count"]) == ("Copies", 2)
    assert (await alice.http.put(f"/api/items/{item}/position", json={"position": 3.5})).status_code == 204
    assert (await alice.http.get(f"/api/items/{item}")).json()["position"] == 3.5
    queries = {"q=renam": 2, "q=nothing": 0, "folder=Copies": 1, "folder=": 0, "folder=A": 0, "folder=A&deep=1": 1}
    for query, found in queries.items():
        assert len((await alice.http.get(f"/api/items?{query}")).json()["items"]) == found, query
    for sort in ("-created", "created", "title", "-title", "-duration", "duration", "-size", "size"):
        assert len((await alice.http.get(f"/api/items?sort={sort}")).json()["items"]) == 2


async def test_pages_of_items(alice: Any, tmp_path: Path) -> None:
    made = [await add_item(alice.id, tmp_path, title=f"Film {number}") for number in range(5)]
    for sort, order in (("-created", made[::-1]), ("title", made)):
        seen, cursor = [], None
        while True:
            params = {"limit": 2, "sort": sort} | ({"cursor": cursor} if cursor else {})
            said = (await alice.http.get("/api/items", params=params)).json()
            seen += [row["id"] for row in said["items"]]
            cursor = said["next"]
            if cursor is None:
                break
        assert seen == order


async def test_trash_is_listed_restored_and_purged(alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    said = fits(items.Trashed, (await alice.http.delete(f"/api/items/{item}")).json())
    assert said == {"trashed": True, "holders": 0, "frees": 10240}
    assert (await alice.http.get("/api/items")).json()["items"] == []
    trash = fits(items.Trash, (await alice.http.get("/api/trash")).json())
    assert ([entry["id"] for entry in trash["items"]], trash["frees"]) == ([item], 10240)
    assert (await alice.http.post(f"/api/items/{item}/restore")).json()["trashed_at"] is None
    await alice.http.delete(f"/api/items/{item}")
    assert (await alice.http.request("DELETE", "/api/trash", json={"items": [item + 1]})).json() == {"purged": 0}
    assert (await alice.http.delete("/api/trash")).json() == {"purged": 1}
    assert (await alice.http.get(f"/api/items/{item}")).status_code == 404


async def test_folders_tell_the_number_of_own_items_outside_the_trash(alice: Any, bob: Any, tmp_path: Path) -> None:
    for owner in (alice.id, alice.id, alice.id, bob.id):
        last = await add_item(owner, tmp_path)
    await add_item(alice.id, tmp_path, folder="Films")
    assert (await alice.http.get("/api/folders")).json()["items"] == 4
    await bob.http.delete(f"/api/items/{last}")
    assert (await bob.http.get("/api/folders")).json()["items"] == 0


async def test_folders_are_made_moved_and_removed(alice: Any, tmp_path: Path) -> None:
    await add_item(alice.id, tmp_path, folder="Films/Old")
    tree = fits(folders.Folders, (await alice.http.get("/api/folders")).json())["folders"]
    assert {(entry["path"], entry["count"], entry["total"]) for entry in tree} == {("Films", 0, 1), ("Films/Old", 1, 1)}
    made = await alice.http.post("/api/folders", json={"path": "Music/Live"})
    assert made.status_code == 201
    live = fits(folders.Folder, made.json())
    assert (live["name"], live["path"]) == ("Live", "Music/Live")
    moved = (await alice.http.patch(f"/api/folders/{live['id']}", json={"path": "Films/Concerts"})).json()
    assert (moved["id"], moved["path"]) == (live["id"], "Films/Concerts")
    films = next(entry for entry in tree if entry["path"] == "Films")
    taken = await alice.http.patch(f"/api/folders/{live['id']}", json={"path": "Films/Old"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert (await alice.http.delete(f"/api/folders/{films['id']}")).json() == {"trashed": 1}
    assert len((await alice.http.get("/api/trash")).json()["items"]) == 1


async def test_system_state_is_shown(alice: Any, tmp_path: Path) -> None:
    await add_item(alice.id, tmp_path)
    said = fits(system.System, (await alice.http.get("/api/system")).json())
    assert said["mount"]["state"] == "online"
    assert said["library"] == {"items": 1, "size": 10240}
    assert said["versions"]["postgresql"].startswith("1")
    assert said["versions"]["ffmpeg"]


async def test_settings_hide_secrets(alice: Any) -> None:
    said = (await alice.http.get("/api/settings")).json()
    assert said["max_height"] == 1080
    assert said["database_url"] in (None, "***")


async def test_several_items_change_at_once(alice: Any, bob: Any, tmp_path: Path) -> None:
    made = [await add_item(alice.id, tmp_path, data=bytes([number]) * 100) for number in range(3)]
    shared = await add_item(bob.id, tmp_path, data=bytes([2]) * 100)
    post = alice.http.post
    assert (await post("/api/items/move", json={"items": made, "folder": "A/B"})).json() == {"count": 3}
    assert (await post("/api/items/copy", json={"items": made[:2], "folder": "C"})).json() == {"count": 2}
    said = (await alice.http.get(f"/api/items/{made[2]}/deletion")).json()
    assert fits(items.Deletion, said) == {"items": 1, "holders": 1, "frees": 0, "trash": True}
    said = (await post("/api/items/trash", json={"items": made})).json()
    assert fits(items.SeveralTrashed, said) == {"count": 3, "items": 3, "holders": 3, "frees": 0, "trash": True}
    assert (await alice.http.get("/api/trash/deletion")).json() == {
        "items": 3, "holders": 3, "frees": 0, "trash": False,
    }  # fmt: skip
    assert (await alice.http.get(f"/api/trash/deletion?items={made[0]},{made[1]}")).json()["items"] == 2
    assert (await alice.http.get("/api/trash/deletion?items=x")).status_code == 400
    assert (await post("/api/items/restore", json={"items": made})).json() == {"count": 3}
    answer = await post("/api/items/move", json={"items": [made[0], shared], "folder": "D"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "D" not in {row["path"] for row in (await alice.http.get("/api/folders")).json()["folders"]}


async def test_a_folder_once_more(alice: Any, tmp_path: Path) -> None:
    await add_item(alice.id, tmp_path, folder="Films/Old")
    films = next(row for row in (await alice.http.get("/api/folders")).json()["folders"] if row["path"] == "Films")
    made = await alice.http.post(f"/api/folders/{films['id']}/copy", json={"path": "Again"})
    assert made.status_code == 201 and fits(folders.Folder, made.json())["total"] == 1
    again = await alice.http.post(f"/api/folders/{films['id']}/copy", json={"path": "Again"})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


async def test_blocked_source_is_not_downloaded_again(alice: Any, bob: Any) -> None:
    link = "http://site.test/film"
    wish = (await alice.http.post("/api/downloads", json={"url": link})).json()
    await alice.http.post(f"/api/downloads/{wish['id']}/cancel")
    marked = await alice.http.post("/api/sources/never", json={"url": link + "?utm_source=x"})
    assert marked.status_code == 200 and fits(sources.Mark, marked.json())["never"]
    for call in (
        alice.http.post("/api/downloads", json={"url": link, "options": {"max_height": 720}}),
        alice.http.post(f"/api/downloads/{wish['id']}/retry"),
    ):
        answer = await call
        assert (answer.status_code, answer.json()["code"]) == (409, "never_again")
    (row,) = fits(sources.Sources, (await alice.http.get("/api/sources?never=1")).json())["sources"]
    assert row["id"] == answer.json()["source"]
    path = f"/api/sources/{row['id']}/never"
    assert (await alice.http.get(path)).json() == {"never": True, "since": row["since"]}
    assert (await bob.http.get(path)).status_code == 404
    assert (await bob.http.post("/api/downloads", json={"url": link})).status_code == 201
    for _ in range(2):
        assert (await alice.http.delete(path)).status_code == 204
        assert (await alice.http.put(path)).status_code == 204
    assert (await alice.http.delete(path)).status_code == 204
    assert (await alice.http.post(f"/api/downloads/{wish['id']}/retry")).json()["state"] == "queued"


async def test_a_new_file_for_an_item(alice: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path)
    asked = await alice.http.post(f"/api/items/{item}/refetch")
    assert asked.status_code == 201
    row = fits(downloads.Download, asked.json())
    assert (row["state"], row["url"], row["title"]) == ("queued", "http://site.test/film", "A film")
    assert (await alice.http.post(f"/api/items/{item}/refetch")).json()["id"] == row["id"]
    answer = await alice.http.post(f"/api/items/{item}/convert")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await alice.http.post("/api/items/999999/convert")).status_code == 404
    assert (await alice.http.get(f"/api/items/{item}")).json()["playable"]


async def test_adoption_of_unknown_files_counts_them(web: Any, person: Any) -> None:
    alice, bob = await person("Alice", admin=True), await person("Bob")
    unknown = mount.root() / "store" / "ff" / f"{'f' * 64}.mp4"
    unknown.parent.mkdir()
    unknown.write_bytes(b"its bytes are not what its name says")
    listed = (await alice.http.get("/api/store/files")).json()
    (one,) = listed["files"]
    assert (one["name"], one["size"], one["title"], listed["next"]) == (unknown.name, 36, None, None)
    assert (await bob.http.get("/api/store/files")).status_code == 403
    none = await alice.http.post("/api/store/adopt", json={"files": ["0" * 64]})
    assert (none.status_code, none.json()) == (200, {"added": 0, "refused": 0, "next": None})
    answer = await alice.http.post("/api/store/adopt", json={})
    assert (answer.status_code, answer.json()) == (200, {"added": 0, "refused": 1, "next": None})
    assert (await bob.http.post("/api/store/adopt", json={})).status_code == 403
    assert unknown.exists()


async def test_actions_on_several_downloads_name_those_that_refuse(alice: Any, bob: Any) -> None:
    mine = [await add_download(alice.id, url=f"http://site.test/{number}") for number in range(3)]
    theirs = await add_download(bob.id, url="http://site.test/theirs")
    wish = {"action": "retry", "ids": [*mine, theirs]}
    answer = await alice.http.post("/api/downloads/actions", json=wish)
    said = fits(bulk_downloads.ActionsDone, answer.json())
    assert said["done"] == 3
    assert [(one["id"], one["reason"]["code"]) for one in said["refused"]] == [(theirs, "not_found")]
    order = [mine[1], mine[2], mine[0]]
    assert (await alice.http.put("/api/downloads/order", json={"ids": order})).status_code == 204
    rows = (await alice.http.get("/api/downloads")).json()["downloads"]
    assert [row["id"] for row in sorted(rows, key=lambda row: -row["priority"])] == order
    assert (await alice.http.put("/api/downloads/order", json={"ids": [theirs]})).status_code == 404
    assert (await alice.http.post("/api/downloads/actions", json=wish | {"action": "clear"})).json()["done"] == 3
    assert (await alice.http.get("/api/downloads")).json()["downloads"] == []


async def test_home_has_what_was_begun_and_what_was_not(alice: Any, tmp_path: Path) -> None:
    begun, seen, fresh = [
        await add_item(alice.id, tmp_path, data=f"film {name}".encode() * 999, title=name) for name in "abc"
    ]
    await alice.http.put(f"/api/items/{begun}/position", json={"position": 6})
    assert (await alice.http.put(f"/api/items/{seen}/watched", json={"watched": True})).status_code == 204
    assert (await alice.http.get(f"/api/items/{seen}")).json()["watched"] is True
    said = fits(home.Home, (await alice.http.get("/api/home")).json())
    assert {item["id"] for item in said["recent"]} == {begun, seen, fresh}
    assert seen not in [item["id"] for item in said["continue"]]
    await alice.http.put(f"/api/items/{seen}/watched", json={"watched": False})
    assert (await alice.http.get(f"/api/items/{seen}")).json()["watched"] is False
    body = {"items": [begun, seen, fresh], "watched": True}
    assert (await alice.http.post("/api/items/watched", json=body)).json() == {"count": 3}
    assert (await alice.http.get("/api/items?unwatched=true")).json()["items"] == []


async def test_home_has_shelves_of_the_channels_and_playlists_of_the_newest_items(
    alice: Any, bob: Any, tmp_path: Path
) -> None:
    async def item(title: str, channel: str, day: str) -> int:
        id = await add_item(alice.id, tmp_path, data=title.encode() * 999, title=title)
        link = f"https://tube.example/{channel}"
        facts = of_ytdlp({"channel": channel, "channel_url": link, "upload_date": day})
        async with engine.transaction():
            await metadata.attach(id, [], facts, private=False)
        url = f"http://site.test/{title}"
        await engine.execute("update library_item set source_url = $2 where id = $1", id, url)
        return id

    late, early = await item("late", "Boats", "20240302"), await item("early", "Boats", "20240301")
    await item("alone", "Trains", "20240303")
    for owner, name in ((alice.id, "Mine"), (bob.id, "Theirs")):
        entries = [lists.Entry(f"http://site.test/{title}", None, None) for title in ("early", "missing", "late")]
        await lists.save(owner, "http://site.test/list", name, "site.test", entries)
    said = fits(home.Home, (await alice.http.get("/api/home")).json())["shelves"]
    channel, playlist = said  # one item makes no shelf, and another user's playlist is theirs
    assert (channel["title"], channel["channel"], channel["site"]) == (
        "Boats",
        "https://tube.example/Boats",
        "tube.example",
    )
    assert [one["id"] for one in channel["items"]] == [late, early] and channel["playlist"] is None
    assert playlist["title"] == "Mine" and playlist["channel"] is None
    assert [one["id"] for one in playlist["items"]] == [early, late]
    assert (await bob.http.get("/api/home")).json()["shelves"] == []


async def test_a_list_of_a_site_keeps_its_order_and_what_is_missing(alice: Any, bob: Any, tmp_path: Path) -> None:
    item = await add_item(alice.id, tmp_path, title="Second")  # its link is http://site.test/film
    entries = [lists.Entry(f"http://site.test/{name}", name, 60.0) for name in ("one", "film", "three")]
    made = await lists.save(alice.id, "http://site.test/list", "A list", "site.test", entries[::-1])
    again = await lists.save(alice.id, "http://site.test/list", "A list", "site.test", entries)
    assert made == again
    listed = fits(list_routes.SourceLists, (await alice.http.get("/api/lists")).json())["lists"]
    assert [(one["id"], one["title"], one["entries"], one["items"]) for one in listed] == [(made, "A list", 3, 1)]
    whole = fits(list_routes.WholeList, (await alice.http.get(f"/api/lists/{made}")).json())
    assert [entry["item"] and entry["item"]["id"] for entry in whole["content"]] == [None, item, None]
    assert (await alice.http.get(f"/api/items/{item}")).json()["list"] == {"id": made, "position": 2}
    assert (await bob.http.get(f"/api/lists/{made}")).status_code == 404
    await alice.http.put(f"/api/items/{item}/watched", json={"watched": True})
    assert [one["id"] for one in (await alice.http.get("/api/history")).json()["items"]] == [item]


async def test_long_list_is_compressed_and_other_answers_are_not(alice: Any, tmp_path: Path) -> None:
    for name in "abc":
        await add_item(alice.id, tmp_path, data=f"film {name}".encode() * 999, title=name)
    for path in ("/api/home", "/api/items"):
        packed = await alice.http.get(path)
        plain = await alice.http.get(path, headers={"accept-encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
        assert packed.json() == plain.json() and packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
        assert packed.headers["cache-control"] == "no-store"
    assert "content-encoding" not in (await alice.http.get("/api/schema/openapi.json")).headers
