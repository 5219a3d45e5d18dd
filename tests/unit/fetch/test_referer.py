"""Which request names which page as its origin."""

from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest
from yt_dlp.networking import Request

from mediafetcher.fetch.child.network.referer import Referer

FILM = "https://films.example/film.mp4"


class _Answer:
    def __init__(self, url: str) -> None:
        self.url = url
        self.headers = Message()


class _Refused(Exception):
    def __init__(self, url: str, status: int = 403, page: str = "") -> None:
        self.status, self.page, self.response = status, page, _Answer(url)


def _site(wants: str | None, refused: Callable[[str], _Refused] = _Refused) -> tuple[Callable[[Any], _Answer], list]:
    """Make a site that gives its file only to visitors of `wants`. Returns: how it answers, and what it was asked."""
    asked: list[str | None] = []

    def send(request: Request) -> _Answer:
        asked.append(request.headers.get("Referer"))
        if wants is not None and asked[-1] != wants:
            raise refused(request.url)
        return _Answer(request.url)

    return send, asked


def test_file_that_is_refused_is_requested_from_the_front_page_from_then_on() -> None:
    send, asked = _site("https://films.example/")
    referer = Referer(FILM, None)
    for _ in range(2):
        referer.open(Request(FILM), send)
    assert asked == [None, "https://films.example/", "https://films.example/"]


def test_wished_page_goes_to_the_origin_of_the_link_and_where_it_redirects() -> None:
    asked = []

    def send(request: Request) -> _Answer:
        asked.append(request.headers.get("Referer"))
        return _Answer("https://cdn.example/film.mp4")

    referer = Referer(FILM, "https://blog.example/post")
    for url in (FILM, "https://cdn.example/film.mp4", "https://other.example/film.mp4"):
        referer.open(Request(url), send)
    assert asked == ["https://blog.example/post"] * 2 + [None]


def test_referer_that_yt_dlp_names_is_not_replaced() -> None:
    send, asked = _site("https://films.example/")
    with pytest.raises(_Refused):
        Referer(FILM, None).open(Request(FILM, headers={"Referer": "https://page.example/"}), send)
    assert asked == ["https://page.example/"]


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        (FILM, lambda url: _Refused(url, 404)),
        ("https://films.example/page", _Refused),
    ],
)
def test_other_refusal_is_final(url: str, refused: Callable[[str], _Refused]) -> None:
    send, asked = _site("never", refused)
    with pytest.raises(_Refused):
        Referer(FILM, None).open(Request(url), send)
    assert asked == [None]


def test_page_that_names_the_missing_referer_is_requested_once_more() -> None:
    send, asked = _site("never", lambda url: _Refused(url, page="No hot-linking, please"))
    request = Request("https://films.example/page")
    with pytest.raises(_Refused):
        Referer(FILM, None).open(request, send)
    assert asked == [None, "https://films.example/"] and "Referer" not in request.headers


def test_site_that_wants_a_browser_is_not_asked_again() -> None:
    def refused(url: str) -> _Refused:
        error = _Refused(url)
        error.response.headers["cf-mitigated"] = "challenge"
        return error

    send, asked = _site("never", refused)
    with pytest.raises(_Refused):
        Referer(FILM, None).open(Request(FILM), send)
    assert asked == [None]
