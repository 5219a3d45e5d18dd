"""What an error that ends an attempt says about the download: every exception becomes one problem of the error tree.

An error that nobody foresaw says nothing about the file: it is transient, gets few tries, and keeps what was fetched.
"""

import errno

from mediafetcher.core import errors

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
# Errors that prove that what was fetched is not worth keeping: the next try needs other bytes.
_PROVED_BAD = (errors.Truncated, errors.Permanent)


def problem(error: BaseException, download: int) -> errors.Problem:
    """Translate the error of an attempt. Problems stay as they are."""
    if isinstance(error, errors.Problem):
        return error
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        # Errors of the media folder were translated where it was written: this is the disk of the state folder.
        return errors.MediaFull("The disk of the state folder is full: free some room. Downloads wait until there is.")
    return errors.Unexpected(f"{errors.Unexpected.default_detail[:-1]} (download {download}: {type(error).__name__}).")


def proves_file_bad(problem: errors.Problem) -> bool:
    """Whether the fetched file must not be used again."""
    return isinstance(problem, _PROVED_BAD)
