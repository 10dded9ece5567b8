"""The cache that replicas share: Redis, with the memory of this process in front of it.

Redis may be away, hang, or forget everything: the process then goes on with what it holds itself. What was
invalidated meanwhile is told to the others as soon as Redis is back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from redis.asyncio import Redis

from backend.services.api_gateway.cache.answers import Entry, Freshness, Key
from backend.services.api_gateway.cache.claims import LEASE_SECONDS, Claims
from backend.services.api_gateway.cache.generations import Scope
from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.cache.port import Ask
from backend.services.api_gateway.cache.single_flight import SingleFlight
from backend.services.api_gateway.cache.stored import PREFIX, decode, encode, name_of
from backend.services.api_gateway.providers.adapter import Reply
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis

_GENERATIONS = f"{PREFIX}:generations"
WATCH_SECONDS = 1.0
"""How often a replica looks for what the others have invalidated."""
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1

Observe = Callable[[str, str, float], None]
"""Told of each reading and writing in Redis: provider, `get` or `set`, seconds."""


class SharedCache:
    """Entries in Redis and in this process. Run `watch` beside it."""

    def __init__(
        self,
        front: MemoryCache,
        redis: SharedRedis,
        clock: Callable[[], float],
        observe: Observe,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._front = front
        self._redis = redis
        self._clock = clock
        self._observe = observe
        self._claims = Claims(redis, lease_seconds)
        self._reads: SingleFlight[Entry | None] = SingleFlight()
        self._unsent: dict[Scope, str] = {}
        self._exchange = asyncio.Lock()

    def at_hand(self, key: Key) -> Entry | None:
        """The entry in this process."""
        return self._front.at_hand(key)

    async def get(self, key: Key) -> Entry | None:
        """The entry of this process while it is fresh, else the newer one of both."""
        kept = self._front.at_hand(key)
        if kept is not None and self._is_fresh(kept):
            return kept
        return await self._reads.run(key, lambda: self._read(key))

    async def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry here and in Redis, where it goes by itself once it is of no use."""
        self._front.keep(key, entry)
        milliseconds = int((entry.gone_at - self._clock()) * 1000)
        if entry.generation != self.generation(key) or milliseconds <= 0:
            return
        stored = encode(key, entry)
        try:
            await self._timed("set", key, lambda client: client.set(name_of(key), stored, px=milliseconds))
        except RedisUnavailableError:
            return  # kept here; the health says that Redis is away

    async def ask_once(self, key: Key, ask: Ask) -> Reply | Entry:
        """What `ask` gives, or the fresh entry of the replica that asked before; alone without Redis."""
        pause = _FIRST_PAUSE
        while True:
            try:
                claim, value = await self._claims.take(name_of(key, "claim"), name_of(key))
            except RedisUnavailableError:
                return await ask()
            entry = self._believed(key, value)
            if claim is not None:
                async with claim:
                    return self._adopted(key, entry) or await ask()
            if (left := self._adopted(key, entry)) is not None:
                return left
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def generation(self, key: Key) -> str:
        """What has been invalidated so far, as far as this replica knows."""
        return self._front.generation(key)

    async def invalidate(self, provider: str, operation: str | None = None) -> bool:
        """Forget here at once, in the other replicas within `WATCH_SECONDS`."""
        scope = (provider, operation)
        self._unsent[scope] = self._front.generations.renew(scope)
        self._front.drop(scope)
        return await self.synchronise()

    def count(self, provider: str) -> int:
        """Entries of one provider in this process."""
        return self._front.count(provider)

    async def watch(self) -> None:
        """Learn what the other replicas invalidate, and tell them what they do not know; until cancelled."""
        while True:
            await self.synchronise()
            await asyncio.sleep(WATCH_SECONDS)

    async def synchronise(self) -> bool:
        """Exchange what was invalidated; False when Redis does not answer."""
        async with self._exchange:
            unsent = dict(self._unsent)
            try:
                known = await self._redis.ask(lambda client: _exchanged(client, unsent))
            except RedisUnavailableError:
                return False
            for scope, token in unsent.items():
                if self._unsent[scope] == token:
                    del self._unsent[scope]
            for scope in self._front.generations.adopt({**known, **self._unsent}):
                self._front.drop(scope)
            return True

    async def _read(self, key: Key) -> Entry | None:
        """The newer entry of memory and Redis, looked up once for all who ask at the same time."""
        try:
            values = await self._timed("get", key, lambda client: client.mget([name_of(key)]))
        except RedisUnavailableError:
            return self._front.at_hand(key)
        shared, kept = self._believed(key, values[0]), self._front.at_hand(key)
        if shared is None or (kept is not None and shared.fresh_until < kept.fresh_until):
            return kept
        self._front.keep(key, shared)
        return shared

    async def _timed(
        self, operation: str, key: Key, request: Callable[[Redis], Awaitable[object]]
    ) -> list[object]:
        started = monotonic()
        answer = await self._redis.ask(request)
        self._observe(key[0], operation, monotonic() - started)
        return answer if isinstance(answer, list) else [answer]

    def _believed(self, key: Key, value: object) -> Entry | None:
        entry = decode(key, value) if isinstance(value, bytes) else None
        if entry is None or entry.generation != self.generation(key):
            return None
        return None if entry.freshness(self._clock()) is Freshness.EXPIRED else entry

    def _adopted(self, key: Key, entry: Entry | None) -> Entry | None:
        if entry is None or not self._is_fresh(entry):
            return None
        self._front.keep(key, entry)
        return entry

    def _is_fresh(self, entry: Entry) -> bool:
        return entry.freshness(self._clock()) is Freshness.FRESH


async def _exchanged(client: Redis, unsent: Mapping[Scope, str]) -> dict[Scope, str]:
    if unsent:
        await client.hset(
            _GENERATIONS, items=[text for scope, token in unsent.items() for text in (_field(scope), token)]
        )
    stored = await client.hgetall(_GENERATIONS)
    return {_scope(_text(field)): _text(token) for field, token in stored.items()}


def _field(scope: Scope) -> str:
    provider, operation = scope
    return provider if operation is None else f"{provider}/{operation}"


def _scope(field: str) -> Scope:
    provider, _, operation = field.partition("/")
    return (provider, operation or None)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
