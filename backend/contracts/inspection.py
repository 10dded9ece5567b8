"""One track looked at closely: what each source offered, how it was judged, where the values come from."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, field_validator

from backend.contracts.enrichment import FieldProvenance


class StoredTrack(BaseModel):
    """A track in Gold, or asked for without result; an element of `GET /tracks`."""

    track_id: str
    artist_name: str
    """As it was asked for."""
    track_title: str
    status: str
    """Of the newest request: completed, partial, cached, failed or in_progress."""
    completeness: float | None
    degraded: bool
    config_version: int | None
    last_requested_at: datetime


class InspectRequest(BaseModel):
    """Body of `POST /tracks/inspect`: ask the providers now and show everything. Writes nothing to Gold."""

    artist_name: str = Field(min_length=1, max_length=500)
    track_title: str = Field(min_length=1, max_length=500)
    isrc: str | None = Field(default=None, max_length=500)

    @field_validator("*", mode="after")
    @classmethod
    def _plain(cls, value: object) -> object:
        """No track has a name with NUL in it; an enrichment refuses it as well."""
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("must not contain the NUL character")
        return value


class Penalty(BaseModel):
    """One piece of evidence for or against a candidate."""

    name: str
    """title, artist, duration, version, album, year, identifier …"""
    weight: float
    """Log-odds; positive speaks for a match. 0 where nothing is known."""
    explanation: str
    """In words: what was compared and how it agreed."""


class CandidateInspection(BaseModel):
    """One track that a source named."""

    provider_id: str
    title: str
    artists: list[str]
    version: str | None = None
    album: str | None = None
    isrc: str | None = None
    duration_ms: int | None = None
    release_date: str | None = None
    url: str | None = None
    probability: float | None
    """That it is the wanted track, calibrated; none when it was not judged."""
    gate: str = ""
    """What ruled it out at once; empty when nothing did."""
    evidence: list[Penalty] = Field(default_factory=list)
    chosen: bool = False


class SourceInspection(BaseModel):
    """What one source answered."""

    provider: str
    outcome: str
    """The gateway's outcome of the call that counts."""
    verdict: str
    """`matched`, `no_match`, `unsure` or `no_answer`."""
    detail: str = ""
    calls: int = 1
    response_ids: list[str] = Field(default_factory=list)
    """Rows of `raw_api_responses` with the bytes."""
    received_at: datetime | None = None
    candidates: list[CandidateInspection] = Field(default_factory=list)


class WalkStep(BaseModel):
    """One step of one field's waterfall."""

    field: str
    position: int
    provider: str
    outcome: str
    """`used`, `below_threshold`, `no_value`, … as in `enrichment_transformations`."""
    value: Any = None
    confidence: float | None = None
    min_confidence: float | None = None
    detail: str = ""


class Lineage(BaseModel):
    """Why a track has this value: the whole chain from the provider's bytes to Gold."""

    field: str
    value: Any
    provenance: FieldProvenance
    request_id: str
    endpoint: str | None = None
    """The provider's endpoint that gave it; none when the Bronze row is not there any more."""
    fetched_at: datetime | None = None
    match_probability: float | None = None
    candidate_title: str | None = None
    candidate_artists: list[str] = Field(default_factory=list)
    config_author: str = ""
    first_set_at: datetime | None = None
    last_changed_at: datetime | None = None
    changes: int = 0


class FieldDisagreement(BaseModel):
    """Sources that gave different values, and the policy that decided."""

    field: str
    policy: str
    winner: str
    value: Any
    others: dict[str, Any]
    """Value by provider."""


class TrackInspection(BaseModel):
    """Everything about one track: stored, or asked for just now."""

    track_id: str | None
    """None for one that was asked for just now."""
    artist_name: str
    track_title: str
    config_version: int
    """0 for a request that failed before it knew its configuration."""
    at: datetime
    """When the providers were asked."""
    sources: list[SourceInspection]
    walk: list[WalkStep]
    values: dict[str, Any]
    lineage: list[Lineage] = Field(default_factory=list)
    """Of a stored track alone."""
    disagreements: list[FieldDisagreement] = Field(default_factory=list)
