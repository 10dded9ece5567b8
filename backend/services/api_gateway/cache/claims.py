"""The right to ask a provider, which one replica at a time has for a key.

It is a Redis key with a token and a short lease that its holder renews, so that a replica that dies holds
nobody up for longer than the lease.
"""

import asyncio
from contextlib import suppress
from secrets import token_hex
from types import TracebackType

from redis.asyncio import Redis

from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis

LEASE_SECONDS = 5.0

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0
"""


class Claim:
    """A claim that was granted. Use as a context manager: renewed within the block, given back at its end."""

    def __init__(self, redis: SharedRedis, name: str, token: str, lease_seconds: float) -> None:
        self._redis = redis
        self._name = name
        self._token = token
        self._lease_seconds = lease_seconds
        self._renewal: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Claim":
        self._renewal = asyncio.create_task(self._keep_renewing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        await self._run(_RELEASE)

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            await self._run(_RENEW, str(int(self._lease_seconds * 1000)))

    async def _run(self, script: str, *arguments: str) -> None:
        """Without Redis the lease ends by itself."""

        async def run(client: Redis) -> object:
            return await client.eval(script, 1, self._name, self._token, *arguments)

        with suppress(RedisUnavailableError):
            await self._redis.ask(run)


class Claims:
    """Gives out claims."""

    def __init__(self, redis: SharedRedis, lease_seconds: float = LEASE_SECONDS) -> None:
        self._redis = redis
        self._lease_seconds = lease_seconds

    async def take(self, name: str, beside: str) -> tuple[Claim | None, object]:
        """The claim, none while another has it; and the value of the key `beside`, read after that.

        RedisUnavailableError when Redis does not answer.
        """
        token, milliseconds = token_hex(8), int(self._lease_seconds * 1000)

        async def take(client: Redis) -> tuple[bool, object]:
            async with client.pipeline(transaction=False) as pipeline:
                pipeline.set(name, token, nx=True, px=milliseconds)
                pipeline.mget([beside])
                granted, values = await pipeline.execute()
                return bool(granted), values[0]

        granted, value = await self._redis.ask(take)
        return Claim(self._redis, name, token, self._lease_seconds) if granted else None, value
