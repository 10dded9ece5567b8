"""Histories of the sample providers."""

import math
from datetime import datetime, timedelta

from backend.contracts.live import HistoryPoint, ProviderHistory, StateInterval
from backend.contracts.providers import BreakerState, BreakerStatus


def history_of(
    provider: str, minutes: int, now: datetime, breaker: BreakerStatus, calls_a_minute: int
) -> ProviderHistory:
    """Sixty slices: a hill of failures where the breaker is not closed; beatport is not called any more."""
    number = 60
    seconds = minutes * 60 / number
    first = now - timedelta(minutes=minutes)
    calls = round(calls_a_minute * minutes / number)
    troubled = breaker.state is not BreakerState.CLOSED
    quiet = provider == "beatport"
    points = []
    for place in range(number):
        made = 0 if quiet and place > 11 else 60 + calls + round(2 * math.sin(place * 1.3))
        rate = 0.02 + 0.02 * math.sin(place * (1.1 + len(provider) % 5)) ** 2
        if troubled and not quiet:
            rate += 0.74 * math.exp(-(((place - 40) / 5) ** 2))
        start = first + timedelta(seconds=place * seconds)
        points.append(HistoryPoint(start=start, calls=made, failures=round(made * rate)))
    intervals = []
    if troubled and not quiet:
        opened, half = (first + timedelta(seconds=place * seconds) for place in (34, 46))
        intervals = [
            StateInterval(endpoint="search", state=BreakerState.OPEN, start=opened, end=half, reason="503"),
            StateInterval(
                endpoint="search",
                state=BreakerState.HALF_OPEN,
                start=half,
                end=half + timedelta(seconds=5 * seconds),
            ),
        ]
    elif troubled:
        opened = first + timedelta(seconds=12 * seconds)
        intervals = [StateInterval(endpoint="search", state=BreakerState.OPEN, start=opened)]
    return ProviderHistory(provider=provider, slice_seconds=seconds, points=points, intervals=intervals)
