"""Cookies and devices over HTTP: write-only, each user's own, and the one sealed call of the extension."""

import json
import secrets
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mediafetcher.accounts.vault import encryption
from mediafetcher.api.routes import cookies as api_cookies
from mediafetcher.db import engine

CANARY = "canary-91d2"
TEXT = f".example.org\tTRUE\t/\tTRUE\t{int(time.time()) + 86_400}\tsid\t{CANARY}\r\n"
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


async def park(owner: int, url: str, code: str = "login_required", state: str = "needs_action") -> int:
    return int(
        await engine.fetchval(
            "insert into download (owner, url, site, source_key, state, error_code) values ($1, $2, '', $2, $3, $4)"
            " returning id",
            owner,
            url,
            state,
            code,
        )
    )


async def state_of(id: int) -> str:
    return str(await engine.fetchval("select state from download where id = $1", id))


async def test_cookies_go_in_and_never_out(alice: Any, bob: Any) -> None:
    answer = await alice.http.put("/api/cookies/www.example.org", json={"text": "\ufeff" + TEXT})
    assert answer.json() == {"site": "example.org", "kept": 1, "left_out": 0, "resumed": 0}
    listed = await alice.http.get("/api/cookies")
    assert [jar["site"] for jar in listed.json()["cookies"]] == ["example.org"]
    assert CANARY not in answer.text + listed.text
    assert (await bob.http.get("/api/cookies")).json() == {"cookies": []}
    assert (await bob.http.delete("/api/cookies/example.org")).status_code == 404
    assert (await alice.http.delete("/api/cookies/example.org")).status_code == 204
    assert (await alice.http.get("/api/cookies")).json() == {"cookies": []}


async def test_a_bad_line_is_named_and_its_value_is_not(alice: Any) -> None:
    answer = await alice.http.put("/api/cookies/example.org", json={"text": TEXT + CANARY})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cookies")
    assert "Line 2" in answer.text and CANARY not in answer.text
    answer = await alice.http.put("/api/cookies/other.org", json={"text": TEXT})
    assert answer.json()["code"] == "bad_cookies"


async def test_the_cookies_of_a_site_set_going_what_waited_for_them(alice: Any, bob: Any) -> None:
    goes_on = [
        await park(alice.id, "https://video.example.org/1"),
        await park(alice.id, "https://example.org/2", "age_limit"),
    ]
    stays = [
        await park(alice.id, "https://other.org/1"),
        await park(bob.id, "https://example.org/1"),
        await park(alice.id, "https://example.org/3", "gone", "failed"),
    ]
    answer = await alice.http.put("/api/cookies/example.org", json={"text": TEXT})
    assert answer.json()["resumed"] == 2
    assert [await state_of(id) for id in goes_on] == ["queued", "queued"]
    assert [await state_of(id) for id in stays] == ["needs_action", "needs_action", "failed"]


@pytest.mark.parametrize(("where", "here"), [("127.0.0.1", True), ("::1", True), ("10.0.0.5", False), ("", False)])
def test_only_this_machine_may_paste_over_plain_http(where: str, here: bool) -> None:
    assert api_cookies._is_this_machine(where) is here


async def test_pasting_from_another_machine_needs_https(web: Any, alice: Any) -> None:
    await web.stop()
    web.stopping.clear()
    await web.start(trusted_proxies=("127.0.0.1",))
    client = web.client(alice.token)
    far = {"X-Forwarded-For": "10.0.0.5"}
    answer = await client.put("/api/cookies/example.org", json={"text": TEXT}, headers=far)
    assert (answer.status_code, answer.json()["code"]) == (403, "plain_http")
    far["X-Forwarded-Proto"] = "https"
    answer = await client.put("/api/cookies/example.org", json={"text": TEXT}, headers=far)
    assert answer.status_code == 200


class Extension:
    """A device, as the extension is one: with the origin that browsers give it."""

    def __init__(self, web: Any, code: str) -> None:
        self.pairing = json.loads(encryption.from_base64url(code.removeprefix("mf1.")))
        self.http = web.client(Origin="chrome-extension://abc", **{"Sec-Fetch-Site": "cross-site"})
        self.key = X25519PublicKey.from_public_bytes(encryption.from_base64url(self.pairing["key"]))
        self.token, self.device = secrets.token_bytes(32), None

    async def send(self, op: str, **fields: Any) -> Any:
        nonce = secrets.token_bytes(16)
        plain = {
            "op": op, "device": self.device, "token": encryption.to_base64url(self.token),
            "nonce": encryption.to_base64url(nonce), "time": time.time(), **fields,
        }  # fmt: skip
        self.box = encryption.to_base64url(SUITE.encrypt(json.dumps(plain).encode(), self.key, encryption.CALL))
        answer = await self.http.post("/api/ext/send", json={"box": self.box})
        if answer.status_code != 200:
            return answer.json()
        raw = encryption.from_base64url(answer.json()["box"])
        key = HKDF(hashes.SHA256(), 32, salt=nonce, info=encryption.REPLY).derive(self.token)
        return json.loads(AESGCM(key).decrypt(raw[:12], raw[12:], None))

    async def pair(self) -> None:
        self.device = (await self.send("pair", code=self.pairing["code"], name="Firefox"))["device"]


