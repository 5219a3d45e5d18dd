"""Map an exception that ends an attempt to an error of the error tree.

An unexpected error proves nothing about the file: it is transient, gets few retries, and keeps the fetched data.
"""

import errno

from mediafetcher.core import errors

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
# Errors that prove that the fetched data is useless: the next attempt needs other bytes.
_PROVED_BAD = (errors.Truncated, errors.Permanent)


def problem(error: BaseException, download: int) -> errors.Problem:
    """Translate the error of an attempt. Known errors stay as they are."""
    if isinstance(error, errors.Problem):
        return error
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        # Errors of the media folder were translated at the write: this is the disk of the state folder.
        return errors.MediaFull("The disk of the state folder is full: free some space. Downloads wait for it.")
    return errors.Unexpected(f"{errors.Unexpected.default_detail[:-1]} (download {download}: {type(error).__name__}).")


def proves_file_bad(problem: errors.Problem) -> bool:
    """Tell whether the fetched file must not be used again."""
    return isinstance(problem, _PROVED_BAD)
