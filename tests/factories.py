"""Rows that tests begin with, by the table classes. For rows as the product makes them call the product."""

import hashlib
from typing import Any

from mediafetcher.db.tables import Download, LibraryItem, MediaFile, User

_FILM_BYTES = 9


async def add_user(name: str = "ada", *, admin: bool = False) -> int:
    """Add a user without a password. Returns: its id."""
    return int((await User.insert(User(name=name, admin=admin)).returning(User.id))[0]["id"])


async def add_media_file(content: str, *, size: int = _FILM_BYTES, **columns: Any) -> int:
    """Add a film that nothing refers to yet, with the SHA-256 of `content`. Nothing is stored. Returns: its id."""
    row = {"kind": "video/mp4", "ext": ".mp4"} | columns
    file = MediaFile(sha256=hashlib.sha256(content.encode()).digest(), size=size, **row)
    return int((await MediaFile.insert(file).returning(MediaFile.id))[0]["id"])


async def add_item(owner: int, media_file: int, *, title: str = "A film", **columns: Any) -> int:
    """Add a user's entry for a media file. Returns: its id."""
    item = LibraryItem(owner=owner, media_file=media_file, title=title, **columns)
    return int((await LibraryItem.insert(item).returning(LibraryItem.id))[0]["id"])


async def add_download(owner: int, url: str, *, source_key: str | None = None, **columns: Any) -> int:
    """Add a queued download without waking a worker. Its source key is the link by default. Returns: its id."""
    download = Download(owner=owner, url=url, source_key=source_key or url, **columns)
    return int((await Download.insert(download).returning(Download.id))[0]["id"])
