"""Which sounds of a stream are not the main one, as HLS and DASH say it."""

from typing import Any
from xml.etree import ElementTree

from mediafetcher.fetch.child.streaming import main_sound

BASE = "https://films.example/hls/master.m3u8"
OTHER, EXTRA = -10, -20


def _hls(*sounds: str) -> main_sound.Ranks:
    lines = "\n".join(f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",{sound}' for sound in sounds)
    found = main_sound.of_hls(f'#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,URI="text.m3u8"\n{lines}\n', BASE)
    return {url.removeprefix("https://films.example/hls/"): rank for url, rank in found.items()}


def test_sounds_beside_the_default_one_of_hls_are_others() -> None:
    found = _hls('NAME="English",DEFAULT=YES,URI="en.m3u8"', 'NAME="Deutsch",DEFAULT=NO,URI="de.m3u8"')
    assert found == {"de.m3u8": OTHER}


def test_sounds_of_hls_without_a_default_are_equal() -> None:
    assert _hls('NAME="English",URI="en.m3u8"', 'NAME="Deutsch",URI="de.m3u8"') == {}


def test_commentary_and_description_of_hls_come_last() -> None:
    found = _hls(
        'NAME="English",DEFAULT=YES,URI="en.m3u8"',
        'NAME="Director\'s commentary",URI="talk.m3u8"',
        'NAME="English",CHARACTERISTICS="public.accessibility.describes-video",URI="seen.m3u8"',
    )
    assert found == {"talk.m3u8": EXTRA, "seen.m3u8": EXTRA}


def _dash(*sets: str) -> main_sound.Ranks:
    return main_sound.of_dash(ElementTree.fromstring(f"<Period>{''.join(sets)}</Period>"), "")


def _sound(id: str, *roles: str, extra: str = "") -> str:
    named = "".join(f'<Role schemeIdUri="urn:mpeg:dash:role:2011" value="{role}"/>' for role in roles)
    return (
        f'<AdaptationSet>{named}{extra}<Representation id="{id}" mimeType="audio/mp4"/>'
        '<Representation mimeType="audio/mp4"/></AdaptationSet>'
    )


def test_roles_of_dash_rank_the_sounds() -> None:
    picture = '<AdaptationSet contentType="video"><Representation id="v"/></AdaptationSet>'
    blind = '<Accessibility schemeIdUri="urn:tva:metadata:cs:AudioPurposeCS:2007" value="1"/>'
    found = _dash(
        picture, _sound("main", "main"), _sound("dub", "dub"), _sound("none"), _sound("talk", "commentary"),
        _sound("seen", extra=blind),
    )  # fmt: skip
    assert found == {"dub": OTHER, "none": OTHER, "talk": EXTRA, "seen": EXTRA}


def test_sounds_of_dash_without_roles_are_equal() -> None:
    assert _dash(_sound("a"), _sound("b")) == {}


def test_rank_is_given_to_formats_of_sound_alone() -> None:
    formats: list[dict[str, Any]] = [
        {"id": "a", "vcodec": "none"}, {"id": "b", "vcodec": "none"}, {"id": "c", "vcodec": "none"},
        {"id": "a", "vcodec": "avc1"},
    ]  # fmt: skip
    main_sound.mark(formats, {"a": EXTRA, "b": OTHER}, "id")
    assert [one.get(main_sound.KEY) for one in formats] == [EXTRA, OTHER, None, None]
    assert [main_sound.is_extra(one) for one in formats] == [True, False, False, False]
