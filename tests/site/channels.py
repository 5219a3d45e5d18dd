"""Channels of the fixture site: feeds that a test publishes to, reorders, renames and deletes from."""

from dataclasses import dataclass, field, replace
from email.utils import formatdate
from html import escape

_HEAD = "<title>{title}</title><link>{base}</link><description>d</description>"


@dataclass(frozen=True)
class Film:
    """An entry. `number` names its bytes: all films differ. `seconds` and `published` are said only if they are set."""

    number: int
    title: str
    path: str = ""
    seconds: int | None = None
    published: float | None = None

    def item(self, base: str) -> str:
        path = self.path or f"/same-name/{self.number}/ok.mp4"
        more = f"<itunes:duration>{self.seconds}</itunes:duration>" if self.seconds is not None else ""
        more += f"<pubDate>{formatdate(self.published, usegmt=True)}</pubDate>" if self.published is not None else ""
        return (
            f"<item><title>{escape(self.title)}</title><guid>f{self.number}</guid>{more}"
            f'<enclosure url="{base}{escape(path)}" type="video/mp4" length="1"/></item>'
        )


@dataclass
class Channel:
    """A feed in its site's order. `status`: what it answers instead of itself, such as 429."""

    title: str = "A channel"
    newest_first: bool = True
    films: list[Film] = field(default_factory=list)
    status: int = 200
    cookie: str = ""  # which a request must have
    live: set[int] = field(default_factory=set)  # films at /film/<channel>/<number> that are live streams now
    gone: set[int] = field(default_factory=set)  # films that no longer exist
    announced: set[int] = field(default_factory=set)  # and those that have not begun
    moved_to: str = ""  # path of the channel that requests are redirected to, with the status `redirect`
    redirect: int = 301
    new_address: str = ""  # path that the feed itself names as its new address
    page_seconds: int | None = None  # the length that their pages tell; None: they are plain files without one

    def publish(self, *numbers: int, **facts: object) -> None:
        for number in numbers:
            film = Film(number, f"Film {number}", **facts)  # type: ignore[arg-type]
            self.films.insert(0 if self.newest_first else len(self.films), film)

    def rename(self, number: int, title: str) -> None:
        self.films = [replace(film, title=title) if film.number == number else film for film in self.films]

    def delete(self, number: int) -> None:
        self.films = [film for film in self.films if film.number != number]

    def feed(self, base: str) -> str:
        unended = self.live | self.announced
        shown = [replace(film, seconds=None) if film.number in unended else film for film in self.films]
        items = "".join(film.item(base) for film in shown)
        head = _HEAD.format(title=escape(self.title), base=base)
        if self.new_address:
            head += f"<itunes:new-feed-url>{base}{self.new_address}</itunes:new-feed-url>"
        space = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        return f'<?xml version="1.0"?><rss version="2.0" {space}><channel>{head}{items}</channel></rss>'
