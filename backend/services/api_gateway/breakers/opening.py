"""The breakers of all providers, and how they are kept in step with those of other replicas."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from backend.services.api_gateway.breakers.board import BreakerBoard
from backend.services.api_gateway.breakers.model import BreakerSettings, Clock, Transition
from backend.services.api_gateway.breakers.redis_sharing import CHANNEL, RedisSharing
from backend.services.api_gateway.breakers.replicas import Replicas
from backend.services.api_gateway.breakers.sharing import LocalSharing
from backend.services.api_gateway.shared_redis import SharedRedis, follow
from backend.services.common.background import in_background

_SECONDS = 1.0


class Breakers:
    """Makes the boards of a gateway alone, and lets end what has run out."""

    def __init__(self, clock: Clock, replica: str) -> None:
        self._clock = clock
        self._replica = replica
        self.boards: dict[str, BreakerBoard] = {}

    def board(
        self, provider: str, settings: BreakerSettings, on_transition: Callable[[Transition], None]
    ) -> BreakerBoard:
        """The breakers of a provider; `on_transition` is told every change."""
        sharing = LocalSharing(self._replica)
        self.boards[provider] = BreakerBoard(provider, settings, self._clock, on_transition, sharing)
        return self.boards[provider]

    async def refresh(self) -> None:
        """Bring all boards up to date."""
        for board in list(self.boards.values()):
            await board.refresh()

    async def run(self) -> None:
        """Refresh once a second, until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(_SECONDS)


class SharedBreakers(Breakers):
    """Makes boards that share their state through Redis, and follows what other replicas tell."""

    def __init__(self, redis: SharedRedis, clock: Clock, replica: str) -> None:
        super().__init__(clock, replica)
        self._redis = redis
        self.replicas = Replicas(redis, replica)

    def board(
        self, provider: str, settings: BreakerSettings, on_transition: Callable[[Transition], None]
    ) -> BreakerBoard:
        """The breakers of a provider; `on_transition` is told every change, those of other replicas too."""
        sharing = RedisSharing(self._redis, provider, self.replicas, self._clock)
        self.boards[provider] = BreakerBoard(provider, settings, self._clock, on_transition, sharing)
        return self.boards[provider]

    async def refresh(self) -> None:
        """Exchange news of all providers, and be counted."""
        await super().refresh()
        await self.replicas.beat()

    async def listen(self) -> None:
        """Follow at once what other replicas change. `refresh` makes up for what is missed."""
        await follow(self._redis, CHANNEL, self._follow)

    async def _follow(self, words: str) -> None:
        replica, _, name = words.partition(" ")
        board = self.boards.get(name.partition(":")[0])
        if board is not None and replica != self._replica:
            await board.refresh()


@asynccontextmanager
async def open_breakers(
    redis: SharedRedis | None, clock: Clock, replica: str | None = None
) -> AsyncIterator[Breakers]:
    """Breakers in step with other replicas, if there is a Redis to share them through.

    `replica`: a name that no other replica has; by omission host and process.
    """
    name = replica or f"{socket.gethostname()}-{os.getpid()}"
    if redis is None:
        alone = Breakers(clock, name)
        async with in_background(alone.run()):
            yield alone
        return
    shared = SharedBreakers(redis, clock, name)
    async with in_background(shared.run(), shared.listen()):
        yield shared
    await shared.replicas.leave()
