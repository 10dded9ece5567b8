"""What the gateway leaves in the database: provider answers, breaker events, breaker states."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from psycopg.types.json import Jsonb

from backend.contracts.providers import HOST, ControlStatus


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
            Jsonb(self.request_params, orjson.dumps),
            self.response_status,
            Jsonb(self.response_headers, orjson.dumps),
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
    endpoint: str = HOST

    SQL = """
        INSERT INTO raw_circuit_breaker_events
            (provider, from_state, to_state, reason, epoch, failure_count, happened_at, endpoint)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
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
            self.endpoint,
        )


@dataclass(frozen=True)
class BreakerStateRecord:
    """The row of a breaker in Silver's `circuit_breaker_state`.

    Replicas write by themselves, so what one writes late does not undo what another has written since.
    """

    provider: str
    state: str
    epoch: int
    reason: str
    since: datetime
    retry_at: datetime | None
    endpoint: str = HOST
    control: ControlStatus = field(default_factory=ControlStatus)

    SQL = """
        INSERT INTO circuit_breaker_state AS kept (provider, endpoint, state, epoch, reason, since, retry_at,
            control, control_author, control_reason, control_until, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now())
        ON CONFLICT (provider, endpoint) DO UPDATE SET state = excluded.state, epoch = excluded.epoch,
            reason = excluded.reason, since = excluded.since, retry_at = excluded.retry_at,
            control = excluded.control, control_author = excluded.control_author,
            control_reason = excluded.control_reason, control_until = excluded.control_until,
            updated_at = excluded.updated_at
        WHERE excluded.epoch >= kept.epoch OR excluded.since > kept.since
    """

    def parameters(self) -> tuple[Any, ...]:
        """In the order of `SQL`."""
        control = self.control
        return (
            self.provider,
            self.endpoint,
            self.state,
            self.epoch,
            self.reason,
            self.since,
            self.retry_at,
            control.control,
            control.author,
            control.reason,
            control.until,
        )


Record = ResponseRecord | BreakerEventRecord | BreakerStateRecord
