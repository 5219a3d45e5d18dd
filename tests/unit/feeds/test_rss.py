"""The rules of RSS 2.0, of Apple for podcasts, and of the podcast namespace: a test for each."""

import re
import uuid
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafetcher.feeds import rss

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
SOURCE = rss.Source(
    "Films", "Ada", "https://media.example.org/s/SECRET", "fr", False, "https://media.example.org/i.png"
)
NEWEST = datetime(2026, 11, 30, 2, 14, 7, 120_000, UTC)
# https://help.apple.com/itc/podcasts_connect/#/itcb54353390
APPLE_TYPES = {
    ".m4a": "audio/x-m4a", ".mp3": "audio/mpeg", ".mov": "video/quicktime", ".mp4": "video/mp4", ".m4v": "video/x-m4v"
}  # fmt: skip


def item(id: int = 7, **given: Any) -> dict[str, Any]:
    facts = {
        "id": id, "title": f"Film {id}", "uploader": "Somebody", "created_at": NEWEST - timedelta(days=id),
        "sha256": b"x" * 32, "kind": "video/mp4", "ext": ".mp4", "size": 7340032, "duration": 61.5, "poster": True,
        "subtitles": ["en", "fr"], "description": "What it is about.", "language": "en", "age_limit": None,
    }  # fmt: skip
    return facts | given


def parse(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text.encode())
    channel = root.find("channel")
    assert channel is not None
    return channel


def channel(*items: dict[str, Any], source: rss.Source = SOURCE) -> ElementTree.Element:
    return parse(rss.rss(source, items))


def one(source: rss.Source = SOURCE, **given: Any) -> ElementTree.Element:
    found = channel(item(**given), source=source).find("item")
    assert found is not None
    return found


def attribute(element: ElementTree.Element, name: str, key: str) -> str:
    found = element.find(name)
    assert found is not None, name
    return found.attrib[key]


# ---- the document ----------------------------------------------------------------------------------------


def test_root_is_rss_2_with_one_channel() -> None:
    root = ElementTree.fromstring(rss.rss(SOURCE, [item()]).encode())
    assert (root.tag, root.get("version"), [child.tag for child in root]) == ("rss", "2.0", ["channel"])


def test_document_declares_xml_1_0_in_utf_8_at_its_first_byte() -> None:
    assert rss.rss(SOURCE, []).startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert "charset=utf-8" in rss.RSS_TYPE and rss.RSS_TYPE.startswith("application/rss+xml")


def test_names_of_other_namespaces_are_declared_once() -> None:
    text = rss.rss(SOURCE, [item(), item(8)])
    assert re.findall(r"xmlns:(\w+)", text) == ["itunes", "podcast", "atom"]
    assert set(re.findall(r"<(\w+):", text)) == {"itunes", "podcast", "atom"}


@given(st.text(), st.text(), st.text())
def test_any_text_is_well_formed_and_read_back(title: str, uploader: str, description: str) -> None:
    source = SOURCE._replace(title=title, author=uploader)
    text = rss.rss(source, [item(title=title, uploader=uploader, description=description)])
    text.encode()  # no half of a surrogate pair
    found = parse(text).find("item")
    assert found is not None
    clean = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", title)
    assert found.findtext("title") == (" ".join(clean.split()) or "#7")


def test_markup_in_titles_is_text() -> None:
    found = one(title='<b>A & B</b> "x" ]]> <!-- &amp;')
    assert found.findtext("title") == '<b>A & B</b> "x" ]]> <!-- &amp;'
    assert len(found.find("title") or ()) == 0


