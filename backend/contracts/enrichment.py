"""What the metadata-enrichment service says on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field, field_validator


class EnrichmentStatus(StrEnum):
    """How an enrichment ended. `cached`: Gold already had it and nothing was called."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    CACHED = "cached"
    FAILED = "failed"


class EnrichRequest(BaseModel):
    """Body of `POST /enrich`. `track_id` is free text chosen by the caller."""

    track_id: str = Field(min_length=1, max_length=200)
    artist_name: str = Field(min_length=1, max_length=500)
    track_title: str = Field(min_length=1, max_length=500)
    existing_isrc: str | None = Field(default=None, max_length=500)
    existing_spotify_id: str | None = Field(default=None, max_length=200)
    existing_musicbrainz_id: str | None = Field(default=None, max_length=200)
    correlation_id: str | None = Field(default=None, max_length=200)
    priority: int = Field(default=5, ge=1, le=10)
    force_refresh: bool = False

    @field_validator("*", mode="after")
    @classmethod
    def _storable(cls, value: object) -> object:
        """PostgreSQL cannot store NUL in a text; refused here, where the caller can still correct it."""
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("must not contain the NUL character")
        return value


class FieldProvenance(BaseModel):
    """Where a Gold value comes from."""

    provider: str
    confidence: float
    position: int
    """Place of the source in the field's waterfall, from 1."""
    response_id: str | None = None
    config_version: int
    degraded_by: list[str] = Field(default_factory=list)
    """Sources before this one that could not be asked, so that a better value may exist."""
    found_at: datetime | None = None
    """When the source last gave it; none for values from before this was kept."""


class EnrichResponse(BaseModel):
    """Answer of `POST /enrich`."""

    track_id: str
    status: EnrichmentStatus
    request_id: str
    correlation_id: str
    sources_used: list[str]
    metadata_acquired: dict[str, Any]
    provenance: dict[str, FieldProvenance]
    errors: list[str]
    duration_seconds: float
    cached: bool
    dead_letter_id: str | None = None
    """Set when the enrichment failed and was handed to the dead-letter queue."""
    timestamp: datetime


class BatchAccepted(BaseModel):
    """Answer of `POST /enrich/batch`: the requests are durably queued."""

    status: str
    batch_size: int
    correlation_id: str
    message: str


class BatchProgress(BaseModel):
    """How far the tracks of one batch or import are; answer of `GET /enrich/batches/{correlation_id}`."""

    correlation_id: str
    is_finished: bool
    tracks: int
    """Queued in all; the numbers below add up to it."""
    completed: int
    partial: int
    cached: int
    dead_lettered: int
    """Failed, and kept by the dead-letter manager. One sent again with success counts as completed."""
    in_progress: int
    waiting: int
    """Not begun yet, or put back until a provider can be asked."""
    started_at: datetime
    finished_at: datetime | None


class RevisitRun(BaseModel):
    """Tracks done again because the provider whose absence made their values worse is back."""

    id: str
    provider: str
    status: str
    """`running`, `completed`, or `partial` when the provider went away again."""
    triggered_by: str
    started_at: datetime
    completed_at: datetime | None
    queued: int
    done: int
    """Counted when it ends, as are the failed ones."""
    failed: int


class LayerRows(BaseModel):
    """The rows of one track in the three layers, as the database has them."""

    track_id: str
    bronze: list[dict[str, Any]]
    silver: list[dict[str, Any]]
    gold: list[dict[str, Any]]


class EndToEndResult(BaseModel):
    """The playbook's manual end-to-end test: the service's answer and the rows it left."""

    request: EnrichRequest
    http_status: int
    response: dict[str, Any]
    milliseconds: float
    rows: LayerRows
