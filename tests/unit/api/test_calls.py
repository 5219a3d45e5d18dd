"""Who really calls, and how, behind proxies that are configured and those that are not."""

from typing import Any

import pytest

from mediafetcher.api import request_guard
from mediafetcher.core import errors
from mediafetcher.core.settings import Settings


def call(peer: str, settings: dict[str, Any], **headers: str | list[str]) -> request_guard.Call:
    lines = {
        name.replace("_", "-").lower(): value if isinstance(value, list) else [value] for name, value in headers.items()
    }
    first = {name: values[0] for name, values in lines.items() if values}
    return request_guard.call(
        Settings(**settings), "GET", first.get, lambda name: lines.get(name, []), "media.example", peer, "http"
    )


PROXY = {"trusted_proxies": ("10.0.0.1", "172.16.0.0/12", "fd00::/8")}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # not our proxy: what it says is nothing to us
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("172.18.0.3", "203.0.113.9", "203.0.113.9"),
        ("fd00::1", "2001:db8::9", "2001:db8::9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the first was written by the caller
        ("10.0.0.1", "203.0.113.9, 172.18.0.3", "203.0.113.9"),  # two proxies in a row
        ("10.0.0.1", "172.18.0.3", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_whose_address_counts(peer: str, forwarded: str, address: str) -> None:
    assert call(peer, PROXY, x_forwarded_for=forwarded).address == address


def test_https_is_what_the_proxy_or_the_settings_say() -> None:
    assert not call("192.0.2.1", {}).https
    assert not call("192.0.2.1", PROXY, x_forwarded_proto="https").https
    assert call("10.0.0.1", PROXY, x_forwarded_proto="https").https
    assert call("192.0.2.1", {"public_url": "https://media.example"}).https
    assert not call("192.0.2.1", {"public_url": "https://other.example"}).https


def test_a_proxy_that_is_none_stops_the_start() -> None:
    with pytest.raises(errors.BadSetting, match="my-proxy"):
        request_guard.require_valid(Settings(trusted_proxies=("my-proxy",)))


def test_our_own_name() -> None:
    settings = Settings(public_url="https://media.example:8443")
    assert request_guard.host_is_ours(settings, "media.example:8443")
    assert request_guard.host_is_ours(settings, "MEDIA.example")
    assert not request_guard.host_is_ours(settings, "example")
    assert not request_guard.host_is_ours(Settings(), "media.example")


@pytest.mark.parametrize(
    ("peer", "named", "person"),
    [
        ("10.0.0.1", ["Alice"], "Alice"),
        ("172.18.0.3", ["Alice"], "Alice"),
        ("10.0.0.1", [], None),
        ("10.0.0.1", [""], None),
        ("10.0.0.1", ["Alice", "Bob"], ""),  # a user who cannot be
        ("10.0.0.1", ["Alice", "Alice"], ""),
        ("10.0.0.2", ["Alice"], None),
        ("203.0.113.9", ["Alice"], None),
        ("::ffff:10.0.0.1", ["Alice"], "Alice"),
    ],
)
def test_whom_a_proxy_may_name(peer: str, named: list[str], person: str | None) -> None:
    assert call(peer, PROXY | {"proxy_user_header": "Remote-User"}, remote_user=named).named == person


def test_address_in_several_lines_is_read_from_the_end() -> None:
    lines = ["1.1.1.1", "2.2.2.2, 203.0.113.9", "172.18.0.3"]
    assert call("10.0.0.1", PROXY, x_forwarded_for=lines).address == "203.0.113.9"


def test_second_host_is_refused() -> None:
    for hosts in (["media.example", "evil.example"], ["media.example", "media.example"]):
        with pytest.raises(errors.Invalid, match="Host"):
            call("192.0.2.1", {}, host=hosts)


SECRET = "0123456789abcdef"
NAMING = {"proxy_user_header": "Remote-User", "trusted_proxies": ("127.0.0.0/8", "::1", "10.0.0.1")}


@pytest.mark.parametrize(
    ("peer", "secret", "given", "person", "address"),
    [
        ("127.0.0.1", None, [], None, "203.0.113.9"),  # any program here could have said it
        ("127.0.0.9", None, [], None, "203.0.113.9"),
        ("::1", None, [], None, "203.0.113.9"),
        ("::ffff:127.0.0.1", None, [], None, "203.0.113.9"),
        ("10.0.0.1", None, [], "Alice", "203.0.113.9"),
        ("127.0.0.1", SECRET, [SECRET], "Alice", "203.0.113.9"),
        ("10.0.0.1", SECRET, [SECRET], "Alice", "203.0.113.9"),
        ("127.0.0.1", SECRET, [], None, "127.0.0.1"),
        ("10.0.0.1", SECRET, [], None, "10.0.0.1"),
        ("10.0.0.1", SECRET, ["0123456789abcdeF"], None, "10.0.0.1"),
        ("10.0.0.1", SECRET, ["", SECRET], None, "10.0.0.1"),
        ("10.0.0.2", SECRET, [SECRET], None, "10.0.0.2"),  # it does not make a proxy
    ],
)
def test_secret_of_the_proxy_decides_what_is_believed(
    peer: str, secret: str | None, given: list[str], person: str | None, address: str
) -> None:
    got = call(
        peer,
        NAMING | {"proxy_secret": secret},
        remote_user="Alice",
        x_forwarded_for="203.0.113.9",
        x_mediafetcher_proxy_secret=given,
    )
    assert (got.named, got.address) == (person, address)


def test_short_secret_stops_the_start() -> None:
    with pytest.raises(errors.BadSetting, match="proxy_secret"):
        request_guard.require_valid(Settings(trusted_proxies=("10.0.0.1",), proxy_secret="short"))


@pytest.mark.parametrize(
    "settings",
    [
        {"proxy_user_header": "Remote-User"},
        {"proxy_user_header": "Remote User", "trusted_proxies": ("10.0.0.1",)},
        {"proxy_user_header": "", "trusted_proxies": ("10.0.0.1",)},
    ],
)
def test_a_header_without_a_proxy_stops_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(errors.BadSetting, match="proxy_user_header"):
        request_guard.require_valid(Settings(**settings))
