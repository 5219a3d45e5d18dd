"""Which sound of an HLS stream is the default one, where a playlist says so of one alone."""

from mediafetcher.fetch.child.streaming import hls_defaults

ENGLISH = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="en.m3u8"'
SPANISH = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Spanish",URI="es.m3u8"'


def test_sound_without_a_default_is_none_if_another_is_one():
    assert hls_defaults.with_defaults(f"{ENGLISH}\n{SPANISH}\n") == f"{ENGLISH}\n{SPANISH},DEFAULT=NO\n"


def test_playlist_without_a_default_stays_as_it_is():
    assert hls_defaults.with_defaults(f"{SPANISH}\n") == f"{SPANISH}\n"
