"""The gateway's live stream, and the history behind the charts.

`GET /admin/events` sends server-sent events: `providers` with a LiveProviders once a second and at once
when a breaker or gate changes; `transition` with a BreakerTransition for each change. Every event names the
gateway's own time, so that a reader can tell a stale stream from a quiet one.
"""

from datetime import datetime

from pydantic import BaseModel, Field

from backend.contracts.providers import BreakerState, Capability, ProviderStatus

EVENT_PROVIDERS = "providers"
EVENT_TRANSITION = "transition"


class SharedState(BaseModel):
    """Where breakers and budgets are kept."""

    kind: str
    """`redis` or `local`."""
    healthy: bool = True
    """Whether the shared store answers; while it does not, each replica goes on by itself."""
    replicas: int | None = None
    """Gateway replicas seen within the last seconds; none when it is not known."""
    replica: str = ""
    """Name of the replica that answers."""
    detail: str = ""


class LiveProviders(BaseModel):
    """All providers at a moment; data of the event `providers`, and answer of `GET /admin/providers`."""

    at: datetime
    release: str = ""
    providers: dict[str, ProviderStatus]
    shared: SharedState


class BreakerTransition(BaseModel):
    """One change of a breaker's state; data of the event `transition`."""

    provider: str
    endpoint: str
    from_state: BreakerState
    to_state: BreakerState
    reason: str
    epoch: int
    at: datetime


class HistoryPoint(BaseModel):
    """Calls of one time slice."""

    start: datetime
    calls: int
    failures: int
    throttled: int = 0
    not_found: int = 0


class StateInterval(BaseModel):
    """A time in which a breaker was open or half-open; `end` is none while it lasts."""

    endpoint: str
    state: BreakerState
    start: datetime
    end: datetime | None = None
    reason: str = ""


class ProviderHistory(BaseModel):
    """`GET /admin/providers/{provider}/history?minutes=N`: from Bronze, so it survives restarts."""

    provider: str
    slice_seconds: float
    points: list[HistoryPoint] = Field(default_factory=list)
    """Every slice of the range, quiet ones included, oldest first."""
    intervals: list[StateInterval] = Field(default_factory=list)


class CapabilityList(BaseModel):
    """`GET /admin/capabilities`: which provider gives which field."""

    capabilities: list[Capability]


class FieldUse(BaseModel):
    """A field that the active waterfall takes from a provider."""

    field: str
    place: int
    """1 for the first source asked."""
    followed_by: list[str] = Field(default_factory=list)
    """The enabled sources after it, in order: what covers for it."""


class ProviderImpact(BaseModel):
    """What a provider means to enrichment, and what covers for it meanwhile. None: could not be read."""

    provider: str
    since: datetime
    """From when `covered_by` and the counts are taken: when the breaker opened, else an hour ago."""
    fields: list[FieldUse] | None = None
    covered_by: dict[str, float] | None = None
    """Share of the values of these fields since then, by the provider that gave them."""
    tracks: int | None = None
    """Tracks written to Gold since then that are marked degraded."""
    dead_letters: int | None = None
    """Dead letters of this provider that failed since then."""
