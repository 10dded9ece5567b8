"""Tells an error that means "no space left" from the others, whoever says it."""

import errno

_CODES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TEXTS = ("No space left on device", "Disk quota exceeded", "File too large", "database or disk is full")
"""The same as programs say it: PostgreSQL's tools run with LC_ALL=C, `shutil.Error` collects texts."""


def is_out_of_space(error: BaseException) -> bool:
    """Whether `error` says that a disk, a quota or a file's size limit is exhausted."""
    if isinstance(error, OSError) and error.errno in _CODES:
        return True
    return any(text in str(error) for text in _TEXTS)
