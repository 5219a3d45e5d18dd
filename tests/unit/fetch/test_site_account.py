"""A name and password of a site goes to the extractors of that site alone."""

from typing import Any

import pytest
from yt_dlp.extractor.common import InfoExtractor

from mediafetcher.fetch.child.network import site_account

VIMEO = "https://vimeo.com/123456"


class _Base(InfoExtractor):  # type: ignore[misc]
    """The base class of the extractors below: yt-dlp's stays as it is."""


class _Own(_Base):
    _NETRC_MACHINE = "vimeo"


class _Other(_Base):
    _NETRC_MACHINE = "dailymotion"


def _login(*, for_site: bool = True) -> list[Any]:
    return ["https://vimeo.com", "ada", "s3cret", for_site]


@pytest.mark.parametrize(
    ("url", "machine"),
    [
        (VIMEO, "vimeo"),
        ("https://films.example/film.mp4", None),
        ("https://www.youtube.com/watch?v=abcdefghijk", "youtube"),
    ],
)
def test_machine_is_that_of_the_extractor_of_the_link(url: str, machine: str | None) -> None:
    assert site_account.machine_of(url) == machine


def test_only_extractors_of_the_same_site_get_the_account() -> None:
    assert site_account.install(_login(), VIMEO, _Base) is None
    assert _Own()._get_login_info() == ("ada", "s3cret")
    assert _Own()._get_login_info(netrc_machine="vimeo") == ("ada", "s3cret")
    assert _Own()._get_login_info(netrc_machine="player.dailymotion.com") == (None, None)
    assert _Other()._get_login_info() == (None, None)


@pytest.mark.parametrize(
    ("login", "url"),
    [(None, VIMEO), (_login(for_site=False), VIMEO), (_login(), "https://films.example/film.mp4")],
    ids=["none", "basic", "no sign-in"],
)
def test_other_login_is_left_for_http_basic(login: list[Any] | None, url: str) -> None:
    class Untouched(_Base):
        pass

    assert site_account.install(login, url, Untouched) == login
    assert "_get_login_info" not in vars(Untouched)
