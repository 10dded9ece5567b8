"""Keeps the breakers of all providers in step with the other replicas, and counts those."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.contracts.live import SharedState
from backend.services.api_gateway.breakers.board import BreakerBoard
from backend.services.api_gateway.breakers.redis_sharing import CHANNEL
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis

_SECONDS = 1.0
_REPLICAS = "songnodes:replicas"
_HEARTBEAT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3500)
return redis.call('ZCARD', KEYS[1])
"""


class Follower(Protocol):
    """Runs in the background as long as the gateway does."""

    async def run(self) -> None:
        """Go on until cancelled."""

    def shared_state(self) -> SharedState:
        """Where breakers are kept, and whether that works."""


class LocalFollower:
    """For a gateway alone: lets end once a second what has run out."""

    def __init__(self, boards: Mapping[str, BreakerBoard], replica: str) -> None:
        self._boards = boards
        self._replica = replica

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            for board in self._boards.values():
                await board.refresh()
            await asyncio.sleep(_SECONDS)

    def shared_state(self) -> SharedState:
        """Kept in this process."""
        return SharedState(kind="local", replicas=1, replica=self._replica)


class RedisFollower:
    """Exchanges news once a second, and at once when another replica tells of a change."""

    def __init__(self, boards: Mapping[str, BreakerBoard], redis: SharedRedis, replica: str) -> None:
        self._boards = boards
        self._redis = redis
        self._replica = replica
        self._replicas: int | None = None
        self._heartbeat = redis.client.register_script(_HEARTBEAT)

    async def run(self) -> None:
        """Go on until cancelled; then this replica is no longer counted."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._exchange())
                tasks.create_task(self._listen())
        finally:
            await self._leave()

    async def refresh(self) -> None:
        """Exchange news of all providers, and be counted."""
        for board in self._boards.values():
            await board.refresh()
        try:
            self._replicas = await self._redis.ask(self._beat)
        except RedisUnavailableError:
            self._replicas = None

    def shared_state(self) -> SharedState:
        """Kept in Redis; how many replicas there are is not known while it is away."""
        return SharedState(
            kind="redis",
            healthy=self._redis.healthy,
            replicas=self._replicas,
            replica=self._replica,
            detail=self._redis.problem,
        )

    async def _exchange(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(_SECONDS)

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow_changes()
            except (RedisError, OSError):  # the exchange once a second goes on, and reports what is wrong
                await asyncio.sleep(_SECONDS)

    async def _follow_changes(self) -> None:
        async with self._redis.client.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                message = await subscription.get_message(timeout=_SECONDS)
                if message is not None:
                    await self._follow(message["data"].decode())

    async def _follow(self, words: str) -> None:
        replica, _, name = words.partition(" ")
        board = self._boards.get(name.partition(":")[0])
        if board is not None and replica != self._replica:
            await board.refresh()

    async def _beat(self, client: Redis) -> int:
        return int(await self._heartbeat(keys=[_REPLICAS], args=[self._replica], client=client))

    async def _leave(self) -> None:
        async def remove(client: Redis) -> object:
            return await client.zrem(_REPLICAS, self._replica)

        try:
            await self._redis.ask(remove)
        except RedisUnavailableError:
            return  # it is no longer counted after a few seconds anyway
