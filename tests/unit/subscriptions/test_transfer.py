"""Lists of other programs become subscriptions, and subscriptions become OPML that can be read again."""

import pytest

from mediafetcher.core import errors
from mediafetcher.db import engine
from mediafetcher.subscriptions import list_formats, subscriptions, transfer
from tests.factories import add_user

_ID = "UCabcdefghijklmnopqrstuv"
_CHANNEL = f"https://www.youtube.com/channel/{_ID}"
OPML = f"""<?xml version="1.0"?>
<opml version="1.1"><head><title>x</title></head><body>
 <outline text="News"><outline text="One &amp; two" type="rss"
   xmlUrl="https://www.youtube.com/feeds/videos.xml?channel_id={_ID}"/>
  <outline text="Deep/er"><outline title="A podcast" xmlUrl="https://pod.test/feed.xml" htmlUrl="https://pod.test/"/></outline>
 </outline>
 <outline text="A list" xmlUrl="https://www.youtube.com/feeds/videos.xml?playlist_id=PL1"/>
 <outline text="Nothing"/>
</body></opml>"""
TAKEOUT = (
    f"\ufeffID des chaînes,URL des chaînes,Titres des chaînes\r\n{_ID},http://www.youtube.com/channel/{_ID},Été\r\n\r\n"
)
NEWPIPE = (
    '{"app_version":"0.27","subscriptions":['
    f'{{"service_id":0,"url":"{_CHANNEL}","name":"One"}},{{"service_id":1,"url":"https://soundcloud.com/x","name":"Two"}}]}}'
)
FREETUBE = (
    f'{{"_id":"allChannels","name":"All","subscriptions":[{{"id":"{_ID}","name":"One","thumbnail":""}}]}}\n'
    f'{{"_id":"p2","name":"Other","subscriptions":[{{"id":"{_ID}","name":"One"}},{{"id":"../x","name":"Bad"}}]}}\n'
)


@pytest.fixture
async def owner(database, state) -> int:
    return await add_user("ada")


def test_every_format_is_recognised_by_its_content():
    found = {one.url: (one.title, one.folder) for one in list_formats.parse(OPML)}
    assert found == {  # of a podcast the feed, not its page
        _CHANNEL: ("One & two", "News"),
        "https://pod.test/feed.xml": ("A podcast", "News/Deep er"),
        "https://www.youtube.com/playlist?list=PL1": ("A list", ""),
    }
    assert list_formats.parse(TAKEOUT) == [list_formats.Found(f"http://www.youtube.com/channel/{_ID}", "Été")]
    assert [one.url for one in list_formats.parse(NEWPIPE)] == [_CHANNEL, "https://soundcloud.com/x"]
    assert list_formats.parse(FREETUBE) == [list_formats.Found(_CHANNEL, "One")]


@pytest.mark.parametrize(
    "text",
    ["", "<opml>", "<html><body/></html>", "{", "[1, 2]", '{"subscriptions": 3}', "a,b,c\n1,2,3", "\0", "[" * 100_000,
     '<!DOCTYPE x [<!ENTITY a "b">]><opml><body><outline xmlUrl="http://a.test"/></body></opml>',
     '<opml><body><outline xmlUrl="file:///etc/passwd"/></body></opml>'],
)  # fmt: skip
def test_other_text_is_refused(text):
    with pytest.raises(errors.UnknownList):
        list_formats.parse(text)


async def test_import_follows_each_link_once_in_its_folder_and_export_is_the_same(owner):
    done = await transfer.load(owner, OPML, folder="Subs", dry_run=True)
    assert len(done["added"]) == 3 and await subscriptions.page(owner) == []
    done = await transfer.load(owner, OPML, folder="Subs")
    assert (len(done["added"]), done["known"], done["failed"]) == (3, [], [])
    rows = {row["url"]: row for row in await subscriptions.page(owner)}
    assert rows[_CHANNEL]["title"] == "One & two" and rows[_CHANNEL]["folder"] == "Subs/News"
    again = await transfer.load(owner, FREETUBE)
    assert (again["added"], again["known"]) == ([], [_CHANNEL])
    text = await transfer.dump(owner)
    assert {(one.url, one.title, one.folder) for one in list_formats.parse(text)} == {
        (row["url"], row["title"], row["folder"]) for row in rows.values()
    }


def test_title_with_characters_that_xml_forbids_is_exported():
    text = list_formats.opml([list_formats.Found("https://a.test/", "a\x01b\ud800c")])
    assert list_formats.parse(text)[0].title == "a b c"


async def test_link_that_cannot_be_followed_stops_no_other(owner):
    text = NEWPIPE.replace("https://soundcloud.com/x", "http://[bad")
    done = await transfer.load(owner, text)
    assert [one["url"] for one in done["added"]] == [_CHANNEL]
    assert [one["error"]["code"] for one in done["failed"]] == ["invalid_url"]


async def test_first_checks_of_many_subscriptions_are_spread(owner):
    rows = ",".join(f'{{"url":"https://site.test/c{n}","name":"c{n}"}}' for n in range(200))
    await transfer.load(owner, f'{{"subscriptions":[{rows}]}}')
    spread = await engine.fetchrow(
        "select count(*) as number, extract(epoch from max(next_check_at) - min(next_check_at))::float8 as seconds"
        " from subscription"
    )
    assert spread["number"] == 200 and 300 < spread["seconds"] <= 600
