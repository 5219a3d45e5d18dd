"""The name of a file from `Content-Disposition` (RFC 6266, RFC 8187), as servers send it. Part of the fetch child."""

import contextlib
import email.header
import re
from urllib.parse import unquote, unquote_to_bytes

_PARAMETER = re.compile(
    r";\s*(?P<name>filename(?:\*\d{1,2})?\*?)\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<token>[^;]*))",
    re.IGNORECASE,
)
_ENDING = re.compile(r"(?<=.)\.[A-Za-z0-9]{1,5}$")
_MAX = 4000  # characters of a header


def title(header: str) -> str:
    """Return the name of the file without folders and without its ending; "" if the header names none."""
    given: dict[str, str] = {}
    for found in _PARAMETER.finditer(f";{header[:_MAX]}"):
        value = re.sub(r"\\(.)", r"\1", found["quoted"]) if found["quoted"] is not None else found["token"].strip()
        given.setdefault(found["name"].lower(), value)
    name = _extended(given.get("filename*", "")) or _continued(given) or _plain(given.get("filename", ""))
    name = re.split(r"[/\\]", name)[-1].strip()
    return _ENDING.sub("", name)


def _extended(value: str) -> str:
    """Decode `charset'language'percent-encoded`."""
    charset, mark, rest = value.partition("'")
    _, second, encoded = rest.partition("'")
    if not (mark and second):
        return unquote(value, errors="replace") if value else ""
    with contextlib.suppress(LookupError, ValueError):
        return unquote_to_bytes(encoded).decode(charset or "utf-8")
    return unquote(encoded, errors="replace")


def _continued(given: dict[str, str]) -> str:
    """Join `filename*0`, `filename*1` and so on (RFC 2231, 3)."""
    parts, encoded = [], False
    for number in range(100):
        if (part := given.get(f"filename*{number}")) is not None:
            parts.append(part)
        elif (part := given.get(f"filename*{number}*")) is not None:
            parts.append(part)
            encoded = True
        else:
            break
    return _extended("".join(parts)) if encoded else "".join(parts)


def _plain(value: str) -> str:
    """Decode a name whose bytes arrive as Latin-1: UTF-8 if it is that, encoded words and percent-encoding too."""
    with contextlib.suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    if "=?" in value:
        with contextlib.suppress(LookupError, ValueError):
            return "".join(
                part if isinstance(part, str) else part.decode(charset or "latin-1")
                for part, charset in email.header.decode_header(value)
            )
    if "%" in value:
        with contextlib.suppress(UnicodeError):
            return unquote(value, errors="strict")
    return value
