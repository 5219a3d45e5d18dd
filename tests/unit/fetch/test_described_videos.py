"""Real yt-dlp reads YouTube's videos of every kind, and a list of them, to the metadata that is kept."""

import msgspec
import pytest

from mediafetcher.core import errors, settings
from mediafetcher.core.source_metadata import SourceMetadata
from mediafetcher.fetch import client
from mediafetcher.fetch.extractor_arguments import ExtractorArguments
from mediafetcher.fetch.extractor_arguments import YouTube as Arguments
from mediafetcher.fetch.models import Info, Listing
from mediafetcher.fetch.options import Options, Playlist
from tests.site import youtube, youtube_videos

pytestmark = pytest.mark.usefixtures("warm")

SITE = "https://www.youtube.com"
# A client that needs neither a PO token nor a JavaScript runtime.
PLAIN = Options(extractor_args=ExtractorArguments(youtube=Arguments(player_client=("visionos",))))
PLAYABLE = sorted(set(youtube_videos.VIDEOS) - {"premiere"})


def _link(name: str) -> str:
    return f"{SITE}/watch?v={youtube_videos.VIDEOS[name].player['videoDetails']['videoId']}"


async def _look(link: str) -> Info | Listing:
    async with client.Fetch(link, PLAIN, settings.get().work / "1") as source:
        return await source.look()


def _said(found: SourceMetadata | None) -> dict[str, object]:
    assert found is not None
    nothing = SourceMetadata()
    return {name: value for name, value in msgspec.structs.asdict(found).items() if value != getattr(nothing, name)}


@pytest.mark.parametrize("name", PLAYABLE)
async def test_kind_of_video_gives_exactly_its_fields(tube: youtube.YouTube, name: str) -> None:
    found = await _look(_link(name))
    assert isinstance(found, Info)
    said = _said(found.metadata)
    said["thumbnails"] = found.metadata.thumbnails[:1] if found.metadata else []  # the others are guesses of yt-dlp
    if name == "stream that runs":  # yt-dlp adds the time of the look
        said["title"] = str(said["title"]).rpartition(" 20")[0]
    assert said == youtube_videos.VIDEOS[name].expected | {"webpage_url": _link(name)}
    if name == "video":
        assert [start for start, _ in found.chapters] == [0.0, 30.0, 60.0]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (youtube_videos.TRACK, youtube_videos.TRACK_EXPECTED),
        (youtube_videos.SONG, youtube_videos.SONG_EXPECTED),
        (youtube_videos.MOVIE, youtube_videos.MOVIE_EXPECTED),
    ],
    ids=["track of an album", "song of a label", "film with actors"],
)
async def test_music_and_films_give_exactly_their_fields(
    tube: youtube.YouTube, link: str, expected: dict[str, object]
) -> None:
    found = await _look(link)
    assert isinstance(found, Info)
    assert _said(found.metadata) == expected


async def test_premiere_is_waited_for_until_it_begins(tube: youtube.YouTube) -> None:
    with pytest.raises(errors.LiveNotStarted) as raised:
        await _look(_link("premiere"))
    assert raised.value.facts["begins_in"] == 40 * 86_400


async def test_entries_of_a_list_have_what_the_list_says_of_them(tube: youtube.YouTube) -> None:
    options = msgspec.structs.replace(PLAIN, playlist=Playlist())
    link = f"{SITE}/playlist?list={youtube_videos.LIST}"
    async with client.Fetch(link, options, settings.get().work / "1", mode="list") as source:
        found = await source.look()
    assert isinstance(found, Listing) and (found.title, len(found.entries)) == ("A list", 2)
    film, premiere = found.entries
    assert (film.title, film.url, film.duration) == ("Film of the list", _link("video"), 64.0)
    assert premiere.url == _link("premiere") and premiere.live_status == "is_upcoming"
