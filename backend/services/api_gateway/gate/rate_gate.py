"""The rate gate of one provider: no window of its limit ever holds more calls than allowed.

Unlike a token bucket it cannot let a burst and a refill fall into one window. What a provider says in its
headers may close the gate for a while or lower the limit; nothing may widen it.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.contracts.gateway import Lane
from backend.contracts.providers import GateState, RateGateStatus
from backend.services.api_gateway.gate.ledger import FOREVER, LONGEST_PAUSE, View
from backend.services.api_gateway.gate.limit import SECOND, Clock, RateLimit, Sleep
from backend.services.api_gateway.gate.store import GateStore

BULK_AHEAD = SECOND // 20
"""How long before it goes a bulk call is booked: enough for the way to Redis, and no longer, since an
interactive call that comes meanwhile has to wait behind it."""
_TOLERANCE = 1.0
"""Seconds by which a bulk call may wait longer than its patience before it is sent away after all."""


@dataclass(frozen=True)
class Pass:
    """The call may be made now. Hand it back with what the provider answered."""

    slot: int
    remaining: int


@dataclass(frozen=True)
class GateClosed:
    """The call would have to wait longer than it may.

    `retry_in`: seconds until it would get through; none when an operator has to act first.
    """

    state: GateState
    retry_in: float | None


class RateGate:
    """`enter` before each call. Calls of a lane are let go first come, first served."""

    def __init__(
        self,
        store: GateStore,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._bulk_turn = asyncio.Lock()
        self._bulk_waiting = 0
        self._interactive_waiting = 0

    @property
    def limit(self) -> RateLimit:
        """The documented limit."""
        return self._store.limit

    @property
    def state(self) -> GateState:
        """Why the gate is closed, or that it is not."""
        return self._store.view().lamp

    @property
    def closed_for(self) -> float | None:
        """Seconds until the gate opens again; 0 when it is open, none when an operator has to act first."""
        return _seconds_until(self._store.view())

    @property
    def free(self) -> int:
        """Calls that could be made at once."""
        return self._store.view().remaining

    async def enter(self, patience: float, lane: Lane = Lane.INTERACTIVE) -> Pass | GateClosed:
        """Wait for a slot, at most about `patience` seconds. A call that is let through has its slot."""
        deadline = self._clock() + patience
        if lane is Lane.BULK:
            return await self._enter_bulk(deadline)
        self._interactive_waiting += 1
        try:
            return await self._enter_interactive(deadline)
        finally:
            self._interactive_waiting -= 1

    async def throttled(
        self, passed: Pass, retry_after: float | None, *, quota: bool = False, reason: str = ""
    ) -> None:
        """The provider asked the call to slow down, for `retry_after` seconds if it named a time above 0."""
        wait = min(retry_after or 0.0, LONGEST_PAUSE / SECOND)  # infinite values cannot be reckoned with
        await self._store.close(
            passed.slot,
            round(wait * SECOND),
            quota=quota,
            jitter=round(self._chance() * 1_000),
            reason=reason,
        )

    async def answered(self, passed: Pass, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers, where they are this caller's own budget."""
        limit = self._store.limit
        if limit.headers is None:
            return
        budget, view = limit.headers.read(headers), self._store.view()
        ceiling = min(budget.limit or view.calls, limit.calls)
        left = passed.remaining if budget.remaining is None else budget.remaining
        if ceiling == view.calls and left >= passed.remaining and not view.held_back:
            return  # nothing new, so nobody has to be told
        seconds = limit.seconds if budget.reset_in is None else budget.reset_in
        told = -1 if budget.remaining is None else budget.remaining
        await self._store.observe(passed.slot, ceiling, told, seconds)

    async def block(self, reason: str) -> None:
        """The credentials were refused: no call goes until `unblock`, or until they are others."""
        await self._store.block(reason)

    async def unblock(self) -> None:
        """An operator says the credentials are right now. A provider's own waiting time stays."""
        await self._store.unblock()

    def status(self) -> RateGateStatus:
        """The gate as an operator sees it."""
        view, limit = self._store.view(), self._store.limit
        closed_for = _seconds_until(view)
        return RateGateStatus(
            state=view.lamp,
            until=datetime.now(UTC) + timedelta(seconds=closed_for) if closed_for else None,
            reason="; ".join(filter(None, (view.reason, self._store.note))),
            limit=view.calls,
            window_seconds=limit.seconds,
            remaining=view.remaining,
            waiting=self._interactive_waiting + self._bulk_waiting,
            documented_limit=limit.calls if view.calls < limit.calls else None,
        )

    async def _enter_interactive(self, deadline: float) -> Pass | GateClosed:
        while True:
            view = await self._store.reserve(self._until(deadline), bulk=False)
            if not view.slot:
                return _refusal(view)
            if passed := await self._wait_for(view):
                return passed

    async def _enter_bulk(self, deadline: float) -> Pass | GateClosed:
        queue = self._bulk_waiting * self._store.limit.seconds / self._store.view().calls
        if self._clock() + queue > deadline:
            return GateClosed(self.state, queue)
        self._bulk_waiting += 1
        try:
            while True:
                async with self._bulk_turn:  # one of this replica asks at a time
                    view = await self._book_for_bulk(deadline)
                if not view.slot:
                    return _refusal(view)
                if passed := await self._wait_for(view):
                    return passed
        finally:
            self._bulk_waiting -= 1

    async def _book_for_bulk(self, deadline: float) -> View:
        while True:
            view = await self._store.reserve(BULK_AHEAD, bulk=True)
            wait = view.earliest - view.now
            if view.slot or wait > self._until(deadline + _TOLERANCE):
                return view
            await self._sleep((wait - BULK_AHEAD) / SECOND)

    async def _wait_for(self, view: View) -> Pass | None:
        """Let the call go at its slot; none when the gate was closed meanwhile."""
        if view.slot > view.now:
            await self._sleep((view.slot - view.now) / SECOND)
            if self._store.view().closed_until > view.slot:
                return None
        return Pass(view.slot, view.remaining)

    def _until(self, moment: float) -> int:
        return max(0, round((moment - self._clock()) * SECOND))


def _refusal(view: View) -> GateClosed:
    never = view.earliest >= FOREVER
    return GateClosed(view.lamp, None if never else (view.earliest - view.now) / SECOND)


def _seconds_until(view: View) -> float | None:
    if view.closed_until >= FOREVER:
        return None
    return max(0.0, (view.closed_until - view.now) / SECOND)
