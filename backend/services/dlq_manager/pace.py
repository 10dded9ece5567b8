"""How many letters may be sent now: the chosen pace, and a share of what the providers let through."""

import time
from collections.abc import Callable, Mapping

from backend.contracts.dead_letter_operations import OperationOptions, RetryCondition
from backend.contracts.providers import BreakerState, ProviderStatus
from backend.services.dlq_manager.provider_limits import why_held_back

UNKNOWN_A_SECOND = 1.0
"""Letters a second while nobody says what the providers let through."""


class Pace:
    """A bucket for one operation: it fills at the pace and holds what half a second gives."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rate: float | None = None
        self._level = 1.0
        self._at = clock()

    @property
    def rate(self) -> float | None:
        """What was allowed a second when it was asked last; none: no limit."""
        return self._rate

    def allowed(self, per_second: float | None, most: int) -> int:
        """How many may go now, `most` at most; as many where there is no pace."""
        now = self._clock()
        elapsed, self._at = now - self._at, now
        if per_second is None:
            self._rate = None
            return most
        if self._rate is None:
            self._level, elapsed = 1.0, 0.0
        self._rate = per_second
        self._level = min(max(1.0, per_second / 2), self._level + elapsed * per_second)
        return min(most, int(self._level))

    def took(self, count: int) -> None:
        """So many were sent."""
        self._level -= count


def letters_a_second(
    options: OperationOptions,
    calls: Mapping[str, float] | None,
    statuses: Mapping[str, ProviderStatus],
    sharing: int = 1,
) -> float | None:
    """The slower of the chosen pace and the share of each provider's limit; none: nothing holds it back.

    `calls` is what a letter costs each provider. While that or the limits are not known, it goes slowly.
    `sharing` operations keep to the limits at this time: together they take what one of them may.
    """
    rates = [] if options.per_second is None else [options.per_second]
    if options.respect_budget and (calls is None or not statuses):
        rates.append(UNKNOWN_A_SECOND / max(1, sharing))
    if options.respect_budget:
        for provider, cost in (calls or {}).items():
            status = statuses.get(provider)
            if status is not None and status.rate_gate.limit > 0 and cost > 0:
                limit = status.rate_gate.limit / status.rate_gate.window_seconds
                rates.append(limit * options.budget_share / cost / max(1, sharing))
    return min(rates, default=None)


def why_not_yet(
    condition: RetryCondition, statuses: Mapping[str, ProviderStatus], seconds_closed: float
) -> str:
    """What an operation still waits for, in words; empty when its condition holds.

    `seconds_closed` is how long the provider's breaker has been closed.
    """
    status = statuses.get(condition.provider)
    if status is None:
        return f"The gateway does not say how {condition.provider} is."
    if status.circuit_breaker.state is not BreakerState.CLOSED or (why := why_held_back(status)):
        reason = why if status.circuit_breaker.state is BreakerState.CLOSED else "its breaker is not closed"
        return f"Waits for {condition.provider}: {reason}."
    if seconds_closed < condition.closed_minutes * 60:
        return (
            f"Waits for {condition.provider}: closed for {seconds_closed / 60:.0f} of "
            f"{condition.closed_minutes:g} min."
        )
    gate = status.rate_gate
    if gate.remaining is not None and gate.limit and gate.remaining / gate.limit < condition.budget_share:
        return f"Waits for {condition.provider}: {gate.remaining} of {gate.limit} calls are left."
    return ""
