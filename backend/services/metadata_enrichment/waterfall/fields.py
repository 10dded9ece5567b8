"""What each Gold field takes from a provider's track, and when a value is no value.

Providers fill gaps with placeholders: tempo 0, numeric genres, a star for an artist's picture. Taking them
for values would stop the waterfall at the wrong source.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from backend.contracts.gateway import TrackCandidate
from backend.contracts.waterfall_rules import FIELDS
from backend.services.metadata_enrichment.waterfall.genres import known_genres
from backend.services.metadata_enrichment.waterfall.keys import canonical_key

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_NO_LABEL = frozenset({"", "no label", "[no label]", "not on label", "unknown", "none", "white label", "n/a"})
_PLACEHOLDER_DATES = frozenset({"1900-01-01", "1970-01-01"})
"""What stands in databases where no date was told."""
_PLACEHOLDER_PICTURES = (
    "2a96cbd8b46e442fc41c2b86b821562f",  # Last.fm's star
    "d41d8cd98f00b204e9800998ecf8427e",  # the hash of nothing, at Deezer
    "/cover//",
    "/artist//",
    "spacer.gif",
    "default-release",
    "default_cover",
    "default-cover",
    "placeholder",
    "noimage",
    "no_image",
    "no-image",
)
_LONGEST_MS = 12 * 3600 * 1000


class InvalidValueError(ValueError):
    """The provider gave something that cannot be right."""


@dataclass(frozen=True)
class FieldValues:
    """What a provider's track has, checked once for all fields."""

    valid: dict[str, Any]
    """Value by field; a field without value is not in it."""
    invalid: dict[str, str]
    """Why a value was refused, by field."""


def values_of(candidate: TrackCandidate) -> FieldValues:
    """The values that `candidate` has for all fields."""
    found = FieldValues({f"{candidate.provider}_id": candidate.provider_id}, {})
    for field, read in _READERS.items():
        try:
            value = read(candidate)
        except InvalidValueError as error:
            found.invalid[field] = str(error)
            continue
        if value is not None:
            found.valid[field] = value
    return found


def is_known(field: str) -> bool:
    """Whether a waterfall may name this field."""
    return field in FIELDS


def _artist(candidate: TrackCandidate) -> str | None:
    return ", ".join(name.strip() for name in candidate.artists if name.strip()) or None


def _title(candidate: TrackCandidate) -> str | None:
    return candidate.title.strip() or None


def _album(candidate: TrackCandidate) -> str | None:
    return (candidate.album or "").strip() or None


def _label(candidate: TrackCandidate) -> str | None:
    label = (candidate.label or "").strip()
    plain = label.casefold()
    return None if plain in _NO_LABEL or plain.startswith("not on label") else label


def _isrc(candidate: TrackCandidate) -> str | None:
    if not candidate.isrc:
        return None
    isrc = candidate.isrc.replace("-", "").replace(" ", "").upper()
    if not _ISRC.fullmatch(isrc):
        raise InvalidValueError(f"{candidate.isrc!r} is no ISRC")
    return isrc


def _release_date(candidate: TrackCandidate) -> str | None:
    text = (candidate.release_date or "").removesuffix("-00").removesuffix("-00")
    if not text or text.startswith("0000") or text in _PLACEHOLDER_DATES:
        return None
    match = _DATE.fullmatch(text)
    if not match:
        raise InvalidValueError(f"{text!r} is no date")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        date(year, month, day)
    except ValueError as error:
        raise InvalidValueError(f"{text!r} is no date of the calendar") from error
    if not 1880 <= year <= datetime.now(UTC).year + 1:
        raise InvalidValueError(f"nothing was released in {year}")
    return text


def _duration(candidate: TrackCandidate) -> int | None:
    if not candidate.duration_ms:
        return None
    if not 1_000 <= candidate.duration_ms <= _LONGEST_MS:
        raise InvalidValueError(f"a track does not last {candidate.duration_ms} ms")
    return candidate.duration_ms


def _bpm(candidate: TrackCandidate) -> float | None:
    if not candidate.bpm:
        return None  # Deezer says 0 for unknown
    if not 40 <= candidate.bpm <= 220:
        raise InvalidValueError(f"a tempo of {candidate.bpm:g} is outside 40 to 220")
    return round(candidate.bpm, 2)


def _key(candidate: TrackCandidate) -> str | None:
    if not candidate.key:
        return None
    key = canonical_key(candidate.key)
    if key is None:
        raise InvalidValueError(f"{candidate.key!r} is no musical key")
    return key


def _genres(candidate: TrackCandidate) -> list[str] | None:
    genres = known_genres(candidate.genres)
    if candidate.genres and not genres:
        raise InvalidValueError(f"no known genre among {', '.join(candidate.genres[:5])}")
    return genres or None


def _artwork(candidate: TrackCandidate) -> str | None:
    url = candidate.artwork_url
    if not url:
        return None
    if not url.startswith(("https://", "http://")):
        raise InvalidValueError(f"{url[:60]!r} is no address of a picture")
    plain = url.lower()
    if any(mark in plain for mark in _PLACEHOLDER_PICTURES):
        raise InvalidValueError("the picture is a placeholder")
    return url


def _explicit(candidate: TrackCandidate) -> bool | None:
    return candidate.explicit


def _popularity(candidate: TrackCandidate) -> float | None:
    if candidate.popularity is None:
        return None
    if not 0 <= candidate.popularity <= 1:
        raise InvalidValueError(f"a popularity of {candidate.popularity:g} is outside 0 to 1")
    return candidate.popularity


_READERS: dict[str, Callable[[TrackCandidate], Any | None]] = {
    "artist_name": _artist,
    "track_title": _title,
    "album": _album,
    "label": _label,
    "isrc": _isrc,
    "release_date": _release_date,
    "duration_ms": _duration,
    "bpm": _bpm,
    "musical_key": _key,
    "genres": _genres,
    "artwork_url": _artwork,
    "explicit": _explicit,
    "popularity": _popularity,
}
