"""Values of settings as they are typed: text of the environment and of flags, and values of a TOML file.

An invalid value is refused here with a sentence, so that it cannot cause an unexpected error later.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_SIZES = ("max_file_size", "min_free", "rate_limit")
_WEB = ("public_url", "ytdlp_index", "sponsorblock_url", "po_token_provider")


def convert(name: str, kind: Any, value: Any) -> Any:
    """Convert `value` to the type of the setting.

    Returns: None for an empty text of a setting that may be missing.
    Raises: ValueError, TypeError, OverflowError.
    """
    if isinstance(value, str):
        if not value.strip():
            return _empty(kind)
        _require_clean(value)
    if kind is bool:
        return _truth(value)
    if isinstance(value, bool):
        raise TypeError("true and false are no numbers or texts")
    if name == "media_mode":
        return value if isinstance(value, int) else int(value, 8)
    if name in _SIZES and isinstance(value, str):
        return _size(value)
    read: Callable[[Any], Any] = _READERS.get(kind, _text)
    return read(value)


def _empty(kind: Any) -> Any:
    if kind in (str | None, Path | None, int | None):
        return None
    if kind == tuple[str, ...]:
        return ()
    raise ValueError("empty")


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.strip().lower() not in _TRUTH:
        raise ValueError(value)
    return _TRUTH[value.strip().lower()]


def _size(value: str) -> int:
    match = _SIZE.match(value.strip())
    if not match:
        raise ValueError(value)
    return int(float(match[1]) * 1024 ** _POWER[match[2].lower()])


def _whole(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("not a whole number")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _finite(value: Any) -> float:
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(number)
    return number


def _texts(values: Any) -> tuple[str, ...]:
    if isinstance(values, str):
        values = values.split(",")
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise TypeError("not a list of texts")
    for one in values:
        _require_clean(one)
    return tuple(one.strip() for one in values if one.strip())


_READERS: dict[Any, Callable[[Any], Any]] = {
    int: _whole,
    int | None: _whole,
    float: _finite,
    tuple[str, ...]: _texts,
    Path: Path,
    Path | None: Path,
}


def _require_clean(text: str) -> None:
    """Raise ValueError for control characters, and for bytes that are not UTF-8."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("control characters")
    text.encode()


def problem(name: str, value: Any) -> str | None:
    """Return what is wrong with a converted value, as a sentence; None if it is right."""
    if value is None:
        return None
    if name == "proxy" and not _is_address(value, ("http", "https", "socks5"), port=True):
        return "use http://host:port, https://host:port or socks5://host:port."
    if name == "database_url" and not _is_address(value, ("postgresql", "postgres"), host=False):
        return "use postgresql://user:password@host:port/database."
    if name in _WEB and not _is_address(value, ("http", "https")):
        return f"{value!r} is not an http:// or https:// address."
    if name == "po_token_provider" and "@" in urlsplit(value).netloc:
        return "use an address without a name and password."
    if name == "host" and not _is_host(value):
        return f"{value!r} is not a host name or address."
    if name == "host_names" and not all(_HOST_NAME.fullmatch(one) for one in value):
        return "use names such as nas.lan, without http:// and without a port."
    if name == "trusted_proxies":
        wrong = [one for one in value if not _is_network(one)]
        return f"{wrong[0]!r} is not an address or network, such as 10.0.0.2 or 10.0.0.0/8." if wrong else None
    return None


def _is_address(text: str, schemes: tuple[str, ...], *, port: bool = False, host: bool = True) -> bool:
    try:
        parts = urlsplit(text)
        has_port = parts.port is not None  # raises if it is no port
        return parts.scheme in schemes and (bool(parts.hostname) or not host) and (has_port or not port)
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    try:
        text.encode("idna")
    except UnicodeError:
        return False
    return not any(character in text for character in " /@?#")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
