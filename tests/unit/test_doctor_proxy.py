"""The findings of the doctor about a proxy that may name users."""

from typing import Any

import pytest

from mediafetcher.core.settings import Settings
from mediafetcher.ops.doctor import proxy

NAMING = {"proxy_user_header": "Remote-User"}


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, []),
        ({"trusted_proxies": ("127.0.0.1",)}, []),
        (NAMING | {"trusted_proxies": ("192.0.2.1",)}, ["proxy_without_secret"]),
        (NAMING | {"trusted_proxies": ("127.0.0.1",)}, ["proxy_ignored"]),
        (NAMING | {"trusted_proxies": ("127.0.0.0/8", "192.0.2.0/24")}, ["proxy_ignored", "proxy_without_secret"]),
        (NAMING | {"trusted_proxies": ("127.0.0.1",), "proxy_secret": "0123456789abcdef"}, ["proxy_secret"]),
    ],
)
def test_proxy_that_names_users_needs_a_secret(settings: dict[str, Any], found: list[str]) -> None:
    assert [finding.name for finding in proxy.examine(Settings(**settings))] == found
