"""Links: in which one form each is kept, and which texts are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafetcher.core import errors
from mediafetcher.net import urls

SAME = {
    "HTTP://Example.COM": "http://example.com/",
    " https://example.com:443/a ": "https://example.com/a",
    "http://example.com:80": "http://example.com/",
    "http://example.com:8080/a?b=c#frag": "http://example.com:8080/a?b=c",
    "https://example.com/#!/video/1": "https://example.com/#!/video/1",
    "https://faß.example/x": "https://xn--fa-hia.example/x",
    "https://i❤.example/": "https://xn--i-7iq.example/",
    "http://ｎａｓ.example/": "http://nas.example/",
    "http://nas/My Film (1).mp4": "http://nas/My%20Film%20(1).mp4",
    "https://bücher.example/ü?q=ű": "https://xn--bcher-kva.example/%C3%BC?q=%C5%B1",
    "https://example.com./x": "https://example.com/x",
    "http://[::1]:8080/x": "http://[::1]:8080/x",
    "http://127.0.0.1:8899/media/ok.mp4": "http://127.0.0.1:8899/media/ok.mp4",
    "https://example.com/a%20b": "https://example.com/a%20b",
    "https://www.youtube.com/watch?v=a_b-c&list=RD1": "https://www.youtube.com/watch?v=a_b-c&list=RD1",
}


@pytest.mark.parametrize(("given_", "kept"), SAME.items())
def test_the_one_form(given_, kept):
    assert urls.parse(given_) == kept
    assert urls.parse(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/video",
        "nas.local:8080/x",
        "-o x",
        "--exec=touch /tmp/x",
        "-http://example.com",
        "http://",
        "http:///path",
        "http:example.com",
        "http://user:secret@example.com/",
        "http://user@example.com/",
        "http://exa mple.com/",
        "http://example.com/a\tb",
        "http://example.com/a\nb",
        "http://example.com/\x00",
        "http://example.com:99999/",
        "http://example.com:abc/",
        "http://exa$mple.com/",
        "http://a..b/",
        "http://[::1/",
        "http://evil\\@example.com/",
        "http://" + "a" * 300 + ".com/",
        "http://example.com/" + "a" * 2048,
    ],
)
def test_invalid_link_is_refused(text):
    with pytest.raises(errors.InvalidUrl) as caught:
        urls.parse(text)
    assert caught.value.code == "invalid_url"


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd",
        "ftp://example.com/x",
        "ytsearch:cats",
        "javascript:alert(1)",
        "data:video/mp4,x",
        "rtmp://x/y",
    ],
)
def test_other_schemes_are_refused(text):
    with pytest.raises(errors.UnsupportedScheme):
        urls.parse(text)


def test_credentials_are_not_repeated():
    with pytest.raises(errors.InvalidUrl) as caught:
        urls.parse("http://user:hunter2@example.com/")
    assert "hunter2" not in caught.value.detail


@given(st.text(max_size=200))
def test_anything_is_a_link_or_refused(text):
    for candidate in (text, f"http://{text}", f"https://example.com/{text}"):
        try:
            kept = urls.parse(candidate)
        except errors.InvalidUrl:
            continue
        assert urls.parse(kept) == kept
        assert kept.isascii() and kept.startswith(("http://", "https://")) and " " not in kept


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.youtube.com/watch?v=1", "youtube.com"),
        ("https://m.youtube.com/watch?v=1", "youtube.com"),
        ("http://127.0.0.1:8899/x", "127.0.0.1"),
        ("http://localhost/x", "localhost"),
        ("https://www.com/", "www.com"),
    ],
)
def test_site_of_a_link(url, site):
    assert urls.site(url) == site


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.youtube.com/watch?v=1&si=a", "https://www.youtube.com/watch?v=1", True),
        ("https://youtu.be/1?si=a&feature=shared", "https://youtu.be/1", True),
        ("https://films.example/watch?si=1", "https://films.example/watch?si=2", False),
        ("https://films.example/watch?feature=1", "https://films.example/watch?feature=2", False),
        ("https://films.example/watch?ref_src=1", "https://films.example/watch", False),
        ("https://notyoutube.com/watch?si=1", "https://notyoutube.com/watch", False),
        ("https://films.example/watch?utm_source=a&v=1%20a", "https://films.example/watch?v=1%20a", True),
    ],
)
def test_tracking_is_left_out_by_its_site(one, other, same):
    assert (urls.source_key(one, "default") == urls.source_key(other, "default")) == same


def test_source_key_of_a_link():
    one = urls.source_key(urls.parse("https://example.com/v?id=1&utm_source=x&fbclid=2"), "default")
    assert one == urls.source_key("https://example.com/v?id=1", "default")
    assert one != urls.source_key("https://example.com/v?id=1", "m4a")
    assert one != urls.source_key("https://example.com/v?id=2", "default")
