"""Which proxies may name users."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediafetcher.core.settings import Settings
from mediafetcher.net import forwarding

SETTINGS = Settings(state=Path("/nowhere"))


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "127.0.0.0/8"])
def test_proxy_of_this_machine_is_believed_only_with_the_secret(proxy: str) -> None:
    assert not forwarding.names_are_believed(SETTINGS, proxy)
    assert forwarding.names_are_believed(replace(SETTINGS, proxy_secret="0123456789abcdef"), proxy)


@pytest.mark.parametrize("proxy", ["192.0.2.1", "2001:db8::1", "192.0.2.0/24"])
def test_proxy_of_another_machine_is_believed_by_its_address(proxy: str) -> None:
    assert forwarding.names_are_believed(SETTINGS, proxy)
