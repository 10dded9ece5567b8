"""Rate gates in simulated time: of one process, or of replicas that share a real Redis."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from redis.asyncio import Redis

from backend.contracts.gateway import Lane
from backend.services.api_gateway.gate.limit import SECOND, RateLimit
from backend.services.api_gateway.gate.rate_gate import Pass, RateGate
from backend.services.api_gateway.gate.shared_store import SharedStore
from backend.services.api_gateway.gate.store import GateStore, LocalStore
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis
from tests.backend.services.api_gateway.virtual_time import VirtualTime

Result = TypeVar("Result")


class RedisInVirtualTime(SharedRedis):
    """A real Redis whose requests take no time, however long they take, and that can be taken away."""

    def __init__(self, client: Redis, time: VirtualTime) -> None:
        super().__init__(client)
        self._time = time
        self.away = False
        self.requests = 0

    @property
    def problem(self) -> str:
        return "Redis is away" if self.away else ""

    async def ask(self, request: Callable[[Redis], Awaitable[Result]]) -> Result:
        if self.away:
            raise RedisUnavailableError(self.problem)
        self.requests += 1
        with self._time.held():
            return await request(self.client)


@dataclass
class Replica:
    """One gateway process."""

    gate: RateGate
    store: SharedStore
    redis: RedisInVirtualTime


@dataclass
class World:
    """Replicas of one account, and when they let calls go."""

    time: VirtualTime = field(default_factory=VirtualTime)
    sent: list[float] = field(default_factory=list)

    def local_gate(self, limit: RateLimit) -> RateGate:
        return self.gate(LocalStore(limit, self.time.clock))

    def gate(self, store: GateStore) -> RateGate:
        return RateGate(store, self.time.clock, self.time.sleep, lambda: 0.5)

    def replica(self, client: Redis, limit: RateLimit, name: str, credentials: str = "") -> Replica:
        redis = RedisInVirtualTime(client, self.time)
        store = SharedStore(redis, "provider", limit, self.time.clock, name, credentials, self.microseconds)
        return Replica(self.gate(store), store, redis)

    def microseconds(self) -> int:
        """The simulated time as Redis' clock."""
        return round(self.time.now * SECOND)

    async def send(self, gate: RateGate, patience: float, lane: Lane = Lane.INTERACTIVE) -> bool:
        """Make one call if the gate lets it."""
        passed = isinstance(await gate.enter(patience, lane), Pass)
        if passed:
            self.sent.append(self.time.now)
        return passed
