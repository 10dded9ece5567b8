"""What the gateway leaves in the database: provider answers, breaker events, breaker states."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb


@dataclass(frozen=True)
class ResponseRecord:
    """A row of Bronze's `raw_api_responses`: a provider's answer, bytes unchanged."""

    id: str
    provider: str
    endpoint: str
    request_params: dict[str, str]
    response_status: int | None
    """None when no answer came: then there is no body either."""
    response_headers: dict[str, str]
    body: bytes | None
    outcome: str
    latency_ms: float
    correlation_id: str | None
    fetched_at: datetime

    SQL = """
        INSERT INTO raw_api_responses (id, provider, endpoint, request_params, response_status,
            response_headers, body, outcome, latency_ms, correlation_id, fetched_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (id) DO NOTHING
    """

    def parameters(self) -> tuple[Any, ...]:
        """In the order of `SQL`."""
        return (
            self.id,
            self.provider,
            self.endpoint,
            Jsonb(self.request_params),
            self.response_status,
            Jsonb(self.response_headers),
            self.body,
            self.outcome,
            self.latency_ms,
            self.correlation_id,
            self.fetched_at,
        )


@dataclass(frozen=True)
class BreakerEventRecord:
    """A row of Bronze's `raw_circuit_breaker_events`."""

    provider: str
    from_state: str
    to_state: str
    reason: str
    epoch: int
    failure_count: int
    happened_at: datetime

    SQL = """
        INSERT INTO raw_circuit_breaker_events
            (provider, from_state, to_state, reason, epoch, failure_count, happened_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
    """

    def parameters(self) -> tuple[Any, ...]:
        """In the order of `SQL`."""
        return (
            self.provider,
            self.from_state,
            self.to_state,
            self.reason,
            self.epoch,
            self.failure_count,
            self.happened_at,
        )


@dataclass(frozen=True)
class BreakerStateRecord:
    """The row of a provider in Silver's `circuit_breaker_state`."""

    provider: str
    state: str
    epoch: int
    reason: str
    since: datetime
    retry_at: datetime | None

    SQL = """
        INSERT INTO circuit_breaker_state (provider, state, epoch, reason, since, retry_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, now())
        ON CONFLICT (provider) DO UPDATE SET state = excluded.state, epoch = excluded.epoch,
            reason = excluded.reason, since = excluded.since, retry_at = excluded.retry_at,
            updated_at = excluded.updated_at
    """

    def parameters(self) -> tuple[Any, ...]:
        """In the order of `SQL`."""
        return (self.provider, self.state, self.epoch, self.reason, self.since, self.retry_at)


Record = ResponseRecord | BreakerEventRecord | BreakerStateRecord
