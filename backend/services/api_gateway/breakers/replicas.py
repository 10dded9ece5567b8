"""Which replicas of the gateway there are: each says once a second that it lives."""

from redis.asyncio import Redis

from backend.contracts.live import SharedState
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis

_KEY = "songnodes:replicas"
_HEARTBEAT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3500)
return redis.call('ZCARD', KEYS[1])
"""


class Replicas:
    """This replica's name, and how many there are."""

    def __init__(self, redis: SharedRedis, own: str) -> None:
        self.own = own
        self._redis = redis
        self._count: int | None = None
        self._heartbeat = redis.client.register_script(_HEARTBEAT)

    async def beat(self) -> None:
        """Be counted for the next seconds, and count."""

        async def run(client: Redis) -> int:
            return int(await self._heartbeat(keys=[_KEY], args=[self.own], client=client))

        try:
            self._count = await self._redis.ask(run)
        except RedisUnavailableError:
            self._count = None

    async def leave(self) -> None:
        """Be counted no longer."""

        async def remove(client: Redis) -> object:
            return await client.zrem(_KEY, self.own)

        try:
            await self._redis.ask(remove)
        except RedisUnavailableError:
            return  # a few seconds later it is not counted anyway

    def state(self) -> SharedState:
        """Kept in Redis; how many replicas there are is not known while it is away."""
        return SharedState(
            kind="redis",
            healthy=self._redis.healthy,
            replicas=self._count if self._redis.healthy else None,
            replica=self.own,
            detail=self._redis.problem,
        )
