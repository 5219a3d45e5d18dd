"""Note where a link has moved for good: by permanent redirects, or by the new address that a feed names itself.

Part of the fetch child. A temporary redirect says that the link stays, so it and what follows it do not count.
"""

import re
from typing import Any

_PERMANENT = (301, 308)
_MAX_MOVES = 10
_NEW_ADDRESS = re.compile(rb"<itunes:new-feed-url>(?:<!\[CDATA\[)?([^<>\]\s]{1,2000})(?:\]\]>)?</itunes:new-feed-url>")


class Moves:
    """Moves that the answers of a fetch told."""

    def __init__(self) -> None:
        self._moves: dict[str, str] = {}  # from the requested address to the new one

    def note(self, requested: str, response: Any) -> None:
        """Note the permanent redirects that a request began with. Only the requests library tells their status."""
        answer = getattr(response, "_requests_response", None)
        steps = [*answer.history, answer] if answer is not None else []
        permanent = next((n for n, step in enumerate(steps) if step.status_code not in _PERMANENT), 0)
        if permanent:
            self._moves[requested] = steps[permanent].url

    def note_feed(self, url: str, head: bytes) -> None:
        """Note the new address that a feed names before its entries."""
        if found := _NEW_ADDRESS.search(head.partition(b"<item")[0]):
            self._moves.setdefault(url, found[1].decode(errors="replace").replace("&amp;", "&"))

    def target(self, url: str) -> str | None:
        """Return the address that a link has moved to; None: it has not moved."""
        found = url
        for _ in range(_MAX_MOVES):
            if found not in self._moves:
                break
            found = self._moves[found]
        return found if found != url else None
