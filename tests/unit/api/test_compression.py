"""Compression of answers: only of lists, and only for clients that accept it."""

import gzip

import pytest

from mediafetcher.api import compression

BODY = b'{"items":[' + b'{"title":"A film"},' * 200 + b"]}"


def test_list_for_a_client_that_accepts_gzip_is_compressed() -> None:
    packed = compression.compress(200, BODY, "gzip, deflate, br, zstd")
    assert packed is not None and len(packed) < len(BODY) / 10 and gzip.decompress(packed) == BODY


@pytest.mark.parametrize(
    ("status", "body", "accept"),
    [
        (200, BODY, ""),
        (200, BODY, "br"),
        (200, BODY, "gzip;q=0"),
        (404, BODY, "gzip"),
        (200, b'{"items":[]}', "gzip"),
    ],
)
def test_other_answer_is_sent_as_it_is(status: int, body: bytes, accept: str) -> None:
    assert compression.compress(status, body, accept) is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/items"),
        ("GET", "/api/tokens"),
        ("GET", "/api/session"),
        ("GET", "/api/devices"),
        ("GET", "/api/shares"),
        ("GET", "/api/notifications/targets"),
    ],
)
def test_answer_with_secrets_or_text_of_its_request_is_not_compressed(method: str, path: str) -> None:
    assert not compression.is_for(method, path)
