"""Errors of yt-dlp and the network, and the one problem that each is mapped to."""

import errno
import http.client
import io
import json
import os
import socket
import ssl

import pytest
from yt_dlp.extractor.generic import GenericIE
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, RegexNotFoundError, UnavailableVideoError

from mediafetcher.core import errors
from mediafetcher.fetch.child import error_report
from mediafetcher.fetch.error_mapping import Failure, problem


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "ERROR: [youtube] x: Sign in to confirm your age. This video may be inappropriate for some users.",
            errors.AgeLimit,
        ),
        (
            "ERROR: [youtube] x: Private video. Sign in if you've been granted access to this video",
            errors.LoginRequired,
        ),
        ("ERROR: [youtube] x: Join this channel to get access to members-only content", errors.MembersOnly),
        ("ERROR: [youtube] x: Video unavailable. This video has been removed by the uploader", errors.Gone),
        ("ERROR: [youtube] x: The uploader has not made this video available in your country", errors.GeoBlocked),
        ("ERROR: [youtube] x: Premieres in 3 hours", errors.LiveNotStarted),
        ("ERROR: [youtube] x: This live event will begin in 5 days.", errors.LiveNotStarted),
        (
            "ERROR: The extracted extension ('mpc') is unusual and will be skipped for safety reasons.",
            errors.UnusualExtension,
        ),
        ("ERROR: [x] y: This video is DRM protected", errors.Drm),
        ("ERROR: [youtube] x: Sign in to confirm you're not a bot. Use --cookies", errors.LoginRequired),
        ("ERROR: Unsupported URL: http://example.com/", errors.Unsupported),
        ("ERROR: [x] y: No video formats found!", errors.Unsupported),
        ("ERROR: [x] y: Unable to extract title; please report this issue on https://...", errors.ExtractorBroken),
        ("ERROR: [x] y: Failed to resolve 'nowhere.invalid' ([Errno -2] Name or service not known)", errors.Network),
        ("ERROR: unable to write data: [Errno 28] No space left on device", errors.MediaFull),
        ("ERROR: unable to write data: [Errno 27] File too large", errors.TooLarge),
        ("ERROR: [x] y: Something that nobody ever saw", errors.Unexpected),
        ("ERROR: Unable to download: refused (accounts.example.com:443)", errors.Unexpected),
        ("ERROR: Unable to download: timed out (accounts.example.com:443)", errors.Network),
    ],
)
def test_messages_map_to_errors(said, kind):
    found = problem(Failure(("DownloadError",), said))
    assert type(found) is kind
    assert "report this issue" not in str(found.facts)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (Failure(("DownloadError", "HTTPError"), "Sign in", status=404), errors.Gone),
        (Failure(("DownloadError", "HTTPError"), "", status=503), errors.ServerError),
        (Failure(("DownloadError", "HTTPError"), "", status=418), errors.Gone),
        (
            Failure(("DownloadError", "TransportError", "Blocked"), "address not allowed: private"),
            errors.BlockedAddress,
        ),
        (Failure(("Blocked",), "program not allowed: /bin/sh"), errors.Hostile),
        (Failure(("DownloadError", "OSError"), "x", errno=errno.ENOSPC), errors.MediaFull),
        (Failure(("DownloadError", "OSError"), "x", errno=errno.EFBIG), errors.TooLarge),
        (Failure(("DownloadError", "TransportError"), "odd words"), errors.Network),
        (Failure(("MemoryError",), ""), errors.Hostile),
        (Failure(("HTTPError",), "redirect", status=302, redirect_loop=True), errors.Unsupported),
    ],
)
def test_exact_cause_decides_before_words(failure, kind):
    assert type(problem(failure)) is kind


def _mapped(error: BaseException) -> type[errors.Problem]:
    facts = error_report.describe(error)
    return type(problem(Failure(tuple(facts.pop("kinds")), **facts)))


def _raised(raising, *given) -> BaseException:
    """The error of a call, with its traceback."""
    with pytest.raises(BaseException) as caught:
        raising(*given)
    return caught.value


def _unavailable(error: OSError) -> None:
    """Raise what yt-dlp does of an error of the system in a download."""
    try:
        raise error
    except OSError as met:
        raise UnavailableVideoError(met)  # noqa: B904


