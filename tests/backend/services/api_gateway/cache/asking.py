"""A provider's side of questions: what it answers, and how often it was asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.services.api_gateway.cache.answering import QUESTION_SECONDS, Answers, Question
from backend.services.api_gateway.cache.answers import DAY, Key
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.providers.adapter import Reply
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.cache.conftest import FOUND, KEY, Clock


@dataclass
class Provided:
    """Answers every question with `reply`, once `open` is set."""

    reply: Reply = FOUND
    calls: int = 0
    refreshes: int = 0
    """Those of the calls for which nobody waited."""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def question(self, key: Key = KEY) -> Question:
        return Question(key, 7 * DAY, self._ask, self._refresh)

    async def _refresh(self, correlation_id: str | None) -> Reply:
        self.refreshes += 1
        return await self._ask(correlation_id)

    async def _ask(self, _correlation_id: str | None) -> Reply:
        self.calls += 1
        self.asked.set()
        await self.open.wait()
        return self.reply


def answers_of(cache: Cache, clock: Clock, patience: float = QUESTION_SECONDS) -> Answers:
    return Answers("deezer", cache, GatewayMetrics(new_registry()), clock, patience)


async def until_refreshed(provided: Provided, answers: Answers, calls: int) -> None:
    """Until the provider was asked `calls` times and nothing is under way any more."""
    await eventually(lambda: provided.calls >= calls and not answers.refreshing)


async def eventually(condition: Callable[[], bool]) -> None:
    """Return as soon as `condition` is true, without holding up the loop; TimeoutError after 20 seconds."""
    async with asyncio.timeout(20):
        while True:
            if condition():
                return
            await asyncio.sleep(0.001)


async def until_kept(cache: Cache) -> None:
    """Until the cache has an answer to the question; TimeoutError after 20 seconds."""
    async with asyncio.timeout(20):
        while True:
            if await cache.get(KEY) is not None:
                return
            await asyncio.sleep(0.001)
