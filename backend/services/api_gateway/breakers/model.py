"""The terms of a circuit breaker. Times without a zone are of the machine's own clock, in seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from backend.contracts.providers import BreakerControl, BreakerState

Clock = Callable[[], float]
"""Seconds from an arbitrary start, never running backwards."""


class Verdict(StrEnum):
    """What a finished call says about the provider's health."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNREACHABLE = "unreachable"
    """A failure to connect at all: five in a row open at once."""
    NEUTRAL = "neutral"
    """Says nothing: throttled, refused for its contents, or cancelled by us."""


@dataclass(frozen=True)
class BreakerSettings:
    """Times in seconds. The defaults are the design's section 4B."""

    minimum_calls: int = 10
    failure_rate: float = 0.5
    slow_rate: float = 0.8
    slow_floor: float = 3.0
    """No call is slow below this: 3 s, or what the provider documents as its latency if that is more."""
    slow_factor: float = 4.0
    """Slow is also never below this many times the rolling median."""
    unreachable_in_a_row: int = 5
    open_seconds: float = 15.0
    open_seconds_cap: float = 600.0
    jitter: float = 0.2
    probes: int = 3
    probes_at_once: int = 2
    probes_to_close: int = 2
    probes_to_reopen: int = 2
    lease_seconds: float = 20.0
    """Longer than the longest call: a probe that has not reported by then is given up as failed."""
    connect_only: bool = False
    """Opens on failures to connect only, whatever the rates: the breaker of a host."""

    def __post_init__(self) -> None:
        if self.probes < self.probes_to_close + self.probes_to_reopen - 1:
            raise ValueError("too few probes: they could all report without a decision")


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """Leave to make one call; hand it back with the result. `lease`: it is a probe's."""

    epoch: int
    lease: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """No call now. `retry_at`: when asking again makes sense, by the breaker's clock."""

    state: BreakerState
    reason: str
    retry_at: float
    forced: bool = False
    """An operator forced the breaker open."""


@dataclass(frozen=True)
class Transition:
    """A change of a breaker. `from_state` is `to_state` when only the operator's control changed."""

    endpoint: str
    """Endpoint class, or `host`."""
    from_state: BreakerState
    to_state: BreakerState
    reason: str
    epoch: int
    failures: int
    """Failed calls in the window, or failed probes, at the change."""
    retry_in: float | None
    """Seconds until probes are let through, when it opened."""
    adopted: bool = False
    """Another replica made the change and records it; this one only follows."""
    quarantined: bool = False
    """Concerns this replica alone: others still reach the provider. `epoch` is the shared one."""


@dataclass(frozen=True, slots=True)
class Override:
    """What an operator made of a breaker. `since`: none when nobody ever did anything."""

    control: BreakerControl = BreakerControl.AUTOMATIC
    author: str = ""
    reason: str = ""
    since: float | None = None
    until: float | None = None

    def is_later_than(self, other: "Override") -> bool:
        """Whether this one holds where replicas differ."""
        return self.since is not None and (other.since is None or self.since > other.since)


class EpochConflictError(Exception):
    """The breaker has changed since the operator looked at it. `epoch`: the present one."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"the breaker has changed meanwhile; its epoch is {epoch} now")
        self.epoch = epoch