def _system(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EIO, errors.Unexpected),
        (errno.EMFILE, errors.Unexpected),
        (errno.ENOMEM, errors.Unexpected),
        (errno.EACCES, errors.Unexpected),
        (errno.EROFS, errors.Unexpected),
        (errno.EISDIR, errors.Unexpected),
        (errno.ESTALE, errors.Unexpected),
        (errno.EAGAIN, errors.Unexpected),  # "temporarily unavailable" is not gone
        (errno.ETIMEDOUT, errors.Network),
        (errno.ECONNRESET, errors.Network),
        (errno.ECONNREFUSED, errors.Network),
        (errno.EHOSTUNREACH, errors.Network),
        (errno.EPIPE, errors.Network),
        (errno.ENOSPC, errors.MediaFull),
        (errno.EDQUOT, errors.MediaFull),
        (errno.EFBIG, errors.TooLarge),
    ],
)
def test_error_of_the_system_is_never_one_of_the_site(number, kind):
    error = _system(number)
    assert _mapped(error) is kind
    assert _mapped(_raised(_unavailable, error)) is kind
    assert _mapped(DownloadError(f"unable to write data: {error}", (type(error), error, None))) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TransportError(cause=_system(errno.EAGAIN)), errors.Network),
        (TransportError(cause=OSError(errno.ECONNREFUSED, "refused (accounts.example.com:443)")), errors.Network),
        (IncompleteRead(5, 10), errors.Network),
        (ssl.SSLError(1, "[SSL] bad record"), errors.Network),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), errors.Network),
        (socket.gaierror(-2, "Name or service not known"), errors.Network),
        (http.client.RemoteDisconnected("Remote end closed connection without response"), errors.Network),
        (http.client.BadStatusLine("what"), errors.Unexpected),
        (ExtractorError("Nobody knows this"), errors.ExtractorBroken),
        (ExtractorError("An error", cause=KeyError("streams")), errors.ExtractorBroken),
        (RegexNotFoundError("nothing here"), errors.ExtractorBroken),
        (KeyError("account"), errors.Unexpected),
        (TypeError("'NoneType' object is not subscriptable"), errors.Unexpected),
        (json.JSONDecodeError("login", "", 0), errors.Unexpected),
        (ValueError("this kind of live stream cannot be recorded"), errors.LiveUnsupported),
        (RuntimeError("of our own"), errors.Unexpected),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_unforeseen_error_is_transient_unless_an_extractor_failed(error, kind):
    assert _mapped(error) is kind


class _Link:
    """A link that an extractor reads, and what happens then."""

    def __init__(self, happens) -> None:
        self.startswith = happens


def test_code_of_an_extractor_that_fails_is_a_broken_extractor():
    def system(*_):
        raise _system(errno.EMFILE)

    extract = GenericIE()._real_extract
    assert _mapped(_raised(extract, None)) is errors.ExtractorBroken
    assert _mapped(_raised(extract, _Link(system))) is errors.Unexpected
    ours = _raised(extract, _Link(lambda *_: error_report._seconds(7)))  # our own code, which it calls
    assert isinstance(ours, AttributeError) and _mapped(ours) is errors.Unexpected


def test_the_sentence_is_ours():
    found = problem(Failure(("DownloadError",), "ERROR: [x] <script>alert(1)</script> Unsupported URL"))
    assert found.detail == errors.Unsupported.default_detail
    assert problem(Failure(status=429, retry_after=30.0)).facts["retry_after"] == 30


@pytest.mark.parametrize(
    ("status", "page", "kind"),
    [
        (403, "Sign in to confirm your age.", errors.AgeLimit),
        (403, "This is for members only: log in", errors.MembersOnly),
        (404, "This live event will begin in 3 hours.", errors.LiveNotStarted),
        (403, "not available in your country", errors.GeoBlocked),
        (403, "This title is protected by DRM", errors.Drm),
        (403, "Sign in first", errors.SiteForbidden),
        (404, "Nothing here", errors.Gone),
        (500, "Sign in to confirm your age.", errors.ServerError),
    ],
)
def test_the_page_of_an_error_says_why(status, page, kind):
    found = problem(Failure(("DownloadError", "HTTPError"), "HTTP Error", status=status, page=page))
    assert type(found) is kind
    if kind is errors.LiveNotStarted:
        assert found.facts["begins_in"] == 3 * 3600


def test_a_list_says_how_long_it_is_and_a_site_for_how_long_it_wants_rest():
    assert "a playlist of 12 items." in problem(Failure(("IsList",), "12")).detail
    assert "wait 90 seconds" in problem(Failure(("HTTPError",), "", status=429, retry_after=90.0)).detail


def test_a_password_that_the_server_asks_for_is_named():
    for status, asked, kind in (
        (401, 'Basic realm="box"', errors.PasswordRequired),
        (401, "Digest realm=x", errors.PasswordRequired),
        (401, "Bearer", errors.LoginRequired),
        (401, None, errors.LoginRequired),
        (403, "Basic", errors.SiteForbidden),
    ):
        headers = {"WWW-Authenticate": asked} if asked else {}
        response = Response(io.BytesIO(), "https://box.example/", headers, status=status)
        facts = error_report.describe(HTTPError(response))
        assert type(problem(Failure(tuple(facts["kinds"]), facts["message"], facts["status"]))) is kind
