"""Whether two sources say the same of a field, however they spell it."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from backend.services.metadata_enrichment.matching.normalisation import latin
from backend.services.metadata_enrichment.matching.titles import split_artists, take_apart

_DURATION_TOLERANCE_MS = 2_000
_BPM_TOLERANCE = 1.0
_COMPANY = re.compile(r" (?:records|recordings|music|ltd|inc|llc|gmbh)$")


def is_compared(field: str) -> bool:
    """Whether different values of a field contradict each other.

    Addresses of pictures, identifiers and popularity are each provider's own.
    """
    return field in _SAME


def agree(field: str, one: Any, other: Any) -> bool:
    """Whether two values of a compared field mean the same; never true of a field that is not compared."""
    same = _SAME.get(field)
    return same is not None and (one == other or same(one, other))


def is_finer(field: str, one: Any, other: Any) -> bool:
    """Whether `one` says more precisely what `other` says: a day beside a year."""
    return field == "release_date" and len(one) > len(other)


def _same_text(one: str, other: str) -> bool:
    return latin(one) == latin(other)


def _same_label(one: str, other: str) -> bool:
    return _COMPANY.sub("", latin(one)) == _COMPANY.sub("", latin(other))


def _same_artists(one: str, other: str) -> bool:
    return _artists(one) == _artists(other)


def _same_title(one: str, other: str) -> bool:
    return _title(one) == _title(other)


@lru_cache(maxsize=4096)
def _artists(text: str) -> frozenset[str]:
    return frozenset(map(latin, split_artists(text)))


@lru_cache(maxsize=4096)
def _title(text: str) -> tuple[str, frozenset[str], str, str]:
    """Marks like "original mix" and remasters apart: they name no other recording."""
    title = take_apart(text)
    return latin(title.work), title.version.kinds, latin(title.version.name), title.version.year


def _same_date(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _same_duration(one: int, other: int) -> bool:
    return abs(one - other) <= _DURATION_TOLERANCE_MS


def _same_tempo(one: float, other: float) -> bool:
    """Half and double tempo are one tempo: counting a beat as two is a matter of taste."""
    slow, fast = sorted((one, other))
    return fast - slow <= _BPM_TOLERANCE or abs(fast / 2 - slow) <= _BPM_TOLERANCE


def _same_genres(one: list[str], other: list[str]) -> bool:
    return not set(one).isdisjoint(other)


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


_SAME: dict[str, Callable[[Any, Any], bool]] = {
    "artist_name": _same_artists,
    "track_title": _same_title,
    "album": _same_text,
    "label": _same_label,
    "isrc": _equal,
    "release_date": _same_date,
    "duration_ms": _same_duration,
    "bpm": _same_tempo,
    "musical_key": _equal,
    "genres": _same_genres,
    "explicit": _equal,
}
