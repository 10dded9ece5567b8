"""Identifiers in the form in which equal ones are equal texts."""

import re
from functools import lru_cache

_NOT_A_SIGN = re.compile(r"[^A-Za-z0-9]")


@lru_cache(maxsize=4096)
def plain_isrc(isrc: str) -> str:
    """Upper case without hyphens and spaces."""
    return _NOT_A_SIGN.sub("", isrc).upper()


def same_isrc(one: str | None, other: str | None) -> bool:
    """Whether both are known and equal. Different ones say nothing: a recording may have several."""
    return bool(one and other) and plain_isrc(one or "") == plain_isrc(other or "")


def same_catalogue_number(one: str | None, other: str | None) -> bool:
    """Whether both are known and equal but for case, spaces and hyphens."""
    plain = [_NOT_A_SIGN.sub("", number or "").upper() for number in (one, other)]
    return bool(plain[0]) and plain[0] == plain[1]
