"""Opens the rate gates of all providers: with Redis for all replicas together, else for this process."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import uuid4

from pydantic import SecretStr

from backend.services.api_gateway.gate.limit import Clock, RateLimit
from backend.services.api_gateway.gate.rate_gate import RateGate
from backend.services.api_gateway.gate.shared_store import CHANNEL, SharedStore
from backend.services.api_gateway.gate.store import LocalStore
from backend.services.api_gateway.shared_redis import SharedRedis, follow
from backend.services.common.background import in_background

_REFRESH_SECONDS = 1.0


class Gates:
    """Makes the gates. Those in Redis are read anew when a replica changes one, and once a second."""

    def __init__(self, redis: SharedRedis | None, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._replica = uuid4().hex
        self._stores: dict[str, SharedStore] = {}

    def gate(self, provider: str, limit: RateLimit, credentials: Iterable[SecretStr]) -> RateGate:
        """The gate of one provider, which is called with these credentials."""
        names = name_of(credentials)
        if self._redis is None:
            return RateGate(LocalStore(limit, self._clock, names), self._clock)
        store = SharedStore(self._redis, provider, limit, self._clock, self._replica, names)
        self._stores[store.lamp_key] = store
        return RateGate(store, self._clock)

    async def refresh(self, lamp_key: str) -> None:
        """Read the gate of that key anew: a replica has changed it."""
        if (store := self._stores.get(lamp_key)) is not None:
            await store.refresh()

    async def keep_fresh(self) -> None:
        """Read the shared gates again and again, until cancelled."""
        while True:
            for store in self._stores.values():
                await store.refresh()
            await asyncio.sleep(_REFRESH_SECONDS)


@asynccontextmanager
async def open_gates(redis: SharedRedis | None, clock: Clock) -> AsyncIterator[Gates]:
    """The maker of gates, while whose block lasts they are kept fresh."""
    gates = Gates(redis, clock)
    if redis is None:
        yield gates
        return
    async with in_background(gates.keep_fresh(), follow(redis, CHANNEL, gates.refresh)):
        yield gates


def name_of(credentials: Iterable[SecretStr]) -> str:
    """A name that tells credentials from others without telling them, the same in all replicas."""
    digest = hashlib.sha256()
    for credential in credentials:
        digest.update(hashlib.sha256(credential.get_secret_value().encode()).digest())
    return digest.hexdigest()[:16]
