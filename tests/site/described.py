"""Sources of every kind, each with all that its page says, and what must be kept of it.

The pages use schema.org, which yt-dlp reads on any site. `EXPECTED` has the fields of `SourceMetadata`; fields that it
does not name have their default.
"""

import json
from typing import Any, NamedTuple

from tests.site.server import Request

FILM, COVER = "/media/ok.mp4", "/media/cover.jpg"
_FULL: dict[str, Any] = {
    "@type": "VideoObject",
    "name": "A &amp; B",
    "description": "First line.\n\nSecond line.",
    "thumbnailUrl": ["{base}" + COVER],
    "uploadDate": "2025-01-02T03:04:05+02:00",
    "duration": "PT1M4S",
    "contentUrl": "{base}" + FILM,
    "width": 320,
    "height": 180,
    "keywords": "airship,Bodensee,airship",
    "author": {"@type": "Person", "name": "Lake Channel"},
    "interactionStatistic": {
        "@type": "InteractionCounter",
        "interactionType": "https://schema.org/WatchAction",
        "userInteractionCount": "1,234",
    },
}
_EXPECTED: dict[str, Any] = {
    "extractor": "Generic",
    "title": "A & B",
    "description": "First line.\n\nSecond line.",
    "channel_id": "Lake Channel",
    "channel_name": "Lake Channel",
    "published_at": 1735779845.0,
    "published_precision": "second",
    "duration": 64.0,
    "tags": ["airship", "Bodensee"],
    "view_count": 1234,
    "width": 320,
    "height": 180,
}


class Kind(NamedTuple):
    """One kind of source: its path, its data in schema.org, more of its head, and what is expected."""

    path: str
    data: list[dict[str, Any]]
    expected: dict[str, Any]
    head: str = ""


def _video(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (_FULL | changed).items() if value is not None}


_SEASON = {"@type": "CreativeWorkSeason", "name": "The second", "seasonNumber": 2}
_OF_EPISODE = {"series": "Talks", "season": "The second", "season_number": 2, "episode": "Third", "episode_number": 3}


def _episode(kind: str, series: str) -> dict[str, Any]:
    return {
        "@type": kind,
        "name": "Third",
        "episodeNumber": "3",
        "partOfSeason": _SEASON,
        "partOfSeries": {"@type": series, "name": "Talks"},
        "video": _video(),
    }


def _without(*names: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (_EXPECTED | changed).items() if name not in names}


_SONG = _video(
    **{"@type": "AudioObject"},
    name="A song",
    byArtist={"@type": "MusicGroup", "name": "The Airships"},
    contentUrl="{base}/media/a.mp3",
    width=None,
    height=None,
)
_FILM = {"@type": "Movie", "name": "Ignored", "dateCreated": "1999-01-01", "video": _video()}
_NEWS = {"@type": "NewsArticle", "headline": "Ignored", "datePublished": "2020-01-01", "video": [_video()]}
_ADULTS = '<meta name="RATING" content="RTA-5042-1996-1400-1577-RTA">'
# Of an upload day yt-dlp makes its midnight in UTC.
KINDS: dict[str, Kind] = {
    "video": Kind("/said/video", [_video()], _EXPECTED),
    "short": Kind("/shorts/short", [_video()], _EXPECTED | {"is_short": True}),
    "day": Kind(
        "/said/day",
        [_video(uploadDate="2024-02-29")],
        _EXPECTED | {"published_at": 1709164800.0, "published_precision": "day"},
    ),
    "premiere": Kind(
        "/said/premiere", [_video(uploadDate="2031-01-01T00:00:01Z")], _EXPECTED | {"published_at": 1924992001.0}
    ),
    "podcast": Kind("/said/podcast", [_episode("PodcastEpisode", "CreativeWorkSeries")], _EXPECTED | _OF_EPISODE),
    "music": Kind(
        "/said/music", [_SONG], _without("width", "height", title="A song", artist="The Airships", audio_codec="mp3")
    ),
    "episode": Kind("/said/episode", [_episode("TVEpisode", "TVSeries")], _EXPECTED | _OF_EPISODE),
    "movie": Kind("/said/movie", [_FILM], _EXPECTED),
    "article": Kind("/said/article", [_NEWS], _EXPECTED),
    "graph": Kind("/said/graph", [{"@graph": [{"@type": "WebPage"}, _video(author="Lake Channel")]}], _EXPECTED),
    "adults": Kind("/said/adults", [_video()], _EXPECTED | {"age_limit": 18}, _ADULTS),
    "plain": Kind(
        "/said/plain",
        [],
        {"extractor": "Generic", "title": "Page of plain"},
        f'<meta property="og:video" content="{{base}}{FILM}">',
    ),
    "live": Kind("/broadcast/endless/i.m3u8", [], {"extractor": "Generic", "live_status": "is_live"}),
}


def answer(request: Request) -> None:
    """/said/<kind> and /shorts/<kind>: the page of a kind of source."""
    kind = KINDS.get(request.rest)
    if kind is None:
        return request.send(404, "not found")
    data = "".join(
        f'<script type="application/ld+json">{json.dumps({"@context": "https://schema.org", **one})}</script>'
        for one in kind.data
    )
    page = (
        f"<!doctype html><html><head><title>Page of {request.rest}</title>{kind.head}{data}</head><body></body></html>"
    )
    request.send(200, page.replace("{base}", request.base), kind="text/html; charset=utf-8")
