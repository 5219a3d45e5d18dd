"""The facts in an error that ends an attempt, about the download and its file."""

import errno
import os

import pytest

from mediafetcher.core import errors
from mediafetcher.downloads import trouble


@pytest.mark.parametrize("error", [errors.Gone(), errors.Network(), errors.LoginRequired(), errors.MediaOffline()])
def test_known_error_stays_as_it_is(error: errors.Problem) -> None:
    assert trouble.problem(error, 7) is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_makes_the_queue_wait(number: int) -> None:
    found = trouble.problem(OSError(number, os.strerror(number)), 7)
    assert isinstance(found, errors.Unavailable) and "state folder" in found.detail


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), RuntimeError("unforeseen"), MemoryError()])
def test_unforeseen_error_is_transient_and_names_the_download(error: Exception) -> None:
    found = trouble.problem(error, 7)
    assert isinstance(found, errors.Unexpected) and isinstance(found, errors.Transient)
    assert f"(download 7: {type(error).__name__})" in found.detail and "unforeseen" not in found.detail


@pytest.mark.parametrize(
    ("error", "bad"),
    [
        (errors.Truncated(), True),
        (errors.CutAtOrigin(), True),
        (errors.TranscodeFailed(), True),
        (errors.Unexpected(), False),
        (errors.ToolKilled(), False),
        (errors.LoginRequired(), False),
        (errors.MediaFull(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_an_error_about_the_bytes_proves_a_file_bad(error: errors.Problem, bad: bool) -> None:
    assert trouble.proves_file_bad(error) is bad
