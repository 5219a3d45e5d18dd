"""Rules for sites over HTTP and by command. Their passwords are never returned."""

import pytest

from mediafetcher.accounts.vault import cookie_jars
from mediafetcher.cli.commands import sites
from mediafetcher.cli.parser import parser

SECRET = "s-cret-nobody-sees"


async def test_rule_of_a_site_belongs_to_its_user_and_shows_no_password(alice, bob):
    made = await alice.http.patch(
        "/api/sites/Films.example.org",
        json={
            "pause_seconds": 30,
            "hours": {"start": "01:00", "end": "07:00"},
            "cookies_required": True,
            "account": {"user": "me", "password": SECRET},
        },
    )
    assert made.status_code == 200, made.text
    rule = made.json()
    assert (rule["site"], rule["pause_seconds"], rule["password"]) == ("films.example.org", 30, True)
    listed = await alice.http.get("/api/site-rules")
    assert listed.json() == {"rules": [rule]}
    jars = await alice.http.get("/api/cookies")
    assert SECRET not in made.text + listed.text + jars.text
    assert (await bob.http.get("/api/site-rules")).json() == {"rules": []}
    assert (await bob.http.get("/api/sites/films.example.org")).json()["password"] is False
    less = await alice.http.patch("/api/sites/films.example.org", json={"hours": None, "account": None})
    assert (less.json()["hours"], less.json()["pause_seconds"], less.json()["password"]) == (None, 30, False)
    assert (await bob.http.delete("/api/sites/films.example.org")).status_code == 404
    assert (await alice.http.delete("/api/sites/films.example.org")).status_code == 204
    assert (await alice.http.get("/api/site-rules")).json() == {"rules": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"pause_seconds": 0},
        {"proxy": "ftp://x:1"},
        {"hours": {"start": "1", "end": "2"}},
        {"preset": "unknown"},
        {"a": 1},
    ],
)
async def test_rule_with_wrong_values_is_refused_over_http(alice, wrong):
    answer = await alice.http.patch("/api/sites/example.org", json=wrong)
    assert answer.status_code in (400, 404, 422), answer.text
    assert (await alice.http.get("/api/site-rules")).json() == {"rules": []}


async def test_rule_is_made_and_shown_by_command(alice):
    class Out:
        lines: list[str] = []

        def line(self, text: str) -> None:
            self.lines.append(text)

    async def typed(text: str, stdin: str | None = None) -> None:
        asked = parser().parse_args(["site", *text.split(), "--user", "alice"])
        assert await sites.site(None, asked, Out(), stdin) == 0

    await typed("set example.org --pause 30 --hours 01:00-07:00 --cookies-required")
    await typed("password example.org me", SECRET)
    Out.lines.clear()
    await typed("list")
    assert Out.lines == ["example.org: pause 30 s, hours 01:00-07:00, cookies required, password kept"]
    await typed("remove example.org")
    assert not await cookie_jars.sites_with_password(alice.id)
