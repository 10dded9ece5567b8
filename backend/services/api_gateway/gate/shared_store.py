"""Slots kept in Redis, for all replicas that call with one account."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from redis.asyncio import Redis

from backend.contracts.providers import GateState
from backend.services.api_gateway.gate.isolation import Isolation
from backend.services.api_gateway.gate.ledger import Ledger, Turns, View
from backend.services.api_gateway.gate.limit import SECOND, Clock, RateLimit
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis

SCRIPT = Path(__file__).with_name("gate.lua")
CHANNEL = "songnodes:gate"
"""Where the script publishes the `lamp_key` of a gate that was changed."""
_CLOCK_STEP = SECOND // 2
"""By more than this Redis' clock is not heard late but has been set."""


class Reply(NamedTuple):
    """What the script answers: a view in Redis' clock, and who shares the account."""

    view: View
    born: int
    """When these slots began to be kept; another moment means that Redis lost the earlier ones."""
    rank: int
    """This replica's place among those seen lately."""
    replicas: int

    @classmethod
    def read(cls, raw: Sequence[bytes]) -> "Reply":
        """Decode the script's answer."""
        now, slot, earliest, closed_until = map(int, raw[:4])
        lamp, reason, held_back = GateState(raw[4].decode()), raw[5].decode(), raw[8] == b"1"
        calls, remaining = int(raw[6]), int(raw[7])
        view = View(now, slot, earliest, closed_until, lamp, reason, calls, remaining, held_back)
        return cls(view, *map(int, raw[9:12]))


