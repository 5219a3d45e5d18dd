"""Decide which proxies are trusted when they name a user."""

import functools
import ipaddress
import socket

from mediafetcher.core.settings import Settings


def names_are_believed(settings: Settings, proxy: str) -> bool:
    """Tell whether the proxy at this address may name users: one on this machine only by the secret."""
    return settings.proxy_secret is not None or not _is_here(proxy)


@functools.lru_cache(64)
def _is_here(address: str) -> bool:
    """Tell whether an address (of a network: its first) is one of this machine's, which every local program has."""
    address = address.partition("/")[0]
    if ipaddress.ip_address(address).is_loopback:
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True
