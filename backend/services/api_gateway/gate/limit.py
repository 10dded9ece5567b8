"""A provider's limit, and the two units of time in which the gate reckons."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend.services.api_gateway.gate.headers import BudgetHeaders

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

SECOND = 1_000_000
"""Microseconds. Slots are whole microseconds, so that Python and Redis reckon alike to the last digit."""


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` in any `seconds`; with `burst`, also at most that many in any burst × seconds / calls.

    The way to a provider takes differently long for each call, so calls arrive closer together than they
    were sent. `seconds` therefore lies above what the provider documents: by the largest difference to be
    expected, and with a burst by that × calls / burst. `burst=1` keeps calls evenly apart, for servers that
    count by the generic cell rate algorithm (GCRA).
    """

    calls: int
    seconds: float
    burst: int | None = None
    headers: BudgetHeaders | None = None
    """Where the provider tells what is left; it may lower the limit and never raises it."""

    def __post_init__(self) -> None:
        if self.calls < 1 or self.seconds <= 0 or not 1 <= self.at_once <= self.calls:
            raise ValueError(f"not a limit: {self}")

    @property
    def at_once(self) -> int:
        """`burst`; without one, as many as there are calls."""
        return self.calls if self.burst is None else self.burst

    @property
    def window(self) -> int:
        """`seconds` in microseconds."""
        return round(self.seconds * SECOND)
