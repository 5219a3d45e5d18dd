"""Which users are given what others fetched: nothing whose bytes another user could have chosen."""

from dataclasses import replace

import pytest

from mediafetcher.core import settings
from mediafetcher.downloads import dedup
from mediafetcher.fetch import answers, child_events
from mediafetcher.fetch.options import Options

HTTPS, HTTP = "https://films.example/1", "http://films.example/1"


@pytest.mark.parametrize(
    ("link", "page", "options", "cookies", "private"),
    [
        (HTTPS, HTTPS, Options(), False, False),
        (HTTPS, HTTPS, Options(), True, True),
        (HTTPS, HTTPS, Options(proxy="http://proxy.example:1"), False, True),
        (HTTP, HTTP, Options(), False, True),
        (HTTP, HTTPS, Options(), False, True),
        (HTTPS, HTTP, Options(), False, True),
        ("http://nas.example/1", "http://nas.example/1", Options(), False, False),
    ],
)
def test_source_whose_bytes_others_could_choose_private(state, link, page, options, cookies, private):
    settings.use(replace(settings.get(), allow_hosts=("nas.example",)))
    assert dedup.is_private(link, page, options, cookies=cookies) is private


def test_id_of_software_that_many_sites_run_differs_by_host():
    values = dict.fromkeys(child_events.Found.__struct_fields__)
    values |= {"extractor": "Mediasite", "id": "0123456789abcdef", "chapters": (), "subtitles": (), "heights": ()}
    event = child_events.Found(**values)
    links = [f"https://{host}/Mediasite/Play/{event.id}" for host in ("university.example", "evil.example")]
    assert len({answers.info(link, "recipe", event).source_key for link in links}) == 2
