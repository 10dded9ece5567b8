"""What the state of a breaker means for the calls to come, and for those who follow its changes."""

import math

from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.machine import Record
from backend.services.api_gateway.breakers.model import BreakerSettings, Permit, Rejection, Transition

_PROBING_SECONDS = 1.0
"""When to ask again while others probe."""


def steady_answer(
    record: Record, settings: BreakerSettings, now: float, free_pass: Permit
) -> tuple[Permit | Rejection | None, float]:
    """What every call gets while the breaker is not closed, and until when; none when a probe may be due."""
    override = record.override
    until = math.inf if override.until is None else override.until
    if override.control is BreakerControl.DISABLED:
        return free_pass, until
    if override.control is BreakerControl.FORCED_OPEN:
        return Rejection(record.state, record.reason, until, forced=True), until
    if record.state is BreakerState.HALF_OPEN and record.refuses and not record.has_free_probe(settings):
        rejection = probes_under_way(now)
        return rejection, min(rejection.retry_at, *record.leases.values())
    if record.retry_at is None:
        return None, 0.0
    until = min(record.retry_at, until)
    if record.refuses:
        return Rejection(record.state, record.reason, record.retry_at), until
    return free_pass, until


def probes_under_way(now: float) -> Rejection:
    """What calls get while others probe."""
    return Rejection(BreakerState.HALF_OPEN, "probes are under way", now + _PROBING_SECONDS)


def is_fork(before: Record, record: Record) -> bool:
    """Whether replicas that did not see each other came by different ways to the same epoch."""
    ways = [(one.state, one.override.control) for one in (before, record)]
    return record.epoch == before.epoch and ways[0] != ways[1]


def starts_afresh(before: Record, record: Record) -> bool:
    """Whether calls counted before the change to `record` say nothing any more."""
    if record.state is not BreakerState.CLOSED:
        return False
    closed_by_hand = record.override.control is BreakerControl.AUTOMATIC and bool(record.override.author)
    return before.state is not BreakerState.CLOSED or closed_by_hand


def followed(endpoint: str, before: Record, record: Record, now: float) -> Transition:
    """The way from one known state to the next, made by others."""
    retry_in = None if record.retry_at is None else max(0.0, record.retry_at - now)
    return Transition(
        endpoint, before.state, record.state, record.reason, record.epoch, 0, retry_in, adopted=True
    )
