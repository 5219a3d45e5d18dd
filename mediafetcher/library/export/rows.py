"""Rows of an exported tree: items and folders of the library as statements give them, and as a layout arranges them.

The files of a folder (`tvshow.nfo`, posters) are such rows too, with negative numbers.
"""

from datetime import datetime
from typing import Any

import msgspec


class FolderRow(msgspec.Struct):
    """A folder of the library, or one that a layout makes. `former`: its number in trees of earlier versions."""

    id: int
    parent: int | None
    name: str
    former: int | None = None


class UserRow(msgspec.Struct):
    """A user, whose folder is named after them."""

    id: int
    name: str


class ItemRow(msgspec.Struct, kw_only=True):
    """An item with its file and its metadata, or a file of a folder. Durations in seconds, sizes in pixels, bytes."""

    id: int
    owner: int
    folder: int | None
    title: str
    sha256: bytes
    uploader: str | None = None
    site: str | None = None
    source_url: str | None = None
    created_at: datetime | None = None
    ext: str = ""
    size: int = 0
    duration: float | None = None
    poster: bool = False
    subtitles: list[str] = msgspec.field(default_factory=list)  # names of their files, such as `en-forced`
    width: int | None = None
    height: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    audio_tracks: Any = None
    published_at: datetime | None = None
    published_precision: str | None = None
    year: int | None = None  # of release
    channel: str | None = None
    channel_site: str | None = None
    channel_name: str | None = None  # that of the newest item: sites rename channels
    channel_url: str | None = None
    extractor: str | None = None
    extractor_id: str | None = None
    series: str | None = None
    season_number: int | None = None
    episode_number: int | None = None
    artist: str | None = None
    album_artist: str | None = None
    album: str | None = None
    track: str | None = None
    track_number: int | None = None
    playlist: int | None = None
    playlist_title: str | None = None
    playlist_position: int | None = None
    description: str | None = None
    genre: str | None = None
    categories: list[str] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)
    actors: list[str] = msgspec.field(default_factory=list)

    # The arrangement of the item:
    name: str = ""
    root: str | None = "movie"  # element of its description; None: it has none
    pictures: tuple[str, ...] = ()
    show: str | None = None
    season: int | None = None
    season_title: str | None = None
    season_titles: dict[int, str] = msgspec.field(default_factory=dict)  # of a show
    episode: int | None = None
    is_dated: bool = False  # its episode number is made of its date
    is_music: bool = False
    group: int | None = None  # its show or artist
    music_tags: dict[str, str] | None = None
    links: dict[str, str] | None = None  # of a file of a folder: suffix, and name in the store

    @property
    def released(self) -> int | None:
        """The year of release, else that of publication."""
        from_date = self.published_at.year if self.published_at else None
        return self.year or from_date
