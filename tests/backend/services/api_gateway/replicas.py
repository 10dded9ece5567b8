"""Replicas of the gateway that share breakers through a real Redis, in simulated time."""

from collections.abc import Callable

from backend.contracts.control import ControlAction, ControlRequest
from backend.contracts.providers import BreakerState, EndpointClass
from backend.services.api_gateway.breakers.board import Admission, BreakerBoard
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import BreakerSettings, Rejection, Transition, Verdict
from backend.services.api_gateway.breakers.redis_sharing import RedisSharing
from backend.services.api_gateway.breakers.replicas import Replicas
from backend.services.api_gateway.shared_redis import SharedRedis

SETTINGS = BreakerSettings(minimum_calls=5, jitter=0.0)
SEARCH = EndpointClass.SEARCH
PATIENT_SECONDS = 20.0
"""What a client waits for Redis where a busy machine must not look like a lost server."""


class World:
    """The time that all replicas live in, whatever their own clocks say."""

    def __init__(self) -> None:
        self.now = 0.0

    def server_time(self) -> int:
        return 1_700_000_000_000 + round(self.now * 1000)

    def clock(self, start: float) -> Callable[[], float]:
        """A machine's clock that began at `start`."""
        return lambda: start + self.now


class Replica:
    """One replica's breakers of a provider, and what they told."""

    def __init__(
        self,
        world: World,
        redis: SharedRedis,
        name: str,
        *,
        provider: str = "deezer",
        settings: BreakerSettings = SETTINGS,
        clock_start: float = 0.0,
    ) -> None:
        self.told: list[Transition] = []
        clock = world.clock(clock_start)
        sharing = RedisSharing(redis, provider, Replicas(redis, name), clock, lambda: 0.5, world.server_time)
        self.board = BreakerBoard(provider, settings, clock, self.told.append, sharing, lambda: 0.5)

    @property
    def search(self) -> Breaker:
        return self.board.breaker(SEARCH)

    @property
    def state(self) -> BreakerState:
        return self.search.record.state

    async def admit(self) -> Admission:
        admission = await self.board.admit(SEARCH)
        assert isinstance(admission, Admission)
        return admission

    async def refused(self) -> bool:
        """Whether a call is refused now; one that is not counts for nothing."""
        answer = await self.board.admit(SEARCH)
        if isinstance(answer, Rejection):
            return True
        await self.board.report(answer, Verdict.NEUTRAL, 0.0)
        return False

    async def call(self, verdict: Verdict, times: int = 1) -> None:
        for _ in range(times):
            await self.board.report(await self.admit(), verdict, 0.1)

    async def control(self, action: ControlAction, endpoint: str | None = None, **more: int) -> list[str]:
        request = ControlRequest(action=action, endpoint=endpoint, reason="tests", author="anna", **more)
        return await self.board.control(request)
