"""The rate gate of one provider: no window of its limit ever holds more calls than allowed.

It keeps the times at which calls were really let go, in order of arrival. Unlike a token bucket it cannot
let a burst and a refill fall into one window. What a provider says in its headers may close the gate for a
while; nothing may widen the limit.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend.contracts.providers import GateState

QUOTA_SECONDS = 15 * 60
"""Asked to wait longer than this, it is a quota that is used up and not a rate."""
_BACKOFF_CAP = 60.0
_TOLERANCE = 1.0
"""Seconds by which a caller may wait longer than its patience before it is sent away after all."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float


@dataclass(frozen=True)
class GateClosed:
    """The call would have to wait longer than it may. `retry_in`: seconds until it would get through."""

    state: GateState
    retry_in: float


class RateGate:
    """`enter` before each call. Callers are let go first come, first served."""

    def __init__(self, limit: RateLimit, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self.limit = limit
        self._clock = clock
        self._sleep = sleep
        self._let_go: deque[float] = deque(maxlen=limit.calls)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._closed_until = 0.0
        self._closed_as = GateState.FLOWING
        self._throttled_in_a_row = 0

    @property
    def state(self) -> GateState:
        """Why the gate is closed, or that it is not."""
        return self._closed_as if self._clock() < self._closed_until else GateState.FLOWING

    @property
    def closed_for(self) -> float:
        """Seconds until the gate opens again; 0 when it is open."""
        return max(0.0, self._closed_until - self._clock())

    @property
    def free(self) -> int:
        """Calls that could be made at once."""
        recent = sum(1 for moment in self._let_go if moment > self._clock() - self.limit.seconds)
        return self.limit.calls - recent

    async def enter(self, patience: float) -> GateClosed | None:
        """Wait for a place, at most about `patience` seconds; none when the call may be made now."""
        deadline = self._clock() + patience
        predicted = self._predicted_wait()
        if predicted > patience:
            return GateClosed(self.state, predicted)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._wait_for_place(deadline)
        finally:
            self._waiting -= 1

    def throttled(self, retry_after: float | None) -> None:
        """The provider asked to slow down, for `retry_after` seconds if it said so."""
        self._throttled_in_a_row += 1
        seconds = retry_after
        if seconds is None:
            seconds = min(2.0 ** (self._throttled_in_a_row - 1), _BACKOFF_CAP)
        self._close(seconds, GateState.QUOTA if seconds > QUOTA_SECONDS else GateState.COOLING)

    def block(self, seconds: float) -> None:
        """Credentials were refused: asking again at once is of no use."""
        self._close(seconds, GateState.BLOCKED)

    def succeeded(self) -> None:
        """The provider answered: back-off starts from the beginning again."""
        self._throttled_in_a_row = 0

    def unblock(self) -> None:
        """An operator says the credentials are right now. A provider's own waiting time stays."""
        if self.state is GateState.BLOCKED:
            self._closed_until = 0.0

    async def _wait_for_place(self, deadline: float) -> GateClosed | None:
        while (wait := self._next_free() - self._clock()) > 0:
            if self._clock() + wait > deadline + _TOLERANCE:  # the gate was closed meanwhile
                return GateClosed(self.state, wait)
            await self._sleep(wait)
        self._let_go.append(self._clock())
        return None

    def _next_free(self) -> float:
        full = len(self._let_go) == self.limit.calls
        window = self._let_go[0] + self.limit.seconds if full else 0.0
        return max(window, self._closed_until)

    def _predicted_wait(self) -> float:
        """Seconds a newcomer would wait behind those who wait already."""
        now, calls = self._clock(), self.limit.calls
        rounds, place = divmod(self._waiting, calls)
        first = max(now, self._closed_until)
        # With `calls` entries a window back, the entry that leaves it lets this newcomer in.
        behind = place - (calls - len(self._let_go))
        if behind >= 0:
            first = max(first, self._let_go[behind] + self.limit.seconds)
        return first + rounds * self.limit.seconds - now

    def _close(self, seconds: float, state: GateState) -> None:
        until = self._clock() + seconds
        if until > self._closed_until:
            self._closed_until, self._closed_as = until, state
