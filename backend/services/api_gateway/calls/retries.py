"""Tries again what failed, within a budget (section 4A of the design)."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply

_WINDOW_SECONDS = 60.0
_TIMES = {Outcome.FAILURE: 2, Outcome.CONTRACT: 1}
"""How often each outcome is tried again; others never, because the same call would end the same way."""
_FIRST_PAUSE = 0.5
_PATIENCE_SECONDS = 6.0
"""Nothing is tried again after this: whoever asked has waited long enough, and a read that ran into its
timeout would most likely do so again."""

Clock = Callable[[], float]


class RetryBudget:
    """A share of the calls of the last minute may be tried again, and one in any case; with 0 none.

    However much fails, a provider in trouble gets hardly more calls than it would get anyway.
    """

    def __init__(self, share: float, clock: Clock) -> None:
        self._share = share
        self._clock = clock
        self._calls: deque[float] = deque()
        self._retries: deque[float] = deque()

    def called(self) -> None:
        """A call is made for the first time."""
        self._calls.append(self._clock())
        self._forget_old(self._calls)

    def take(self) -> bool:
        """Use a part of the budget; false when it is used up."""
        self._forget_old(self._calls)
        self._forget_old(self._retries)
        allowed = max(1, int(len(self._calls) * self._share)) if self._share else 0
        if len(self._retries) >= allowed:
            return False
        self._retries.append(self._clock())
        return True

    def _forget_old(self, moments: deque[float]) -> None:
        oldest = self._clock() - _WINDOW_SECONDS
        while moments and moments[0] <= oldest:
            moments.popleft()


def _note_nothing(_because: Outcome, _result: Outcome) -> None:
    """Nobody counts."""


class Retries:
    """Makes the calls of one provider, again where that may help. The breaker is asked at every try."""

    def __init__(
        self,
        budget: RetryBudget,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        note: Callable[[Outcome, Outcome], None] = _note_nothing,
    ) -> None:
        """`chance` gives numbers from 0 to 1 that spread the tries of many callers (full jitter).

        `note` is told of every further try: why it was made, and how it ended.
        """
        self._budget = budget
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._note = note

    async def make(self, request: ProviderRequest, call: Call) -> Reply:
        """The reply of the last try; a breaker that opened meanwhile leaves the failure as it was."""
        self._budget.called()
        deadline = self._clock() + _PATIENCE_SECONDS
        reply, again = await call(request), 0
        while again < _TIMES.get(reply.outcome, 0) and self._clock() < deadline and self._budget.take():
            await self._sleep(self._chance() * _FIRST_PAUSE * 2**again)
            newer = await call(request)
            self._note(reply.outcome, newer.outcome)
            if newer.outcome is Outcome.BREAKER_OPEN:
                break
            reply, again = newer, again + 1
        return reply
