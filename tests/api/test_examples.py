"""The examples of docs/automation.md do what they say, against the real server."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from shelf import add_item

from mediafetcher.accounts.auth import tokens
from mediafetcher.db import engine
from mediafetcher.fetch import gateway
from mediafetcher.notifications import inbox, sender, targets
from tests.receiver import Receiver, delivering
from tests.waiting import eventually

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


class _Loader(yaml.SafeLoader):
    """YAML with the `!secret` of Home Assistant."""


_Loader.add_constructor("!secret", lambda loader, node: f"secret {node.value}")


@pytest.mark.parametrize("end", ["done", "failed"])
async def test_the_script_waits_for_the_end(web: Any, alice: Any, tmp_path: Path, end: str) -> None:
    item = await add_item(alice.id, tmp_path)
    token = (await tokens.create(alice.id, "script", ["read", "download"]))["token"]
    env = os.environ | {"SERVER": web.url, "TOKEN": token, "POLL_SECONDS": "0.1"}
    script = await asyncio.create_subprocess_exec(
        "sh", str(EXAMPLES / "fetch-and-wait.sh"), "http://site.test/film?x=1&y=2",
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        await eventually(lambda: engine.fetchval("select count(*) from download"), seconds=60)
        await engine.execute(
            "update download set state = $1, item = case when $1 = 'done' then $2::bigint end, title = 'A film',"
            " error_code = 'unsupported', error_message = 'No video was found.', finished_at = now()",
            end,
            item,
        )
        out, err = await script.communicate()
    assert script.returncode == (0 if end == "done" else 1), err
    assert (out, err) == (
        (f"item {item}: A film\n".encode(), b"") if end == "done" else (b"", b"No video was found.\n")
    )


async def test_the_webhook_has_radarr_look_at_the_tree(web: Any, alice: Any) -> None:
    with Receiver() as radarr:
        port = web.client()  # keeps the fixture's loop alive; the script chooses its own port
        script: subprocess.Popen[str] | None = None
        made = await targets.add(alice.id, "webhook+http://127.0.0.1:9/", ["download.done"])
        try:
            env = os.environ | {
                "SECRET": made["secret"],
                "ARR_URL": f"http://{radarr.host}",
                "ARR_KEY": "key",
                "FOLDER": "/x",
            }
            script = subprocess.Popen(
                [sys.executable, str(EXAMPLES / "webhook-to-arr.py"), "0"], env=env, stdout=subprocess.PIPE, text=True
            )
            assert script.stdout is not None
            where = int(await asyncio.to_thread(script.stdout.readline))
            sealed = targets._seal(sender.Sealed(f"http://127.0.0.1:{where}/", made["secret"]), alice.id, made["id"])
            await engine.execute("update notification_target set ciphertext = $1", sealed)
            async with delivering():
                await inbox.record(alice.id, "download.done", {"download": 1, "item": 1, "title": "A film"})
                asked = (await asyncio.to_thread(radarr.wait, 1))[0]
            forged = await port.post(f"http://127.0.0.1:{where}/", content=b'{"type": "download.done"}')
            assert forged.status_code == 401
        finally:
            if script is not None:
                script.kill()
                script.communicate()
            await gateway.close()
    assert (asked.method, asked.path, asked.headers["x-api-key"]) == ("POST", "/api/v3/command", "key")
    assert asked.json == {"name": "DownloadedMoviesScan", "path": "/x"}


async def test_home_assistant_is_given_what_it_reads(web: Any, alice: Any) -> None:
    config = yaml.load((EXAMPLES / "home-assistant.yaml").read_text(), _Loader)
    (rest,) = config["rest"]
    system = (await alice.http.get(rest["resource"].partition("8787")[2])).json()
    for sensor in [*rest["sensor"], *rest["binary_sensor"]]:
        path = re.search(r"value_json\.([\w.]+)", sensor["value_template"])[1]  # type: ignore[index]
        value: Any = system
        for name in path.split("."):
            value = value[name]
        assert value is not None, path
    command = config["rest_command"]["mediafetcher_fetch"]
    body = json.loads(command["payload"].replace("{{ url | tojson }}", json.dumps("http://site.test/x")))
    answer = await alice.http.request(command["method"].upper(), command["url"].partition("8787")[2], json=body)
    assert answer.status_code == 201
    automation = config["automation"][0]
    type = re.search(r"type == '([\w.]+)'", automation["conditions"][0])[1]  # type: ignore[index]
    id = answer.json()["id"]
    await engine.execute(
        "update download set state = 'running', worker_id = 'x', lease_expires_at = now() where id = $1", id
    )
    await engine.execute(
        "update download set state = 'done', title = 'A film', worker_id = null, lease_expires_at = null where id = $1",
        id,
    )
    rows, _ = await inbox.page(alice.id)
    assert rows[0]["type"] == type
    assert rows[0]["data"][re.search(r"data\.(\w+)", automation["actions"][0]["data"]["message"])[1]] == "A film"  # type: ignore[index]
