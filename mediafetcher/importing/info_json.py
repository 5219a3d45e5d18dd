"""Parse an `.info.json` of yt-dlp; foreign text, so only in a parsing process (sandbox/parsing.py)."""

import msgspec

_MAX_BYTES = 8 << 20  # such a file lists every format


class _Info(msgspec.Struct):
    title: str | None = None


def title(source: int) -> str | None:
    """Return the title in the file of this descriptor; None if there is none that can be read."""
    with open(source, "rb", closefd=False) as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        return None
    try:
        found = msgspec.json.decode(data, type=_Info).title
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if found and found.strip() else None
