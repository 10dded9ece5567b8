"""Opens the answer cache: in memory alone, or in memory and Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.cache.shared import SharedCache
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.shared_redis import SharedRedis
from backend.services.common.background import in_background


@asynccontextmanager
async def open_cache(
    redis: SharedRedis | None, metrics: GatewayMetrics, clock: Callable[[], float]
) -> AsyncIterator[Cache]:
    """The cache; with Redis it also keeps up with what other replicas invalidate."""
    memory = MemoryCache(clock)
    if redis is None:
        yield memory
        return
    shared = SharedCache(memory, redis, clock, metrics.cache_operation)
    async with in_background(shared.watch()):
        yield shared
