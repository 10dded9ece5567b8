"""What the DLQ manager says on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field


class DeadLetterState(StrEnum):
    """Where a dead letter stands."""

    FAILED = "failed"
    SCHEDULED = "scheduled"
    """An operation will send it again at its time, or when its condition is true."""
    CLAIMED = "claimed"
    """Reserved by an operation, under a lease; nothing was sent yet."""
    PUBLISHING = "publishing"
    """To be sent again: intended and recorded, not yet confirmed by the broker."""
    IN_FLIGHT = "in_flight"
    """Sent again; what became of it is not known yet."""
    RESOLVED = "resolved"
    """Processed this time; the proof is kept."""
    QUARANTINED = "quarantined"
    """Bulk operations leave it alone: it came back too often, or cannot be read."""
    DISCARDED = "discarded"
    """Let go with a reason; can be taken back until it is purged."""
    PURGED = "purged"
    """Its bytes are gone, by retention; a tombstone and its history stay."""


OPEN_STATES = (
    DeadLetterState.FAILED,
    DeadLetterState.SCHEDULED,
    DeadLetterState.CLAIMED,
    DeadLetterState.PUBLISHING,
    DeadLetterState.IN_FLIGHT,
    DeadLetterState.QUARANTINED,
)
"""Everything that is not over."""
PENDING_STATES = (DeadLetterState.FAILED, DeadLetterState.QUARANTINED)
"""Waiting for somebody to decide."""


class DeadLetter(BaseModel):
    """A failed message as the list shows it; the reference's names are kept."""

    message_id: str
    state: DeadLetterState
    correlation_id: str | None
    routing_key: str
    timestamp: datetime
    """When it failed last."""
    first_failed_at: datetime
    retry_count: int
    error_type: str
    error_message: str
    stack_trace: str | None = None
    source_service: str
    provider: str | None = None
    fingerprint: str
    payload: Any
    metadata: dict[str, Any] | None = None


class DeadLetterStats(BaseModel):
    """Answer of `GET /dlq/stats`."""

    total_pending: int
    """Dead letters waiting for somebody: failed or quarantined."""
    total_messages: int
    total_in_flight: int
    total_replayed: int
    total_resolved: int
    total_discarded: int
    by_state: dict[str, int] = Field(default_factory=dict)
    by_error_type: dict[str, int]
    by_service: dict[str, int]
    oldest_message_age_seconds: float | None
    newest_message_age_seconds: float | None
    queue_stats: dict[str, int]


class ReplayResult(BaseModel):
    """Answer of a single replay."""

    success: bool
    message: str


class BatchReplayRequest(BaseModel):
    """Body of `POST /dlq/replay/batch`."""

    message_ids: list[str] = Field(min_length=1, max_length=1000)


class BatchReplayResult(BaseModel):
    """Answer of a batch replay."""

    success: bool
    replayed_count: int
    failed_count: int
    errors: list[str]


class DiscardRequest(BaseModel):
    """Body of `DELETE /dlq/message/{message_id}`: why it is let go."""

    reason: str = Field(min_length=1, max_length=2000)


class AuditEntry(BaseModel):
    """One thing that was done to a dead letter."""

    action: str
    actor: str
    reason: str
    from_state: DeadLetterState | None
    to_state: DeadLetterState
    version: int
    happened_at: datetime


class DeadLetterDetail(DeadLetter):
    """A dead letter with its history; answer of `GET /dlq/messages/{message_id}`."""

    generation: int
    """How often it was sent again."""
    proof: dict[str, Any] | None
    """For a resolved one: the outcome that the enrichment service reported."""
    payload_sha256: str
    audit: list[AuditEntry]


class ErrorGroup(BaseModel):
    """Dead letters that failed in the same way; an element of `GET /dlq/errors/grouped`."""

    fingerprint: str
    error_type: str
    provider: str | None
    count: int
    sample_message: str
    sample_messages: list[str]
    """At most five message ids, newest first."""
    first_seen: datetime
    last_seen: datetime


class FailureReport(BaseModel):
    """Why a message could not be processed; travels beside the unchanged message to the dead-letter queue."""

    error_type: str
    error_message: str
    stack_trace: str | None = None
    provider: str | None = None
    """The provider that is to blame, if it is one alone."""
    source_service: str
    routing_key: str
    """The queue to which a replay goes."""
    failed_at: datetime
    outcome_class: str | None = None
    """What the providers to blame did, in the gateway's classes; none when none is, or they differ."""
    place: str = ""
    """Where in the service it failed, such as `gathering` or `gold`."""
    trace_id: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class ReplayOutcome(BaseModel):
    """What became of a replayed dead letter that was processed this time."""

    message_id: str
    generation: int
    request_id: str
    track_id: str
    status: str
    """The status of the enrichment: completed, partial or cached."""
    finished_at: datetime
