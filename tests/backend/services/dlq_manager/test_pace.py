"""How fast letters are sent: the chosen pace is kept, and the providers' limits are not crowded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.contracts.dead_letter_operations import OperationOptions, RetryCondition
from backend.contracts.providers import (
    BreakerState,
    BreakerStatus,
    GateState,
    ProviderStatus,
    RateGateStatus,
)
from backend.services.dlq_manager.operation_runner import BATCH, PACE_SECONDS
from backend.services.dlq_manager.pace import UNKNOWN_A_SECOND, Pace, letters_a_second, why_not_yet

AT = datetime(2026, 11, 26, tzinfo=UTC)


def status(
    state: BreakerState = BreakerState.CLOSED, gate: GateState = GateState.FLOWING, **more: Any
) -> ProviderStatus:
    breaker = BreakerStatus(
        state=state,
        since=AT,
        epoch=1,
        calls_in_window=0,
        failures_in_window=0,
        failure_rate=None,
        minimum_calls=10,
    )
    limits = {"limit": 60, "window_seconds": 60.0, "remaining": 60, **more}
    return ProviderStatus(
        status="healthy",
        mode="simulated",
        circuit_breaker=breaker,
        rate_gate=RateGateStatus(state=gate, **limits),
    )


@pytest.mark.parametrize("rate", [0.5, 1.0, 7.0, 20.0, 150.0, 900.0])
def test_the_pace_is_kept_within_a_tenth(rate: float) -> None:
    """Looked at as often as the runner looks, over twenty seconds."""
    now = 0.0
    pace, sent = Pace(lambda: now), 0
    while now < 20.0:
        taken = pace.allowed(rate, BATCH)
        pace.took(taken)
        sent += taken
        now += PACE_SECONDS
    assert sent == pytest.approx(rate * 20, rel=0.1, abs=1)


def test_without_a_pace_everything_may_go() -> None:
    pace = Pace()
    assert pace.allowed(None, 100) == 100
    assert pace.allowed(None, 7) == 7


def test_a_pause_gives_no_burst() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    pace.took(pace.allowed(10.0, 100))
    now = 3600.0
    assert pace.allowed(10.0, 100) == 5


def test_the_slowest_provider_decides() -> None:
    calls = {"discogs": 1.0, "deezer": 2.0, "unknown": 1.0}
    statuses = {"discogs": status(), "deezer": status(limit=600)}
    options = OperationOptions(budget_share=0.5)
    assert letters_a_second(options, calls, statuses) == pytest.approx(0.5)
    assert letters_a_second(options.model_copy(update={"per_second": 0.1}), calls, statuses) == 0.1
    free = options.model_copy(update={"respect_budget": False})
    assert letters_a_second(free, calls, statuses) is None
    assert letters_a_second(options, None, statuses) == UNKNOWN_A_SECOND
    assert letters_a_second(options, calls, {}) == UNKNOWN_A_SECOND
    assert letters_a_second(options, {}, statuses) is None


@pytest.mark.parametrize(
    ("provider", "closed_seconds", "told"),
    [
        (status(), 600, ""),
        (status(), 300, "closed for 5 of 10 min"),
        (status(BreakerState.OPEN), 600, "breaker is not closed"),
        (status(gate=GateState.QUOTA), 600, "quota"),
        (status(remaining=3), 600, "3 of 60 calls are left"),
        (None, 600, "does not say"),
    ],
)
def test_what_an_operation_waits_for(
    provider: ProviderStatus | None, closed_seconds: float, told: str
) -> None:
    condition = RetryCondition(provider="discogs", closed_minutes=10, budget_share=0.3)
    statuses = {} if provider is None else {"discogs": provider}
    why = why_not_yet(condition, statuses, closed_seconds)
    assert (told in why) if told else why == ""