@pytest.fixture
async def extension(web: Any, alice: Any) -> Extension:
    made = Extension(web, (await alice.http.post("/api/devices")).json()["code"])
    await made.pair()
    return made


async def test_the_extension_sees_sends_and_fetches(alice: Any, extension: Extension) -> None:
    waits = await park(alice.id, "https://example.org/1")
    state = await extension.send("state")
    assert [one["id"] for one in state["parked"]] == [waits] and state["parked"][0]["code"] == "login_required"
    cookie = {"name": "a", "value": CANARY, "domain": ".example.org", "path": "/", "secure": True, "expires": None}
    sent = await extension.send("cookies", site="example.org", cookies=[cookie])
    assert (sent["kept"], sent["resumed"]) == (1, 1)
    assert state["needs_action"] == state["parked"]  # for extensions of today, and for older ones
    after = await extension.send("state")
    assert after["needs_action"] == after["parked"] == []
    got = await extension.send("download", url="https://example.org/9", folder="Music/Live")
    assert (await alice.http.get(f"/api/downloads/{got['id']}")).json()["folder"] == "Music/Live"
    assert (await extension.send("state"))["folders"] == ["Music/Live"]
    audio = await extension.send("download", url="https://example.org/9", audio="m4a")
    low = await extension.send("download", url="https://example.org/9", max_height=480)
    assert len({got["id"], audio["id"], low["id"]}) == 3
    chosen = (await alice.http.get(f"/api/downloads/{low['id']}")).json()["options"]
    assert chosen["max_height"] == 480


async def test_extension_names_presets_and_downloads_with_one(alice: Any, extension: Extension) -> None:
    await alice.http.put("/api/presets/Phone", json={"options": {"max_height": 480, "sponsorblock": True}})
    assert (await extension.send("state"))["presets"] == ["Phone"]
    got = await extension.send("download", url="https://example.org/preset", preset="Phone", max_height=720)
    chosen = (await alice.http.get(f"/api/downloads/{got['id']}")).json()["options"]
    assert (chosen["max_height"], chosen["sponsorblock"]) == (720, True)
    assert (await extension.send("download", url="https://example.org/2", preset="Gone"))["error"] == "not_found"


async def test_error_in_a_sealed_message_returns_sealed(extension: Extension) -> None:
    assert (await extension.send("download", url="file:///etc/passwd"))["error"] == "unsupported_scheme"
    assert (await extension.send("download", url=5))["error"] == "invalid"
    assert (await extension.send("download", url="https://example.org/1", max_height=1))["error"] == "invalid"
    assert (await extension.send("nothing"))["error"] == "invalid"
    wrong = await extension.send("cookies", site="example.org", cookies=[{"name": CANARY}])
    assert wrong["error"] == "bad_cookies" and CANARY not in wrong["message"]


async def test_message_with_a_wrong_seal_is_refused(alice: Any, extension: Extension) -> None:
    await extension.send("state")
    again = await extension.http.post("/api/ext/send", json={"box": extension.box})
    assert (again.status_code, again.json()["code"]) == (409, "replayed")
    assert (await extension.send("state", time=time.time() - 400))["code"] == "clock"
    assert (await extension.http.post("/api/ext/send", json={"box": "AAAA"})).json()["code"] == "sealed_box"
    device = (await alice.http.get("/api/devices")).json()["devices"][0]["id"]
    assert (await alice.http.delete(f"/api/devices/{device}")).status_code == 204
    assert (await extension.send("state"))["code"] == "not_paired"


async def test_an_extension_may_not_act_with_the_cookie_of_a_session(web: Any, signed_in: Any) -> None:
    headers = {"Origin": "chrome-extension://abc", "Sec-Fetch-Site": "cross-site"}
    answer = await signed_in.post("/api/devices", headers=headers)
    assert answer.json()["code"] == "cross_site"