@pytest.mark.parametrize("forbidden", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_characters_that_xml_forbids_are_replaced(forbidden: str) -> None:
    assert one(title=f"a{forbidden}b").findtext("title") == "a\ufffdb"


# ---- the channel -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "link", "description", "language", f"{ITUNES}author", f"{ITUNES}explicit"])
def test_channel_has_each_required_element_once_with_text(name: str) -> None:
    for found in (channel(), channel(item()), channel(item(), source=SOURCE._replace(title=" "))):
        assert len(found.findall(name)) == 1 and found.findtext(name)


def test_channel_link_is_an_absolute_address_of_a_page() -> None:
    assert channel().findtext("link") == SOURCE.base


def test_channel_names_its_own_address() -> None:
    link = channel().find(f"{ATOM}link")
    assert link is not None
    assert link.attrib == {"href": f"{SOURCE.base}/feed.xml", "rel": "self", "type": "application/rss+xml"}


def test_channel_category_is_one_of_apples() -> None:
    assert attribute(channel(), f"{ITUNES}category", "text") == "TV & Film"


@pytest.mark.parametrize(("poster", "url"), [(True, f"{SOURCE.base}/media/7/poster.jpg"), (False, SOURCE.icon)])
def test_channel_has_an_image_with_or_without_posters(poster: bool, url: str) -> None:
    found = channel(item(poster=poster))
    assert attribute(found, f"{ITUNES}image", "href") == url
    assert re.search(r"\.(jpg|png)$", url)


def test_channel_image_repeats_title_and_link_of_the_channel() -> None:
    found = channel(item())
    image = found.find("image")
    assert image is not None
    assert [child.tag for child in image] == ["url", "title", "link"]
    assert (image.findtext("title"), image.findtext("link")) == (found.findtext("title"), found.findtext("link"))


@pytest.mark.parametrize(
    ("languages", "expected"),
    [(["de", "en", "de"], "de"), (["pt-BR"], "pt-BR"), ([None], "fr"), (["no language"], "fr"), ([], "fr")],
)
def test_channel_language_is_a_language_tag_of_most_items(languages: list[str | None], expected: str) -> None:
    items = [item(number, language=language) for number, language in enumerate(languages)]
    assert channel(*items).findtext("language") == expected


def test_channel_is_listed_by_no_directory() -> None:
    found = channel()
    assert found.findtext(f"{ITUNES}block") == "Yes"
    assert (found.findtext(f"{PODCAST}block"), found.findtext(f"{PODCAST}locked")) == ("yes", "yes")


def test_channel_guid_is_the_uuid_of_its_address() -> None:
    """Version 5, in the namespace of podcastindex.org, of the address without its scheme."""
    expected = uuid.uuid5(uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6"), "media.example.org/s/SECRET/feed.xml")
    assert channel().findtext(f"{PODCAST}guid") == str(expected)


def test_last_build_date_is_that_of_the_newest_item() -> None:
    assert channel(item(3), item(1), item(2)).findtext("lastBuildDate") == "Sun, 29 Nov 2026 02:14:07 GMT"
    assert channel().findtext("lastBuildDate") is None  # the same text each time it is asked for


def test_ttl_is_a_number_of_minutes() -> None:
    assert re.fullmatch(r"[1-9]\d*", channel().findtext("ttl") or "")


@pytest.mark.parametrize(("ages", "expected"), [([], "false"), ([None, 12], "false"), ([None, 18], "true")])
def test_explicit_is_true_if_an_item_is_for_adults(ages: list[int | None], expected: str) -> None:
    found = channel(*(item(number, age_limit=age) for number, age in enumerate(ages)))
    assert found.findtext(f"{ITUNES}explicit") == expected
    assert [one.findtext(f"{ITUNES}explicit") for one in found.findall("item")] == [
        "true" if age == 18 else "false" for age in ages
    ]


# ---- the items -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "link", "description", "guid", "pubDate", "enclosure"])
def test_item_has_each_element_once(name: str) -> None:
    for facts in ({}, {"uploader": None, "description": None, "duration": None, "poster": False, "title": "\t"}):
        found = one(**facts)
        assert len(found.findall(name)) == 1
        assert name == "enclosure" or found.findtext(name)


def test_items_keep_the_order_in_which_they_are_given() -> None:
    titles = [found.findtext("title") for found in channel(item(1), item(2), item(3)).findall("item")]
    assert titles == ["Film 1", "Film 2", "Film 3"]


def test_title_is_one_line() -> None:
    assert one(title="  A\nfilm\t in  lines ").findtext("title") == "A film in lines"


def test_description_has_at_most_4000_characters() -> None:
    assert one(description="x" * 4000).findtext("description") == "x" * 4000
    assert len(one(description="x" * 4001).findtext("description") or "") == 4000


def test_item_link_opens_its_own_page() -> None:
    assert one().findtext("link") == f"{SOURCE.base}?item=7"
    assert one(SOURCE._replace(single=True)).findtext("link") == SOURCE.base


def test_guid_is_no_address_and_says_so() -> None:
    assert attribute(one(), "guid", "isPermaLink") == "false"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one().findtext("guid") or "")


def test_guid_stays_when_all_but_the_item_changes() -> None:
    """A renamed, converted or newly fetched film is the same episode; another time zone is the same moment."""
    elsewhere = SOURCE._replace(base="http://192.168.1.5/s/OTHER", single=True)
    here = NEWEST.astimezone(timezone(timedelta(hours=5)))
    changed = {"title": "Else", "sha256": b"y" * 32, "kind": "audio/mp4", "ext": ".m4a", "size": 1, "uploader": None}
    assert one(created_at=NEWEST).findtext("guid") == one(elsewhere, created_at=here, **changed).findtext("guid")


def test_guid_is_of_one_item_alone() -> None:
    """Also where two installations count from 1."""
    others = [item(1), item(2), item(1, created_at=NEWEST + timedelta(microseconds=1))]
    assert len({rss.guid(each) for each in others}) == 3


def test_pub_date_is_of_rfc_822_with_a_year_of_four_digits() -> None:
    text = one(created_at=datetime(2026, 2, 3, 4, 5, 6, 789, timezone(timedelta(hours=-3)))).findtext("pubDate")
    assert text == "Tue, 03 Feb 2026 07:05:06 GMT"
    assert parsedate_to_datetime(text) == datetime(2026, 2, 3, 7, 5, 6, tzinfo=UTC)


def test_enclosure_has_url_length_and_type_and_nothing_else() -> None:
    found = one().find("enclosure")
    assert found is not None
    assert found.attrib == {"url": f"{SOURCE.base}/media/7.mp4", "length": "7340032", "type": "video/mp4"}


def test_enclosure_address_is_absolute_ascii_and_ends_with_the_extension() -> None:
    for source in (SOURCE, SOURCE._replace(single=True)):
        url = attribute(one(source, title="Ümläut ?&#"), "enclosure", "url")
        parts = urlsplit(url)
        assert url.isascii() and parts.scheme == "https" and parts.path.endswith(".mp4")
        assert (parts.query, parts.fragment) == ("", "")


def test_enclosure_addresses_are_different() -> None:
    found = channel(item(1), item(2)).findall("item")
    assert len({attribute(each, "enclosure", "url") for each in found}) == 2


@pytest.mark.parametrize(("kind", "ext"), [("video/mp4", ".mp4"), ("audio/mp4", ".m4a"), ("audio/mpeg", ".mp3")])
def test_enclosure_type_is_the_one_of_apple_for_the_extension(kind: str, ext: str) -> None:
    assert attribute(one(kind=kind, ext=ext), "enclosure", "type") == APPLE_TYPES[ext]


@pytest.mark.parametrize(("seconds", "expected"), [(61.5, "62"), (0.2, "1"), (36000, "36000"), (None, None)])
def test_duration_is_a_whole_number_of_seconds(seconds: float | None, expected: str | None) -> None:
    assert one(duration=seconds).findtext(f"{ITUNES}duration") == expected


def test_item_image_is_a_jpeg_if_there_is_a_poster() -> None:
    assert attribute(one(), f"{ITUNES}image", "href") == f"{SOURCE.base}/media/7/poster.jpg"
    assert one(poster=False).find(f"{ITUNES}image") is None


def test_subtitles_are_transcripts_with_address_type_and_language() -> None:
    found = one().findall(f"{PODCAST}transcript")
    assert [each.attrib for each in found] == [
        {"url": f"{SOURCE.base}/media/7/subtitles/{language}.vtt", "type": "text/vtt", "language": language}
        | {"rel": "captions"}
        for language in ("en", "fr")
    ]


# ---- the playlist ----------------------------------------------------------------------------------------


def test_playlist_has_a_title_and_an_address_for_each_item() -> None:
    text = rss.m3u(SOURCE, [item(1), item(2, duration=None, title="#EXTINF:9,\nhttp://elsewhere/")])
    assert text.splitlines() == [
        "#EXTM3U", "#EXTINF:62,Film 1", f"{SOURCE.base}/media/1.mp4",
        "#EXTINF:-1,#EXTINF:9, http://elsewhere/", f"{SOURCE.base}/media/2.mp4",
    ]  # fmt: skip
