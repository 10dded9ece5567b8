"""State and control of a breaker in one, and how it looks."""

from enum import StrEnum

from backend.contracts.providers import BreakerControl, BreakerState, BreakerStatus
from controllers.marks import Mark, Shape


class Condition(StrEnum):
    """State and control of a breaker in one."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    QUARANTINED = "quarantined"
    FORCED_OPEN = "forced open"
    DISABLED = "disabled"
    SHADOW = "shadow"
    UNKNOWN = "unknown"


MARKS = {
    Condition.CLOSED: Mark(Shape.DISC, "ok", "closed"),
    Condition.OPEN: Mark(Shape.BLOCK, "bad", "open"),
    Condition.HALF_OPEN: Mark(Shape.HALF_DISC, "warn", "half-open"),
    Condition.QUARANTINED: Mark(Shape.HALF_BLOCK, "bad", "quarantined"),
    Condition.FORCED_OPEN: Mark(Shape.LOCK, "bad", "forced open"),
    Condition.DISABLED: Mark(Shape.OFF, "warn", "disabled"),
    Condition.SHADOW: Mark(Shape.EYE, "info", "shadow"),
    Condition.UNKNOWN: Mark(Shape.UNKNOWN, "muted", "unknown"),
}

_CONTROLLED = {
    BreakerControl.FORCED_OPEN: Condition.FORCED_OPEN,
    BreakerControl.DISABLED: Condition.DISABLED,
    BreakerControl.SHADOW: Condition.SHADOW,
}

_STATES = {
    BreakerState.CLOSED: Condition.CLOSED,
    BreakerState.OPEN: Condition.OPEN,
    BreakerState.HALF_OPEN: Condition.HALF_OPEN,
}


def condition_of(status: BreakerStatus) -> Condition:
    """State and control of a breaker in one; what an operator forced comes first."""
    forced = _CONTROLLED.get(status.control.control)
    if forced is not None:
        return forced
    if status.quarantined and status.state is not BreakerState.CLOSED:
        return Condition.QUARANTINED
    return _STATES[status.state]


def needs_somebody(condition: Condition) -> bool:
    """Whether a provider counts in the badge: its calls are held back, or nobody watches over them."""
    return condition not in (Condition.CLOSED, Condition.SHADOW, Condition.UNKNOWN)


def severity(condition: Condition) -> float:
    """Worst first, when the table is sorted by state."""
    order = (
        Condition.OPEN,
        Condition.QUARANTINED,
        Condition.FORCED_OPEN,
        Condition.HALF_OPEN,
        Condition.UNKNOWN,
        Condition.DISABLED,
        Condition.SHADOW,
        Condition.CLOSED,
    )
    return float(order.index(condition))
