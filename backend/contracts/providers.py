"""Providers as the gateway sees them: circuit breakers, rate gate, traffic, capabilities.

The values of `api_clients` in the gateway's `/health`, of `GET /admin/providers` and of the live stream.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field


class EndpointClass(StrEnum):
    """Kinds of calls that live and die together: each has a circuit breaker of its own at every provider."""

    SEARCH = "search"
    LOOKUP = "lookup"
    FEATURES = "features"
    IMAGES = "images"
    TOKEN = "token"  # noqa: S105 - a kind of call


HOST = "host"
"""Name of the breaker above a provider's endpoint classes; it opens on connect and TLS failures only."""


class BreakerState(StrEnum):
    """State of a circuit breaker, lower case on the wire as the playbook's commands compare it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerControl(StrEnum):
    """What an operator made of a breaker. It outlives restarts of gateway and Redis, until it expires."""

    AUTOMATIC = "automatic"
    FORCED_OPEN = "forced_open"
    """Refuses every call; `state` is `open`."""
    DISABLED = "disabled"
    """Lets every call pass and records nothing; `state` is `closed`."""
    SHADOW = "shadow"
    """Lets every call pass, records, and says when it would have opened; `state` is what it would be."""


class GateState(StrEnum):
    """The second lamp beside the breaker: whether the provider's limit lets calls through."""

    FLOWING = "flowing"
    COOLING = "cooling"
    QUOTA = "quota"
    BLOCKED = "blocked"
    """Credentials were refused."""


class ControlStatus(BaseModel):
    """Who forced a breaker into a state, why, and until when."""

    control: BreakerControl = BreakerControl.AUTOMATIC
    author: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


class BreakerStatus(BaseModel):
    """One circuit breaker; for a whole provider the worst of its breakers."""

    endpoint: str = HOST
    """Endpoint class, or `host`."""
    state: BreakerState
    since: datetime
    epoch: int
    """Counts the changes of state; a control request names the epoch it has seen."""
    calls_in_window: int
    failures_in_window: int
    slow_in_window: int = 0
    failure_rate: float | None
    """Share of failed calls in the window, none below the minimum number of calls."""
    failure_threshold: float = 0.5
    minimum_calls: int
    window_seconds: float = 60.0
    slow_seconds: float | None = None
    """A call that takes longer counts as slow."""
    reason: str = ""
    retry_at: datetime | None = None
    """When the next probes are let through, while open."""
    probes: int = 0
    """Probes that reported, or are under way, in this half-open state."""
    probes_allowed: int = 3
    opened_total: int = 0
    rejected_total: int = 0
    quarantined: bool = False
    """Open here only: other replicas still reach the provider."""
    control: ControlStatus = ControlStatus()


class RateGateStatus(BaseModel):
    """Whether the provider's limit lets calls through, and how much of it is left."""

    state: GateState
    until: datetime | None = None
    reason: str = ""
    limit: int
    """Calls in any `window_seconds`; never above what the provider documents."""
    window_seconds: float
    remaining: int | None = None
    """Calls that could be made at once; none when it is not known."""
    waiting: int = 0
    """Calls of this replica that wait for their place."""
    documented_limit: int | None = None
    """What the provider documents, when its headers have lowered `limit`."""


class LastError(BaseModel):
    """The newest answer that was not a usable one."""

    outcome: str
    detail: str
    at: datetime
    endpoint: str
    response_id: str | None = None


class TrafficStatus(BaseModel):
    """Calls of the last minute, of the replica that answers."""

    window_seconds: float = 60.0
    calls: int = 0
    outcomes: dict[str, int] = Field(default_factory=dict)
    """How many calls ended how, by outcome."""
    rejected: int = 0
    """Calls that the breaker refused."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    cache_hits: int = 0
    cache_misses: int = 0
    last_error: LastError | None = None
    last_failure_at: datetime | None = None
    """When a call last failed in a way that counts against the provider."""


class CapabilityState(StrEnum):
    """Whether a provider still gives a field."""

    LIVE = "live"
    RESTRICTED = "restricted"
    ENDED = "ended"


class Capability(BaseModel):
    """What one provider gives for one field, with the source of that knowledge."""

    provider: str
    field: str
    state: CapabilityState
    since: str | None = None
    """ISO date from which the state holds, when it is known."""
    note: str = ""


class ProviderStatus(BaseModel):
    """One provider; the value of `api_clients` in the gateway's `/health`."""

    status: str
    """`healthy`, `degraded`, `unavailable` or `no_credentials`."""
    mode: str
    """`simulated` or `live`."""
    circuit_breaker: BreakerStatus
    """The worst of its breakers: what the playbook's commands read."""
    endpoints: dict[str, BreakerStatus] = Field(default_factory=dict)
    """Every breaker, by endpoint class, and `host`."""
    rate_gate: RateGateStatus
    traffic: TrafficStatus = TrafficStatus()
    missing_credentials: str = ""
    cache_hits: int = 0
    cache_misses: int = 0
