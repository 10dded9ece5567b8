"""How a simulated provider behaves: its limit, its latency, and the troubles an operator asked for."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic

from pydantic import BaseModel, ConfigDict, Field

from backend.sandbox.chance import fraction


class Knobs(BaseModel):
    """What `PUT /knobs/{provider}` takes. Rates are shares of requests from 0 to 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: float = Field(default=5, ge=0, le=60_000)
    error_rate: float = Field(default=0, ge=0, le=1)
    throttle_rate: float = Field(default=0, ge=0, le=1)
    retry_after_seconds: int = Field(default=2, ge=0, le=86_400)
    timeout_rate: float = Field(default=0, ge=0, le=1)
    """Requests that are never answered; the connection is held for `timeout_seconds`."""
    timeout_seconds: float = Field(default=60, gt=0, le=600)
    refuse_credentials: bool = False
    limit: int | None = Field(default=None, ge=1)
    """Requests allowed in the provider's window; none: the provider's own limit."""
    enforce_limit: bool = True
    seed: int = 1


class Trouble(StrEnum):
    """What befalls a request."""

    NONE = "none"
    ERROR = "error"
    THROTTLED = "throttled"
    OVER_LIMIT = "over_limit"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Limit:
    """A provider's published (or observed) limit: `calls` in any `seconds`."""

    calls: int
    seconds: float


@dataclass
class Counts:
    """What was asked of a provider since the start."""

    requests: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    largest_window: int = 0
    """Most requests seen within one window of the limit."""


class Behaviour:
    """Decides what befalls each request of one provider. Same seed, same order of requests: same troubles."""

    def __init__(self, provider: str, limit: Limit, clock: Callable[[], float] = monotonic) -> None:
        self.provider = provider
        self.limit = limit
        self.counts = Counts()
        self._clock = clock
        self._recent: deque[float] = deque()
        self._knobs = Knobs()
        self._drawn = 0

    @property
    def knobs(self) -> Knobs:
        """The knobs as they stand."""
        return self._knobs

    def turn(self, knobs: Knobs) -> None:
        """Set the knobs. Troubles and the limit's window begin again, so that a trial can be repeated."""
        self._knobs = knobs
        self._drawn = 0
        self._recent.clear()

    @property
    def allowed(self) -> int:
        """Requests allowed within the window."""
        return self._knobs.limit or self.limit.calls

    @property
    def used(self) -> int:
        """Requests within the present window."""
        return len(self._recent)

    async def receive(self) -> Trouble:
        """Count a request, let its latency pass, and say what befalls it."""
        over = self._count()
        trouble = Trouble.OVER_LIMIT if over and self._knobs.enforce_limit else self._draw()
        if trouble is not Trouble.NONE:
            self.counts.troubles[trouble] = self.counts.troubles.get(trouble, 0) + 1
        seconds = self._knobs.timeout_seconds if trouble is Trouble.TIMEOUT else self._knobs.latency_ms / 1000
        await asyncio.sleep(seconds)
        return trouble

    def _count(self) -> bool:
        now = self._clock()
        while self._recent and self._recent[0] <= now - self.limit.seconds:
            self._recent.popleft()
        self._recent.append(now)
        self.counts.requests += 1
        self.counts.largest_window = max(self.counts.largest_window, len(self._recent))
        return len(self._recent) > self.allowed

    def _draw(self) -> Trouble:
        knobs = self._knobs
        self._drawn += 1
        rates = (
            (Trouble.TIMEOUT, knobs.timeout_rate),
            (Trouble.ERROR, knobs.error_rate),
            (Trouble.THROTTLED, knobs.throttle_rate),
        )
        for trouble, rate in rates:
            if fraction(knobs.seed, self.provider, trouble, self._drawn) < rate:
                return trouble
        return Trouble.NONE
