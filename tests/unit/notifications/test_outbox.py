"""Events become notifications in the transaction that makes them true, and deliveries for who wants them."""

import json

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.notifications import event_types, inbox, status, targets

URL = "webhook+http://127.0.0.1:9/hook"


async def download(owner: int, state: str = "queued", **columns: object) -> int:
    names = ["owner", "url", "site", "source_key", "state", *columns]
    values = [owner, f"http://site.test/{await engine.fetchval('select count(*) from download')}", "site.test"]
    holes = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    sql = f"insert into download ({', '.join(names)}) values ({holes}) returning id"
    return int(await engine.fetchval(sql, *values, values[1], state, *columns.values()))


async def run(id: int) -> None:
    await engine.execute(
        "update download set state = 'running', worker_id = 'x', lease_expires_at = now() where id = $1", id
    )


async def end(id: int, state: str, code: str | None = None, message: str | None = None) -> None:
    await engine.execute(
        "update download set state = $2, error_code = $3, error_message = $4, worker_id = null, lease_expires_at = null"
        " where id = $1",
        id,
        state,
        code,
        message,
    )


async def noted(owner: int) -> list[tuple[str, dict[str, object]]]:
    rows, _ = await inbox.page(owner)
    return [(row["type"], row["data"]) for row in reversed(rows)]


async def waiting() -> list[tuple[int, str]]:
    rows = await engine.fetch(
        "select d.target, n.type from notification_delivery d join notification n on n.id = d.notification"
        " order by d.id"
    )
    return [(row["target"], row["type"]) for row in rows]


async def test_the_end_of_a_download_is_noted_once(ada: int) -> None:
    id = await download(ada, title="A film", size=7)
    await run(id)
    await end(id, "queued", "stalled", "It stalled.")
    assert await noted(ada) == []
    await run(id)
    await end(id, "needs_action", "cookies_needed", "Cookies are needed.")
    await run(id)
    await end(id, "failed", "unsupported", "No.")
    await run(id)
    await end(id, "done")
    await engine.execute("update download set cleared_at = now() where id = $1", id)
    told = await noted(ada)
    assert [type for type, _ in told] == ["download.needs_action", "download.failed", "download.done"]
    assert told[0][1]["error"] == {"code": "cookies_needed", "message": "Cookies are needed."}
    assert told[2][1] == {
        "download": id, "item": None, "title": "A film", "site": "site.test", "size": 7, "duration": None
    }  # fmt: skip


