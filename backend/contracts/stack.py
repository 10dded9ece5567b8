"""The state of a stack as measured: services, layers, breakers, lock."""

from datetime import datetime
from enum import StrEnum

from backend.contracts.runs import Finding, Record

NO_SCHEMA = "none"
"""`schema_revision` of a database that answers and has no migration applied."""


class LockHolder(Record):
    """Who holds an environment's deployment lock."""

    operator: str
    host: str
    run: str
    reason: str
    since: datetime
    heartbeat: datetime | None = None
    """When the holder last showed that it is alive; every 5 s while it is."""


class ServiceState(StrEnum):
    """What a service of the stack was seen doing."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    STARTING = "starting"
    STOPPED = "stopped"
    CRASHED = "crashed"
    UNKNOWN = "unknown"


class ServiceStatus(Record):
    """One service as seen at a moment."""

    name: str
    state: ServiceState
    release: str = ""
    address: str = ""
    process_id: int | None = None
    started_at: datetime | None = None
    restarts: int = 0
    health_ms: float | None = None
    """Milliseconds that the health endpoint took; none when it did not answer."""
    detail: str = ""


class LayerCounts(Record):
    """Rows in the three layers, read from the database."""

    bronze: int
    silver: int
    gold: int


class StackStatus(Record):
    """What an environment runs, measured and not remembered."""

    environment: str
    measured_at: datetime
    deployed: bool
    """Whether any release is deployed here."""
    release: str = ""
    schema_revision: str = ""
    """Three digits of the last migration, NO_SCHEMA, or empty while it is not known."""
    waterfall_version: str = ""
    services: tuple[ServiceStatus, ...] = ()
    breakers: dict[str, str] | None = None
    """State of each provider's breaker; none when the gateway did not answer."""
    dead_letters: int | None = None
    letters_missing: int | None = None
    """What the dead letters' meter differs by: 0 balances; none while it is not known."""
    letters_threatened: tuple[str, ...] = ()
    """What could lose or hold dead letters, a sentence each."""
    layers: LayerCounts | None = None
    throughput: tuple[tuple[datetime, int, int], ...] = ()
    """Per minute of the last hour: start of the minute, tracks enriched, tracks failed."""
    lock: LockHolder | None = None
    problems: tuple[Finding, ...] = ()
    """What needs a person, most urgent first."""
