"""Which provider gives which field: what is known, and what the providers have closed to us meanwhile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.contracts.providers import Capability, CapabilityState, EndpointClass
from backend.services.api_gateway.calls.switches import SwitchedOff

_LIVE, _RESTRICTED, _ENDED = CapabilityState.LIVE, CapabilityState.RESTRICTED, CapabilityState.ENDED
_SEARCH = (EndpointClass.SEARCH, EndpointClass.LOOKUP)
_LOOKUP, _IMAGES, _FEATURES = (EndpointClass.LOOKUP,), (EndpointClass.IMAGES,), (EndpointClass.FEATURES,)
_NAMES = ("artist_name", "track_title", "album")


@dataclass(frozen=True)
class _Known:
    """Fields that a provider gives under the same conditions, by any of `kinds` of calls."""

    provider: str
    kinds: tuple[EndpointClass, ...]
    fields: tuple[str, ...]
    state: CapabilityState = _LIVE
    since: str | None = None
    note: str = ""


_KNOWN: tuple[_Known, ...] = (
    _Known("musicbrainz", _SEARCH, (*_NAMES, "isrc", "release_date", "duration_ms", "musicbrainz_id")),
    _Known("musicbrainz", _SEARCH, ("genres",), note="Votes of its users; many recordings have none."),
    _Known(
        "musicbrainz",
        _LOOKUP,
        ("label",),
        _RESTRICTED,
        note="Labels belong to releases, which need a look-up of their own; recordings have none "
        "(musicbrainz.org/doc/MusicBrainz_API).",
    ),
    _Known(
        "spotify",
        _SEARCH,
        (*_NAMES, "isrc", "release_date", "duration_ms", "artwork_url", "explicit", "spotify_id"),
        _RESTRICTED,
        "2026-03-09",
        "Applications in development mode: Premium owner, 5 users, 10 hits a search, no look-up of several "
        "tracks at once (developer.spotify.com, February 2026 migration guide).",
    ),
    _Known(
        "spotify",
        _SEARCH,
        ("popularity",),
        _RESTRICTED,
        "2026-03-09",
        "As the other fields; within Spotify only, and no measure of certainty.",
    ),
    _Known(
        "spotify",
        _FEATURES,
        ("bpm", "musical_key"),
        _ENDED,
        "2024-11-27",
        "Audio features and audio analysis are closed to new and development applications "
        "(developer.spotify.com/blog, 2024-11-27).",
    ),
    _Known(
        "deezer",
        _SEARCH,
        (*_NAMES, "duration_ms", "artwork_url", "explicit", "popularity", "deezer_id"),
    ),
    _Known("deezer", _LOOKUP, ("isrc", "release_date"), note="In the look-up of a track only."),
    _Known("deezer", _LOOKUP, ("bpm",), note="In the look-up of a track only; often 0, which says unknown."),
    _Known(
        "discogs",
        _SEARCH,
        (*_NAMES, "label", "release_date", "genres", "discogs_id"),
        note="Without a token releases can be looked up but not searched (discogs.com/developers).",
    ),
    _Known("discogs", _LOOKUP, ("duration_ms",), note="Often left empty by those who enter the release."),
    _Known("discogs", _LOOKUP, ("artwork_url",), _RESTRICTED, note="Pictures are given with a token only."),
    _Known(
        "listenbrainz",
        _SEARCH,
        (*_NAMES, "genres", "release_date", "duration_ms", "artwork_url"),
        since="2025-12-11",
        note="By identifier for everybody, by names with a token only (blog.metabrainz.org, 2025-12-11).",
    ),
    _Known("listenbrainz", _SEARCH, ("isrc",), _RESTRICTED, note="Of few recordings."),
    _Known(
        "coverartarchive",
        _IMAGES,
        ("artwork_url",),
        note="By MusicBrainz release identifier only; it cannot be searched "
        "(musicbrainz.org/doc/Cover_Art_Archive/API).",
    ),
    _Known("lastfm", _SEARCH, ("artist_name", "track_title")),
    _Known(
        "lastfm",
        _LOOKUP,
        ("album", "duration_ms", "genres"),
        note="In the look-up of a track only; genres are tags of its users. Not for commercial use without a "
        "contract (last.fm/api/tos).",
    ),
    _Known(
        "lastfm",
        _LOOKUP,
        ("artwork_url",),
        _RESTRICTED,
        "2019",
        "Pictures of artists are one placeholder star; of albums they are real (pylast#317).",
    ),
    _Known(
        "itunes",
        _SEARCH,
        (*_NAMES, "release_date", "duration_ms", "genres", "artwork_url", "explicit"),
        note="About 20 calls a minute; no ISRC in its answers.",
    ),
    _Known(
        "beatport",
        _SEARCH,
        (*_NAMES, "isrc", "label", "release_date", "duration_ms", "bpm", "musical_key", "genres"),
        _RESTRICTED,
        note="API v4 needs an account that Beatport grants by hand; v3 has been shut down.",
    ),
    _Known(
        "acousticbrainz",
        _FEATURES,
        ("bpm", "musical_key"),
        _ENDED,
        "2022",
        "No submissions since 2022; what it had is a frozen data set to download (acousticbrainz.org).",
    ),
)


def capabilities(closed: Mapping[str, Mapping[EndpointClass, SwitchedOff]]) -> list[Capability]:
    """Every provider and field, by provider; `closed` are the kinds of calls each provider has closed."""
    return [entry for known in _KNOWN for entry in _entries(known, closed.get(known.provider, {}))]


def known_providers() -> frozenset[str]:
    """The providers that something is known about, the ended ones included."""
    return frozenset(known.provider for known in _KNOWN)


def _entries(known: _Known, closed: Mapping[EndpointClass, SwitchedOff]) -> Iterable[Capability]:
    off = [closed[kind] for kind in known.kinds if kind in closed]
    state, since, note = known.state, known.since, known.note
    if off and state is not _ENDED:
        state, since, note = _RESTRICTED, off[0].since.date().isoformat(), _closed(off, note)
    for field in known.fields:
        yield Capability(provider=known.provider, field=field, state=state, since=since, note=note)


def _closed(off: Sequence[SwitchedOff], note: str) -> str:
    told = f"Closed to us: {off[0].detail}. Tried once a day."
    return f"{told} {note}".strip()