async def test_rolled_back_event_is_not_noted(ada: int) -> None:
    id = await download(ada)
    await run(id)

    async def broken() -> None:
        async with engine.transaction():
            await end(id, "done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert await noted(ada) == []
    assert await waiting() == []


async def test_deliveries_follow_the_events_of_each_target(ada: int, second: int) -> None:
    all_of_it = (await targets.add(ada, URL, ["all"]))["id"]
    done = (await targets.add(ada, URL, ["download.done"]))["id"]
    off = (await targets.add(ada, URL, ["all"]))["id"]
    await targets.change(off, ada, {"enabled": False})
    await targets.add(second, URL, ["all"])
    id = await download(ada)
    await run(id)
    await end(id, "failed", "x", "y")
    await run(id)
    await end(id, "done")
    assert await waiting() == [(all_of_it, "download.failed"), (all_of_it, "download.done"), (done, "download.done")]
    await targets.add(ada, URL, ["all"])
    assert len(await waiting()) == 3  # a new target is not told what happened before


@pytest.fixture
async def second(ada: int) -> int:
    from mediafetcher.accounts.auth import users

    return int((await users.add("Bob", "a long enough password"))["id"])


async def test_the_storage_is_an_event_for_administrators_when_it_changes(ada: int, second: int) -> None:
    await status.note("online", None)
    await status.note("offline", None)
    await status.note("offline", None)
    await status.note("full", None)
    await status.note("online", "2026.12.01")
    await status.note("online", "2026.12.01")
    await status.note("online", None)
    assert await noted(ada) == [
        ("storage.away", {"state": "offline"}),
        ("storage.full", {"state": "full"}),
        ("ytdlp.update", {"version": "2026.12.01"}),
    ]
    assert await noted(second) == []


async def test_a_source_that_is_gone_makes_the_item_the_last_copy(ada: int) -> None:
    await engine.execute(
        "insert into media_file (id, sha256, size, kind, ext, unreferenced_at)"
        " values (5, sha256('x'), 1, 'video/mp4', '.mp4', now())"
    )
    await engine.execute("insert into library_item (id, owner, media_file, title) values (6, $1, 5, 'A film')", ada)
    id = await download(ada, operation="refetch", target_item=6, title="A film")
    await run(id)
    await end(id, "failed", "gone", "It is gone.")
    assert ("item.last_copy", {"item": 6, "title": "A film"}) in await noted(ada)


async def test_event_without_a_trigger_is_recorded_by_name(ada: int) -> None:
    await inbox.record(ada, event_types.IMPORT_DONE, {"added": 3, "failed": 0})
    assert await noted(ada) == [("import.done", {"added": 3, "failed": 0})]
    with pytest.raises(ValueError):
        await inbox.record(ada, "import.finished", {})


async def test_a_changed_tree_tells_media_servers_once_in_a_while(ada: int) -> None:
    server = (await targets.add(ada, "jellyfin+http://token@127.0.0.1:9", []))["id"]
    tree = await engine.fetchval("insert into export_tree (path, hard) values ('/x', true) returning id")
    folder = await engine.fetchval(
        "insert into export_folder (tree, name, key, ours) values ($1, 'a', 'a', true) returning id", tree
    )
    for number in range(3):
        await engine.execute(
            "insert into export_file (tree, folder, item, stem, suffix, key, made)"
            " values ($1, $2, 1, 'a', '.mp4', $3, '')",
            tree,
            folder,
            str(number),
        )
    rows = await engine.fetch("select target, notification, due_at > now() as later from notification_delivery")
    assert rows == [{"target": server, "notification": None, "later": True}]
    assert await noted(ada) == []


async def test_the_inbox_has_pages_and_marks(ada: int) -> None:
    for number in range(5):
        await inbox.record(ada, event_types.IMPORT_DONE, {"added": number, "failed": 0})
    rows, following = await inbox.page(ada, limit=2)
    assert [row["data"]["added"] for row in rows] == [4, 3] and following == rows[-1]["id"]
    rest, end_of_it = await inbox.page(ada, before=following, limit=10)
    assert [row["data"]["added"] for row in rest] == [2, 1, 0] and end_of_it is None
    assert await inbox.unread(ada) == 5
    await inbox.mark_read(ada, [rows[0]["id"]], None)
    await inbox.mark_read(ada, None, rest[0]["id"])
    assert [row["data"]["added"] for row in (await inbox.page(ada, unread=True))[0]] == [3]
    await inbox.mark_read(ada, None, None)
    assert await inbox.unread(ada) == 0


async def test_old_notifications_and_deliveries_are_removed(ada: int) -> None:
    await targets.add(ada, URL, ["all"])
    await engine.execute(
        "insert into notification (owner, type, data)"
        " select $1, 'import.done', jsonb_build_object('added', n) from generate_series(0, 1100) n",
        ada,
    )
    await engine.execute("update notification set at = now() - interval '91 days' where id % 100 = 0")
    await engine.execute(
        "update notification_delivery set state = 'delivered', ended_at = now() - interval '8 days' where id % 2 = 0"
    )
    await inbox.remove_old()
    assert await engine.fetchval("select count(*) from notification where at < now() - interval '90 days'") == 0
    assert await engine.fetchval("select count(*) from notification") <= 1000
    assert await engine.fetchval("select min((data->>'added')::int) from notification") >= 50
    assert await engine.fetchval("select count(*) from notification_delivery where state = 'delivered'") == 0


async def test_deleting_a_user_removes_targets_and_notifications(ada: int, second: int) -> None:
    await targets.add(second, URL, ["all"])
    await inbox.record(second, event_types.IMPORT_DONE, {"added": 1, "failed": 0})
    await engine.execute("delete from account where id = $1", second)
    for table in ("notification_target", "notification", "notification_delivery"):
        assert await engine.fetchval(f"select count(*) from {table}") == 0


async def test_an_address_and_secret_lie_in_no_column_in_the_clear(ada: int) -> None:
    made = await targets.add(ada, "webhook+http://127.0.0.1:9/canary-path?key=canary-key", ["all"])
    await targets.add(ada, "ntfy://user:canary-password@127.0.0.1:9/canary-topic", ["all"])
    text = json.dumps(await engine.fetch("select * from notification_target"), default=str)
    assert "canary" not in text and made["secret"] not in text
    assert "canary" not in json.dumps(await targets.page(ada), default=str)


@pytest.mark.parametrize(
    "url",
    [
        *("", "ntfy", "ntfy://", "http://host/x", "file:///etc/passwd", "dbus://", "syslog://", "gnome://", "windows://"),
        *("macosx://", "kde://", "glib://", "blink1://", "mqtt://host/topic", "irc://host/#x", "xmpp://a:b@host"),
        *("fcm://project/device?keyfile=/etc/passwd", "vapid://x@y", "rsyslog://host", "growl://host", "smpp://a:b@h/1"),
        *("webhook+ftp://host/", "webhook+https://", "jellyfin+file:///x", "webhook+http://[::1", "webhook+http://a:b:c"),
        *("discord://", "tgram://nonsense", "NTFY+http://x", "ntfy://x\x07y", "jellyfin://user:password@host"),
    ],
)  # fmt: skip
async def test_invalid_address_of_a_target_is_refused(ada: int, url: str) -> None:
    with pytest.raises(errors.UnsupportedTarget):
        await targets.add(ada, url, ["all"])


@pytest.mark.parametrize(
    "url",
    [
        *("webhook+http://192.168.1.2/x", "webhook+http://10.0.0.1:8080", "webhook+http://[::1]/", "jellyfin+http://t@172.16.0.1"),
        *("ntfy://192.168.1.2/topic", "gotify://10.1.1.1/token", "webhook+http://169.254.169.254/latest", "json://[fd00::1]/"),
        *("webhook+http://0.0.0.0:80/", "webhook+http://[::ffff:10.0.0.1]/", "webhook+http://x.localhost/"),
    ],
)  # fmt: skip
async def test_a_private_address_needs_the_administrator(ada: int, url: str) -> None:
    with pytest.raises(errors.TargetNotAllowed):
        await targets.add(ada, url, ["all"])
