"""What an operator does to circuit breakers, and what is kept of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backend.contracts.errors import OperatorError
from backend.contracts.gateway import Outcome
from backend.contracts.providers import BreakerStatus

DEFAULT_MINUTES = 60
LONGEST_MINUTES = 7 * 24 * 60


class ControlAction(StrEnum):
    """The five things that can be done by hand."""

    FORCE_OPEN = "force_open"
    DISABLE = "disable"
    SHADOW = "shadow"
    CLOSE = "close"
    """Ends whatever was forced, closes, and starts the window and the waiting times afresh."""
    PROBE = "probe"
    """Lets probes through now instead of at the end of the waiting time."""


class AuditAction(StrEnum):
    """What stands in the audit: the five, and forgetting cached answers."""

    FORCE_OPEN = "force_open"
    DISABLE = "disable"
    SHADOW = "shadow"
    CLOSE = "close"
    PROBE = "probe"
    FORGET_ANSWERS = "forget_answers"
    """`POST /admin/cache/invalidate`; the endpoint is then the operation whose answers were forgotten."""


class ControlRequest(BaseModel):
    """Body of `POST /admin/circuit-breakers/{provider}/control`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    action: ControlAction
    endpoint: str | None = None
    """Endpoint class or `host`; none for all breakers of the provider."""
    reason: str = Field(min_length=3, max_length=500)
    author: str = Field(min_length=1, max_length=100)
    minutes: int = Field(default=DEFAULT_MINUTES, ge=1, le=LONGEST_MINUTES)
    """How long a forced state lasts."""
    expected_epoch: int | None = None
    """Epoch of the provider's `circuit_breaker` that the operator saw; another one is refused with 409."""

    @field_validator("reason", "author", mode="after")
    @classmethod
    def _storable(cls, value: str) -> str:
        """PostgreSQL cannot store NUL in a text; refused here, where the caller can still correct it."""
        if "\x00" in value:
            raise ValueError("must not contain the NUL character")
        return value


class TestCall(BaseModel):
    """How the harmless call ended that goes with a probe."""

    __test__ = False  # its name makes pytest look

    outcome: Outcome
    detail: str = ""
    milliseconds: float
    response_id: str | None = None


class ControlResult(BaseModel):
    """Answer of a control call."""

    provider: str
    action: ControlAction
    circuit_breaker: BreakerStatus
    endpoints: dict[str, BreakerStatus]
    audit_id: int | None = None
    """Row of the audit; none when the database is away (the row is written when it is back)."""
    detail: str = ""
    """What the operator should know besides, such as that the audit row is still to be written."""
    test_call: TestCall | None = None
    """Of a probe alone."""


class ControlAudit(BaseModel):
    """One thing an operator did; `GET /admin/circuit-breakers/audit`."""

    id: int
    provider: str
    endpoint: str | None
    action: AuditAction
    author: str
    reason: str
    until: datetime | None
    before: str
    """State and control before, in words such as `closed, automatic`."""
    epoch: int
    at: datetime


class ControlConflict(BaseModel):
    """Body of the 409 of a control call: somebody else was first."""

    detail: str
    provider: str
    circuit_breaker: BreakerStatus
    endpoints: dict[str, BreakerStatus]


class ControlConflictError(OperatorError):
    """Somebody else changed the breaker first: the epoch that the operator saw is not the present one."""
