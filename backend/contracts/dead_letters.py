"""What the DLQ manager says on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel


class DeadLetterState(StrEnum):
    """Where a dead letter stands."""

    FAILED = "failed"
    IN_FLIGHT = "in_flight"
    RESOLVED = "resolved"
    DISCARDED = "discarded"
    QUARANTINED = "quarantined"


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

    message_ids: list[str]


class BatchReplayResult(BaseModel):
    """Answer of a batch replay."""

    success: bool
    replayed_count: int
    failed_count: int
    errors: list[str]


class DiscardRequest(BaseModel):
    """Body of `DELETE /dlq/message/{message_id}`: why it is let go."""

    reason: str
