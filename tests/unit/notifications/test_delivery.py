"""Delivery to real receivers: that it arrives, in order, at least once, signed, and only where it may."""

import asyncio
import dataclasses
import json
import re
import smtplib
import socket
import subprocess
import threading
import zoneinfo
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.core import daily_hours, settings
from mediafetcher.db import engine
from mediafetcher.notifications import apprise_schemes, child, delivery, event_types, inbox, quiet_hours, targets
from tests.receiver import Receiver, Request, delivering
from tests.waiting import eventually

IMPORT = event_types.IMPORT_DONE


async def add(owner: int, url: str, events: list[str] | None = None, **given: Any) -> dict[str, Any]:
    return await targets.add(owner, url, events if events is not None else ["all"], **given)


async def happen(owner: int, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        await inbox.record(owner, IMPORT, {"added": number, "failed": 0})


async def arrived(receiver: Receiver, count: int, accepted: bool = True) -> list[Request]:
    return await asyncio.to_thread(receiver.wait, count, 60, accepted)


async def recorded(count: int, state: str = "delivered") -> None:
    """Wait until so many deliveries are recorded in this state."""
    await eventually(
        lambda: engine.fetchval("select count(*) from notification_delivery where state = $1", state),
        lambda found: found >= count,
        seconds=60,
    )


def numbers(requests: list[Request]) -> list[int]:
    return [request.json["data"]["added"] for request in requests]


async def test_a_webhook_is_signed_as_standard_webhooks_says(ada: int, receiver: Receiver) -> None:
    made = await add(ada, f"webhook+http://user:pass@{receiver.host}/hook?key=1")
    async with delivering():
        await happen(ada, 1)
        request = (await arrived(receiver, 1))[0]
        await recorded(1)
    assert (request.method, request.path) == ("POST", "/hook?key=1")
    assert request.headers["authorization"].startswith("Basic ")
    assert request.headers["content-type"] == "application/json"
    assert set(request.json) == {"type", "timestamp", "data"}
    assert request.json["type"] == IMPORT
    assert datetime.now(UTC) - datetime.fromisoformat(request.json["timestamp"]) < timedelta(hours=1)
    Webhook(made["secret"]).verify(request.body, request.headers)
    with pytest.raises(Exception, match="signature"):
        Webhook(made["secret"]).verify(request.body + b" ", request.headers)
    row = (await targets.page(ada))[0]
    assert (row["last_answer"], row["failures"], row["waiting"]) == ("ok", 0, 0)
    assert [(one["state"], one["answer"], one["type"]) for one in row["answers"]] == [("delivered", "ok", IMPORT)]


async def test_a_signature_is_verified_by_the_javascript_library(ada: int, receiver: Receiver) -> None:
    library = Path(__file__).parents[3] / "web/node_modules/standardwebhooks"
    if not library.is_dir():
        pytest.skip("the JavaScript packages are not installed")
    made = await add(ada, f"webhook+http://{receiver.host}/")
    async with delivering():
        await happen(ada, 1)
        request = (await arrived(receiver, 1))[0]
    script = (
        "const {Webhook} = require(process.argv[1]); let body = '';"
        "process.stdin.on('data', part => body += part).on('end', () => {"
        " const [secret, headers, text] = JSON.parse(body);"
        " console.log(JSON.stringify(new Webhook(secret).verify(text, headers)))})"
    )
    given = json.dumps([made["secret"], request.headers, request.body.decode()])
    done = subprocess.run(["node", "-e", script, str(library)], input=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == request.json


@pytest.mark.parametrize("fault", [500, 302, 404, 429, "cut", "garbage"])
async def test_a_receiver_that_fails_and_comes_back_gets_all_in_order(
    ada: int, receiver: Receiver, fault: int | str
) -> None:
    seen: list[str] = []

    def behave(request: Request) -> int | str:
        seen.append(request.headers["webhook-id"])
        return 200 if len(seen) % 3 == 0 else fault

    receiver.behave = behave
    await add(ada, f"webhook+http://{receiver.host}/")
    async with delivering():
        await happen(ada, 4)
        await recorded(4)
    assert numbers(receiver.accepted) == [0, 1, 2, 3]
    assert Counter(seen) == dict.fromkeys(seen, 3)  # each try has the id of the first
    bodies: dict[str, set[bytes]] = {}
    for request in receiver.requests:
        bodies.setdefault(request.headers["webhook-id"], set()).add(request.body)
    assert all(len(found) == 1 for found in bodies.values())


@pytest.mark.parametrize("fault", ["stall", "drip"])
async def test_a_receiver_that_says_nothing_is_left_after_a_while(
    ada: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("mediafetcher.notifications.sender.MESSAGE_SECONDS", 3.0)
    monkeypatch.setattr("mediafetcher.notifications.sender._START_SECONDS", 5.0)
    receiver.behave = lambda request: fault if len(receiver.requests) < 1 else 200
    await add(ada, f"webhook+http://{receiver.host}/")
    async with delivering():
        await happen(ada, 2)
        await recorded(2)
    assert numbers(receiver.accepted) == [0, 1]


async def test_an_endless_answer_counts_by_its_status(ada: int, receiver: Receiver) -> None:
    receiver.behave = lambda request: "endless"
    await add(ada, f"webhook+http://{receiver.host}/")
    async with delivering():
        await happen(ada, 2)
        await recorded(2)
    assert numbers(receiver.requests) == [0, 1]


async def test_a_stalled_target_holds_up_no_other(ada: int, receiver: Receiver) -> None:
    with Receiver(lambda request: "stall") as stalled:
        for _ in range(3):
            await add(ada, f"webhook+http://{stalled.host}/")
        await add(ada, f"webhook+http://{receiver.host}/")
        async with delivering():
            await happen(ada, 3)
            await arrived(receiver, 3)
    assert numbers(receiver.accepted) == [0, 1, 2]


async def test_a_message_is_given_up_after_five_tries_and_a_day(ada: int, receiver: Receiver) -> None:
    receiver.behave = lambda request: 500
    await add(ada, f"webhook+http://{receiver.host}/")
    await happen(ada, 2)
    await engine.execute("update notification_delivery set tries = 4, created_at = now() - interval '25 hours'")
    async with delivering():
        await recorded(2, "failed")
        await happen(ada, 1, start=7)
        await arrived(receiver, 2, accepted=False)
    row = (await targets.page(ada))[0]
    assert (row["last_answer"], row["waiting"]) == ("http_500", 1)
    assert {one["answer"] for one in row["answers"]} == {"http_500"}


async def test_a_private_name_is_refused_when_it_is_connected_to(ada: int, receiver: Receiver) -> None:
    made = await add(ada, f"webhook+http://localhost:{receiver.port}/")
    settings.use(dataclasses.replace(settings.get(), allow_hosts=()))
    assert await targets.test(made["id"], ada) == "blocked"
    settings.use(dataclasses.replace(settings.get(), allow_hosts=(f"localhost:{receiver.port}",)))
    assert await targets.test(made["id"], ada) == "ok"
    settings.use(dataclasses.replace(settings.get(), port=receiver.port))  # our own port is never allowed
    assert await targets.test(made["id"], ada) == "blocked"


async def test_answers_of_a_test_are_codes_without_secrets(ada: int, receiver: Receiver) -> None:
    made = await add(ada, f"webhook+http://{receiver.host}/canary")
    for behave, answer in ((200, "ok"), (204, "ok"), (403, "http_403"), (301, "http_301"), ("cut", "unreachable")):
        receiver.behave = lambda request, behave=behave: behave
        assert await targets.test(made["id"], ada) == answer
    sent = receiver.requests[0]
    assert sent.json["type"] == "test" and sent.headers["webhook-id"].startswith("msg_")


async def test_several_events_of_a_minute_are_one_message(ada: int, receiver: Receiver) -> None:
    await add(ada, f"json://{receiver.host}/", language="fr")
    async with delivering(digest=1.0):
        await happen(ada, 3)
        await recorded(3)
        await happen(ada, 1, start=9)
        await recorded(4)
    first, second = receiver.accepted
    assert first.json["title"] == "MediaFetcher : 3 événements"
    assert [line.strip() for line in first.json["message"].splitlines()] == [
        f"Import fini : {number} ajoutés, 0 échecs" for number in range(3)
    ]
    assert second.json["message"] == "Import fini : 9 ajoutés, 0 échecs"


async def test_a_service_that_refuses_is_tried_again_with_all_of_it(ada: int, receiver: Receiver) -> None:
    receiver.behave = lambda request: 200 if len(receiver.requests) >= 2 else 503
    await add(ada, f"ntfy://{receiver.host}/topic")
    async with delivering(digest=0.1):
        await happen(ada, 2)
        await recorded(2)
    assert (
        len(receiver.accepted) == 1
        and b"2 events" in receiver.accepted[0].body + str(receiver.accepted[0].headers).encode()
    )


async def test_quiet_hours_hold_messages_back(ada: int, receiver: Receiver) -> None:
    now = datetime.now(UTC)
    quiet = quiet_hours.QuietHours(f"{now - timedelta(hours=1):%H:%M}", f"{now + timedelta(hours=1):%H:%M}", "UTC")
    made = await add(ada, f"webhook+http://{receiver.host}/", quiet=quiet)
    async with delivering():
        await happen(ada, 1)
        await asyncio.sleep(1)
        assert receiver.requests == []
        await targets.change(made["id"], ada, {"quiet": None})
        await happen(ada, 1, start=1)
        assert numbers(await arrived(receiver, 2)) == [0, 1]


def test_quiet_hours_over_midnight() -> None:
    quiet = quiet_hours.QuietHours("22:00", "07:00", "UTC")
    for hour, expected in ((21, False), (22, True), (0, True), (6, True), (7, False), (12, False)):
        assert daily_hours.contain(quiet, datetime(2026, 11, 30, hour, tzinfo=UTC)) == expected


def test_a_time_zone_is_known_on_a_machine_without_any() -> None:
    """Alpine has no time zones, and browsers send the name of theirs."""
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        quiet = quiet_hours.QuietHours("22:00", "07:00", "Europe/Paris")
        daily_hours.require_valid(quiet)
        assert daily_hours.contain(quiet, datetime(2026, 11, 30, 21, tzinfo=UTC))
    finally:
        zoneinfo.reset_tzpath()


SERVERS = {
    "jellyfin+http://my%20token@{host}/base": ("POST", "/base/Library/Refresh", "x-emby-token", "my token"),
    "plex+http://abc@{host}": ("GET", "/library/sections/all/refresh", "x-plex-token", "abc"),
    "kodi+http://kodi:secret@{host}": ("POST", "/jsonrpc", "authorization", "Basic a29kaTpzZWNyZXQ="),
}


@pytest.mark.parametrize("url", SERVERS)
async def test_a_media_server_looks_again_after_an_export(ada: int, receiver: Receiver, url: str) -> None:
    await add(ada, url.format(host=receiver.host), [])
    await engine.execute("insert into export_tree (path, hard) values ('/x', true)")
    await engine.execute("insert into export_folder (tree, name, key, ours) select id, 'a', 'a', true from export_tree")
    await engine.execute(
        "insert into export_file (tree, folder, item, stem, suffix, key, made)"
        " select tree, id, 1, 'a', '.mp4', 'a', '' from export_folder"
    )
    await engine.execute("update notification_delivery set due_at = now()")
    async with delivering():
        request = (await arrived(receiver, 1))[0]
        await recorded(1)
    method, path, header, value = SERVERS[url]
    assert (request.method, request.path, request.headers[header]) == (method, path, value)
    if url.startswith("kodi"):
        assert request.json["method"] == "VideoLibrary.Scan"


async def test_a_change_while_a_media_server_is_told_tells_it_again(ada: int, receiver: Receiver) -> None:
    await add(ada, f"plex+http://abc@{receiver.host}", [])
    target = await engine.fetchval("select id from notification_target")
    await engine.execute("insert into notification_delivery (target) values ($1)", target)
    rows = await engine.fetch(delivery._WAITING, target, 10)
    await engine.execute("update notification_delivery set noted_at = clock_timestamp()")
    await delivery.Delivery()._delivered(target, rows)
    assert await engine.fetchval("select state from notification_delivery") == "waiting"


async def test_targets_still_open_after_the_key_was_rotated(ada: int, receiver: Receiver) -> None:
    made = await add(ada, f"webhook+http://{receiver.host}/")
    done = await cookie_jars.rotate(targets.seal_again)
    assert (done["sealed"], done["lost"]) == (1, 0)
    assert await targets.test(made["id"], ada) == "ok"


async def test_a_target_that_no_longer_opens_says_so(ada: int, receiver: Receiver) -> None:
    made = await add(ada, f"webhook+http://{receiver.host}/")
    (settings.get().state / "key").unlink()
    assert await targets.test(made["id"], ada) == "sealed"
    async with delivering():
        await happen(ada, 1)
        await eventually(lambda: targets.page(ada), lambda found: found[0]["last_answer"] == "sealed")
    assert receiver.requests == []


class Mailbox:
    """A small SMTP server; `messages` are what it took."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with self.socket:
            here, _ = self.socket.accept()
        with here, here.makefile("rwb", 0) as file:
            file.write(b"220 test\r\n")
            while line := file.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    file.write(b"354 go\r\n")
                    message = b""
                    while (part := file.readline()) != b".\r\n":
                        message += part
                    self.messages.append(message)
                file.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return


async def test_mail_goes_through_the_gateway_too(ada: int) -> None:
    mailbox = Mailbox()
    url = f"mailto://127.0.0.1:{mailbox.port}?from=fetcher@example.org&to=ada@example.org&mode=insecure"
    made = await add(ada, url)
    assert await targets.test(made["id"], ada) == "ok"
    mail = message_from_bytes(mailbox.messages[0])
    assert mail["To"] == "ada@example.org"
    settings.use(dataclasses.replace(settings.get(), allow_hosts=()))
    assert await targets.test(made["id"], ada) == "blocked"
    assert smtplib.SMTP.__init__.__module__ == "smtplib"  # only the child's is changed


def test_every_allowed_scheme_has_its_plugin() -> None:
    for scheme in apprise_schemes.SCHEMES:
        assert scheme in child.protocols(child.plugin_of(scheme)), scheme


def test_no_local_scheme_is_allowed() -> None:
    local = (
        "dbus qt kde glib gnome macosx windows syslog rsyslog growl blink1 fcm vapid mqtt irc xmpp smpp amqp session"
    )
    assert not set(local.split()) & set(apprise_schemes.SCHEMES)
    assert all(re.fullmatch(r"[a-z0-9]+", scheme) for scheme in apprise_schemes.SCHEMES)


async def test_a_clock_that_was_ahead_holds_no_message_back(ada: int, receiver: Receiver) -> None:
    await add(ada, f"webhook+http://{receiver.host}/")
    await happen(ada, 1)
    await engine.execute("update notification_delivery set due_at = now() + interval '10 years'")
    await engine.execute(
        "update notification_target set lease_holder = 'x', lease_ends_at = now() + interval '9 years'"
    )
    await delivery.correct_times()
    async with delivering():
        await recorded(1)
    assert numbers(receiver.accepted) == [0]