class SharedStore:
    """A `GateStore` in Redis: one round trip a request, and none longer than `SharedRedis` allows.

    Its own slots and the last known lamp it keeps beside. Without Redis it goes on with these, at the times
    that `Isolation` leaves it, and tells Redis of pauses and refusals once it is back. `credentials` names
    those in use without telling them. `now` replaces Redis' clock, in microseconds, for simulated time.
    """

    def __init__(
        self,
        redis: SharedRedis,
        provider: str,
        limit: RateLimit,
        clock: Clock,
        replica: str,
        credentials: str = "",
        now: Callable[[], int] | None = None,
    ) -> None:
        self.limit = limit
        self._redis = redis
        self._script = redis.client.register_script(SCRIPT.read_text(encoding="utf-8"))
        self._keys = [f"songnodes:gate:{{{provider}}}:{part}" for part in ("lamp", "slots", "replicas")]
        self._clock = clock
        self._replica = replica
        self._simulated_now = now
        self._offset = 0
        self._own = Ledger(limit, credentials)
        self._heard: View | None = None
        self._isolation = Isolation(limit)
        self._block_to_tell: bool | None = None
        self._turn = asyncio.Lock()

    @property
    def lamp_key(self) -> str:
        """The key that is published on `CHANNEL` when a replica changes the gate."""
        return self._keys[0]

    @property
    def note(self) -> str:
        """Whether Redis is away, and what share of the limit is left here."""
        return self._isolation.note(self._now(), self._redis.problem)

    def view(self) -> View:
        """The gate as last heard of; `refresh` keeps it true."""
        now = self._now()
        own = self._own.view(now)
        if own.lamp is not GateState.FLOWING or self._heard is None:
            return own
        if self._isolation.turns(now) is not None:
            return own._replace(remaining=0)
        if self._isolation.lost:
            return own
        return own._replace(remaining=self._heard.remaining, held_back=self._heard.held_back)

    async def refresh(self) -> None:
        """Read the shared state, and be counted among the replicas: once a second."""
        await self._ask("view")

    async def reserve(self, ahead: int, *, bulk: bool) -> View:
        """Book the earliest slot if it is at most `ahead` away."""
        async with self._turn:
            reply, usable = await self._ask_for_slot(ahead, bulk)
            if not usable:
                reply, _ = await self._ask_for_slot(ahead, bulk)
            if reply is None:
                return self._reserve_alone(ahead, bulk)
            if reply.view.slot:
                self._own.note(reply.view.slot)
            return reply.view

    async def close(self, slot: int, wait: int, *, quota: bool, jitter: int, reason: str) -> View:
        """The provider asked the call of `slot` to slow down."""
        reply, _ = await self._ask("close", slot, wait, int(quota), jitter, reason)
        if reply is not None:
            return reply.view
        return self._own.close(self._now(), slot, wait, quota=quota, jitter=jitter, reason=reason)

    async def block(self, reason: str) -> View:
        """The credentials in use were refused, for every replica that uses them."""
        reply, _ = await self._ask("block", reason)
        if reply is not None:
            return reply.view
        self._block_to_tell = True
        return self._own.block(self._now(), reason)

    async def unblock(self) -> View:
        """Try the credentials again."""
        reply, _ = await self._ask("unblock")
        if reply is not None:
            return reply.view
        self._block_to_tell = False
        return self._own.unblock(self._now())

    async def observe(self, slot: int, ceiling: int, left: int, seconds: float) -> View:
        """What the headers of an answer said."""
        lasting = round(seconds * SECOND)
        reply, _ = await self._ask("observe", slot, ceiling, left, lasting)
        if reply is not None:
            return reply.view
        now = self._now()
        return self._own.observe(now, slot, ceiling, left, now + lasting)

    async def _ask_for_slot(self, ahead: int, bulk: bool) -> tuple[Reply | None, bool]:
        turns = self._isolation.turns(self._now())
        cycle, phase = (turns.cycle, turns.phase) if turns else (0, 0)
        return await self._ask("reserve", ahead, int(bulk), self._not_before(turns), cycle, phase)

    def _reserve_alone(self, ahead: int, bulk: bool) -> View:
        now = self._now()
        turns = self._isolation.turns(now)
        return self._own.reserve(now, ahead, bulk=bulk, not_before=self._not_before(turns), turns=turns)

    def _not_before(self, turns: Turns | None) -> int:
        """What its own slots and its isolation leave; a turn is good for one call."""
        next_turn = self._own.slots[-1] + 1 if turns and self._own.slots else 0
        return max(self._own.after_slots, self._isolation.resume_at, next_turn)

    async def _ask(self, request: str, *arguments: int | str) -> tuple[Reply | None, bool]:
        """The answer, none when Redis does not give one; and whether what it booked may be used."""
        simulated = "" if self._simulated_now is None else self._simulated_now()
        limit = (self.limit.calls, self.limit.window, self.limit.at_once)
        values = [request, simulated, self._replica, self._own.credentials, *limit, *arguments]
        settled_at = self._isolation.settled_at

        async def run(client: Redis) -> Any:
            return await self._script(keys=self._keys, args=values, client=client)

        try:
            reply = Reply.read(await self._redis.ask(run))
        except RedisUnavailableError:
            self._isolation.lose(self._now())
            return None, True
        overtaken = self._isolation.settled_at != settled_at  # another answer told meanwhile of lost slots
        return reply, await self._heard_from_redis(reply) and not overtaken

    async def _heard_from_redis(self, reply: Reply) -> bool:
        self._set_clock(reply.view.now)
        missed = self._isolation.lost or not self._isolation.remembers(reply.born)
        news = self._news(reply.view) if missed else []
        usable = self._isolation.hear(reply.view.now, reply.born, reply.rank, reply.replicas)
        if not news:
            self._adopt(reply.view)
        for request in news:
            await self._ask(*request)
        return usable

    def _news(self, shared: View) -> list[tuple[str, *tuple[int | str, ...]]]:
        """What Redis does not know: it was away, or has lost it."""
        news: list[tuple[str, *tuple[int | str, ...]]] = []
        own, now = self._own, shared.now
        if own.closed_until > max(now, shared.closed_until):
            news.append(("close", 0, own.closed_until - now, int(own.lamp is GateState.QUOTA), 0, own.reason))
        if self._block_to_tell is not None:
            news.append(("block", own.blocked_reason) if self._block_to_tell else ("unblock",))
            self._block_to_tell = None
        return news

    def _adopt(self, shared: View) -> None:
        if self._heard is not None and shared.now < self._heard.now:
            return  # overtaken by a later answer
        own, self._heard = self._own, shared
        own.ceiling = shared.calls if shared.calls < self.limit.calls else 0
        if shared.lamp is GateState.BLOCKED:
            own.block(shared.now, shared.reason)
            return
        own.unblock(shared.now)
        own.closed_until = shared.closed_until
        if shared.lamp is not GateState.FLOWING:
            own.lamp, own.reason = shared.lamp, shared.reason

    def _set_clock(self, shared_now: int) -> None:
        offset = shared_now - self._local_now()
        if abs(offset - self._offset) > _CLOCK_STEP:
            self._own.shift(offset - self._offset)
        self._offset = offset

    def _now(self) -> int:
        """Redis' clock, as near as it is known; this process's before it was heard."""
        return self._local_now() + self._offset

    def _local_now(self) -> int:
        return int(self._clock() * SECOND)
