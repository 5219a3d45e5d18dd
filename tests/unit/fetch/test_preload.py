"""Modules that the program that forks has loaded before the first fetch."""

from typing import Any

import yt_dlp

from mediafetcher.fetch.child import preload


def test_extractors_are_those_of_yt_dlp_in_its_order() -> None:
    found = preload.extractors()
    assert found is preload.extractors()
    with yt_dlp.YoutubeDL({"quiet": True}) as client:
        assert list(found) == list(client._ies)
    assert next(reversed(found)) == "Generic"


def test_client_without_extractors_is_given_all_of_them() -> None:
    with yt_dlp.YoutubeDL({"quiet": True}, auto_init=False) as client:
        assert not client._ies
        preload.equip(client)
        assert client.get_info_extractor("Generic").suitable("https://films.example/film.mp4")


def test_other_client_is_given_them_one_by_one() -> None:
    class Other:
        def __init__(self) -> None:
            self.given: list[Any] = []

        def add_info_extractor(self, extractor: Any) -> None:
            self.given.append(extractor)

    other = Other()
    preload.equip(other)
    assert other.given == list(preload.extractors().values())
