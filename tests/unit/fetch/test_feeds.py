"""Feeds of every format become the RSS that yt-dlp reads."""

import json
from xml.etree import ElementTree

import pytest

from mediafetcher.fetch.child import feeds

BASE = "https://host/show/feed.xml"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>My <![CDATA[show]]></title><link rel="self" href="https://host/show/feed.xml"/>
<entry><title type="html">One &amp; two</title><id>tag:1</id><published>2026-11-02T10:00:00Z</published>
<summary>About</summary><link href="one.html"/>
<link rel="enclosure" type="image/png" href="one.png"/>
<link rel="enclosure" type="audio/mpeg" href="media.mp3"/></entry>
<entry><title>Film</title><id>tag:2</id><updated>2026-11-03T10:00:00Z</updated>
<link rel="alternate" href="https://host/watch?v=2"/>
<media:group><media:content url="https://host/v/2" type="application/x-shockwave-flash"/>
<media:thumbnail url="/2.jpg"/><media:description>Of the film</media:description></media:group></entry>
</feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "My show",
        "items": [
            {
                "id": 7,
                "title": "One",
                "content_text": "About",
                "date_published": "2026-11-02T10:00:00Z",
                "image": "/1.jpg",
                "attachments": [
                    {"url": "one.png", "mime_type": "image/png"},
                    {"url": "media.mp3", "mime_type": "audio/mpeg", "duration_in_seconds": 61},
                ],
            },
            {"id": "8", "url": "https://host/page"},
        ],
    }
)
RSS1 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:enc="http://purl.oclc.org/net/rss_2.0/enc#">
<channel><title>My show</title></channel><item><title>One</title><link>https://host/page</link>
<dc:date>2026-11-02</dc:date><enc:enclosure rdf:resource="media.mp3"/></item></rdf:RDF>"""
RSS2 = """<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel><title>My show</title><image><url>/show.jpg</url></image><itunes:image href="/cover.jpg"/>
<item><title>Picture first</title><enclosure url="a.jpg" type="image/jpeg"/>
<enclosure url="a.mp3" type="audio/mpeg"/><podcast:season>2</podcast:season><podcast:episode>5</podcast:episode>
<content:encoded><![CDATA[<p>Long</p>]]></content:encoded></item>
<item><title>Alternate</title><link>/page</link><podcast:alternateEnclosure type="video/mp4">
<podcast:source uri="ipfs://x"/><podcast:source uri="https://host/b.mp4"/></podcast:alternateEnclosure></item>
<item><title>Media RSS</title><link>/page</link><media:content url="small.mp4" type="video/mp4" bitrate="100"/>
<media:content url="large.mp4" type="video/mp4" bitrate="900"/><media:thumbnail url="t.jpg"/></item>
<item><title>Page</title><link>/page</link></item></channel></rss>"""


def _items(feed: str) -> list[dict[str, str]]:
    made = feeds.converted(feed.encode(), BASE)
    assert made is not None
    items = ElementTree.fromstring(made).findall("channel/item")
    return [{one.tag.replace(ITUNES, "i:"): one.text or one.get("href") or "" for one in item} for item in items]


def test_atom_gives_media_dates_and_pictures_of_its_entries():
    first, second = _items(ATOM)
    assert first["link"] == "https://host/show/media.mp3" and first["title"] == "One & two"
    assert (first["pubDate"], first["description"], first["guid"]) == ("2026-11-02T10:00:00Z", "About", "tag:1")
    assert second["link"] == "https://host/watch?v=2" and second["i:image"] == "https://host/2.jpg"
    assert second["description"] == "Of the film" and second["pubDate"] == "2026-11-03T10:00:00Z"


def test_json_feed_gives_the_attachment_that_plays():
    first, second = _items(JSON_FEED)
    assert first["link"] == "https://host/show/media.mp3" and first["i:duration"] == "61"
    assert first["i:image"] == "https://host/1.jpg" and first["guid"] == "7"
    assert second["link"] == "https://host/page"


def test_rss_1_is_read():
    assert _items(RSS1) == [{"link": "https://host/show/media.mp3", "title": "One", "pubDate": "2026-11-02"}]


def test_rss_2_gives_what_other_namespaces_say():
    first, second, third, fourth = _items(RSS2)
    assert first["link"] == "https://host/show/a.mp3" and first["description"] == "<p>Long</p>"
    assert (first["i:season"], first["i:episode"]) == ("2", "5")
    assert first["i:image"] == "https://host/cover.jpg"  # that of the show
    assert second["link"] == "https://host/b.mp4"
    assert third["link"] == "https://host/show/large.mp4" and third["i:image"] == "https://host/show/t.jpg"
    assert fourth["link"] == "https://host/page"


@pytest.mark.parametrize(
    "other", ["<html/>", "<rss/>", "{}", "[1]", '{"version": 3}', "<feed/>", "<rss", "", "{" * 9000]
)
def test_other_document_than_a_feed_is_unchanged(other):
    assert feeds.converted(other.encode(), BASE) is None


def test_entities_are_left_alone():
    bomb = '<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel><title>&a;</title></channel></rss>'
    assert feeds.converted(bomb.encode(), BASE) is None


@pytest.mark.parametrize("feed", [RSS2.encode("utf-16"), b"\xef\xbb\xbf" + RSS2.encode(), b"\n \n" + RSS2.encode()])
def test_feed_of_another_encoding_is_read(feed):
    assert feeds.converted(feed, BASE) is not None
