"""One sample track looked at closely: four sources, ten fields, one of them degraded."""

from datetime import datetime, timedelta
from typing import Any

from backend.contracts.enrichment import FieldProvenance
from backend.contracts.inspection import (
    CandidateInspection,
    FieldDisagreement,
    Lineage,
    Penalty,
    SourceInspection,
    TrackInspection,
    WalkStep,
)

_VALUES: dict[str, tuple[Any, str, float]] = {
    "artist_name": ("deadmau5", "musicbrainz", 0.96),
    "track_title": ("Strobe", "musicbrainz", 0.96),
    "album": ("For Lack of a Better Name", "spotify", 0.91),
    "isrc": ("USUS10900223", "spotify", 0.97),
    "release_date": ("2009-09-22", "musicbrainz", 0.93),
    "duration_ms": (637_000, "spotify", 0.96),
    "bpm": (128.0, "deezer", 0.82),
    "genres": (["Progressive House", "Electronic"], "discogs", 0.84),
    "label": ("mau5trap", "discogs", 0.87),
    "explicit": (False, "spotify", 0.92),
}


def inspected(artist: str, title: str, at: datetime) -> TrackInspection:
    """Asked for just now."""
    return TrackInspection(
        track_id=None,
        artist_name=artist,
        track_title=title,
        config_version=7,
        at=at,
        sources=_sources(artist, title),
        walk=_walk(),
        values={field: value for field, (value, _, _) in _VALUES.items()},
        disagreements=[
            FieldDisagreement(
                field="release_date",
                policy="first",
                winner="musicbrainz",
                value="2009-09-22",
                others={"discogs": "2009"},
            )
        ],
    )


def stored(track_id: str, artist: str, title: str, at: datetime) -> TrackInspection:
    """From the database, with lineage."""
    made = inspected(artist, title, at)
    lineage = [_lineage(field, artist, title, at) for field in _VALUES]
    return made.model_copy(update={"track_id": track_id, "lineage": lineage})


def _lineage(field: str, artist: str, title: str, at: datetime) -> Lineage:
    value, provider, sure = _VALUES[field]
    missed = ["musicbrainz"] if field == "label" else []
    return Lineage(
        field=field,
        value=value,
        provenance=FieldProvenance(
            provider=provider,
            confidence=sure,
            position=2 if missed else 1,
            response_id="5d0c7b6e-1f0a-4a51-9a51-0c2a5c7d1e42",
            config_version=7,
            degraded_by=missed,
        ),
        request_id="8b7d2f10-93c1-4a0e-8a53-64c9e4e0f1aa",
        endpoint="release" if provider == "discogs" else "search",
        fetched_at=at,
        match_probability=0.97,
        candidate_title=title,
        candidate_artists=[artist],
        config_author="lea@desk-2",
        first_set_at=at - timedelta(days=12),
        last_changed_at=at - timedelta(days=12),
        changes=1 if missed else 0,
    )


def _walk() -> list[WalkStep]:
    label = [
        WalkStep(
            field="label", position=1, provider="musicbrainz", outcome="throttled", detail="until 14:41"
        ),
        WalkStep(
            field="label",
            position=2,
            provider="discogs",
            outcome="used",
            value="mau5trap",
            confidence=0.87,
            min_confidence=0.70,
        ),
    ]
    key = [WalkStep(field="musical_key", position=1, provider="beatport", outcome="credential")]
    rest = [
        WalkStep(
            field=field,
            position=1,
            provider=provider,
            outcome="used",
            value=value,
            confidence=sure,
            min_confidence=0.70,
        )
        for field, (value, provider, sure) in _VALUES.items()
        if field != "label"
    ]
    return [*rest, *label, *key]


def _sources(artist: str, title: str) -> list[SourceInspection]:
    chosen = _candidate(artist, title)
    edit = _candidate(artist, title, version="Radio Edit", probability=0.0, gate="other version")
    karaoke = _candidate("Party Tyme", title, probability=0.0, gate="karaoke or tribute")
    doubtful = _candidate(artist, f"{title}s", probability=0.34)
    return [
        SourceInspection(
            provider="discogs",
            outcome="ok",
            verdict="matched",
            calls=2,
            candidates=[chosen, edit, karaoke, doubtful],
        ),
        SourceInspection(provider="spotify", outcome="ok", verdict="matched", candidates=[chosen]),
        SourceInspection(
            provider="deezer",
            outcome="ok",
            verdict="unsure",
            detail="two recordings fit alike",
            candidates=[edit],
        ),
        SourceInspection(
            provider="musicbrainz", outcome="throttled", verdict="no_answer", detail="until 14:41"
        ),
        SourceInspection(provider="itunes", outcome="not_found", verdict="no_match"),
    ]


def _candidate(
    artist: str, title: str, *, version: str | None = None, probability: float = 0.97, gate: str = ""
) -> CandidateInspection:
    evidence = [
        Penalty(name="title", weight=3.0, explanation="equal"),
        Penalty(name="artist", weight=2.5, explanation="equal"),
        Penalty(name="duration", weight=1.5, explanation="10:37 and 10:37"),
        Penalty(name="version", weight=-0.7, explanation="only the candidate names one"),
        Penalty(name="identifier", weight=0.0, explanation="no ISRC is known"),
    ]
    return CandidateInspection(
        provider_id=f"{artist}/{title}/{version}",
        title=title,
        artists=[artist],
        version=version,
        album="For Lack of a Better Name",
        isrc="USUS10900223",
        duration_ms=637_000,
        release_date="2009-09-22",
        probability=probability,
        gate=gate,
        evidence=[] if gate else evidence,
        chosen=not gate and probability > 0.9,
    )
