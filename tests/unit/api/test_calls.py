"""Who really calls, and how, behind proxies that are configured and those that are not."""

from typing import Any

import pytest

from mediafetcher.api import guard
from mediafetcher.base import errors
from mediafetcher.base.settings import Settings


def call(peer: str, settings: dict[str, Any], **headers: str) -> guard.Call:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return guard.call(Settings(**settings), "GET", given.get, "media.example", peer, "http")


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
        guard.require_valid(Settings(trusted_proxies=("my-proxy",)))


def test_our_own_name() -> None:
    settings = Settings(public_url="https://media.example:8443")
    assert guard.host_is_ours(settings, "media.example:8443")
    assert guard.host_is_ours(settings, "MEDIA.example")
    assert not guard.host_is_ours(settings, "example")
    assert not guard.host_is_ours(Settings(), "media.example")
