"""Which way to a provider's track costs the fewest calls.

What the adapters of the gateway do behind `search` and `track` stands in
`backend/services/api_gateway/providers`; which fields a provider has at all, in the gateway's capabilities.
"""

from collections.abc import Mapping
from urllib.parse import quote_plus

from backend.contracts.gateway import TrackCandidate

ARTWORK_ARCHIVE = "coverartarchive"
"""Knows neither titles nor artists: pictures by the MusicBrainz identifier of a release."""
RELEASE_SOURCE = "musicbrainz"
"""Names the releases for it."""
BY_ISRC = frozenset({"spotify", "musicbrainz", "deezer", "beatport"})
"""Have a look-up by ISRC, which their search makes first when it is given one."""

_ONLY_IN_RECORD: Mapping[str, frozenset[str]] = {
    "deezer": frozenset({"bpm", "isrc", "release_date"}),
    "lastfm": frozenset({"album", "artwork_url", "duration_ms", "genres"}),
    "musicbrainz": frozenset({"genres"}),
}
"""What a hit of a search by names may lack and the provider's record of the track has."""
_TELL_ISRC = frozenset({"spotify", "musicbrainz", "beatport"})
_TELL_IDENTIFIER: Mapping[str, frozenset[str]] = {
    "deezer": _TELL_ISRC,
    "listenbrainz": frozenset({"musicbrainz"}),
    ARTWORK_ARCHIVE: frozenset({RELEASE_SOURCE}),
}
_SAME_IDENTIFIERS: Mapping[str, str] = {"listenbrainz": "musicbrainz"}


def only_in_record(hit: TrackCandidate) -> frozenset[str]:
    """The fields that a look-up of this hit may add; none when the hit is the record itself."""
    fields = _ONLY_IN_RECORD.get(hit.provider, frozenset())
    return frozenset() if any(getattr(hit, field) for field in fields) else fields


def who_tells(provider: str) -> frozenset[str]:
    """The providers whose answer names an identifier that saves `provider` a call."""
    return _TELL_IDENTIFIER.get(provider, frozenset())


def identifier(provider: str, known: Mapping[str, str], artist: str, title: str) -> str | None:
    """By what the provider's track can be looked up, given the identifiers known by provider.

    Last.fm makes the identifier of the names, so it needs no search.
    """
    if provider == "lastfm":
        return known.get(provider) or f"{quote_plus(artist)}/_/{quote_plus(title)}"
    return known.get(provider) or known.get(_SAME_IDENTIFIERS.get(provider, ""))
